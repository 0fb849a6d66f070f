#include "client_tui/model/input_line.h"

#include <boost/test/unit_test.hpp>

using namespace comm;

namespace {
const std::string kHex = "44751799aabbccddeeff00112233445566d51900";
template <class T>
bool is(const InputLine& line) { return std::holds_alternative<T>(line); }
std::string refusal(std::string_view line, bool pasted = false) {
  const InputLine parsed = parse_line(line, pasted);
  const auto* refused = std::get_if<LineRefused>(&parsed);
  return refused != nullptr ? refused->why : "";
}
std::string asks(std::string_view line, bool pasted = false) {
  const InputLine parsed = parse_line(line, pasted);
  const auto* ask = std::get_if<LineAsk>(&parsed);
  return ask != nullptr ? ask->why : "";
}
}  // namespace

BOOST_AUTO_TEST_SUITE(input_line_suite)

BOOST_AUTO_TEST_CASE(address_and_text) {
  const InputLine line = parse_line(kHex + " Hi  there!");
  BOOST_REQUIRE(is<LineTo>(line));
  BOOST_TEST(address_hex(std::get<LineTo>(line).to) == kHex);
  BOOST_TEST(std::get<LineTo>(line).text == "Hi  there!");
  const InputLine alone = parse_line(kHex);
  BOOST_REQUIRE(is<LineTo>(alone));
  BOOST_TEST(std::get<LineTo>(alone).text.empty());
  const std::string bech = address_bech32m(*parse_address(kHex));
  BOOST_REQUIRE(is<LineTo>(parse_line(bech + " Hi")));
}

BOOST_AUTO_TEST_CASE(mistyped_addresses_are_asked_about) {
  BOOST_TEST(asks(kHex.substr(1) + " hi") == "39 characters, an address needs 40.");
  BOOST_TEST(asks(kHex + "1 hi") == "41 characters, an address needs 40.");
  BOOST_TEST(asks(kHex.substr(10) + " hi") == "30 characters, an address needs 40.");
  std::string bech = address_bech32m(*parse_address(kHex));
  bech[10] = bech[10] == 'q' ? 'p' : 'q';
  BOOST_TEST(asks(bech + " hi").find("checksum") != std::string::npos);
  BOOST_TEST(!asks(kHex.substr(1) + " hi", true).empty());  // pasted or typed
}

BOOST_AUTO_TEST_CASE(words_are_not_addresses) {
  BOOST_TEST(is<LineText>(parse_line("deadbeef is a word")));
  BOOST_TEST(is<LineText>(parse_line("comm1 is a word")));
  BOOST_TEST(is<LineText>(parse_line(" " + kHex.substr(1) + " as text")));
  BOOST_TEST(is<LineEmpty>(parse_line("   ")));
  BOOST_TEST(is<LineEmpty>(parse_line("")));
}

BOOST_AUTO_TEST_CASE(commands) {
  const InputLine add = parse_line("/add  " + kHex + " Bob B. ");
  BOOST_REQUIRE(is<LineCommand>(add));
  BOOST_TEST(std::get<LineCommand>(add).arguments == kHex + " Bob B.");
  BOOST_TEST((std::get<LineCommand>(add).command->id == CommandId::add));
  for (std::size_t i = 0; i < kCommandSpecCount; ++i) {
    const InputLine line = parse_line(kCommandSpecs[i].name);
    BOOST_REQUIRE(is<LineCommand>(line));
    BOOST_TEST(std::get<LineCommand>(line).command == &kCommandSpecs[i]);
    BOOST_TEST(help_of(kCommandSpecs[i]).size() >= 2u);
  }
}

BOOST_AUTO_TEST_CASE(unknown_commands_are_refused_never_sent) {
  BOOST_TEST(refusal("/qiut").find("/qiut") != std::string::npos);
  BOOST_TEST(!refusal("/").empty());
  const InputLine escaped = parse_line("//shrug");
  BOOST_REQUIRE(is<LineText>(escaped));
  BOOST_TEST(std::get<LineText>(escaped).text == "/shrug");
}

BOOST_AUTO_TEST_CASE(lifetimes) {
  BOOST_TEST(parse_lifetime("30m").value() == 30);
  BOOST_TEST(parse_lifetime("12h").value() == 720);
  BOOST_TEST(parse_lifetime("7D").value() == 10'080);
  for (const char* bad : {"", "7", "d", "0d", "31d", "99999m", "-1d", "1w"}) BOOST_TEST(!parse_lifetime(bad).has_value());
}

BOOST_AUTO_TEST_CASE(pasted_lines_are_never_commands) {
  BOOST_TEST(is<LineText>(parse_line("/quit\nhi", true)));
  BOOST_TEST(is<LineText>(parse_line("/quit", true)));
}

BOOST_AUTO_TEST_CASE(prompt_retargets_once_the_address_is_whole) {
  BOOST_TEST(!leading_address(kHex.substr(0, 39)).has_value());
  BOOST_TEST(leading_address(kHex).has_value());
  BOOST_TEST(leading_address(kHex + " Hi").has_value());
  BOOST_TEST(!leading_address(kHex + "0 Hi").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
