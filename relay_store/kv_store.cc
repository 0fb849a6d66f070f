#include "relay_store/kv_store.h"

#include "relay_store/keys.h"

namespace comm {
namespace {

Bytes bytes_of(std::string_view text) { return to_bytes(as_bytes(text)); }

// Row I of a live message.
std::string live_value(std::uint64_t sequence) {
  std::string out(1, static_cast<char>(Custody::live));
  keys::put_int(out, sequence);
  return out;
}

// The kinds whose single rows one message's way asks for again and again.
bool is_cached(char kind) {
  return kind == keys::kId || kind == keys::kHeader || kind == keys::kCustody || kind == keys::kQuota ||
         kind == keys::kIngress;
}

// One walk over neighbouring rows costs a tenth of as many single reads.
bool in_one_walk(std::size_t count, std::uint64_t from_first_to_last) {
  constexpr std::size_t kWorthWhile = 8, kSparsest = 4;
  return count >= kWorthWhile && from_first_to_last <= kSparsest * count;
}

// A set is what take() found; its batches stay shared with the overlay until they are committed.
class KvWriteSet final : public WriteSet {
 public:
  explicit KvWriteSet(std::vector<std::shared_ptr<const StagedBatch>> batches) : batches_(std::move(batches)) {
    for (const auto& batch : batches_) bytes_ += batch->bytes;
  }
  Ticket last_ticket() const override { return batches_.back()->ticket; }
  std::size_t bytes() const override { return bytes_; }
  const std::vector<std::shared_ptr<const StagedBatch>>& batches() const { return batches_; }

