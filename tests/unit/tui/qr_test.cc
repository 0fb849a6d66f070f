// QR codes in cells: the size that screens are laid out for, and the fixed patterns of the standard where they belong.
// That a foreign decoder reads them is tests/functional/test_identity.py's business.
#include "client_tui/view/qr.h"

#include <boost/test/unit_test.hpp>

using namespace comm;

namespace {

const Address kAddress = *Address::from(*from_hex("06db9efe7cfe2a68af2280930189351762586201"));

std::size_t characters(const std::string& row) {
  return static_cast<std::size_t>(
      std::count_if(row.begin(), row.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(qr)

BOOST_AUTO_TEST_CASE(an_address_is_33_by_17_cells) {
  BOOST_TEST(address_uri(kAddress) == "COMM:06DB9EFE7CFE2A68AF2280930189351762586201");
  for (const QrStyle style : {QrStyle::light_blocks, QrStyle::dark_blocks}) {
    const auto rows = qr_rows(address_uri(kAddress), style);
    BOOST_TEST(rows.size() == 17u);
    for (const std::string& row : rows) BOOST_TEST(characters(row) == 33u);
  }
}

BOOST_AUTO_TEST_CASE(finder_pattern_and_margin) {
  const auto rows = qr_rows(address_uri(kAddress), QrStyle::ascii);
  BOOST_REQUIRE(rows.size() == 33u);
  const std::string margin(66, '#');
  BOOST_TEST(rows[0] == margin);
  BOOST_TEST(rows[1] == margin);
  BOOST_TEST(rows[32] == margin);
  // Seven dark, a ring of five light, a core of three dark; after it the light separator.
  BOOST_TEST(rows[2].substr(0, 20) == "####              ##");
  BOOST_TEST(rows[3].substr(0, 20) == "####  ##########  ##");
  BOOST_TEST(rows[4].substr(0, 20) == "####  ##      ##  ##");
  for (const std::string& row : rows) BOOST_TEST(row.size() == 66u);
}

BOOST_AUTO_TEST_CASE(the_two_block_styles_are_each_others_negative) {
  const auto light = qr_rows("X", QrStyle::light_blocks), dark = qr_rows("X", QrStyle::dark_blocks);
  BOOST_TEST(light.size() == dark.size());
  BOOST_TEST(light[0].substr(0, 6) == "\u2588\u2588");
  BOOST_TEST(dark[0].substr(0, 2) == "  ");
  BOOST_TEST(characters(light.back()) == characters(dark.back()));
}

BOOST_AUTO_TEST_CASE(the_longest_text) {
  BOOST_TEST(qr_rows(std::string(kMaxQrText, 'A'), QrStyle::ascii).size() == 41u);  // version 5 is 37 modules
}

BOOST_AUTO_TEST_SUITE_END()
