// From a terminal's bytes to keys and pastes.
#include <boost/test/unit_test.hpp>

#include "client_tui/model/key_decoder.h"

using namespace comm;

namespace {

// Keys by name, text in quotes, pastes in angles; blanks between them.
std::string shown(const std::vector<ModelEvent>& events) {
  std::string out;
  for (const ModelEvent& event : events) {
    if (!out.empty()) out += ' ';
    if (const auto* key = std::get_if<KeyPressed>(&event)) out += key->key.empty() ? "'" + key->text + "'" : key->key;
    else if (const auto* paste = std::get_if<Pasted>(&event)) out += "<" + paste->text + ">";
    else if (const auto* focus = std::get_if<FocusChanged>(&event)) out += focus->focused ? "in" : "out";
  }
  return out;
}

// All of it at once, then nothing more.
std::string decoded(std::string_view bytes, KeyDecoder decoder = {}) {
  std::vector<ModelEvent> events;
  decoder.take(bytes, events);
  decoder.pause(events);
  return shown(events);
}

// The bytes come one by one and slowly, but for sequences.
std::string decoded_singly(std::string_view bytes) {
  KeyDecoder decoder;
  std::vector<ModelEvent> events;
  for (const char byte : bytes) decoder.take(std::string_view(&byte, 1), events);
  decoder.pause(events);
  return shown(events);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_decoder)

BOOST_AUTO_TEST_CASE(letters_and_controls) {
  BOOST_TEST(decoded("aZ \r") == "'a' 'Z' ' ' Enter");
  BOOST_TEST(decoded("\x01\x09\x0a\x7f\x1a") == "C-a Tab C-j Backspace C-z");
  BOOST_TEST(decoded("\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x91\x8d") == "'\xc3\xa9' '\xe4\xbd\xa0' '\xf0\x9f\x91\x8d'");
  BOOST_TEST(decoded_singly("\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x91\x8d") == "'\xc3\xa9' '\xe4\xbd\xa0' '\xf0\x9f\x91\x8d'");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf8_are_seen_and_take_nothing_with_them) {
  const std::string bad = "'\xef\xbf\xbd'";
  BOOST_TEST(decoded("a\xff" "b") == "'a' " + bad + " 'b'");
  BOOST_TEST(decoded("\xe4\xbd" "ok") == bad + " " + bad + " 'o' 'k'");
  BOOST_TEST(decoded("\xc0\xaf") == bad + " " + bad);                    // overlong
  BOOST_TEST(decoded("\xed\xa0\x80") == bad + " " + bad + " " + bad);    // half of a pair
  BOOST_TEST(decoded("x\xe4\xbd") == "'x' " + bad);                      // cut off
  BOOST_TEST(decoded("\xc2\x9b") == "");                                 // C1 control: no key
}

BOOST_AUTO_TEST_CASE(bytes_of_an_8_bit_locale) {
  KeyDecoder decoder;
  decoder.learn_byte(0xe9, 0xe9);
  BOOST_TEST(decoded("caf\xe9!", decoder) == "'c' 'a' 'f' '\xc3\xa9' '!'");
}

BOOST_AUTO_TEST_CASE(sequences_with_modifiers) {
  BOOST_TEST(decoded("\033[A\033OB\033[1;5H\033[1;3D\033[1;7C\033[5~\033[6;5~\033[1;2A") ==
             "Up Down C-Home M-Left M-C-Right PgUp C-PgDn Up");
  BOOST_TEST(decoded("\033OP\033[15~\033[24~\033OM\033[7^") == "F1 F5 F12 Enter C-Home");
  BOOST_TEST(decoded_singly("\033[1;5H\033[A") == "C-Home Up");
  BOOST_TEST(decoded("\033[I\033[O") == "in out");
}

BOOST_AUTO_TEST_CASE(sequences_that_nobody_knows_are_not_typed) {
  BOOST_TEST(decoded("\033[?62;22ca") == "'a'");
  BOOST_TEST(decoded("\033[99~\033[1;2;3;4Hb") == "'b'");
  BOOST_TEST(decoded("\033[12") == "");
  BOOST_TEST(decoded("\033[" + std::string(100, '1') + "x").ends_with("'x'"));
}

BOOST_AUTO_TEST_CASE(keys_of_the_terminals_own_description) {
  KeyDecoder decoder;
  decoder.learn("\033[[A", "F1");
  decoder.learn("\033[1~", "Home");
  BOOST_TEST(decoded("\033[[Ax\033[1~", decoder) == "F1 'x' Home");
}

BOOST_AUTO_TEST_CASE(escape_alone_or_before_a_key) {
  BOOST_TEST(decoded("\033") == "Esc");
  BOOST_TEST(decoded("\033a\033\r\033\x7f") == "M-a M-Enter M-Backspace");
  BOOST_TEST(decoded("\033[") == "M-[");
  BOOST_TEST(decoded("\033O") == "M-O");
  BOOST_TEST(decoded("\033\033[A") == "M-Up");
  BOOST_TEST(decoded("\033\033") == "Esc Esc");
  BOOST_TEST(decoded("\033\033x") == "Esc M-x");
}

BOOST_AUTO_TEST_CASE(bracketed_pastes) {
  BOOST_TEST(decoded("a\033[200~x\r/quit\r\033[201~b") == "'a' <x\r/quit\r> 'b'");
  BOOST_TEST(decoded_singly("\033[200~x\033[20\ry\033[201~b") == "<x\033[20\ry> 'b'");
  KeyDecoder decoder;
  std::vector<ModelEvent> events;
  decoder.take("\033[200~" + std::string(kMaxPasteBytes, 'x') + "yy", events);
  BOOST_TEST(decoder.pasting());
  decoder.pause(events);
  decoder.take("z\033[201~", events);
  BOOST_REQUIRE(events.size() == 1u);
  BOOST_TEST(std::get<Pasted>(events[0]).text.size() == kMaxPasteBytes);
}

BOOST_AUTO_TEST_CASE(lines_that_come_at_once_are_a_paste) {
  BOOST_TEST(decoded("one\rtwo\rthree\r") == "<one\rtwo\rthree\r>");
  BOOST_TEST(decoded("/quit\nhi") == "</quit\nhi>");
  BOOST_TEST(decoded("\rx") == "<\rx>");
}

BOOST_AUTO_TEST_CASE(a_line_and_its_enter_are_typing) {
  BOOST_TEST(decoded("hi\r") == "'h' 'i' Enter");
  BOOST_TEST(decoded("\r\r") == "Enter Enter");
  BOOST_TEST(decoded("a\033\rb") == "'a' M-Enter 'b'");
  BOOST_TEST(decoded("a\r\033[O") == "'a' Enter out");
  BOOST_TEST(decoded("a\r\033[200~b\rc\033[201~") == "'a' Enter <b\rc>");
}

BOOST_AUTO_TEST_SUITE_END()
