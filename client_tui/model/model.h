// The chat client as values: everything the screen shows, changed by update() alone. What the outside has to do comes
// back as Actions. Pure: no terminal, clock or file. Owned by the screen front-end; one thread.
// Bounded: kMaxEntries lines of conversation, one draft of kMaxDraftBytes.
#pragma once
#include <deque>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "client_tui/model/input_line.h"
#include "node/agent/agent.h"

namespace comm {

inline constexpr std::size_t kMaxEntries = 2'000;
inline constexpr std::size_t kMaxDraftBytes = kMaxTextBytes + 128;  // a text and the address before it

// One message, or a line of the program itself.
struct Entry {
  std::uint64_t number = 0;  // rising, never reused
  bool notice = false;
  MessageUid uid;            // zero until the agent has taken it
  std::string ref;           // how the agent's answer is recognised
  Address peer;
  bool outgoing = false;
  std::string text;
  Millis at = 0;             // wall clock
  DeliveryState state = DeliveryState::sealed;
  std::uint32_t relays = 0;
  bool late = false;
  bool request = false;
};

struct Model {
  Address own;
  std::string endpoint;
  std::string session;                        // distinguishes this run's refs from those of earlier runs
  std::map<Address, ContactInfo> contacts;
  std::deque<Entry> entries;
  std::uint64_t next_number = 1;

  std::string draft;                          // valid UTF-8
  std::size_t cursor = 0;                     // byte offset in draft
  bool pasted = false;                        // the draft's first character was pasted
  std::optional<Address> target;              // last addressee
  bool quit_armed = false;                    // C-c was the last key
  bool quitting = false;

  int rows = 24, columns = 80;
  std::size_t scroll = 0;                     // rows up from the end of the last entry below `frozen_end`
  std::optional<std::uint64_t> frozen_end;    // while scrolled: entries from this number on are not shown
  std::uint32_t peers = 0, relays = 0;
  std::size_t outbox = 0;
  Millis now = 0;                             // wall clock
  int utc_offset_minutes = 0;
};

// --- events ---
enum class Key : std::uint8_t {
  character, enter, newline, backspace, erase, left, right, home, end, erase_word, erase_to_start, page_up, page_down,
  to_oldest, to_newest, interrupt, redraw
};
struct KeyPressed { Key key = Key::character; std::string text; };  // text: of a character, UTF-8
struct Pasted { std::string text; };                                // as received, any bytes
struct Resized { int rows = 0, columns = 0; };
struct Started { Address own; std::string endpoint; std::string session; };
struct Clock { Millis now = 0; int utc_offset_minutes = 0; };
struct OutboxChanged { std::size_t open = 0; };
struct ContactsChanged { std::vector<ContactInfo> contacts; };
struct HistoryLoaded { std::vector<HistoryItem> items; };            // oldest first
struct Said { std::string text; };                                  // a line of the program
struct ScrollLimit { std::size_t rows = 0; };                       // the view's answer: there is no more above
using ModelEvent = std::variant<KeyPressed, Pasted, Resized, Started, Clock, OutboxChanged, ContactsChanged,
                                HistoryLoaded, Said, ScrollLimit, UserEvent>;

// --- what the outside has to do ---
struct DoSend { Address to; std::string text; std::string ref; };
struct DoAdd { Address address; std::string name; };
struct DoConnect { std::string endpoint; };
struct DoQuit {};
struct DoRedraw {};                                                 // repaint from nothing
using Action = std::variant<DoSend, DoAdd, DoConnect, DoQuit, DoRedraw>;

std::vector<Action> update(Model& model, const ModelEvent& event);

// The contact's name, or the short address. Not yet safe for display.
std::string peer_name(const Model& model, const Address& peer);
// Whom the draft as it stands would go to.
std::optional<Address> addressee(const Model& model);

}  // namespace comm
