// The first bytes a stranger's node sends.
#include "proto/base/check.h"
#include "proto/wire/packet.h"

using namespace comm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = parse_hello_body(ByteView(data, size));
  if (!body) return 0;
  CHECK(body->endpoints.size() <= kMaxEndpointsPerHello);
  CHECK(body->time >= 0 && body->time <= kMaxTimestamp);
  const auto again = parse_hello_body(encode_hello_body(*body));
  CHECK(again && *again == *body);
  return 0;
}