 private:
  std::vector<std::shared_ptr<const StagedBatch>> batches_;
  std::size_t bytes_ = 0;
};

}  // namespace

KvStore::Head::Head(char of_kind) : kind(of_kind), floor(keys::of(of_kind)) {}

void KvStore::Head::written(std::string_view key) {
  if (key[0] == kind && key < floor) floor = key;  // lower than every other, so exactness stays as it was
}

void KvStore::Head::erased(std::string_view key) {
  if (key == floor) exact = false;
}

KvStore::KvStore(std::unique_ptr<Kv> kv, bool caching)
    : kv_(std::move(kv)),
      caching_(caching),
      due_head_(keys::kDue),
      expiry_head_(keys::kExpiry),
      work_head_(keys::kWork) {
  counted_ = durable_counted();
}

// --- raw rows ------------------------------------------------------------------

bool KvStore::get(std::string_view key, std::string& value) const {
  const bool cached = caching_ && is_cached(key[0]);
  if (const RowCache::Row* known = cached ? cache_.find(key) : nullptr) {
    if (known->present) value = known->value;
    return known->present;
  }
  if (caching_ && key[0] == keys::kId && !ids_.may_hold(key)) return false;
  if (const KvWrite* staged = overlay_.find(key)) {
    if (!staged->erase) value = staged->value;
    return !staged->erase;
  }
  const bool found = kv_->get(key, value);
  if (cached && found) cache_.put(key, value);
  else if (cached && !kv_->read_failed()) cache_.erase(key);
  return found;
}

void KvStore::scan(std::string_view from, std::string_view until, const Kv::Visit& visit) const {
  Overlay::Cursor staged = overlay_.rows(from, until);
  bool wanted = true;
  // Staged rows below `bound`, which the backend does not have.
  const auto visit_staged = [&](std::string_view bound) {
    for (; wanted && staged.row() != nullptr && staged.row()->key < bound; staged.next())
      if (!staged.row()->erase) wanted = visit(staged.row()->key, staged.row()->value);
  };
  kv_->scan(from, until, [&](std::string_view key, std::string_view value) {
    visit_staged(key);
    if (!wanted) return false;
    if (staged.row() == nullptr || staged.row()->key != key) return wanted = visit(key, value);
    const KvWrite& newer = *staged.row();
    staged.next();
    if (!newer.erase) wanted = visit(key, newer.value);
    return wanted;
  });
  visit_staged(until);
}

void KvStore::put(std::string_view key, std::string_view value) {
  for (Head* head : {&due_head_, &expiry_head_, &work_head_}) head->written(key);
  if (caching_ && is_cached(key[0])) cache_.put(key, value);
  if (caching_ && key[0] == keys::kId) ids_.add(key);
  overlay_.put(key, value);
}

void KvStore::erase(std::string_view key) {
  for (Head* head : {&due_head_, &expiry_head_, &work_head_}) head->erased(key);
  if (caching_ && (key[0] == keys::kHeader || key[0] == keys::kCustody)) cache_.forget(key);  // numbers are used once
  else if (caching_ && is_cached(key[0])) cache_.erase(key);
  overlay_.erase(key);
}

KvStore::IdRow KvStore::decode_id(std::string_view row) {
  keys::RowReader in(row);
  IdRow out;
  out.kind = static_cast<Custody>(in.integer<std::uint8_t>());
  if (out.kind == Custody::live) {
    out.sequence = in.integer<std::uint64_t>();
    return out;
  }
  out.foreign = in.integer<std::uint8_t>() != 0;
  out.ingress = in.fixed<NodeId>();
  out.record = in.rest();
  return out;
}

KvStore::IdRow KvStore::id_row(const MessageId& id) const {
  std::string row;
  return get(keys::by_id(keys::kId, id), row) ? decode_id(row) : IdRow{};
}

KvStore::HeaderRow KvStore::decode_header(std::uint64_t sequence, std::string_view row) {
  keys::RowReader in(row);
  HeaderRow out;
  out.id = in.fixed<MessageId>();
  out.stored.header = in.fixed<HeaderBytes>();
  out.stored.nonce = in.fixed<StampNonce>();
  out.stored.ingress = in.fixed<NodeId>();
  out.stored.received = in.integer<Millis>();
  out.stored.sequence = sequence;
  out.body_bytes = in.integer<std::uint32_t>();
  return out;
}

bool KvStore::get_indexed(std::string_view key, std::string& value) const {
  const bool found = get(key, value);
  CHECK(found || kv_->read_failed());
  return found;
}

std::optional<KvStore::HeaderRow> KvStore::header_row(std::uint64_t sequence) const {
  std::string row;
  if (!get_indexed(keys::by_sequence(keys::kHeader, sequence), row)) return std::nullopt;
  return decode_header(sequence, row);
}

std::uint64_t KvStore::counter(const std::string& key) const {
  std::string row;
  return get(key, row) ? keys::RowReader(row).integer<std::uint64_t>() : 0;
}

KvStore::Counted KvStore::durable_counted() const {
  Counted out;
  std::string row;
  if (!kv_->get(keys::of(keys::kTotals), row)) return out;
  keys::RowReader in(row);
  out.next_sequence = in.integer<std::uint64_t>();
  for (auto* field : {&out.totals.live, &out.totals.acknowledged, &out.totals.foreign, &out.totals.bytes,
                      &out.totals.records})
    *field = in.integer<std::uint64_t>();
  return out;
}

std::string KvStore::encode_counted(const Counted& counted) {
  std::string out;
  keys::put_int(out, counted.next_sequence);
  const Totals& totals = counted.totals;
  for (const auto field : {totals.live, totals.acknowledged, totals.foreign, totals.bytes, totals.records})
    keys::put_int(out, field);
  return out;
}

// --- single messages -------------------------------------------------------------

Custody KvStore::custody_of(const MessageId& id) const { return id_row(id).kind; }

std::optional<StoredHeader> KvStore::message(const MessageId& id) const {
  const IdRow row = id_row(id);
  if (row.kind != Custody::live) return std::nullopt;
  const auto header = header_row(row.sequence);
  return header ? std::optional(header->stored) : std::nullopt;
}

std::optional<Bytes> KvStore::body(const MessageId& id) const {
  const IdRow row = id_row(id);
  std::string body;
  if (row.kind != Custody::live || !get_indexed(keys::by_sequence(keys::kBody, row.sequence), body))
    return std::nullopt;
  return bytes_of(body);
}

std::vector<Bytes> KvStore::bodies(std::span<const std::uint64_t> sequences) const {
  std::vector<Bytes> out(sequences.size());
  std::string row;
  if (!in_one_walk(sequences.size(), sequences.empty() ? 0 : sequences.back() - sequences.front())) {
    for (std::size_t i = 0; i < out.size(); ++i)
      if (get_indexed(keys::by_sequence(keys::kBody, sequences[i]), row)) out[i] = bytes_of(row);
    return out;
  }
  std::size_t next = 0, found = 0;
  scan(keys::by_sequence(keys::kBody, sequences.front()), keys::by_sequence(keys::kBody, sequences.back() + 1),
       [&](std::string_view key, std::string_view body) {
         const auto sequence = keys::RowReader(key.substr(1)).integer<std::uint64_t>();
         while (next < sequences.size() && sequences[next] < sequence) ++next;
         if (next < sequences.size() && sequences[next] == sequence) out[next++] = bytes_of(body), ++found;
         return next < sequences.size();
       });
  CHECK(found == sequences.size() || kv_->read_failed());  // as get_indexed
  return out;
}

std::optional<Bytes> KvStore::final_record(const MessageId& id) const {
  const IdRow row = id_row(id);
  if (row.kind == Custody::absent || row.kind == Custody::live) return std::nullopt;
  return bytes_of(row.record);
}

std::optional<Bytes> KvStore::custody_state(const MessageId& id) const {
  const IdRow row = id_row(id);
  std::string state;
  if (row.kind != Custody::live || !get(keys::by_sequence(keys::kCustody, row.sequence), state)) return std::nullopt;
  return bytes_of(std::string_view(state).substr(sizeof(Millis)));
}

// --- pages -----------------------------------------------------------------------

void KvStore::prefetch(const std::vector<MailboxItem>& items) const {
  if (items.empty()) return;
  const std::uint64_t first = items.front().sequence, last = items.back().sequence;
  if (!caching_ || !in_one_walk(items.size(), last - first)) return;
  for (const char kind : {keys::kHeader, keys::kCustody})
    scan(keys::by_sequence(kind, first), keys::by_sequence(kind, last + 1), [&](std::string_view key, std::string_view value) {
      cache_.put(key, value);
      return true;
    });
}

std::vector<MailboxItem> KvStore::mailbox_page(const MailboxId& mailbox, std::uint64_t after,
                                               std::size_t limit) const {
  std::vector<MailboxItem> out;
  if (limit == 0 || after == UINT64_MAX) return out;
  scan(keys::mailbox(mailbox, after + 1), keys::after_prefix(keys::by_id(keys::kMailbox, mailbox)),
       [&](std::string_view key, std::string_view) {
         out.push_back({keys::RowReader(key.substr(1 + MailboxId::kSize)).integer<std::uint64_t>(), {}, {}});
         return out.size() < limit;
       });
  prefetch(out);
  std::erase_if(out, [&](MailboxItem& item) {
    const auto header = header_row(item.sequence);
    if (header && caching_) cache_.put(keys::by_id(keys::kId, header->id), live_value(item.sequence));
    if (header) item = {item.sequence, header->id, header->stored};
    return !header;
  });
  return out;
}

std::vector<MailboxItem> KvStore::live_page(std::uint64_t after, std::size_t limit) const {
  std::vector<MailboxItem> out;
  if (limit == 0 || after == UINT64_MAX) return out;
  scan(keys::by_sequence(keys::kHeader, after + 1), keys::end_of(keys::kHeader),
       [&](std::string_view key, std::string_view value) {
         const auto sequence = keys::RowReader(key.substr(1)).integer<std::uint64_t>();
         HeaderRow row = decode_header(sequence, value);
         out.push_back({sequence, row.id, row.stored});
         return out.size() < limit;
       });
  return out;
}

const std::string& KvStore::head(Head& head) const {
  if (head.exact) return head.floor;
  const std::string end = keys::end_of(head.kind), from = head.floor;
  head.floor = end;
  head.exact = true;
  scan(from, end, [&](std::string_view key, std::string_view) {
    head.floor = key;
    return false;
  });
  return head.floor;
}

std::vector<DueItem> KvStore::due_page(Millis until, std::size_t limit) const {
  std::vector<DueItem> out;
  std::vector<std::uint64_t> sequences;
  if (limit == 0) return out;
  const std::string end = until == INT64_MAX ? keys::end_of(keys::kDue)
                                             : keys::by_sequence(keys::kDue, keys::ordered(until + 1));
  scan(head(due_head_), end, [&](std::string_view key, std::string_view value) {
    keys::RowReader in(key.substr(1));
    const Millis due = keys::from_ordered(in.integer<std::uint64_t>());
    out.push_back({due, in.fixed<MessageId>(), {}});
    sequences.push_back(keys::RowReader(value).integer<std::uint64_t>());
    return out.size() < limit;
  });
  std::string row;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (get_indexed(keys::by_sequence(keys::kCustody, sequences[i]), row))
      out[i].state = bytes_of(std::string_view(row).substr(sizeof(Millis)));
  }
  return out;
}

