#include "proto/base/bech32m.h"

#include <boost/test/unit_test.hpp>

using namespace comm;

namespace {

// The human-readable part of a published vector: all before its last '1'.
std::string_view prefix_of(std::string_view text) { return text.substr(0, text.rfind('1')); }

void expect_reject(std::string_view hrp, std::string_view text, std::string_view reason) {
  const auto data = parse_bech32m(hrp, text);
  BOOST_TEST_INFO(text);
  BOOST_REQUIRE(!data);
  BOOST_TEST(data.error().reason == reason);
}

constexpr const char* kHex = "06db9efe7cfe2a68af2280930189351762586201";  // the address of SECRET "alep"
constexpr const char* kBech32m = "comm1qmdealnulc4x3tezszfsrzf4za39scsp4ygafr";

}  // namespace

BOOST_AUTO_TEST_SUITE(bech32m)

// BIP-350, "Test vectors for Bech32m": valid strings whose data is a whole number of bytes.
BOOST_AUTO_TEST_CASE(published_valid_strings) {
  for (const std::string text :
       {"A1LQFN3A", "a1lqfn3a", "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
        "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
        "split1checkupstagehandshakeupstreamerranterredcaperredlc445v", "?1v759aa"}) {
    const auto data = parse_bech32m(prefix_of(text), text);
    BOOST_TEST_INFO(text);
    BOOST_REQUIRE(data);
    const std::string again = encode_bech32m(prefix_of(text), *data);
    BOOST_TEST((again == text || text == "A1LQFN3A"));
  }
}

// Its checksum holds; its 410 bits of ones end in non-zero padding, which a byte string never has.
BOOST_AUTO_TEST_CASE(published_valid_string_that_is_not_bytes) {
  const std::string text = "11" + std::string(82, 'l') + "ludsr8";
  expect_reject("1", text, "bech32m-padding");
}

BOOST_AUTO_TEST_CASE(published_invalid_strings) {
  const std::vector<std::pair<std::string, const char*>> cases{
      {"an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pts4", "bech32m-length"},
      {"qyrz8wqd2c9m", "bech32m-separator"},
      {"1qyrz8wqd2c9m", "bech32m-separator"},
      {"y1b0jsk6g", "bech32m-character"},
      {"lt1igcx5c0", "bech32m-character"},
      {"in1muywd", "bech32m-length"},
      {"mm1crxm3i", "bech32m-character"},
      {"au1s5cgom", "bech32m-character"},
      {"M1VUXWEZ", "bech32m-checksum"},
      {"16plkw9", "bech32m-separator"},
      {"1p2gdwpf", "bech32m-separator"}};
  for (const auto& [text, reason] : cases) expect_reject(prefix_of(text), text, reason);
}

BOOST_AUTO_TEST_CASE(bech32_is_not_bech32m) { expect_reject("a", "a12uel5l", "bech32m-checksum"); }  // BIP-173

BOOST_AUTO_TEST_CASE(other_prefix_and_mixed_case) {
  expect_reject("comm", "a1lqfn3a", "bech32m-prefix");
  expect_reject("a", "A1lqfn3a", "bech32m-case");
}

BOOST_AUTO_TEST_CASE(every_length_round_trips) {
  for (std::size_t size = 0; size <= 45; ++size) {
    Bytes data(size);
    for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(37 * i + size);
    const auto back = parse_bech32m("comm", encode_bech32m("comm", data));
    BOOST_REQUIRE(back);
    BOOST_TEST((*back == data));
  }
}

BOOST_AUTO_TEST_CASE(addresses_in_both_forms) {
  const auto address = parse_address(kHex);
  BOOST_REQUIRE(address);
  BOOST_TEST(address_hex(*address) == kHex);
  BOOST_TEST(address_bech32m(*address) == kBech32m);
  for (const char* text : {kBech32m, "COMM1QMDEALNULC4X3TEZSZFSRZF4ZA39SCSP4YGAFR",
                           "06DB9EFE7cfe2a68af2280930189351762586201"}) {
    const auto again = parse_address(text);
    BOOST_REQUIRE_MESSAGE(again, text);
    BOOST_TEST((*again == *address));
  }
}

BOOST_AUTO_TEST_CASE(bad_addresses_say_why) {
  const std::string hex = kHex, code = kBech32m;
  const std::vector<std::pair<std::string, const char*>> cases{
      {"", "address-form"},
      {"alep", "address-form"},
      {hex.substr(1), "address-length"},
      {hex + "0", "address-length"},
      {hex.substr(0, 39) + "g", "address-form"},
      {" " + hex, "address-form"},
      {"a", "address-length"},
      {code.substr(0, 42), "address-checksum"},
      {code + "q", "address-checksum"},
      {"comm1", "address-checksum"},
      {"comm2" + code.substr(5), "address-form"},
      {"Comm1" + code.substr(5), "address-checksum"},
      {encode_bech32m("comm", Bytes(19)), "address-checksum"},
      {encode_bech32m("comm", Bytes(21)), "address-checksum"},
      {encode_bech32m("conn", Bytes(20)), "address-form"}};
  for (const auto& [text, reason] : cases) {
    const auto address = parse_address(text);
    BOOST_TEST_INFO(text);
    BOOST_REQUIRE(!address);
    BOOST_TEST(address.error().reason == std::string(reason));
  }
}

BOOST_AUTO_TEST_CASE(every_wrong_character_is_noticed) {
  const std::string code = kBech32m;
  for (std::size_t i = 5; i < code.size(); ++i)
    for (const char c : std::string_view("qpzry9x8gf2tvdw0s3jn54khce6mua7l")) {
      std::string wrong = code;
      wrong[i] = c;
      BOOST_TEST(parse_address(wrong).has_value() == (wrong == code));
    }
}

BOOST_AUTO_TEST_SUITE_END()
