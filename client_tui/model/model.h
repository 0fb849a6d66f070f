// The chat client as values: everything the screen shows, changed by update() alone. What the outside has to do comes
// back as Actions. Pure: no terminal, clock or file. Owned by the screen front-end; one thread.
// Bounded: one conversation of kMaxLoaded messages, kMaxNotices lines of the program, kMaxInputHistory texts sent,
// kMaxUnsaved on their way to the disk.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "client_tui/model/editor.h"
#include "client_tui/model/input_line.h"
#include "client_tui/model/keymap.h"
#include "node/agent/agent.h"

namespace comm {

inline constexpr std::size_t kMaxLoaded = 2'000;       // messages of the open conversation in memory
inline constexpr std::size_t kPageOfHistory = 200;     // read at once
inline constexpr std::size_t kMaxNotices = 500;
inline constexpr std::size_t kMaxInputHistory = 200;
inline constexpr std::size_t kMaxUnsaved = 1'000;      // messages on their way to the disk
inline constexpr std::size_t kMaxFound = 500;          // messages a search shows
inline constexpr Millis kAloneAfter = 2 * kMinute;     // without a peer: it is said
inline constexpr Millis kKeyPatience = kMinute;        // without the recipient's key: it is said
inline constexpr Millis kPresent = 5 * kMinute;        // an acknowledgement this young: probably there

// One message of the open conversation.
struct Entry {
  std::uint64_t sequence = 0;  // of the history; 0 until the agent has taken it
  MessageUid uid;
  std::string ref;             // how the agent's answer is recognised
  bool outgoing = false;
  std::string text;
  Millis at = 0;               // wall clock
  DeliveryState state = DeliveryState::sealed;
  std::uint32_t relays = 0;
  bool late = false;
  bool unknown_content = false;
  std::string detail;
  std::uint16_t lifetime = 0;
  Millis acked_at = 0;
};

// The messages in memory are a contiguous part of the history with `peer`, oldest first.
struct Conversation {
  Address peer;
  std::deque<Entry> entries;
  bool at_start = true, at_end = true;      // nothing older, newer is left in the history
  std::uint64_t read_sequence = 0;          // "N new" stands behind this one
  std::uint32_t new_count = 0;
  // Scrolled: the view ends `scroll` rows above (negative: below) the end of the entry `anchor`. None: at the newest.
  std::optional<std::uint64_t> anchor;
  std::int64_t scroll = 0;
  std::uint32_t arrived_below = 0;          // since scrolled
  std::uint64_t newest_below = 0;           // the last of those counted
  std::uint64_t selected = 0;               // 0: the newest own message
};

enum class Page : std::uint8_t { home, log, talk };
struct WindowRef {
  Page page = Page::home;
  Address peer;
  friend bool operator==(const WindowRef&, const WindowRef&) = default;
};

// No session with any node for kAloneAfter.
struct Alone { Millis since = 0; std::string tried; };   // wall clock; the addresses dialled

// A message handed over that the disk may yet refuse.
struct Unsaved { std::string ref; Address to; std::string text; };

struct NoticeLine { Millis at = 0; std::string text; };

enum class OverlayKind : std::uint8_t { text, address, switcher, search };
struct Choice {
  std::string label;
  WindowRef window;
  std::uint64_t sequence = 0;  // a message in it, found by a search
  Millis at = 0;
  bool outgoing = false;
};
// Something that lies over the conversation until Esc.
struct Overlay {
  OverlayKind kind = OverlayKind::text;
  std::string title;
  std::vector<std::string> lines;           // as received: the view makes them safe
  std::optional<Address> address;           // shown as words and QR
  Editor input;
  bool typing = false;                      // keys go to `input`
  std::vector<Choice> choices;
  std::size_t selected = 0, scroll = 0;
  bool searching = false;                   // more may be found
};

// Only y goes on.
struct Question {
  enum Kind : std::uint8_t { send_text, delete_history, export_history, decline } kind = send_text;
  std::string text;
  std::string argument;
  Address peer;
};

enum class Bell : std::uint8_t { off, unfocused, all };
struct ScreenSettings {
  int sidebar = 0;          // columns, 0: by the size of the window
  bool show_sidebar = true, show_info = true;
  Bell bell = Bell::unfocused;
  bool ascii = false;       // + and x for the check marks
};

struct StatusLine {
  std::uint32_t peers = 0, relays = 0;
  std::size_t outbox = 0;
  std::uint64_t outbox_bytes = 0, store_bytes = 0;
  bool is_reached = false;                    // by peers from outside: no NAT is in the way, or it lets them in
};
// Whether a peer from outside this network dialled this node: the one proof that its endpoint can be reached.
bool is_reached(const std::vector<NodeCore::PeerInfo>& peers);

struct Model {
  Address own;
  std::string own_name, endpoint, version;
  std::string session;                        // distinguishes this run's refs from those of earlier runs
  ScreenSettings settings;
  Keymap keymap;
  StatusLine status;
  bool focused = true;
  bool bell_rung = false;                     // since the focus went

