#include "screen_fixture.h"

using namespace comm;
using namespace comm::test;

BOOST_FIXTURE_TEST_SUITE(view_suite, ScreenFixture)

BOOST_AUTO_TEST_CASE(conversation) {
  received(bob, "Can you send me the log?", 1);
  sent("Tonight; it is larger than one message, so in three parts.", 2, DeliveryState::relayed, 3);
  sent("done", 3, DeliveryState::delivered);
  received(stranger, "Hello", 4, true);
  feed(UserEvent{PeerStatus{14, 3}});
  feed(OutboxChanged{1});
  check({
      " comm  4444..4444 | 14 peers  3 relays | outbox 1     12:04",
      "---- Tue 18 Nov 2025 ---------------------------------------",
      "12:04    bob         Can you send me the log?",
      "12:04  > bob         Tonight; it is larger than one",
      "                     message, so in three parts.          ^3",
      "12:04  > bob         done                                  ✓",
      "12:04  ? 7777..7777  Hello",
      "",
      "",
      "------------------------------------------------------------",
      "[bob]>",
      " Enter send  M-Enter newline  PgUp PgDn scroll  /help  C-c t",
  });
}

BOOST_AUTO_TEST_CASE(every_state_has_its_mark) {
  const std::pair<DeliveryState, const char*> kMarks[] = {
      {DeliveryState::needs_key, "?"}, {DeliveryState::sealed, "."},    {DeliveryState::queued, "~"},
      {DeliveryState::relayed, "^3"},  {DeliveryState::delivered, "✓"}, {DeliveryState::expired, "✗"},
      {DeliveryState::failed, "!"}};
  for (const auto& [state, mark] : kMarks) {
    Entry entry;
    entry.state = state;
    entry.relays = 3;
    BOOST_TEST(state_mark(entry, false) == mark);
    for (const char c : state_mark(entry, true)) BOOST_TEST(static_cast<unsigned char>(c) < 0x80);
  }
  BOOST_TEST(state_words(DeliveryState::relayed, 3, false) == "relayed 3");
  BOOST_TEST(state_words(DeliveryState::needs_key, 0, false) == "needs key");
  BOOST_TEST(state_words(DeliveryState::delivered, 0, true) == "delivered late");
}

BOOST_AUTO_TEST_CASE(late_acknowledgement) {
  sent("slow", 1, DeliveryState::expired);
  BOOST_TEST(rows()[2] == "12:04  > bob         slow                                  ✗");
  feed(UserEvent{StateChanged{uid_of(1), bob, "", DeliveryState::delivered, 0, true, {}}});
  BOOST_TEST(rows()[2] == "12:04  > bob         slow (late)                           ✓");
}

BOOST_AUTO_TEST_CASE(ascii_terminal) {
  sent("Gr\xc3\xbc\xc3\x9f", 1, DeliveryState::delivered);
  for (const std::string& row : rows(true))
    for (const char c : row) BOOST_TEST(static_cast<unsigned char>(c) < 0x80);
  BOOST_TEST(rows(true)[2] == "12:04  > bob         Gr??                                  +");
}

BOOST_AUTO_TEST_CASE(hostile_text_stays_in_its_column) {
  received(bob, "\x1b[2J\x1b]52;c;x\x07 \xe2\x80\xae" "evil", 1);
  BOOST_TEST(rows()[2] == "12:04    bob         ^[[2J^[]52;c;x^G <hidden>evil");
}

BOOST_AUTO_TEST_CASE(wide_characters_keep_every_row_at_its_width) {
  sent("你好 👍 नि Z\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81 ok? 你好你好你好你好你好你好你好你好", 1, DeliveryState::relayed, 2);
  const Picture picture = draw(model, {});
  for (int row = 0; row < picture.grid.rows(); ++row) {
    int columns = 0;
    for (int column = 0; column < picture.grid.columns(); ++column) columns += picture.grid.at(row, column).columns;
    BOOST_TEST(columns == picture.grid.columns());
  }
}

BOOST_AUTO_TEST_CASE(prompt_names_whom_the_draft_goes_to) {
  BOOST_TEST(rows()[10] == "[nobody]>");
  type(address_hex(stranger) + " x");
  BOOST_TEST(rows()[10] == "[7777..7777]> 7777777777777777777777777777777777777777 x");
  key(Key::erase_to_start);
  type(address_hex(bob));
  BOOST_TEST(rows()[10].substr(0, 7) == "[bob]> ");
}

