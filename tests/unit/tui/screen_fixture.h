// A chat model with a few contacts at a fixed time, and its picture as text: what the golden tests compare. The fixture
// answers the model's questions for history as the front-end does, from a list.
#pragma once
#include <boost/test/unit_test.hpp>
#include <clocale>

#include "client_tui/view/view.h"
#include "proto/seal/os_random.h"

namespace comm::test {

inline constexpr Millis kNoon = 1'763'467'440'000;  // Tue 18 Nov 2025 12:04 UTC
inline constexpr Millis at(int hour, int minute) { return kNoon - 12 * kHour - 4 * kMinute + hour * kHour + minute * kMinute; }

inline Address hex_address(const std::string& head, const std::string& tail) {
  return *parse_address(head + std::string(40 - head.size() - tail.size(), '0') + tail);
}

inline MessageUid uid_of(std::uint8_t fill) {
  MessageUid out;
  out.data.fill(fill);
  return out;
}

struct ScreenFixture {
  Model model;
  Address own = hex_address("44751799", "d519"), bob = hex_address("9f31a2", "77c0"), carol = hex_address("c4401", "0001"),
          dave = hex_address("da7e", "0002"), eve = hex_address("e7e0", "0003"), stranger = hex_address("77ab", "10fe");
  std::vector<HistoryItem> history;         // of everybody, by sequence
  std::vector<Action> did;                  // what the model asked for since the last look
  std::map<Address, ContactInfo> people;

  ScreenFixture() {
    BOOST_REQUIRE(std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr);  // wcwidth() follows it
    init_crypto();
    feed(Resized{12, 60});
    feed(Clock{kNoon, 0});
    feed(Started{own, "alice", "127.0.0.1:6667", "s", "0.1"});
    person(bob, "bob");
  }

  ContactInfo& person(const Address& address, const std::string& name) {
    ContactInfo& contact = people[address];
    contact.address = address;
    contact.name = name;
    contact.accepted = true;
    contacts_changed();
    return contact;
  }
  void contacts_changed() {
    std::vector<ContactInfo> list;
    for (const auto& [address, contact] : people) list.push_back(contact);
    feed(ContactsChanged{list});
  }

  void feed(const ModelEvent& event) {
    for (Action& action : update(model, event)) {
      did.push_back(action);
      answer(action);
    }
  }
  // As the front-end would.
  void answer(const Action& action) {
    if (const auto* open = std::get_if<DoOpen>(&action)) feed(page(*open));
    if (const auto* older = std::get_if<DoLoadOlder>(&action)) {
      auto items = with(older->peer, 0, older->before);
      const bool all = items.size() <= 50;
      if (!all) items.erase(items.begin(), items.end() - 50);
      feed(OlderLoaded{older->peer, items, all});
    }
    if (const auto* newer = std::get_if<DoLoadNewer>(&action)) {
      auto items = with(newer->peer, newer->after + 1, ~std::uint64_t{0});
      const bool all = items.size() <= 50;
      if (!all) items.resize(50);
      feed(NewerLoaded{newer->peer, items, all});
    }
    if (const auto* command = std::get_if<DoCommand>(&action))
      if (const auto* read = std::get_if<MarkRead>(&command->command)) people[read->peer].unread = 0;
  }
  std::vector<HistoryItem> with(const Address& peer, std::uint64_t from, std::uint64_t before) const {
    std::vector<HistoryItem> out;
    for (const HistoryItem& item : history)
      if (item.peer == peer && item.sequence >= from && item.sequence < before) out.push_back(item);
    return out;
  }
  ConversationLoaded page(const DoOpen& open) const {
    auto items = with(open.peer, 0, ~std::uint64_t{0});
    ConversationLoaded out{open.peer, {}, true, true, open.show};
    std::size_t first = items.size() > 50 ? items.size() - 50 : 0, last = items.size();
    for (std::size_t i = 0; open.show != 0 && i < items.size(); ++i)
      if (items[i].sequence >= open.show) {
        first = i > 25 ? i - 25 : 0;
        last = std::min(items.size(), i + 25);
        break;
      }
    out.at_start = first == 0;
    out.at_end = last == items.size();
    out.items.assign(items.begin() + static_cast<std::ptrdiff_t>(first), items.begin() + static_cast<std::ptrdiff_t>(last));
    return out;
  }

