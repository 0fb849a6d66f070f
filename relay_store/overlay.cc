#include "relay_store/overlay.h"

#include "proto/base/check.h"

namespace comm {
namespace {

std::size_t kind_of(std::string_view key) {
  const auto kind = static_cast<std::size_t>(static_cast<unsigned char>(key.front())) - 'A';
  CHECK(kind < Overlay::kKinds);
  return kind;
}

}  // namespace

Overlay::Cursor::Cursor(const std::array<Rows, kKinds>& kinds, std::string_view from, std::string_view until)
    : kinds_(kinds), until_(until), kind_(0) {
  const auto first = from.empty() ? std::size_t{0} : static_cast<std::size_t>(static_cast<unsigned char>(from.front()));
  kind_ = std::min(first < 'A' ? 0 : first - 'A', kKinds - 1);
  at_ = kinds_[kind_].lower_bound(from);
  settle();
}

void Overlay::Cursor::next() {
  at_ = kinds_[kind_].next(at_);
  settle();
}

void Overlay::Cursor::settle() {
  while (kinds_[kind_].at_end(at_) && kind_ + 1 < kKinds) at_ = kinds_[++kind_].begin();
  row_ = kinds_[kind_].at_end(at_) ? nullptr : kinds_[kind_].row(at_).write;
  if (row_ != nullptr && row_->key >= until_) row_ = nullptr;
}

void Overlay::begin(Ticket ticket) {
  CHECK(batches_.empty() || ticket >= batches_.back()->ticket);
  if (untaken_ > 0) {
    batches_.back()->ticket = ticket;
    return;
  }
  batches_.push_back(std::make_shared<StagedBatch>());
  batches_.back()->ticket = ticket;
  batches_.back()->number = ++numbers_;
  untaken_ = 1;
}

void Overlay::write(const KvWrite& write) {
  StagedBatch& batch = *batches_.back();
  Rows& rows = kinds_[kind_of(write.key)];
  const KeyStart start(write.key);
  const auto at = rows.lower_bound(start, write.key);
  const bool known = rows.holds(at, write.key);
  const std::size_t before = batch.bytes;
  if (known && rows.row(at).batch == batch.number) {
    KvWrite& kept = *rows.row(at).write;
    batch.bytes -= kept.value.size();
    batch.writes.replace(kept, write.value, write.erase);
    batch.bytes += write.value.size();
  } else {
    KvWrite& kept = batch.writes.push_back(write);
    batch.bytes += write.key.size() + write.value.size();
    if (known) rows.row(at) = {&kept, batch.number};
    else rows.insert(at, start, {&kept, batch.number});
  }
  bytes_ += batch.bytes;
  bytes_ -= before;
}

const KvWrite* Overlay::find(std::string_view key) const {
  const Rows& rows = kinds_[kind_of(key)];
  const auto at = rows.lower_bound(key);
  return rows.holds(at, key) ? rows.row(at).write : nullptr;
}

std::vector<std::shared_ptr<const StagedBatch>> Overlay::take() {
  std::vector<std::shared_ptr<const StagedBatch>> out(
      std::prev(batches_.end(), static_cast<std::ptrdiff_t>(untaken_)), batches_.end());
  untaken_ = 0;
  return out;
}

void Overlay::committed(Ticket ticket) {
  std::uint64_t last = 0;
  std::list<std::shared_ptr<StagedBatch>> durable;
  // A batch that was never taken cannot be durable, whatever its ticket.
  while (batches_.size() > untaken_ && batches_.front()->ticket <= ticket) {
    last = batches_.front()->number;
    bytes_ -= batches_.front()->bytes;
    durable.splice(durable.end(), batches_, batches_.begin());
  }
  if (last == 0) return;
  // One walk, not a search for each: most of what is staged becomes durable together.
  for (Rows& rows : kinds_)
    if (!rows.empty()) rows.erase_if([&](const Staged& row) { return row.batch <= last; });
}

void Overlay::clear() {
  for (Rows& rows : kinds_) rows.clear();
  batches_.clear();
  bytes_ = 0;
  untaken_ = 0;
}

}  // namespace comm
