// Staging: what each StoreOp does to the rows. Custody only ever rises: absent, live, refused, acknowledged.
#include "relay_store/keys.h"
#include "relay_store/kv_store.h"

namespace comm {
namespace {

std::string sequence_value(std::uint64_t sequence) {
  std::string out;
  keys::put_int(out, sequence);
  return out;
}

std::string kind_value(Custody kind) { return std::string(1, static_cast<char>(kind)); }

// Of a row E. `header`: a header or a final record, which starts with one.
std::string element_value(Custody kind, ByteView header) {
  std::string out = kind_value(kind);
  keys::put_bytes(out, keys::mailbox_of(header).view());
  return out;
}

}  // namespace

void KvStore::stage(Ticket ticket, std::span<const StoreOp> ops) {
  Turn turn;
  turn.before = counted_;
  overlay_.begin(ticket);
  for (const StoreOp& op : ops)
    std::visit([&](const auto& one) { apply(turn, one); }, op);
  finish(turn);
}

void KvStore::finish(const Turn& turn) {
  for (const auto& [mailbox, bytes] : turn.mailboxes) add(keys::by_id(keys::kQuota, mailbox), bytes);
  for (const auto& [ingress, bytes] : turn.ingresses) add_user(ingress, bytes);
  if (counted_ != turn.before) put(keys::of(keys::kTotals), encode_counted(counted_));
}

std::pair<std::uint64_t, std::uint64_t> KvStore::add(const std::string& key, std::int64_t bytes) {
  if (bytes == 0) return {0, 0};
  const std::uint64_t before = counter(key);
  if (bytes < 0 && before < static_cast<std::uint64_t>(-bytes)) {
    CHECK(kv_->read_failed());
    return {0, 0};
  }
  const std::uint64_t now = before + static_cast<std::uint64_t>(bytes);
  if (now == 0)
    erase(key);
  else
    put(key, sequence_value(now));
  return {before, now};
}

void KvStore::add_user(const NodeId& ingress, std::int64_t bytes) {
  const auto [before, now] = add(keys::by_id(keys::kIngress, ingress), bytes);
  if (std::countl_zero(before) == std::countl_zero(now)) return;
  if (before != 0) erase(keys::user(before, ingress));
  if (now != 0) put(keys::user(now, ingress), {});
}

void KvStore::apply(Turn& turn, const PutMessage& op) {
  if (caching_) ids_.learn(*kv_, overlay_, counted_.totals.live + counted_.totals.acknowledged);
  if (id_row(op.id).kind != Custody::absent) return;
  const std::uint64_t sequence = counted_.next_sequence++;
  const MailboxId mailbox = keys::mailbox_of(op.header.view());
  std::string row;
  row.reserve(MessageId::kSize + kHeaderBytes + kStampNonceBytes + NodeId::kSize + 12);
  for (const ByteView part : {op.id.view(), op.header.view(), op.nonce.view(), op.ingress.view()})
    keys::put_bytes(row, part);
  keys::put_int(row, op.received);
  keys::put_int(row, static_cast<std::uint32_t>(op.body.size()));

  put(keys::by_sequence(keys::kBody, sequence), as_text(op.body));
  put(keys::by_sequence(keys::kHeader, sequence), row);
  if (caching_) cache_.erase(keys::by_sequence(keys::kCustody, sequence));  // a new number: there is none
  put(keys::by_id(keys::kId, op.id), kind_value(Custody::live) + sequence_value(sequence));
  put(keys::mailbox(mailbox, sequence), {});
  put(keys::expiry(keys::expires_of(op.header.view()), op.id), element_value(Custody::live, op.header.view()));
  if (op.ingress != NodeId{}) put(keys::work(keys::work_of(op.header), op.ingress, sequence), {});

  const std::uint64_t cost = op.body.size() + kHeaderBytes;
  turn.mailboxes[mailbox] += static_cast<std::int64_t>(cost);
  turn.ingresses[op.ingress] += static_cast<std::int64_t>(cost);
  counted_.totals.live += 1;
  counted_.totals.bytes += cost;
}

// Every row of a live message but the id row, which its successor overwrites or the caller erases.
void KvStore::erase_live(Turn& turn, const HeaderRow& row) {
  const std::uint64_t sequence = row.stored.sequence;
  const MailboxId mailbox = keys::mailbox_of(row.stored.header.view());
  std::string custody;
  if (get(keys::by_sequence(keys::kCustody, sequence), custody)) {
    erase(keys::due(keys::RowReader(custody).integer<Millis>(), row.id));
    erase(keys::by_sequence(keys::kCustody, sequence));
  }
  erase(keys::by_sequence(keys::kBody, sequence));
  erase(keys::by_sequence(keys::kHeader, sequence));
  erase(keys::mailbox(mailbox, sequence));
  erase(keys::expiry(keys::expires_of(row.stored.header.view()), row.id));
  if (row.stored.ingress != NodeId{})
    erase(keys::work(keys::work_of(row.stored.header), row.stored.ingress, sequence));

  turn.mailboxes[mailbox] -= static_cast<std::int64_t>(row.cost());
  turn.ingresses[row.stored.ingress] -= static_cast<std::int64_t>(row.cost());
  counted_.totals.live -= 1;
  counted_.totals.bytes -= row.cost();
}

void KvStore::apply(Turn& turn, const PutTombstone& op) {
  CHECK(op.kind == Custody::refused || op.kind == Custody::acknowledged);
  const IdRow old = id_row(op.id);
  if (old.kind >= op.kind) return;
  IdRow now{op.kind, 0, op.foreign, op.ingress, {}};
  if (old.kind == Custody::live) {
    const auto row = header_row(old.sequence);
    if (!row) return;
    erase_live(turn, *row);
    now.foreign = false;
    now.ingress = row->stored.ingress;  // who brought the message keeps paying for what is left of it
  } else if (old.kind == Custody::refused) {
    now.foreign = old.foreign;
    now.ingress = old.ingress;
    erase(keys::expiry(keys::expires_of(as_bytes(old.record)), op.id));
  }
  if (old.kind != Custody::refused) {
    if (now.foreign) put(keys::foreign(keys::work_of_record(op.record), op.id), {});
    counted_.totals.acknowledged += 1;
    counted_.totals.foreign += now.foreign ? 1 : 0;
    counted_.totals.bytes += kTombstoneCostBytes;
    turn.ingresses[now.ingress] += static_cast<std::int64_t>(kTombstoneCostBytes);
  }
  std::string value = kind_value(op.kind);
  keys::put_int(value, static_cast<std::uint8_t>(now.foreign ? 1 : 0));
  keys::put_bytes(value, now.ingress.view());
  keys::put_bytes(value, op.record);
  put(keys::by_id(keys::kId, op.id), value);
  put(keys::expiry(keys::expires_of(op.record), op.id), element_value(op.kind, op.record));
}

void KvStore::apply(Turn& turn, const EraseMessage& op) {
  const IdRow old = id_row(op.id);
  if (old.kind != Custody::live) return;
  const auto row = header_row(old.sequence);
  if (!row) return;
  erase_live(turn, *row);
  erase(keys::by_id(keys::kId, op.id));
}

void KvStore::apply(Turn& turn, const EraseTombstone& op) {
  const IdRow old = id_row(op.id);
  if (old.kind != Custody::refused && old.kind != Custody::acknowledged) return;
  erase(keys::expiry(keys::expires_of(as_bytes(old.record)), op.id));
  if (old.foreign) erase(keys::foreign(keys::work_of_record(as_bytes(old.record)), op.id));
  erase(keys::by_id(keys::kId, op.id));
  turn.ingresses[old.ingress] -= static_cast<std::int64_t>(kTombstoneCostBytes);
  counted_.totals.acknowledged -= 1;
  counted_.totals.foreign -= old.foreign ? 1 : 0;
  counted_.totals.bytes -= kTombstoneCostBytes;
}

void KvStore::apply(Turn&, const PutCustody& op) {
  const IdRow id = id_row(op.id);
  if (id.kind != Custody::live) return;
  std::string value, old;
  keys::put_int(value, op.due);
  keys::put_bytes(value, op.state);
  if (get(keys::by_sequence(keys::kCustody, id.sequence), old)) {
    if (old == value) return;
    const auto old_due = keys::RowReader(old).integer<Millis>();
    if (old_due == op.due) return put(keys::by_sequence(keys::kCustody, id.sequence), value);
    erase(keys::due(old_due, op.id));
  }
  if (op.due != 0) put(keys::due(op.due, op.id), sequence_value(id.sequence));  // 0: nothing is due
  put(keys::by_sequence(keys::kCustody, id.sequence), value);
}

void KvStore::apply(Turn&, const PutKeyRecord& op) {
  const std::string key = keys::by_id(keys::kRecord, op.address);
  std::string old, value;
  if (!get(key, old)) counted_.totals.records += 1;
  keys::put_int(value, op.seq);
  keys::put_int(value, op.expires);
  keys::put_bytes(value, op.record);
  put(key, value);
}

void KvStore::apply(Turn&, const EraseKeyRecord& op) {
  const std::string key = keys::by_id(keys::kRecord, op.address);
  std::string old;
  if (!get(key, old)) return;
  counted_.totals.records -= 1;
  erase(key);
}

void KvStore::apply(Turn&, const PutRow& op) { put(keys::row(op.table, op.key), as_text(op.value)); }

void KvStore::apply(Turn&, const EraseRow& op) { erase(keys::row(op.table, op.key)); }

}  // namespace comm
