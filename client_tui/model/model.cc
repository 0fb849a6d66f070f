#include "client_tui/model/model.h"

#include <algorithm>

#include "client_tui/model/graphemes.h"
#include "client_tui/model/parts.h"

namespace comm {
namespace model {

void say(Model& model, std::string text) {
  model.notices.push_back({model.now, text});
  if (model.notices.size() > kMaxNotices) model.notices.pop_front();
  model.notice = std::move(text);
}

Address draft_key(const Model& model) { return model.window.page == Page::talk ? model.window.peer : Address{}; }

namespace {

void on_contacts(Model& model, const ContactsChanged& changed, Actions& out) {
  model.contacts.clear();
  for (const ContactInfo& contact : changed.contacts) model.contacts[contact.address] = contact;
  mark_read(model, out);
}

void on_drafts(Model& model, const DraftsLoaded& loaded) {
  model.drafts = loaded.drafts;
  const auto here = model.drafts.find(draft_key(model));
  if (here != model.drafts.end() && model.editor.empty()) model.editor.set(here->second);
}

void on_conflict(Model& model, const KeyConflict& conflict) {
  model.conflicts.insert(conflict.address);
  const std::string name = peer_name(model, conflict.address);
  say(model, "Two different key records of the same number exist for " + name +
                 ": his secret may be in use elsewhere. /info " + name);
}

void on_user(Model& model, const UserEvent& event, Actions& out) {
  std::visit(Overload{
                 [&](const StateChanged& change) { state_changed(model, change); },
                 [&](const Received& received) { arrived(model, received, out); },
                 [&](const Undecryptable& mail) {
                   say(model, "A message arrived that cannot be opened (" + mail.reason + ").");
                 },
                 [&](const KeyConflict& conflict) { on_conflict(model, conflict); },
                 [&](const UserError& error) { send_refused(model, error, out); },
                 [&](const PeerStatus& status) {
                   model.status.peers = status.sessions;
                   model.status.relays = status.relays;
                   if (status.sessions > 0) model.alone.reset();
                 },
             },
             event);
}

void on_started(Model& model, const Started& started) {
  model.own = started.own;
  model.own_name = started.own_name;
  model.endpoint = started.endpoint;
  model.session = started.session;
  model.version = started.version;
}

}  // namespace
}  // namespace model

using model::Overload;

bool is_reached(const std::vector<NodeCore::PeerInfo>& peers) {
  return std::any_of(peers.begin(), peers.end(), [](const NodeCore::PeerInfo& peer) {
    return !peer.dialled && !peer.endpoint.is_local();
  });
}

std::vector<Action> update(Model& model, const ModelEvent& event) {
  std::vector<Action> out;
  std::visit(Overload{
                 [&](const KeyPressed& press) { model::on_key(model, press, out); },
                 [&](const Pasted& pasted) { model::on_paste(model, pasted); },
                 [&](const FocusChanged& focus) {
                   model.focused = focus.focused;
                   model.bell_rung = false;
                   model::mark_read(model, out);
                 },
                 [&](const Resized& size) {
                   model.rows = size.rows;
                   model.columns = size.columns;
                 },
                 [&](const Started& started) { model::on_started(model, started); },
                 [&](const Clock& clock) {
                   model.now = clock.now;
                   model.utc_offset_minutes = clock.utc_offset_minutes;
                 },
                 [&](const StatusChanged& changed) { model.status = changed.status; },
                 [&](const ContactsChanged& changed) { model::on_contacts(model, changed, out); },
                 [&](const DraftsLoaded& loaded) { model::on_drafts(model, loaded); },
                 [&](const OpenWindow& open) { model::open_window(model, open.window, out); },
                 [&](const ConversationLoaded& loaded) { model::load(model, loaded, out); },
                 [&](const OlderLoaded& loaded) { model::load(model, loaded); },
                 [&](const NewerLoaded& loaded) { model::load(model, loaded, out); },
                 [&](const Found& found) { model::found(model, found, out); },
                 [&](const TextOpened& text) {
                   model::open_text(model, text.title, text.lines);
                   model.overlay->choices = text.choices;
                 },
                 [&](const InfoLoaded& info) {
                   model.info_sequence = info.sequence;
                   model.info = info.detail;
                   model.next_try = info.next_try;
                 },
                 [&](const Edited& edited) {
                   model.editor.set(clean_paste(edited.text), true);
                   model.unsaved_drafts.insert(model::draft_key(model));
                 },
                 [&](const Said& said) { model::say(model, said.text); },
                 [&](const Viewed& seen) { model::viewed(model, seen, out); },
                 [&](const Alone& alone) { model.alone = alone; },
                 [&](const UserEvent& user) { model::on_user(model, user, out); },
             },
             event);
  return out;
}

std::string peer_name(const Model& model, const Address& peer) {
  const ContactInfo* contact = contact_of(model, peer);
  if (contact != nullptr && !contact->name.empty()) return contact->name;
  return short_hex(peer.view());
}

const ContactInfo* contact_of(const Model& model, const Address& peer) {
  const auto found = model.contacts.find(peer);
  return found == model.contacts.end() ? nullptr : &found->second;
}

bool is_request(const ContactInfo& contact) { return !contact.accepted && !contact.blocked; }

std::optional<Address> addressee(const Model& model) {
  if (const auto typed = leading_address(model.editor.text())) return typed;
  if (model.window.page != Page::talk) return std::nullopt;
  return model.window.peer;
}

std::vector<Address> contact_order(const Model& model) {
  std::vector<std::pair<std::string, Address>> named;
  for (const auto& [address, contact] : model.contacts)
    if (contact.accepted && !contact.blocked) named.emplace_back(fold_case(peer_name(model, address)), address);
  std::sort(named.begin(), named.end());
  std::vector<Address> out;
  for (const auto& [name, address] : named) out.push_back(address);
  return out;
}

std::vector<Address> request_order(const Model& model) {
  std::vector<std::pair<Millis, Address>> dated;
  for (const auto& [address, contact] : model.contacts)
    if (is_request(contact)) dated.emplace_back(-contact.last_at, address);
  std::sort(dated.begin(), dated.end());
  std::vector<Address> out;
  for (const auto& [at, address] : dated) out.push_back(address);
  return out;
}

const Entry* selected_entry(const Model& model) {
  const auto& entries = model.talk.entries;
  for (auto it = entries.rbegin(); it != entries.rend(); ++it)
    if (model.talk.selected != 0 ? it->sequence == model.talk.selected : it->outgoing && it->sequence != 0) return &*it;
  return nullptr;
}

bool has_draft(const Model& model, const Address& peer) {
  if (model::draft_key(model) == peer) return !model.editor.empty();
  return model.drafts.contains(peer);
}

std::vector<SetDraft> take_unsaved_drafts(Model& model) {
  std::vector<SetDraft> out;
  const Address here = model::draft_key(model);
  for (const Address& peer : std::exchange(model.unsaved_drafts, {})) {
    const auto kept = model.drafts.find(peer);
    const std::string text = peer == here ? model.editor.text() : kept == model.drafts.end() ? "" : kept->second;
    out.push_back({peer, text});
  }
  return out;
}

}  // namespace comm
