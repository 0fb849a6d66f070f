#include "client_tui/model/model.h"

#include "proto/wire/content.h"

namespace comm {
namespace {

template <class... Ts>
struct Overload : Ts... { using Ts::operator()...; };
template <class... Ts>
Overload(Ts...) -> Overload<Ts...>;

using Actions = std::vector<Action>;

Entry& append_entry(Model& model, Entry entry) {
  entry.number = model.next_number++;
  model.entries.push_back(std::move(entry));
  if (model.entries.size() > kMaxEntries) model.entries.pop_front();
  return model.entries.back();
}

void say(Model& model, std::string text) {
  Entry entry;
  entry.notice = true;
  entry.text = std::move(text);
  entry.at = model.now;
  append_entry(model, std::move(entry));
}

void to_newest(Model& model) {
  model.scroll = 0;
  model.frozen_end.reset();
}

void clear_draft(Model& model) {
  model.draft.clear();
  model.cursor = 0;
  model.pasted = false;
}

Entry* find_uid(Model& model, const MessageUid& uid) {
  for (auto it = model.entries.rbegin(); it != model.entries.rend(); ++it)
    if (!it->notice && it->uid == uid) return &*it;
  return nullptr;
}

Entry* find_ref(Model& model, const std::string& ref) {
  if (ref.empty()) return nullptr;
  for (auto it = model.entries.rbegin(); it != model.entries.rend(); ++it)
    if (it->uid.is_zero() && it->ref == ref) return &*it;
  return nullptr;
}

// --- sending ---

void send(Model& model, const Address& to, std::string text, Actions& out) {
  if (text.size() > kMaxTextBytes) {
    say(model, "Too long: " + std::to_string(text.size()) + " bytes, a message has at most " +
                   std::to_string(kMaxTextBytes) + ". Not sent; the draft is kept.");
    return;
  }
  Entry entry;
  entry.peer = to;
  entry.outgoing = true;
  entry.text = text;
  entry.at = model.now;
  entry.ref = "\"" + model.session + "-" + std::to_string(model.next_number) + "\"";
  std::string ref = append_entry(model, std::move(entry)).ref;
  model.target = to;
  clear_draft(model);
  to_newest(model);
  out.emplace_back(DoSend{to, std::move(text), std::move(ref)});
}

void send_to_name(Model& model, const std::string& name, const std::string& text, Actions& out) {
  for (const auto& [address, contact] : model.contacts)
    if (contact.name == name) return send(model, address, text, out);
  say(model, "There is no contact of that name. /add ADDRESS NAME makes one.");
}

void show_peers(Model& model) {
  say(model, std::to_string(model.peers) + " peers connected, " + std::to_string(model.relays) +
                 " of them relays; listening on " + model.endpoint + ".");
}

void submit(Model& model, Actions& out) {
  const InputLine line = parse_line(model.draft, model.pasted);
  bool keep_draft = false;
  std::visit(Overload{
                 [](const LineEmpty&) {},
                 [&](const LineText& text) {
                   keep_draft = true;  // send() clears it once it is on its way
                   if (model.target) send(model, *model.target, text.text, out);
                   else say(model, "To whom? Write ADDRESS text first, or /msg NAME TEXT. The draft is kept.");
                 },
                 [&](const LineTo& to) {
                   model.target = to.to;
                   keep_draft = !to.text.empty();
                   if (!to.text.empty()) send(model, to.to, to.text, out);
                 },
                 [&](const LineMessage& message) {
                   keep_draft = true;
                   send_to_name(model, message.name, message.text, out);
                 },
                 [&](const LineAdd& add) { out.emplace_back(DoAdd{add.address, add.name}); },
                 [&](const LineConnect& connect) {
                   out.emplace_back(DoConnect{connect.endpoint});
                   say(model, "Connecting to " + connect.endpoint + ".");
                 },
                 [&](const LineMe&) {
                   say(model, "You are " + address_hex(model.own));
                   say(model, "or, with a checksum, " + address_bech32m(model.own));
                 },
                 [&](const LinePeers&) { show_peers(model); },
                 [&](const LineHelp&) {
                   for (std::size_t i = 0; i < kHelpLineCount; ++i) say(model, kHelpLines[i]);
                 },
                 [&](const LineQuit&) {
                   model.quitting = true;
                   out.emplace_back(DoQuit{});
                 },
                 [&](const LineRefused& refused) {
                   keep_draft = true;
                   say(model, refused.why);
                 },
             },
             line);
  if (!keep_draft) clear_draft(model);
}

// --- editing ---

bool continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::size_t before(const std::string& text, std::size_t at) {
  if (at == 0) return 0;
  --at;
  while (at > 0 && continuation(text[at])) --at;
  return at;
}

std::size_t after(const std::string& text, std::size_t at) {
  if (at >= text.size()) return text.size();
  ++at;
  while (at < text.size() && continuation(text[at])) ++at;
  return at;
}

void insert(Model& model, std::string_view text, bool pasted) {
  if (model.draft.size() + text.size() > kMaxDraftBytes) {
    say(model, "The draft is full (" + std::to_string(kMaxTextBytes) + " bytes a message). Nothing was added.");
    return;
  }
  if (model.cursor == 0 && !text.empty()) model.pasted = pasted;
  model.draft.insert(model.cursor, text);
  model.cursor += text.size();
}

void erase(Model& model, std::size_t from, std::size_t to) {
  model.draft.erase(from, to - from);
  model.cursor = from;
  if (model.draft.empty()) model.pasted = false;
}

void erase_word(Model& model) {
  std::size_t from = model.cursor;
  while (from > 0 && model.draft[from - 1] == ' ') --from;
  while (from > 0 && model.draft[from - 1] != ' ') --from;
  erase(model, from, model.cursor);
}

void page(Model& model, bool up) {
  const auto step = static_cast<std::size_t>(std::max(1, model.rows - 5));
  if (up) {
    if (!model.frozen_end) model.frozen_end = model.next_number;
    model.scroll += step;
  } else if (model.scroll > step) {
    model.scroll -= step;
  } else {
    to_newest(model);
  }
}

void interrupt(Model& model, bool again, Actions& out) {
  if (again) {
    model.quitting = true;
    out.emplace_back(DoQuit{});
    return;
  }
  model.quit_armed = true;
  clear_draft(model);
  say(model, "C-c again leaves.");
}

void on(Model& model, const KeyPressed& press, Actions& out) {
  const bool armed = std::exchange(model.quit_armed, false);
  switch (press.key) {
    case Key::character: insert(model, press.text, false); break;
    case Key::enter: submit(model, out); break;
    case Key::newline: insert(model, "\n", false); break;
    case Key::backspace: erase(model, before(model.draft, model.cursor), model.cursor); break;
    case Key::erase: {
      const std::size_t at = model.cursor;
      erase(model, at, after(model.draft, at));
      break;
    }
    case Key::left: model.cursor = before(model.draft, model.cursor); break;
    case Key::right: model.cursor = after(model.draft, model.cursor); break;
    case Key::home: model.cursor = 0; break;
    case Key::end: model.cursor = model.draft.size(); break;
    case Key::erase_word: erase_word(model); break;
    case Key::erase_to_start: erase(model, 0, model.cursor); break;
    case Key::page_up: page(model, true); break;
    case Key::page_down: page(model, false); break;
    case Key::to_oldest:
      if (!model.frozen_end) model.frozen_end = model.next_number;
      model.scroll = static_cast<std::size_t>(-1) / 2;  // the view answers with the limit
      break;
    case Key::to_newest: to_newest(model); break;
    case Key::interrupt: interrupt(model, armed, out); break;
    case Key::redraw: out.emplace_back(DoRedraw{}); break;
  }
}

// Pasted bytes never send and never act: newlines stay newlines of the draft, controls and broken UTF-8 go.
void on(Model& model, const Pasted& pasted, Actions&) {
  model.quit_armed = false;
  std::string clean;
  std::string_view rest = pasted.text;
  while (!rest.empty()) {
    const std::size_t good = valid_utf8_prefix(rest);
    for (std::size_t i = 0; i < good; ++i) {
      const char c = rest[i];
      if (c == '\r') {
        if (i + 1 >= good || rest[i + 1] != '\n') clean += '\n';
      } else if (c == '\n' || c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) {
        clean += c;
      }
    }
    rest.remove_prefix(std::min(rest.size(), good + 1));
  }
  while (!clean.empty() && clean.back() == '\n') clean.pop_back();
  insert(model, clean, true);
}

// --- the rest of the world ---

void on(Model& model, const StateChanged& change, Actions&) {
  Entry* entry = find_uid(model, change.uid);
  if (entry == nullptr) entry = find_ref(model, change.ref);
  if (entry == nullptr) return;
  entry->uid = change.uid;
  entry->state = change.state;
  entry->relays = change.relays;
  entry->late = change.late;
  if (change.state == DeliveryState::failed && !change.detail.empty())
    say(model, "To " + peer_name(model, change.peer) + ": " + change.detail);
}

void on(Model& model, const Received& received, Actions&) {
  if (find_uid(model, received.uid) != nullptr) return;  // shown once, whoever repeats it
  Entry entry;
  entry.uid = received.uid;
  entry.peer = received.from;
  entry.text = received.text;
  entry.at = received.received_at;
  entry.state = DeliveryState::delivered;
  entry.request = received.request;
  append_entry(model, std::move(entry));
  if (!model.target) model.target = received.from;
}

void on(Model& model, const UserError& error, Actions&) {
  if (Entry* entry = find_ref(model, error.ref)) entry->state = DeliveryState::failed;
  say(model, error.what);
}

void on_user(Model& model, const UserEvent& event, Actions& out) {
  std::visit(Overload{
                 [&](const Undecryptable& mail) {
                   say(model, "A message arrived that cannot be opened (" + mail.reason + ").");
                 },
                 [&](const KeyConflict& conflict) {
                   say(model, "Two different key records of the same number exist for " +
                                  peer_name(model, conflict.address) +
                                  ": their secret may be in use elsewhere. Ask them by another way.");
                 },
                 [&](const PeerStatus& status) {
                   model.peers = status.sessions;
                   model.relays = status.relays;
                 },
                 [&](const auto& other) { on(model, other, out); },
             },
             event);
}

void load(Model& model, const HistoryLoaded& history) {
  for (const HistoryItem& item : history.items) {
    Entry entry;
    entry.uid = item.uid;
    entry.peer = item.peer;
    entry.outgoing = item.outgoing;
    entry.text = item.text;
    entry.at = item.at;
    entry.state = item.state;
    entry.relays = item.relays;
    entry.late = item.late;
    entry.request = item.request;
    append_entry(model, std::move(entry));
    model.target = item.peer;
  }
}

}  // namespace

std::string peer_name(const Model& model, const Address& peer) {
  const auto found = model.contacts.find(peer);
  if (found != model.contacts.end() && !found->second.name.empty()) return found->second.name;
  return short_hex(peer.view());
}

std::optional<Address> addressee(const Model& model) {
  if (const auto typed = leading_address(model.draft)) return typed;
  return model.target;
}

std::vector<Action> update(Model& model, const ModelEvent& event) {
  Actions out;
  std::visit(Overload{
                 [&](const Resized& size) {
                   model.rows = size.rows;
                   model.columns = size.columns;
                 },
                 [&](const Started& started) {
                   model.own = started.own;
                   model.endpoint = started.endpoint;
                   model.session = started.session;
                 },
                 [&](const Clock& clock) {
                   model.now = clock.now;
                   model.utc_offset_minutes = clock.utc_offset_minutes;
                 },
                 [&](const OutboxChanged& outbox) { model.outbox = outbox.open; },
                 [&](const ContactsChanged& changed) {
                   model.contacts.clear();
                   for (const ContactInfo& contact : changed.contacts) model.contacts[contact.address] = contact;
                 },
                 [&](const HistoryLoaded& history) { load(model, history); },
                 [&](const Said& said) { say(model, said.text); },
                 [&](const ScrollLimit& limit) {
                   model.scroll = std::min(model.scroll, limit.rows);
                   if (model.scroll == 0) to_newest(model);
                 },
                 [&](const UserEvent& user) { on_user(model, user, out); },
                 [&](const auto& input) { on(model, input, out); },
             },
             event);
  return out;
}

}  // namespace comm