BOOST_AUTO_TEST_CASE(draft_of_several_lines_and_its_cursor) {
  model.target = bob;
  feed(Pasted{"First line\nsecond"});
  check({
      " comm  4444..4444 | 0 peers  0 relays | outbox 0      12:04",
      "", "", "", "", "", "", "",
      "------------------------------------------------------------",
      "[bob]> First line",
      "       second",
      " Enter send  M-Enter newline  PgUp PgDn scroll  /help  C-c t",
  });
  Picture picture = draw(model, {});
  BOOST_TEST(picture.cursor_row == 10);
  BOOST_TEST(picture.cursor_column == 13);
  key(Key::home);
  picture = draw(model, {});
  BOOST_TEST(picture.cursor_row == 9);
  BOOST_TEST(picture.cursor_column == 7);
}

BOOST_AUTO_TEST_CASE(scrolling_does_not_jump_when_messages_arrive) {
  for (std::uint8_t i = 0; i < 30; ++i) received(bob, "message " + std::to_string(i), i);
  BOOST_TEST(rows()[8] == "12:04    bob         message 29");
  key(Key::page_up);
  const std::vector<std::string> before = rows();
  BOOST_TEST(before[8] == "12:04    bob         message 22");
  received(bob, "new", 200);
  auto after = rows();
  BOOST_TEST(after[8] == before[8]);
  BOOST_TEST(after[9].substr(0, 15) == "-- 1 new below ");
  key(Key::page_down);
  BOOST_TEST(rows()[8] == "12:04    bob         new");
}

BOOST_AUTO_TEST_CASE(scrolling_stops_at_the_oldest) {
  for (std::uint8_t i = 0; i < 20; ++i) received(bob, "message " + std::to_string(i), i);
  key(Key::to_oldest);
  const Picture picture = draw(model, {});
  feed(ScrollLimit{picture.max_scroll});
  BOOST_TEST(picture.grid.row_text(1).substr(0, 8) == "---- Tue");
  BOOST_TEST(picture.grid.row_text(2) == "12:04    bob         message 0");
  BOOST_TEST(model.scroll == picture.max_scroll);
  BOOST_TEST(picture.max_scroll == 13u);  // 20 messages and a day, 8 rows
  key(Key::page_down);
  BOOST_TEST(rows()[1] == "12:04    bob         message 6");
}

// Any window: no crash, the cursor inside, the draft kept.
BOOST_AUTO_TEST_CASE(every_size) {
  received(bob, "你好 a longer text that needs to be wrapped somewhere", 1);
  sent("x", 2, DeliveryState::relayed, 12);
  feed(Pasted{"draft\nof 你 lines"});
  for (int rows_ = 1; rows_ < 30; ++rows_)
    for (int columns = 1; columns < 100; columns += columns < 25 ? 1 : 13) {
      feed(Resized{rows_, columns});
      const Picture picture = draw(model, {});
      BOOST_REQUIRE_EQUAL(picture.grid.rows(), rows_);
      BOOST_REQUIRE(picture.cursor_row >= 0 && picture.cursor_row < rows_);
      BOOST_REQUIRE(picture.cursor_column >= 0 && picture.cursor_column < columns);
    }
  BOOST_TEST(model.draft == "draft\nof 你 lines");
  feed(Resized{3, 19});
  BOOST_TEST(rows()[0] == "window too small, d");
}

BOOST_AUTO_TEST_CASE(history_is_shown_under_its_days) {
  HistoryItem item;
  item.uid = uid_of(1);
  item.peer = bob;
  item.text = "yesterday";
  item.at = kNoon - kDay;
  HistoryItem today = item;
  today.uid = uid_of(2);
  today.text = "today";
  today.at = kNoon;
  feed(HistoryLoaded{{item, today}});
  BOOST_TEST(rows()[1].substr(0, 21) == "---- Mon 17 Nov 2025 ");
  BOOST_TEST(rows()[3].substr(0, 21) == "---- Tue 18 Nov 2025 ");
  BOOST_TEST(rows()[4] == "12:04    bob         today");
  BOOST_CHECK(model.target == bob);
}

BOOST_AUTO_TEST_SUITE_END()
