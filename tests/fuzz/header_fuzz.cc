// A header is 96 bytes, all of them significant: an accepted one encodes to itself. The checks on it never overflow.
#include "proto/base/check.h"
#include "proto/wire/header.h"

using namespace comm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto bytes = HeaderBytes::from(input.first(std::min(size, kHeaderBytes)));
  if (!bytes) return 0;
  const auto header = parse_header(*bytes);
  if (!header) return 0;
  CHECK(encode_header(*header) == *bytes);
  const Millis start = header->expires_ms() - Millis{header->lifetime} * kMinute;
  CHECK(!check_lifetime(*header, header->expires_ms()));
  CHECK(check_lifetime(*header, start).has_value());
  CHECK(check_ack_age(*header, header->expires_ms()).has_value());
  const Work work = work_of(*header);
  CHECK(work.numerator > 0 && work.denominator > 0 && !less_work(work, work));
  return 0;
}
