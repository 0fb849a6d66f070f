#include "relay_store/overlay.h"

#include "proto/base/check.h"

namespace comm {

void Overlay::begin(Ticket ticket) {
  CHECK(batches_.empty() || ticket >= batches_.back()->ticket);
  batches_.push_back(std::make_shared<StagedBatch>());
  batches_.back()->ticket = ticket;
  ++untaken_;
}

void Overlay::put(std::string key, std::string value) { write({std::move(key), std::move(value), false}); }

void Overlay::erase(std::string key) { write({std::move(key), {}, true}); }

void Overlay::write(KvWrite write) {
  StagedBatch& batch = *batches_.back();
  batch.bytes += write.key.size() + write.value.size();
  bytes_ += write.key.size() + write.value.size();
  const KvWrite& kept = batch.writes.emplace_back(std::move(write));
  const auto at = rows_.lower_bound(kept.key);
  if (at == rows_.end() || at->first != kept.key) {
    rows_.emplace_hint(at, kept.key, &kept);
    return;
  }
  // The key must point into the newest write: the older one may be freed first.
  auto node = rows_.extract(at);
  node.key() = kept.key;
  node.mapped() = &kept;
  rows_.insert(std::move(node));
}

const KvWrite* Overlay::find(std::string_view key) const {
  const auto at = rows_.find(key);
  return at == rows_.end() ? nullptr : at->second;
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
      const auto at = rows_.find(write.key);
      if (at != rows_.end() && at->second == &write) rows_.erase(at);
    }
    bytes_ -= batches_.front()->bytes;
    batches_.pop_front();
  }
}

void Overlay::clear() {
  rows_.clear();
  batches_.clear();
  bytes_ = 0;
  untaken_ = 0;
}

}  // namespace comm
