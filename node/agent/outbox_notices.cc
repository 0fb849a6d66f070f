// What became of own messages: the core's notices, turned into states and into further copies.
#include "node/agent/outbox.h"

namespace comm::agent {

void Outbox::queued(TimePoint now, const MessageQueued& notice, Effects& out) {
  now_ = now;
  const auto it = ids_.find(notice.id);
  if (it == ids_.end()) return;
  if (Entry* entry = find(it->second)) advance(*entry, DeliveryInput::queued, out);
}

void Outbox::stored(TimePoint now, const MessageStored& notice, Effects& out) {
  now_ = now;
  const auto it = ids_.find(notice.id);
  if (it == ids_.end()) return;
  Change change;
  change.relays = std::max<std::uint32_t>(notice.relays, 1);
  change.holder = notice.peer;
  if (Entry* entry = find(it->second)) advance(*entry, DeliveryInput::stored, out, std::move(change));
}

// A relay asks for more work. Others may take the copy as it is; a second one that pays goes beside it, the recipient
// tells them apart by uid.
void Outbox::refused(TimePoint now, const MessageRefused& notice, Effects& out) {
  now_ = now;
  if (notice.reason != RefuseReason::price || notice.price == 0 || notice.price > kMaxPaidEffort) return;
  auto found = load_row(notice.id);
  if (!found) return;
  auto& [entry, row] = *found;
  if (is_final(entry->state) || entry->needs_seal || entry->relays >= kEntryPeers) return;
  if (row.paid_reseals >= kMaxPaidReseals || notice.price <= row.effort) return;
  for (const Copy& copy : row.copies)
    if (const auto header = parse_header(copy.header); header && header->effort >= notice.price) return;
  row.effort = notice.price;
  ++row.paid_reseals;
  row.needs_seal = true;
  save(*entry, row, out);
  want_seal(now, *entry, out);
  pump(now, out);
}

void Outbox::expired(TimePoint now, const MessageExpired& notice, Effects& out) {
  now_ = now;
  auto found = load_row(notice.id);
  if (!found || is_final(found->first->state)) return;
  auto& [entry, row] = *found;
  // A copy of an earlier life, before /retry: the present one goes on.
  if (row.expires > minute_of(now.wall)) return;
  row.needs_seal = false;
  save(*entry, row, out);
  lookups_.forget(entry->peer, entry->uid);
  advance(*entry, DeliveryInput::expired, out);
}

std::optional<Address> Outbox::settled(TimePoint now, const MessageFinal& notice, Effects& out) {
  now_ = now;
  auto found = load_row(notice.id);
  if (!found) return std::nullopt;
  auto& [entry, row] = *found;
  if (notice.kind == FinalKind::acknowledged) {
    delivered(now, *entry, row, notice.id, notice.record, out);
    return row.peer;
  }
  refused_by_owner(now, *entry, row, notice.id, out);
  pump(now, out);
  return std::nullopt;
}

void Outbox::delivered(TimePoint now, Entry& entry, OutboxRow& row, const MessageId& id, Bytes ack, Effects& out) {
  Change change;
  change.ack = std::move(ack);
  if (!advance(entry, DeliveryInput::acknowledged, out, std::move(change))) return;
  if (row.grant != 0) grants_.acknowledged(entry.peer, row.grant, out);
  ContactEntry* contact = contacts_.find(entry.peer);
  for (const Copy& copy : row.copies) {
    if (copy.id != id) {
      if (copy.state == CopyState::live) withdraw(copy, out);
    } else if (contact != nullptr) {
      contact->info.last_ack = now.wall;
      contact->has_own_record = copy.own_record;
      contacts_.save(*contact, out);
    }
  }
  drop(entry.uid, out);
}

void Outbox::refused_by_owner(TimePoint now, Entry& entry, OutboxRow& row, const MessageId& id, Effects& out) {
  bool live = false;
  for (Copy& copy : row.copies) {
    if (copy.id == id) {
      if (copy.state != CopyState::live) return;
      copy.state = CopyState::refused;
    }
    live = live || copy.state == CopyState::live;
  }
  if (is_final(entry.state) || entry.needs_seal) return save(entry, row, out);
  if (row.reseals < kMaxReseals) {
    ++row.reseals;
    row.needs_seal = true;
    save(entry, row, out);
    return want_seal_anew(now, entry, out);
  }
  if (live) return save(entry, row, out);
  give_up(entry, row, "could not be opened; ask whether their secret or machine has changed, then retry", out);
}

// The sender knows the secret too: its own acknowledgement makes every relay drop the copy.
void Outbox::withdraw(const Copy& copy, Effects& out) {
  if (store_.custody_of(copy.id) == Custody::acknowledged) return;
  Bytes record = encode_ack({copy.header, copy.nonce, copy.ack});
  out.store(PutTombstone{copy.id, Custody::acknowledged, record, NodeId{}, false});
  out.durable(Event{SubmitFinal{copy.id, std::move(record)}});
}

}  // namespace comm::agent