std::optional<Millis> KvStore::next_due() const {
  const std::string& key = head(due_head_);
  if (key[0] != keys::kDue) return std::nullopt;
  return keys::from_ordered(keys::RowReader(std::string_view(key).substr(1)).integer<std::uint64_t>());
}

std::vector<ExpiringItem> KvStore::expiring_page(std::uint32_t until, std::size_t limit) const {
  std::vector<ExpiringItem> out;
  if (limit == 0) return out;
  std::string end = keys::of(keys::kExpiry);
  if (until == UINT32_MAX)
    end = keys::end_of(keys::kExpiry);
  else
    keys::put_int(end, until + 1);
  scan(head(expiry_head_), end, [&](std::string_view key, std::string_view value) {
    keys::RowReader in(key.substr(1));
    const auto expires = in.integer<std::uint32_t>();
    const auto kind = static_cast<Custody>(keys::RowReader(value).integer<std::uint8_t>());
    out.push_back({expires, in.fixed<MessageId>(), kind});
    return out.size() < limit;
  });
  return out;
}

std::optional<std::uint32_t> KvStore::next_expiry() const {
  const std::string& key = head(expiry_head_);
  if (key[0] != keys::kExpiry) return std::nullopt;
  return keys::RowReader(std::string_view(key).substr(1)).integer<std::uint32_t>();
}

