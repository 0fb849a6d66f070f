#include "proto/base/bytes.h"

#include <boost/test/unit_test.hpp>

using namespace comm;

BOOST_AUTO_TEST_SUITE(bytes)

BOOST_AUTO_TEST_CASE(hex_both_ways) {
  const Bytes bytes{0x00, 0x9f, 0xff};
  BOOST_TEST(to_hex(bytes) == "009fff");
  BOOST_TEST((from_hex("009FfF") == bytes));
  BOOST_TEST((from_hex("") == Bytes{}));
}

BOOST_AUTO_TEST_CASE(hex_refuses_anything_else) {
  for (const char* text : {"0", "0g", "0x00", " 00", "00 ", "abc", "\xc3\xa9"}) BOOST_TEST(!from_hex(text), text);
}

BOOST_AUTO_TEST_CASE(big_endian) {
  Bytes out;
  put_be(out, std::uint8_t{0x01});
  put_be(out, std::uint16_t{0x0203});
  put_be(out, std::uint64_t{0x0405060708090a0b});
  BOOST_TEST(to_hex(out) == "0102030405060708090a0b");
  BOOST_TEST(get_be<std::uint16_t>(ByteView(out).subspan(1)) == 0x0203);
  BOOST_TEST(get_be<std::uint64_t>(ByteView(out).subspan(3)) == 0x0405060708090a0bu);
}

BOOST_AUTO_TEST_CASE(fixed_bytes_take_their_size_only) {
  using Four = FixedBytes<4, struct FourTag>;
  const Bytes five{0, 0, 0, 1, 2};
  BOOST_TEST(!Four::from(five));
  BOOST_TEST(!Four::from(ByteView(five).first(3)));
  const auto four = Four::from(ByteView(five).first(4));
  BOOST_REQUIRE(four);
  BOOST_TEST(!four->is_zero());
  BOOST_TEST(Four{}.is_zero());
  BOOST_TEST((Four{} < *four));
}

BOOST_AUTO_TEST_CASE(append_keeps_what_was_there) {
  Bytes out{1};
  append(out, {});
  append(out, Bytes{2, 3});
  BOOST_TEST(to_hex(out) == "010203");
}

BOOST_AUTO_TEST_SUITE_END()