  std::map<Address, ContactInfo> contacts;
  std::set<Address> conflicts;                // two records of one number were seen
  WindowRef window;
  Conversation talk;
  std::map<Address, std::string> drafts;      // of the other windows; zero address: home and log
  std::set<Address> unsaved_drafts;
  Editor editor;                              // the draft of this window
  std::deque<std::string> sent;               // oldest first
  std::optional<std::size_t> recalled;        // into `sent`
  std::deque<Unsaved> unsaved;                // oldest first
  std::uint16_t lifetime = kDefaultLifetimeMinutes;
  std::uint64_t next_ref = 1;

  std::deque<NoticeLine> notices;
  std::string notice;                         // said last, until the user goes on
  std::optional<Alone> alone;                 // until there is a peer
  std::optional<Overlay> overlay;
  std::optional<Question> question;
  bool info_open = false;                     // the info pane over the conversation, where it has no place of its own
  bool quit_armed = false;                    // C-c was the last key
  bool quitting = false;
  struct Completion {
    std::vector<std::string> candidates;
    std::size_t index = 0, start = 0;
  };
  std::optional<Completion> completion;       // while Tab is pressed again

  std::uint64_t info_sequence = 0;            // of `info`
  MessageDetail info;
  Millis next_try = 0;

  int rows = 24, columns = 80;
  Millis now = 0;                             // wall clock
  int utc_offset_minutes = 0;
};

// --- events ---
struct KeyPressed { std::string key; std::string text; };            // a name of Keymap, or "" and a character
struct Pasted { std::string text; };                                // as received, any bytes
struct FocusChanged { bool focused = true; };
struct Resized { int rows = 0, columns = 0; };
struct Started { Address own; std::string own_name, endpoint, session, version; };
struct Clock { Millis now = 0; int utc_offset_minutes = 0; };
struct StatusChanged { StatusLine status; };
struct ContactsChanged { std::vector<ContactInfo> contacts; };
struct DraftsLoaded { std::map<Address, std::string> drafts; };
struct OpenWindow { WindowRef window; };
struct ConversationLoaded { Address peer; std::vector<HistoryItem> items; bool at_start = true, at_end = true; std::uint64_t show = 0; };
struct OlderLoaded { Address peer; std::vector<HistoryItem> items; bool at_start = true; };
struct NewerLoaded { Address peer; std::vector<HistoryItem> items; bool at_end = true; };
struct Found { std::string query; std::vector<HistoryItem> items; std::uint64_t before = 0; };  // 0: that was all
struct TextOpened { std::string title; std::vector<std::string> lines; std::vector<Choice> choices; };
struct InfoLoaded { std::uint64_t sequence = 0; MessageDetail detail; Millis next_try = 0; };
struct Edited { std::string text; };                                // by $EDITOR
struct Said { std::string text; };                                  // a line of the program
struct Viewed { std::int64_t above = 0, below = 0; };               // the view's answer: rows out of sight, either way
using ModelEvent =
    std::variant<KeyPressed, Pasted, FocusChanged, Resized, Started, Clock, StatusChanged, ContactsChanged, DraftsLoaded,
                 OpenWindow, ConversationLoaded, OlderLoaded, NewerLoaded, Found, TextOpened, InfoLoaded, Edited, Said,
                 Viewed, Alone, UserEvent>;

// --- what the outside has to do ---
struct DoSend { Address to; std::string text; std::string ref; std::uint16_t lifetime = kDefaultLifetimeMinutes; };
struct DoCommand { UserCommand command; };
struct DoOpen { Address peer; std::uint64_t show = 0; };             // answered by ConversationLoaded
struct DoLoadOlder { Address peer; std::uint64_t before = 0; };
struct DoLoadNewer { Address peer; std::uint64_t after = 0; };
struct DoSearch { std::string query; std::uint64_t before = 0; };    // folded; answered by Found, a part at a time
struct DoConnect { std::string endpoint; };
struct DoShow { CommandId what = CommandId::status; };               // status, peers, outbox: answered by TextOpened
struct DoCopy { std::string text; };
struct DoEdit { std::string text; };
struct DoExport { Address peer; std::string path; };
struct DoBell {};
struct DoRedraw {};                                                 // repaint from nothing
struct DoQuit {};
using Action = std::variant<DoSend, DoCommand, DoOpen, DoLoadOlder, DoLoadNewer, DoSearch, DoConnect, DoShow, DoCopy,
                            DoEdit, DoExport, DoBell, DoRedraw, DoQuit>;

std::vector<Action> update(Model& model, const ModelEvent& event);

// --- questions about a model ---
// The contact's name, or the short address. Not yet safe for display.
std::string peer_name(const Model& model, const Address& peer);
const ContactInfo* contact_of(const Model& model, const Address& peer);  // null: unknown
bool is_request(const ContactInfo& contact);
// Whom the draft as it stands would go to.
std::optional<Address> addressee(const Model& model);
// Contacts by name; strangers by how lately they wrote.
std::vector<Address> contact_order(const Model& model);
std::vector<Address> request_order(const Model& model);
// The selected message, or the newest own one. Null if there is none.
const Entry* selected_entry(const Model& model);
bool has_draft(const Model& model, const Address& peer);
// What was typed and not saved yet, to be given to the agent; none afterwards.
std::vector<SetDraft> take_unsaved_drafts(Model& model);

}  // namespace comm
