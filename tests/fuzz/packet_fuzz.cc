// Whatever a link delivers: parsing ends in a value or a rejection, and what was accepted encodes to a packet that is
// accepted again and encodes to the same bytes. Prefixes of an input are inputs too.
#include "proto/base/check.h"
#include "proto/wire/packet.h"

using namespace comm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  for (const std::size_t cut : {size / 2, size - std::min<std::size_t>(size, 1)})
    if (const auto packet = parse_packet(input.first(cut)); !packet) CHECK(packet.error().reason != nullptr);

  const auto packet = parse_packet(input);
  if (!packet) return 0;
  const Bytes once = encode_packet(*packet);
  CHECK(once.size() <= wire_size(*packet));
  if (once.empty()) {  // an unknown body without a request id has nothing to say
    CHECK(std::holds_alternative<Unknown>(packet->body) && packet->request_id == 0);
    return 0;
  }
  CHECK(once.size() <= size);
  const auto again = parse_packet(once);
  CHECK(again && again->request_id == packet->request_id && again->body.index() == packet->body.index());
  CHECK(encode_packet(*again) == once);
  return 0;
}
