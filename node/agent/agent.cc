#include "node/agent/agent.h"

#include "node/agent/drafts.h"
#include "node/agent/inbox.h"
#include "node/agent/outbox.h"
#include "proto/base/check.h"

namespace comm {

struct Agent::Impl {
  Impl(AgentConfig agent_config, LockedBox<Identity> own_identity, const StoreView& view, RandomSource& random)
      : config(std::move(agent_config)),
        identity(std::move(own_identity)),
        rows(identity->storage_key(), view, random),
        contacts(rows),
        history(rows, contacts),
        drafts(rows),
        own(*identity, config.profile, rows, random),
        grants(*identity, rows, contacts, own),
        outbox(*identity, config.profile, view, random, rows, contacts, history, own, grants),
        inbox(*identity, view, contacts, history, own, grants) {}

  void load(TimePoint now) {
    contacts.load();
    history.load();
    drafts.load();
    own.load();
    grants.load();
    grants.refresh(now);
    outbox.load(now);
  }

  // --- pairwise mailboxes ---
  void recollect(TimePoint now, Effects& out) {
    if (grants.refresh(now)) own.collect(now, out);
  }
  // They have been heard of or become a contact: it may be time to grant them a mailbox.
  void consider(TimePoint now, const Address& contact, bool wrote_to_public, Effects& out) {
    if (!grants.wanted(now, contact, wrote_to_public)) return;
    outbox.grant(now, contact, out);
    recollect(now, out);
  }
  void tend_grants(TimePoint now, Effects& out) {
    if (now.mono < grants.next_deadline()) return;
    for (const Address& contact : grants.due(now, out)) outbox.grant(now, contact, out);
    recollect(now, out);
  }

  // --- notices of the core ---
  void on(TimePoint now, const MailArrived& n, Effects& out) {
    const auto arrival = inbox.arrived(now, n, out);
    if (!arrival) return;
    if (arrival->newer_record) outbox.record_arrived(now, arrival->sender, out);
    consider(now, arrival->sender, arrival->by_public, out);
  }
  void on(TimePoint now, const MessageQueued& n, Effects& out) { outbox.queued(now, n, out); }
  void on(TimePoint now, const MessageStored& n, Effects& out) { outbox.stored(now, n, out); }
  void on(TimePoint now, const MessageRefused& n, Effects& out) { outbox.refused(now, n, out); }
  void on(TimePoint now, const MessageFinal& n, Effects& out) {
    if (const auto contact = outbox.settled(now, n, out)) consider(now, *contact, false, out);
  }
  void on(TimePoint now, const MessageExpired& n, Effects& out) { outbox.expired(now, n, out); }
  void on(TimePoint now, const RecordLookup& n, Effects& out) {
    if (n.address == identity->address()) {
      if (n.best) own.seen(now, *n.best, out);
      return;
    }
    if (n.best) contacts.absorb(now, n.address, *n.best, out);
    if (n.conflict) contacts.report_conflict(n.address, out);
    outbox.looked_up(now, n, out);
  }
  void on(TimePoint now, const RecordPublished& n, Effects&) { own.published(now, n); }
  void on(TimePoint now, const RecordSeen& n, Effects& out) {
    if (n.address == identity->address()) own.seen(now, n.record, out);
  }
  void on(TimePoint now, const ClockDoubt& n, Effects& out) {
    own.doubt_clock(n.suspicious);
    grants.doubt_clock(n.suspicious);
    outbox.doubt_clock(now, n.suspicious, out);
  }
  void on(TimePoint now, const PeersChanged& n, Effects& out) {
    const bool more = n.sessions > peers.sessions, first = peers.sessions == 0;
    const bool changed = n.sessions != peers.sessions || n.relays != peers.relays;
    peers = n;
    if (changed) out.now(UserEvent{PeerStatus{n.sessions, n.relays}});
    own.peers(now, n.sessions, out);
    if (more) outbox.new_session(now, first, out);
  }

