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
  ++at_;
  settle();
}

void Overlay::Cursor::settle() {
  while (at_ == kinds_[kind_].end() && kind_ + 1 < kKinds) at_ = kinds_[++kind_].begin();
  row_ = at_ == kinds_[kind_].end() || at_->first >= until_ ? nullptr : at_->second;
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

void Overlay::put(std::string key, std::string value) { write({std::move(key), std::move(value), false, 0}); }

void Overlay::erase(std::string key) { write({std::move(key), {}, true, 0}); }

void Overlay::write(KvWrite write) {
  StagedBatch& batch = *batches_.back();
  Rows& rows = kinds_[kind_of(write.key)];
  const bool last = rows.empty() || std::prev(rows.end())->first < write.key;
  auto at = last ? rows.end() : rows.lower_bound(write.key);
  if (at != rows.end() && at->first == write.key && at->second->batch == batch.number) {
    KvWrite& known = *at->second;
    batch.bytes += write.value.size();
    batch.bytes -= known.value.size();
    bytes_ += write.value.size();
    bytes_ -= known.value.size();
    known.value = std::move(write.value);
    known.erase = write.erase;
    return;
  }
  batch.bytes += write.key.size() + write.value.size();
  bytes_ += write.key.size() + write.value.size();
  write.batch = batch.number;
  KvWrite& kept = batch.writes.emplace_back(std::move(write));
  if (at == rows.end() || at->first != kept.key) {
    rows.emplace_hint(at, kept.key, &kept);
    return;
  }
  // The key must point into the newest write: the older one may be freed first.
  auto node = rows.extract(at);
  node.key() = kept.key;
  node.mapped() = &kept;
  rows.insert(std::move(node));
}

const KvWrite* Overlay::find(std::string_view key) const {
  const Rows& rows = kinds_[kind_of(key)];
  const auto at = rows.find(key);
  return at == rows.end() ? nullptr : at->second;
}

std::vector<std::shared_ptr<const StagedBatch>> Overlay::take() {
  std::vector<std::shared_ptr<const StagedBatch>> out(
      std::prev(batches_.end(), static_cast<std::ptrdiff_t>(untaken_)), batches_.end());
  untaken_ = 0;
  return out;
}

void Overlay::committed(Ticket ticket) {
  // A batch that was never taken cannot be durable, whatever its ticket.
  while (batches_.size() > untaken_ && batches_.front()->ticket <= ticket) {
    for (const KvWrite& write : batches_.front()->writes) {
      Rows& rows = kinds_[kind_of(write.key)];
      const bool first = !rows.empty() && rows.begin()->second == &write;
      const auto at = first ? rows.begin() : rows.find(write.key);
      if (at != rows.end() && at->second == &write) rows.erase(at);
    }
    bytes_ -= batches_.front()->bytes;
    batches_.pop_front();
  }
}

void Overlay::clear() {
  for (Rows& rows : kinds_) rows.clear();
  batches_.clear();
  bytes_ = 0;
  untaken_ = 0;
}

}  // namespace comm