std::optional<Bytes> KvStore::key_record(const Address& address) const {
  std::string row;
  if (!get(keys::by_id(keys::kRecord, address), row)) return std::nullopt;
  return bytes_of(std::string_view(row).substr(16));
}

std::vector<KeyRecordItem> KvStore::key_records_page(const std::optional<Address>& after, std::size_t limit) const {
  std::vector<KeyRecordItem> out;
  if (limit == 0) return out;
  // The smallest string above a key is that key and one zero byte.
  const std::string from = after ? keys::by_id(keys::kRecord, *after) + '\0' : keys::of(keys::kRecord);
  scan(from, keys::end_of(keys::kRecord), [&](std::string_view key, std::string_view value) {
    const auto expires = keys::RowReader(value.substr(8)).integer<Millis>();
    out.push_back({keys::RowReader(key.substr(1)).fixed<Address>(), expires, bytes_of(value.substr(16))});
    return out.size() < limit;
  });
  return out;
}

std::optional<Bytes> KvStore::row(Table table, ByteView key) const {
  std::string value;
  if (!get(keys::row(table, key), value)) return std::nullopt;
  return bytes_of(value);
}

std::vector<RowItem> KvStore::rows(Table table, ByteView prefix, const std::optional<Bytes>& after,
                                   std::size_t limit) const {
  std::vector<RowItem> out;
  if (limit == 0) return out;
  const std::string first = keys::row(table, prefix), end = keys::after_prefix(first);
  std::string from = first;
  if (after) from = std::max(from, keys::row(table, *after) + '\0');
  if (from >= end) return out;
  scan(from, end, [&](std::string_view key, std::string_view value) {
    out.push_back({bytes_of(key.substr(2)), bytes_of(value)});
    return out.size() < limit;
  });
  return out;
}

std::uint64_t KvStore::mailbox_bytes(const MailboxId& mailbox) const {
  return counter(keys::by_id(keys::kQuota, mailbox));
}

std::uint64_t KvStore::ingress_bytes(const NodeId& peer) const { return counter(keys::by_id(keys::kIngress, peer)); }

// --- tickets -----------------------------------------------------------------------

std::unique_ptr<WriteSet> KvStore::take() {
  auto batches = overlay_.take();
  if (batches.empty()) return nullptr;
  return std::make_unique<KvWriteSet>(std::move(batches));
}

void KvStore::failed() {
  overlay_.clear();
  cache_.clear();
  // Numbers once handed out stay used within this process: somebody may hold one as a cursor.
  const std::uint64_t next_sequence = counted_.next_sequence;
  counted_ = durable_counted();
  counted_.next_sequence = std::max(counted_.next_sequence, next_sequence);
  due_head_ = Head(keys::kDue);
  expiry_head_ = Head(keys::kExpiry);
  work_head_ = Head(keys::kWork);
}

CommitResult KvStore::commit(std::span<const std::unique_ptr<WriteSet>> sets) {
  std::vector<const KvWrites*> batches;
  for (const auto& set : sets)
    for (const auto& batch : static_cast<const KvWriteSet&>(*set).batches()) batches.push_back(&batch->writes);
  return batches.empty() ? CommitResult::ok : kv_->apply(batches);
}

}  // namespace comm
