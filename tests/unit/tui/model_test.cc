#include "screen_fixture.h"

using namespace comm;
using namespace comm::test;

BOOST_FIXTURE_TEST_SUITE(model_suite, ScreenFixture)

BOOST_AUTO_TEST_CASE(enter_sends_once_and_clears_the_draft) {
  model.target = bob;
  type("Hi there!");
  const auto actions = key(Key::enter);
  BOOST_REQUIRE_EQUAL(actions.size(), 1u);
  BOOST_TEST(std::get<DoSend>(actions[0]).text == "Hi there!");
  BOOST_CHECK(std::get<DoSend>(actions[0]).to == bob);
  BOOST_TEST(model.draft.empty());
  BOOST_TEST(key(Key::enter).empty());
}

BOOST_AUTO_TEST_CASE(address_text_retargets) {
  type(address_hex(stranger) + " Hello");
  BOOST_CHECK(addressee(model) == stranger);
  const auto actions = key(Key::enter);
  BOOST_REQUIRE_EQUAL(actions.size(), 1u);
  BOOST_CHECK(std::get<DoSend>(actions[0]).to == stranger);
  BOOST_TEST(std::get<DoSend>(actions[0]).text == "Hello");
  BOOST_CHECK(model.target == stranger);
}

BOOST_AUTO_TEST_CASE(refused_lines_keep_the_draft) {
  for (const std::string& line : std::vector<std::string>{address_hex(bob).substr(1) + " hi", "/nope", "/msg nobody hi"}) {
    type(line);
    BOOST_TEST(key(Key::enter).empty());
    BOOST_TEST(model.draft == line);
    BOOST_TEST(model.entries.back().notice);
    key(Key::erase_to_start);
  }
  type("to whom");
  BOOST_TEST(key(Key::enter).empty());
  BOOST_TEST(model.draft == "to whom");
}

BOOST_AUTO_TEST_CASE(paste_never_sends_and_is_never_a_command) {
  model.target = bob;
  BOOST_TEST(feed(Pasted{"/quit\r\nhi\rthere\n"}).empty());
  BOOST_TEST(model.draft == "/quit\nhi\nthere");
  const auto actions = key(Key::enter);
  BOOST_REQUIRE_EQUAL(actions.size(), 1u);
  BOOST_TEST(std::get<DoSend>(actions[0]).text == "/quit\nhi\nthere");
  feed(Pasted{"a\x1b[31m\xff" "b"});
  BOOST_TEST(model.draft == "a[31mb");
  key(Key::erase_to_start);
  type("/quit");  // a typed line is a command again
  BOOST_TEST(std::holds_alternative<DoQuit>(key(Key::enter).at(0)));
}

BOOST_AUTO_TEST_CASE(states_find_their_message_by_ref_then_uid) {
  sent("one", 1, DeliveryState::sealed);
  sent("two", 2, DeliveryState::sealed);
  feed(UserEvent{StateChanged{uid_of(1), bob, "", DeliveryState::relayed, 3, false, {}}});
  BOOST_TEST((model.entries[0].state == DeliveryState::relayed));
  BOOST_TEST(model.entries[0].relays == 3u);
  BOOST_TEST((model.entries[1].state == DeliveryState::sealed));
  feed(UserEvent{StateChanged{uid_of(9), bob, "", DeliveryState::delivered, 0, false, {}}});  // unknown: no effect
  BOOST_TEST(model.entries.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_error_of_the_agent_marks_the_message) {
  model.target = bob;
  type("x");
  const auto ref = std::get<DoSend>(key(Key::enter).at(0)).ref;
  feed(UserEvent{UserError{"Disk full: message NOT saved.", ref}});
  BOOST_TEST((model.entries[0].state == DeliveryState::failed));
  BOOST_TEST(model.entries[1].text == "Disk full: message NOT saved.");
}

BOOST_AUTO_TEST_CASE(a_message_is_shown_once) {
  received(bob, "Hi", 5);
  received(bob, "Hi", 5);
  BOOST_TEST(model.entries.size() == 1u);
  BOOST_CHECK(model.target == bob);
}

BOOST_AUTO_TEST_CASE(interrupt_clears_then_leaves) {
  type("draft");
  BOOST_TEST(key(Key::interrupt).empty());
  BOOST_TEST(model.draft.empty());
  type("x");  // any other key disarms
  BOOST_TEST(key(Key::interrupt).empty());
  BOOST_TEST(std::holds_alternative<DoQuit>(key(Key::interrupt).at(0)));
}

BOOST_AUTO_TEST_CASE(editing_moves_by_characters) {
  feed(KeyPressed{Key::character, "a"});
  feed(KeyPressed{Key::character, "你"});
  feed(KeyPressed{Key::character, "b"});
  key(Key::left);
  key(Key::left);
  BOOST_TEST(model.cursor == 1u);
  key(Key::erase);
  BOOST_TEST(model.draft == "ab");
  key(Key::end);
  key(Key::backspace);
  BOOST_TEST(model.draft == "a");
  key(Key::home);
  key(Key::backspace);
  key(Key::left);
  BOOST_TEST(model.cursor == 0u);
  key(Key::end);
  type(" two words");
  key(Key::erase_word);
  BOOST_TEST(model.draft == "a two ");
}

BOOST_AUTO_TEST_CASE(too_long_is_refused_and_kept) {
  model.target = bob;
  feed(Pasted{std::string(kMaxTextBytes + 1, 'x')});
  BOOST_TEST(key(Key::enter).empty());
  BOOST_TEST(model.draft.size() == kMaxTextBytes + 1);
}

BOOST_AUTO_TEST_CASE(memory_is_bounded) {
  for (std::size_t i = 0; i < kMaxEntries + 100; ++i) feed(Said{"line"});
  BOOST_TEST(model.entries.size() == kMaxEntries);
  for (int i = 0; i < 4; ++i) feed(Pasted{std::string(kMaxTextBytes / 2, 'x')});
  BOOST_TEST(model.draft.size() <= kMaxDraftBytes);
}

BOOST_AUTO_TEST_SUITE_END()
