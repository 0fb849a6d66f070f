#include "tests/sim/watched_store.h"

#include <algorithm>

#include "node/agent/rows.h"
#include "proto/base/check.h"
#include "proto/wire/header.h"

namespace comm::sim {

namespace {
// A row's key is realm(8) kind(1) ... (node/agent/rows.h); its value is encrypted.
constexpr std::size_t kRowKindAt = 8;
constexpr auto kOutboxRow = static_cast<std::uint8_t>(agent::RowKind::outbox);
}  // namespace

void WatchedStore::stage(Ticket ticket, std::span<const StoreOp> ops) {
  open_ = ticket;
  for (const StoreOp& op : ops) watch(op);
  store_->stage(ticket, ops);
}

void WatchedStore::keep(std::span<const StoreOp> rows) {
  constexpr Ticket kFirst = 1;
  store_->stage(kFirst, rows);
  const auto set = store_->take();
  CHECK(store_->commit({&set, 1}) == CommitResult::ok);
  store_->committed(kFirst);
}

void WatchedStore::watch(const StoreOp& op) {
  if (const auto* put = std::get_if<PutMessage>(&op)) {
    oracle_.put(node_, time_.now, put->id, store_->custody_of(put->id));
    pending_.push_back({open_, put->id, false});
    if (put->ingress.is_zero()) own_put_.push_back(put->id);
    else put_.push_back(put->header);
  } else if (const auto* tombstone = std::get_if<PutTombstone>(&op)) {
    finals_.push_back(*tombstone);
    if (tombstone->foreign) foreign_held_.insert(tombstone->id);
  } else if (const auto* row = std::get_if<PutRow>(&op)) {
    agent_row_ |= row->table == Table::agent;
    if (row->table == Table::agent && row->key.size() > kRowKindAt && row->key[kRowKindAt] == kOutboxRow)
      outbox_rows_.insert(row->key);
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
    if (header && foreign_held_.contains(erased->id) && time_.wall < header->expires_ms()) foreign_.emplace_back(erased->id, bytes);
    else if (header) oracle_.erase_tombstone(node_, time_.now, time_.wall, erased->id, header->expires);
    foreign_held_.erase(erased->id);
  }
}

// A final record of a message never held is kept in this turn for which `enough` holds.
template <class Enough>
bool WatchedStore::keeps_foreign(const Enough& enough) const {
  return std::any_of(finals_.begin(), finals_.end(), [&](const PutTombstone& newer) {
    const auto record = check_final_record(newer.record);
    return newer.foreign && record && enough(record->header);
  });
}

// Nothing unexpired is deleted but for a message, or a foreign final record, of no less work, kept in the same turn.
void WatchedStore::judge_evictions() {
  for (const auto& [id, header_bytes] : early_) {
    const auto header = parse_header(header_bytes);
    const auto as_much = [&](const MessageHeader& newer) { return !less_work(work_of(newer), work_of(*header)); };
    const bool justified =
        std::any_of(put_.begin(), put_.end(), [&](const HeaderBytes& newer) { return as_much(*parse_header(newer)); }) ||
        keeps_foreign(as_much);
    if (justified) evicted_.insert(id);
    else oracle_.erase_message(node_, time_.now, time_.wall, id, header->expires);
  }
  early_.clear();
  put_.clear();
}

// A final record of a message that was never held gives way to one of more work, kept in the same turn.
void WatchedStore::judge_foreign() {
  for (const auto& [id, header_bytes] : foreign_) {
    const auto header = parse_header(header_bytes);
    const auto more = [&](const MessageHeader& newer) { return less_work(work_of(*header), work_of(newer)); };
    if (!keeps_foreign(more)) oracle_.erase_tombstone(node_, time_.now, time_.wall, id, header->expires);
  }
  foreign_.clear();
}

void WatchedStore::close_turn() {
  judge_evictions();
  judge_foreign();
  for (const MessageId& id : own_put_) oracle_.copy(id, outbox_rows_);
  own_put_.clear();
  outbox_rows_.clear();
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
  own_put_.clear();
  outbox_rows_.clear();
  foreign_.clear();
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