  // --- commands of the user ---
  void on(TimePoint now, const SendText& c, Effects& out) {
    outbox.send(now, c, out);
    consider(now, c.to, false, out);
  }
  void on(TimePoint now, const AddContact& c, Effects& out) {
    if (c.name.size() > agent::kMaxNameBytes || !valid_utf8(c.name)) {
      out.now(UserEvent{UserError{"Not added: a name is at most 256 bytes of UTF-8.", ""}});
      return;
    }
    contacts.accept(c.address, out, now.wall);
    contacts.set_name(c.address, c.name, out);
    // Their key will be needed soon: look for it before the first message waits for it.
    if (!contacts.find(c.address)->info.has_key && c.address != identity->address())
      out.now(Event{FindRecord{c.address}});
    consider(now, c.address, false, out);
  }
  void on(TimePoint now, const BlockContact& c, Effects& out) {
    contacts.set_blocked(c.address, c.blocked, out);
    recollect(now, out);
  }
  void on(TimePoint now, const CancelMessage& c, Effects& out) { outbox.cancel(now, c.uid, out); }
  void on(TimePoint now, const RetryMessage& c, Effects& out) { outbox.retry(now, c.uid, out); }
  void on(TimePoint, const RefuseMail& c, Effects& out) { inbox.refuse(c.id, out); }
  void on(TimePoint, const MarkRead& c, Effects& out) { contacts.mark_read(c.peer, out); }
  void on(TimePoint, const SetDraft& c, Effects& out) { drafts.set(c.peer, c.text, out); }
  void on(TimePoint now, const VerifyContact& c, Effects& out) {
    contacts.set_verified(now, c.address, c.verified, out);
  }
  void on(TimePoint, const MuteContact& c, Effects& out) { contacts.set_muted(c.address, c.muted, out); }
  void on(TimePoint now, const DeclineRequest& c, Effects& out) {
    const agent::ContactEntry* contact = contacts.find(c.address);
    if (contact == nullptr || contact->info.accepted || contact->info.blocked) {
      out.now(UserEvent{UserError{"Nothing to decline: no request of that address.", ""}});
      return;
    }
    delete_history(now, c.address, out);
    contacts.forget(c.address, out);
    grants.forget(c.address, out);
  }
  void on(TimePoint now, const ForgetMessage& c, Effects& out) { outbox.forget(now, c.uid, out); }
  void on(TimePoint now, const DeleteHistory& c, Effects& out) { delete_history(now, c.peer, out); }
  // What still has to be sent stays.
  void delete_history(TimePoint now, const Address& peer, Effects& out) {
    const agent::ContactEntry* contact = contacts.find(peer);
    std::uint64_t sequence = contact == nullptr ? 0 : contact->info.last_sequence;
    while (sequence != 0) {
      const auto item = history.read(sequence);
      if (!item) break;
      if (!item->outgoing) history.forget(sequence, out);
      else if (agent::is_final(history.status(sequence).state)) outbox.forget(now, item->uid, out);
      sequence = item->previous;
    }
    contacts.mark_read(peer, out);
  }

  const AgentConfig config;
  const LockedBox<Identity> identity;
  agent::Rows rows;
  agent::ContactBook contacts;
  agent::History history;
  agent::Drafts drafts;
  agent::OwnKeys own;
  agent::Grants grants;
  agent::Outbox outbox;
  agent::Inbox inbox;
  PeersChanged peers;
};

Agent::Agent(AgentConfig config, LockedBox<Identity> identity, const StoreView& store, RandomSource& random)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(identity), store, random)) {}

Agent::~Agent() = default;

void Agent::start(TimePoint now, Effects& out) {
  impl_->load(now);
  impl_->own.start(now, out);
  impl_->grants.start(now);
  impl_->outbox.start(now, out);
}

void Agent::handle(TimePoint now, const Notice& notice, Effects& out) {
  std::visit([&](const auto& n) { impl_->on(now, n, out); }, notice);
}

void Agent::handle(TimePoint now, const UserCommand& command, Effects& out) {
  std::visit([&](const auto& c) { impl_->on(now, c, out); }, command);
}

void Agent::handle_time(TimePoint now, Effects& out) {
  impl_->own.time(now, out);
  impl_->tend_grants(now, out);
  impl_->outbox.time(now, out);
}

void Agent::handle_store_failed(TimePoint now, Effects& out) {
  impl_->contacts.load();
  impl_->history.load();
  impl_->own.load();
  impl_->own.store_failed(now);
  impl_->grants.load();
  impl_->drafts.store_failed(out);
  impl_->outbox.store_failed(now);
  impl_->recollect(now, out);
}

std::optional<Millis> Agent::next_deadline() const {
  auto out = impl_->own.next_deadline();
  if (!out || impl_->grants.next_deadline() < *out) out = impl_->grants.next_deadline();
  if (const auto other = impl_->outbox.next_deadline(); other && *other < *out) out = other;
  return out;
}

const Address& Agent::address() const { return impl_->identity->address(); }

Signature Agent::sign_collect(const MailboxKey& key, const Hash& hash) const {
  const MailboxSigningKey* mailbox = impl_->own.mailbox(key);
  // At the turn of a week the core may ask once more for one that is no longer collected: no custodian accepts this.
  return mailbox == nullptr ? Signature{} : mailbox->sign(hash);
}

std::vector<ContactInfo> Agent::contacts() const { return impl_->contacts.list(); }

std::vector<HistoryItem> Agent::history(const std::optional<Address>& peer, std::uint64_t before,
                                        std::size_t limit) const {
  return impl_->history.page(peer, before, limit);
}

std::vector<HistoryItem> Agent::history_after(const Address& peer, std::uint64_t after, std::size_t limit) const {
  return impl_->history.page_after(peer, after, limit);
}

std::optional<HistoryItem> Agent::item(std::uint64_t sequence) const { return impl_->history.item(sequence); }

std::optional<MessageDetail> Agent::message(std::uint64_t sequence) const { return impl_->outbox.detail(sequence); }

std::vector<HistoryItem> Agent::outbox_items(std::size_t limit) const {
  std::vector<HistoryItem> out;
  for (const std::uint64_t sequence : impl_->outbox.open_sequences()) {
    if (out.size() >= limit) break;
    if (auto item = impl_->history.item(sequence)) out.push_back(std::move(*item));
  }
  return out;
}

const std::map<Address, std::string>& Agent::drafts() const { return impl_->drafts.all(); }

Agent::Outbox Agent::outbox() const { return impl_->outbox.counts(); }

}  // namespace comm