  void key(const std::string& name) { feed(KeyPressed{name, {}}); }
  void type(std::string_view text) {
    for (const char c : text) feed(KeyPressed{"", std::string(1, c)});
  }
  void line(std::string_view text) {
    type(text);
    key("Enter");
  }
  template <class T>
  std::vector<T> asked() {
    std::vector<T> out;
    for (const Action& action : std::exchange(did, {}))
      if (const auto* one = std::get_if<T>(&action)) out.push_back(*one);
    return out;
  }
  template <class T>
  std::vector<T> commands() {
    std::vector<T> out;
    for (const DoCommand& command : asked<DoCommand>())
      if (const auto* one = std::get_if<T>(&command.command)) out.push_back(*one);
    return out;
  }

  void open(const Address& peer) { feed(OpenWindow{{Page::talk, peer}}); }
  HistoryItem& past(const Address& peer, bool outgoing, Millis when, const std::string& text,
                    DeliveryState state = DeliveryState::delivered, std::uint32_t relays = 0) {
    HistoryItem item;
    item.sequence = history.size() + 1;
    item.uid = uid_of(static_cast<std::uint8_t>(item.sequence));
    item.peer = peer;
    item.outgoing = outgoing;
    item.at = when;
    item.text = text;
    item.state = state;
    item.relays = relays;
    item.lifetime = kDefaultLifetimeMinutes;
    history.push_back(item);
    return history.back();
  }
  void received(const Address& from, const std::string& text) {
    const HistoryItem& item = past(from, false, model.now, text);
    ++people[from].unread;
    people[from].last_sequence = item.sequence;
    people[from].address = from;
    contacts_changed();
    feed(UserEvent{Received{item.uid, from, text, model.now, model.now, false, item.sequence}});
  }
  // The agent takes what was just sent.
  void taken(const DoSend& send, DeliveryState state, std::uint32_t relays = 0) {
    const HistoryItem& item = past(send.to, true, model.now, send.text, state, relays);
    feed(UserEvent{StateChanged{item.uid, send.to, send.ref, state, relays, false, {}, item.sequence}});
  }
  void state(std::uint64_t sequence, DeliveryState state, std::uint32_t relays = 0, bool late = false) {
    const HistoryItem& item = history.at(sequence - 1);
    feed(UserEvent{StateChanged{item.uid, item.peer, "", state, relays, late, {}, sequence}});
  }

  // Drawn until nothing more is to be loaded, as the front-end does it. The cursor is "_" where nothing stands.
  std::vector<std::string> rows(bool ascii = false) {
    Picture picture = draw(model, {.ascii = ascii});
    for (int i = 0; i < 20; ++i) {
      const auto scroll = model.talk.scroll;
      const auto loaded = model.talk.entries.size();
      feed(picture.viewed);
      if (model.talk.scroll == scroll && model.talk.entries.size() == loaded) break;
      picture = draw(model, {.ascii = ascii});
    }
    if (picture.grid.at(picture.cursor_row, picture.cursor_column).text == " ")
      picture.grid.put(picture.cursor_row, picture.cursor_column, "_", Style::normal);
    std::vector<std::string> out;
    for (int row = 0; row < picture.grid.rows(); ++row) out.push_back(picture.grid.row_text(row));
    return out;
  }
  std::string screen(bool ascii = false) {
    std::string out;
    for (const std::string& row : rows(ascii)) out += row + "\n";
    return out;
  }
  bool shows(const std::string& text) { return screen().find(text) != std::string::npos; }
};

}  // namespace comm::test
