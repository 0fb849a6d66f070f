// Whole screens compared with files: tests/unit/tui/golden/NAME.txt, rows with trailing blanks cut. To see what is
// drawn now, or to write the files anew after a change that is meant: COMM_GOLDEN=DIR unit_tui --run_test=golden
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "screen_fixture.h"

using namespace comm;
using namespace comm::test;

namespace {

struct Golden : ScreenFixture {
  // The conversation that the design shows.
  void people_and_talk(bool long_past) {
    people.clear();
    const auto add = [&](const Address& address, const char* name, Millis last_ack) -> ContactInfo& {
      ContactInfo& contact = person(address, name);
      contact.last_ack = last_ack;
      return contact;
    };
    ContactInfo& first = add(bob, "bob", kNoon - 2 * kMinute);
    first.verified = kNoon - 16 * kDay;
    first.added = kNoon - 49 * kDay;
    add(carol, "carol", kNoon - 20 * kSecond).unread = 3;
    add(dave, "dave", kNoon - 3 * kDay);
    add(eve, "eve", 0);
    people[stranger] = {};
    people[stranger].address = stranger;
    people[stranger].last_at = kNoon - kHour;
    if (long_past) past(bob, true, at(22, 40) - 8 * kDay, "Are you around?", DeliveryState::expired);
    past(bob, false, at(11, 2), "Did the relay in Oslo come back?");
    first.read_sequence = past(bob, true, at(11, 5), "Yes. 14 peers now.").sequence;
    past(bob, false, at(11, 58), "Can you send me the log?");
    first.unread = 1;
    contacts_changed();
    feed(DraftsLoaded{{{dave, "half a thought"}}});
    open(bob);
    past(bob, true, at(12, 1), "Tonight; it is larger than one message, so in three parts.", DeliveryState::relayed, 3).uid =
        *MessageUid::from(*from_hex("c04e0000000000000000000000000091"));
    past(bob, true, at(12, 2), "(no peers then, kept on disk)", DeliveryState::queued);
    past(bob, true, at(12, 3), "你好 👍 ok?", DeliveryState::sealed);
    feed(NewerLoaded{bob, with(bob, history.size() - 2, ~std::uint64_t{0}), true});
    feed(StatusChanged{{14, 3, 3, 400, 12'000'000, true}});
  }

  void compare(const std::string& name, bool ascii = false) {
    const std::string drawn = screen(ascii);
    if (const char* folder = std::getenv("COMM_GOLDEN")) std::ofstream(std::string(folder) + "/" + name + ".txt") << drawn;
    std::ifstream file(COMM_SOURCE_DIR "/tests/unit/tui/golden/" + name + ".txt");
    const std::string expected{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    BOOST_CHECK_MESSAGE(drawn == expected, name << " is drawn as\n" << drawn << "and not as\n" << expected);
    const Picture picture = draw(model, {.ascii = ascii});
    for (int row = 0; row < picture.grid.rows(); ++row) {
      int columns = 0;
      for (int column = 0; column < picture.grid.columns(); ++column) {
        columns += picture.grid.at(row, column).columns;
        for (const char byte : picture.grid.at(row, column).text) BOOST_CHECK((byte & 0xe0) != 0 && byte != 0x7f);
      }
      BOOST_CHECK_EQUAL(columns, picture.grid.columns());
    }
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(golden, Golden)

BOOST_AUTO_TEST_CASE(eighty_by_twentyfour) {
  feed(Resized{24, 80});
  people_and_talk(false);
  type("First line of the draft");
  key("C-j");
  type("second line");
  compare("80x24");
  compare("80x24-ascii", true);
  feed(Resized{24, 71});
  compare("71x24");
}

BOOST_AUTO_TEST_CASE(hundredtwenty_by_forty) {
  feed(Resized{40, 120});
  people_and_talk(true);
  for (int i = 0; i < 3; ++i) key("M-k");  // the third from below
  MessageDetail detail;
  detail.sealed_at = at(12, 1) + 7 * kSecond;
  detail.sealed_bytes = 1'900;
  detail.expires = at(12, 1) + 7 * kDay;
  for (const auto& [node, second] : {std::pair("5b2c", 9), std::pair("a911", 9), std::pair("e07d", 12)})
    detail.holders.push_back({*NodeId::from(hex_address(node, "").view()), at(12, 1) + second * kSecond});
  feed(InfoLoaded{selected_entry(model)->sequence, detail, kNoon + 4 * kMinute});
  type("First line of the draft");
  key("M-Enter");
  type("second line");
  key("M-Enter");
  type("third line");
  take_unsaved_drafts(model);
  compare("120x40");
}

BOOST_AUTO_TEST_CASE(small_windows) {
  people_and_talk(false);
  type("a draft");
  feed(Resized{6, 40});
  compare("40x6");
  feed(Resized{4, 20});
  compare("20x4");
  feed(Resized{3, 20});
  compare("20x3");
  feed(Resized{1, 1});
  BOOST_TEST(screen() == "w\n");
  feed(Resized{24, 80});
  BOOST_TEST(shows("[bob]> a draft"));
}

BOOST_AUTO_TEST_CASE(addresses_and_help) {
  feed(Resized{24, 80});
  people_and_talk(false);
  line("/verify bob");
  compare("verify-80x24");
  key("Esc");
  line("/help add");
  compare("help-add-80x24");
  key("Esc");
  key("C-k");
  type("e");
  compare("switcher-80x24");
}

// What one calls others and oneself may have been pasted from anywhere.
BOOST_AUTO_TEST_CASE(names_that_would_act_are_shown) {
  people_and_talk(false);
  const std::string hidden = "b\x1b]52;c;eA==\x07\u202eb";
  person(bob, hidden);
  feed(Started{own, "al\x1b[31m\u2066ice", "127.0.0.1:6667", "s", "0.1"});
  open(bob);
  feed(Resized{40, 120});
  key("M-k");
  compare("names-120x40");
  feed(UserEvent{KeyConflict{bob}});
  feed(Resized{24, 80});
  compare("names-80x24");
  person(bob, hidden + "  \x1b[2J and what comes behind two blanks, on another row");
  line("/verify 9f31a2");
  compare("names-verify-80x24");
  key("Esc");
  key("C-k");
  compare("names-switcher-80x24");
  key("Esc");
  line("/info 9f31a2");
  compare("names-info-80x24");
}

BOOST_AUTO_TEST_CASE(home) {
  feed(Resized{24, 80});
  feed(Said{"Write something and press Enter."});
  compare("home-80x24");
}

BOOST_AUTO_TEST_CASE(any_size_is_drawn_whole) {
  people_and_talk(true);
  past(bob, false, kNoon, "नि 👨‍👩‍👧‍👦 🇳🇴 e\u0301\u0301\u0301\u0301\u0301\u0301 \U0001FAE8 \x1b[31m\u202eabc שלום");
  open(carol);
  open(bob);
  for (const int rows : {1, 2, 3, 4, 5, 6, 9, 10, 11, 24, 60})
    for (const int columns : {1, 2, 19, 20, 21, 40, 71, 72, 80, 109, 110, 120, 200}) {
      feed(Resized{rows, columns});
      const Picture picture = draw(model, {});
      BOOST_REQUIRE_EQUAL(picture.grid.rows(), rows);
      BOOST_REQUIRE(picture.cursor_row < rows && picture.cursor_column < columns);
      for (int row = 0; row < rows; ++row) {
        int width = 0;
        for (int column = 0; column < columns; ++column) width += picture.grid.at(row, column).columns;
        BOOST_REQUIRE_EQUAL(width, columns);
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
