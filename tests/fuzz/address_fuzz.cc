// What a person types or pastes: addresses in both forms, Bech32m under any prefix, endpoints.
#include "proto/base/bech32m.h"
#include "proto/base/check.h"

using namespace comm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(ByteView(data, size));
  if (const auto address = parse_address(text)) {
    CHECK(parse_address(address_hex(*address)) == *address);
    CHECK(parse_address(address_bech32m(*address)) == *address);
  }
  const std::string_view prefix = text.substr(0, text.rfind('1'));
  if (const auto bytes = parse_bech32m(prefix, text)) {
    const auto again = parse_bech32m(prefix, encode_bech32m(prefix, *bytes));
    CHECK(again && *again == *bytes);
  }
  if (const auto endpoint = parse_endpoint(text)) CHECK(parse_endpoint(to_string(*endpoint)) == *endpoint);
  if (const auto bytes = from_hex(text)) CHECK(bytes->size() == text.size() / 2);
  return 0;
}
