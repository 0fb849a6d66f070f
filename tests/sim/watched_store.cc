#include "tests/sim/watched_store.h"

#include <algorithm>

#include "proto/wire/header.h"

namespace comm::sim {

void WatchedStore::stage(Ticket ticket, std::span<const StoreOp> ops) {
  open_ = ticket;
  for (const StoreOp& op : ops) watch(op);
  store_->stage(ticket, ops);
}

void WatchedStore::watch(const StoreOp& op) {
  if (const auto* put = std::get_if<PutMessage>(&op)) {
    oracle_.put(node_, time_.now, put->id, store_->custody_of(put->id));
    pending_.push_back({open_, put->id, false});
    if (!put->ingress.is_zero()) put_.push_back(put->header);
  } else if (const auto* tombstone = std::get_if<PutTombstone>(&op)) {
    finals_.push_back(*tombstone);
  } else if (const auto* row = std::get_if<PutRow>(&op)) {
    agent_row_ |= row->table == Table::agent;
  } else if (const auto* message = std::get_if<EraseMessage>(&op)) {
    const auto stored = store_->message(message->id);
    if (!stored) return;
    release(message->id);
    const auto header = parse_header(stored->header);
    if (header && time_.wall < header->expires_ms() && !stored->ingress.is_zero())
      early_.emplace_back(message->id, stored->header);  // judged when the turn is whole
    else if (header)
      oracle_.erase_message(node_, time_.now, time_.wall, message->id, header->expires);
  } else if (const auto* erased = std::get_if<EraseTombstone>(&op)) {
    const auto record = store_->final_record(erased->id);
    if (!record) return;
    release(erased->id);
    HeaderBytes bytes;
    std::copy_n(record->begin(), kHeaderBytes, bytes.data.begin());
    const auto header = parse_header(bytes);
    if (header) oracle_.erase_tombstone(node_, time_.now, time_.wall, erased->id, header->expires);
  }
}

// Nothing unexpired is deleted but for a message of no less work, kept in the same turn.
void WatchedStore::judge_evictions() {
  for (const auto& [id, header_bytes] : early_) {
    const auto header = parse_header(header_bytes);
    const bool justified = std::any_of(put_.begin(), put_.end(), [&](const HeaderBytes& newer) {
      return !less_work(work_of(*parse_header(newer)), work_of(*header));
    });
    if (justified) evicted_.insert(id);
    else oracle_.erase_message(node_, time_.now, time_.wall, id, header->expires);
  }
  early_.clear();
  put_.clear();
}

void WatchedStore::close_turn() {
  judge_evictions();
  for (const PutTombstone& op : finals_) {
    oracle_.final(node_, time_.now, op, agent_row_);
    const auto ack = parse_ack(op.record);
    const auto header = ack ? parse_header(ack->header) : reject(Stage::schema, Scope::ignore, "not-an-ack");
    if (header && oracle_.mailbox_owner(header->mailbox) == node_) pending_.push_back({open_, op.id, true});
  }
  finals_.clear();
  agent_row_ = false;
}

std::unique_ptr<WriteSet> WatchedStore::take() {
  close_turn();
  return store_->take();
}

void WatchedStore::committed(Ticket ticket) {
  std::erase_if(pending_, [&](const Pending& pending) {
    if (pending.ticket > ticket) return false;
    if (pending.owner_ack && oracle_.owner_ack_committed(pending.id)) measures_.acknowledged(pending.id, time_.now);
    return true;
  });
  store_->committed(ticket);
}

void WatchedStore::failed() {
  finals_.clear();
  put_.clear();
  early_.clear();
  agent_row_ = false;
  pending_.clear();
  store_->failed();
}

void WatchedStore::promise(const MessageId& id) {
  for (const Pending& pending : pending_)
    if (!pending.owner_ack && pending.id == id)
      return oracle_.not_durable(node_, time_.now, id, "its write is still on the way to the disk");
  if (store_->custody_of(id) == Custody::absent && evicted_.contains(id)) return;
  if (store_->custody_of(id) == Custody::absent)
    return oracle_.not_durable(node_, time_.now, id, "does not hold it");
  promised_.push_back(id);
}

void WatchedStore::check_promises() {
  std::sort(promised_.begin(), promised_.end());
  promised_.erase(std::unique(promised_.begin(), promised_.end()), promised_.end());
  for (const MessageId& id : promised_)
    if (store_->custody_of(id) == Custody::absent)
      oracle_.not_durable(node_, time_.now, id, "lost it in a crash");
}

}  // namespace comm::sim
