// A chat model with a few contacts at a fixed time, and its picture as text: what the golden tests compare.
#pragma once
#include <boost/test/unit_test.hpp>
#include <clocale>

#include "client_tui/view/view.h"

namespace comm::test {

inline constexpr Millis kNoon = 1'763'467'440'000;  // Tue 18 Nov 2025 12:04 UTC

inline Address address_of(std::uint8_t fill) {
  Address out;
  out.data.fill(fill);
  return out;
}

inline MessageUid uid_of(std::uint8_t fill) {
  MessageUid out;
  out.data.fill(fill);
  return out;
}

struct ScreenFixture {
  Model model;
  Address bob = address_of(0xb0), stranger = address_of(0x77);

  ScreenFixture() {
    BOOST_REQUIRE(std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr);  // wcwidth() follows it
    feed(Resized{12, 60});
    feed(Clock{kNoon, 0});
    feed(Started{address_of(0x44), "127.0.0.1:6667", "s"});
    ContactInfo contact;
    contact.address = bob;
    contact.name = "bob";
    feed(ContactsChanged{{contact}});
  }

  std::vector<Action> feed(const ModelEvent& event) { return update(model, event); }
  std::vector<Action> key(Key key) { return feed(KeyPressed{key, {}}); }
  void type(std::string_view text) {
    for (const char c : text) feed(KeyPressed{Key::character, std::string(1, c)});
  }
  // Sends `text` to bob and gives it the uid.
  void sent(std::string_view text, std::uint8_t uid, DeliveryState state, std::uint32_t relays = 0) {
    model.target = bob;
    type(text);
    const auto actions = key(Key::enter);
    BOOST_REQUIRE_EQUAL(actions.size(), 1u);
    const auto& send = std::get<DoSend>(actions[0]);
    feed(UserEvent{StateChanged{uid_of(uid), bob, send.ref, state, relays, false, {}}});
  }
  void received(const Address& from, std::string_view text, std::uint8_t uid, bool request = false) {
    feed(UserEvent{Received{uid_of(uid), from, std::string(text), kNoon, kNoon, request}});
  }

  std::vector<std::string> rows(bool ascii = false) const {
    const Picture picture = draw(model, {.ascii = ascii});
    std::vector<std::string> out;
    for (int row = 0; row < picture.grid.rows(); ++row) out.push_back(picture.grid.row_text(row));
    return out;
  }
  void check(const std::vector<std::string>& expected, bool ascii = false) const {
    const auto got = rows(ascii);
    BOOST_CHECK_EQUAL_COLLECTIONS(got.begin(), got.end(), expected.begin(), expected.end());
  }
};

}  // namespace comm::test
