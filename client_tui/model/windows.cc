// Conversations: which one is open, what of it is in memory, where it is scrolled to.
#include <algorithm>

#include "client_tui/model/parts.h"

namespace comm::model {
namespace {

Entry entry_of(const HistoryItem& item) {
  Entry out;
  out.sequence = item.sequence;
  out.uid = item.uid;
  out.outgoing = item.outgoing;
  out.text = item.text;
  out.at = item.at;
  out.state = item.state;
  out.relays = item.relays;
  out.late = item.late;
  out.unknown_content = item.unknown_content;
  out.detail = item.detail;
  out.lifetime = item.lifetime;
  out.acked_at = item.acked_at;
  return out;
}

Entry* find_entry(Conversation& talk, std::uint64_t sequence, const std::string& ref) {
  for (auto it = talk.entries.rbegin(); it != talk.entries.rend(); ++it) {
    if (sequence != 0 && it->sequence == sequence) return &*it;
    if (it->sequence == 0 && !ref.empty() && it->ref == ref) return &*it;
  }
  return nullptr;
}

void follow_newest(Conversation& talk) {
  talk.anchor.reset();
  talk.scroll = 0;
  talk.arrived_below = 0;
  talk.newest_below = 0;
}

void hold(Conversation& talk) {
  if (talk.anchor || talk.entries.empty()) return;
  talk.anchor = talk.entries.back().sequence;
  talk.scroll = 0;
}

std::vector<WindowRef> all_windows(const Model& model) {
  std::vector<WindowRef> out;
  for (const Address& address : contact_order(model)) out.push_back({Page::talk, address});
  for (const Address& address : request_order(model)) out.push_back({Page::talk, address});
  out.push_back({Page::home, {}});
  out.push_back({Page::log, {}});
  return out;
}

std::size_t place_of(const std::vector<WindowRef>& windows, const WindowRef& window) {
  const auto found = std::find(windows.begin(), windows.end(), window);
  return found == windows.end() ? windows.size() - 1 : static_cast<std::size_t>(found - windows.begin());
}

// Behind what stands there. False if it would grow too long.
bool add_to_draft(Model& model, const Address& peer, const std::string& text) {
  const bool here = draft_key(model) == peer;
  std::string draft = here ? model.editor.text() : model.drafts[peer];
  draft += (draft.empty() ? "" : "\n") + text;
  if (draft.size() > kMaxEditorBytes) return false;
  if (here) model.editor.set(std::move(draft), true);
  else model.drafts[peer] = std::move(draft);
  model.unsaved_drafts.insert(peer);
  return true;
}

void change_draft(Model& model, const WindowRef& window) {
  const Address old = draft_key(model);
  if (model.editor.empty()) model.drafts.erase(old);
  else model.drafts[old] = model.editor.text();
  model.window = window;
  const auto draft = model.drafts.find(draft_key(model));
  model.editor.set(draft == model.drafts.end() ? std::string() : draft->second);
  model.recalled.reset();
  model.completion.reset();
}

}  // namespace

void open_window(Model& model, const WindowRef& window, Actions& out, std::uint64_t show) {
  model.overlay.reset();
  model.notice.clear();
  const bool same = model.window == window;
  if (!same) change_draft(model, window);
  if (window.page != Page::talk) return;
  if (same && show == 0 && model.talk.peer == window.peer && model.talk.at_end) return to_newest(model, out);
  if (!same) {
    model.talk = {};
    model.talk.peer = window.peer;
    const ContactInfo* contact = contact_of(model, window.peer);
    if (contact != nullptr && contact->unread > 0) {
      model.talk.read_sequence = contact->read_sequence;
      model.talk.new_count = contact->unread;
    }
  }
  out.emplace_back(DoOpen{window.peer, show});
}

void load(Model& model, const ConversationLoaded& loaded, Actions& out) {
  if (model.window.page != Page::talk || model.talk.peer != loaded.peer) return;
  Conversation& talk = model.talk;
  talk.entries.clear();
  for (const HistoryItem& item : loaded.items) talk.entries.push_back(entry_of(item));
  talk.at_start = loaded.at_start;
  talk.at_end = loaded.at_end;
  follow_newest(talk);
  if (loaded.show != 0) {
    talk.selected = loaded.show;
    talk.anchor = loaded.show;
    talk.scroll = -std::int64_t{std::max(1, model.rows / 3)};
  }
  mark_read(model, out);
}

void load(Model& model, const OlderLoaded& loaded) {
  Conversation& talk = model.talk;
  if (talk.peer != loaded.peer || model.window.page != Page::talk) return;
  for (auto it = loaded.items.rbegin(); it != loaded.items.rend(); ++it) talk.entries.push_front(entry_of(*it));
  talk.at_start = loaded.at_start;
  // What lies far below leaves memory, never what is in sight.
  while (talk.entries.size() > kMaxLoaded && talk.anchor && talk.entries.back().sequence != 0 &&
         talk.entries.back().sequence > *talk.anchor) {
    talk.entries.pop_back();
    talk.at_end = false;
  }
}

void load(Model& model, const NewerLoaded& loaded, Actions& out) {
  Conversation& talk = model.talk;
  if (talk.peer != loaded.peer || model.window.page != Page::talk) return;
  for (const HistoryItem& item : loaded.items) {
    if (!talk.entries.empty() && item.sequence <= talk.entries.back().sequence) continue;
    talk.entries.push_back(entry_of(item));
  }
  talk.at_end = loaded.at_end;
  while (talk.entries.size() > kMaxLoaded && talk.anchor && talk.entries.front().sequence < *talk.anchor) {
    talk.entries.pop_front();
    talk.at_start = false;
  }
  mark_read(model, out);
}

void mark_read(Model& model, Actions& out) {
  if (model.window.page != Page::talk || !model.focused || model.overlay) return;
  if (model.talk.anchor || !model.talk.at_end) return;
  const auto contact = model.contacts.find(model.talk.peer);
  if (contact == model.contacts.end() || contact->second.unread == 0) return;
  contact->second.unread = 0;
  out.emplace_back(DoCommand{MarkRead{model.talk.peer}});
}

void open_next_unread(Model& model, Actions& out) {
  const std::vector<WindowRef> windows = all_windows(model);
  const std::size_t here = place_of(windows, model.window);
  for (std::size_t i = 1; i <= windows.size(); ++i) {
    const WindowRef& window = windows[(here + i) % windows.size()];
    const ContactInfo* contact = window.page == Page::talk ? contact_of(model, window.peer) : nullptr;
    if (contact != nullptr && contact->unread > 0) return open_window(model, window, out);
  }
  say(model, "Everything is read.");
}

void step_window(Model& model, int by, Actions& out) {
  const std::vector<WindowRef> windows = all_windows(model);
  const auto count = static_cast<int>(windows.size());
  const int here = static_cast<int>(place_of(windows, model.window));
  open_window(model, windows[static_cast<std::size_t>((here + by + count) % count)], out);
}

void open_numbered(Model& model, int number, Actions& out) {
  if (number == 0) return open_window(model, {}, out);
  const std::vector<Address> order = contact_order(model);
  const auto index = static_cast<std::size_t>(number - 1);
  if (index < order.size()) open_window(model, {Page::talk, order[index]}, out);
  else say(model, "There is no contact " + std::to_string(number) + ".");
}

// --- scrolling ---

void page(Model& model, bool up, Actions& out) {
  Conversation& talk = model.talk;
  const std::int64_t step = std::max(1, model.rows - 6);
  if (up && talk.entries.empty() && !talk.at_start) out.emplace_back(DoOpen{talk.peer, 0});  // after /clear
  if (up) hold(talk);
  if (!talk.anchor) return;
  talk.scroll += up ? step : -step;
  mark_read(model, out);
}

void to_oldest(Model& model, Actions& out) {
  if (model.window.page != Page::talk || model.talk.entries.empty()) return;
  if (!model.talk.at_start) {  // a history may be long: only its first page is read
    out.emplace_back(DoOpen{model.talk.peer, 1});
    return;
  }
  hold(model.talk);
  model.talk.scroll = std::int64_t{1} << 40;  // the view answers with the limit
}

void to_newest(Model& model, Actions& out) {
  if (model.window.page != Page::talk) return;
  if (!model.talk.at_end) {
    out.emplace_back(DoOpen{model.talk.peer, 0});
    return;
  }
  follow_newest(model.talk);
  model.talk.selected = 0;
  mark_read(model, out);
}

void viewed(Model& model, const Viewed& seen, Actions& out) {
  Conversation& talk = model.talk;
  if (model.window.page != Page::talk || !talk.anchor) return;
  if (seen.above < 0) {  // more rows were wanted than are in memory
    if (!talk.at_start && !talk.entries.empty())
      out.emplace_back(DoLoadOlder{talk.peer, talk.entries.front().sequence});
    else
      talk.scroll += seen.above;
  } else if (seen.below <= 0) {
    if (!talk.at_end && !talk.entries.empty()) {
      out.emplace_back(DoLoadNewer{talk.peer, talk.entries.back().sequence});
    } else if (talk.at_end) {
      follow_newest(talk);
      mark_read(model, out);
    }
  }
}

void select(Model& model, bool older) {
  Conversation& talk = model.talk;
  if (model.window.page != Page::talk || talk.entries.empty()) return;
  std::size_t at = talk.entries.size();
  for (std::size_t i = 0; i < talk.entries.size(); ++i)
    if (talk.selected != 0 && talk.entries[i].sequence == talk.selected) at = i;
  if (at == talk.entries.size()) at = at - 1;
  else if (older && at > 0) --at;
  else if (!older && at + 1 < talk.entries.size()) ++at;
  talk.selected = talk.entries[at].sequence;
}

// --- what happens to messages ---

void arrived(Model& model, const Received& received, Actions& out) {
  const ContactInfo* contact = contact_of(model, received.from);
  const bool muted = contact != nullptr && (contact->muted || is_request(*contact));
  const bool ring = model.settings.bell == Bell::all ||
                    (model.settings.bell == Bell::unfocused && !model.focused && !model.bell_rung);
  if (ring && !muted) {
    model.bell_rung = true;
    out.emplace_back(DoBell{});
  }
  Conversation& talk = model.talk;
  if (model.window.page != Page::talk || talk.peer != received.from) return;
  if (find_entry(talk, received.sequence, {}) != nullptr) return;  // shown once, whoever repeats it
  if (talk.anchor && received.sequence > talk.newest_below) {
    talk.newest_below = received.sequence;
    ++talk.arrived_below;
  }
  if (!talk.at_end) return;  // an old part is open: it is loaded when the reader comes to it
  const std::uint64_t before = talk.entries.empty() ? 0 : talk.entries.back().sequence;
  Entry entry;
  entry.sequence = received.sequence;
  entry.uid = received.uid;
  entry.text = received.text;
  entry.at = received.received_at;
  entry.state = DeliveryState::delivered;
  talk.entries.push_back(std::move(entry));
  if ((talk.anchor || !model.focused) && talk.new_count++ == 0) talk.read_sequence = before;
  while (talk.entries.size() > kMaxLoaded && !talk.anchor) {
    talk.entries.pop_front();
    talk.at_start = false;
  }
  mark_read(model, out);
}

void state_changed(Model& model, const StateChanged& change) {
  if (!change.ref.empty()) std::erase_if(model.unsaved, [&](const Unsaved& message) { return message.ref == change.ref; });
  if (change.state == DeliveryState::failed && !change.detail.empty())
    say(model, "To " + peer_name(model, change.peer) + ": " + change.detail);
  if (model.window.page != Page::talk || model.talk.peer != change.peer) return;
  Entry* entry = find_entry(model.talk, change.sequence, change.ref);
  if (entry == nullptr) return;
  entry->uid = change.uid;
  entry->sequence = change.sequence;
  entry->state = change.state;
  entry->relays = change.relays;
  entry->late = change.late;
  entry->detail = change.detail;
  if (change.state == DeliveryState::delivered) entry->acked_at = model.now;
}

void send_refused(Model& model, const UserError& error, Actions& out) {
  std::string what = error.what;
  const auto refused = std::find_if(model.unsaved.begin(), model.unsaved.end(), [&](const Unsaved& message) {
    return !error.ref.empty() && message.ref == error.ref;
  });
  if (refused != model.unsaved.end()) {  // nothing is lost: the text is a draft again
    const Unsaved message = std::move(*refused);
    model.unsaved.erase(refused);
    if (add_to_draft(model, message.to, message.text)) {
      what += draft_key(model) == message.to ? " Draft kept in memory."
                                             : " It is the draft for " + peer_name(model, message.to) + " again.";
    } else {
      remember_sent(model, message.text);
      what += " Up brings the text back.";
    }
    // What is shown of it may come from the history, read before the disk refused it.
    if (model.window == WindowRef{Page::talk, message.to}) out.emplace_back(DoOpen{message.to, 0});
  }
  out.emplace_back(DoBell{});
  say(model, what);
}

}  // namespace comm::model
