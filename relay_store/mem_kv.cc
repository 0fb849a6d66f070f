#include "relay_store/mem_kv.h"

namespace comm {

bool MemKv::get(std::string_view key, std::string& value) const {
  const std::lock_guard lock(mutex_);
  const auto at = rows_.find(key);
  if (at == rows_.end()) return false;
  value = at->second;
  return true;
}

void MemKv::scan(std::string_view from, std::string_view until, const Visit& visit) const {
  const std::lock_guard lock(mutex_);
  for (auto at = rows_.lower_bound(from); at != rows_.end() && at->first < until; ++at)
    if (!visit(at->first, at->second)) return;
}

CommitResult MemKv::apply(std::span<const KvWrites* const> batches) {
  const std::lock_guard lock(mutex_);
  for (const KvWrites* writes : batches) {
    for (const KvWrite& write : *writes) {
      if (write.erase)
        rows_.erase(write.key);
      else
        rows_.insert_or_assign(write.key, write.value);
    }
  }
  return CommitResult::ok;
}

}  // namespace comm
