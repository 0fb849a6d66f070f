#include "relay_store/mem_kv.h"

#include <cstring>

#include "proto/base/check.h"

namespace comm {

MemKv::Row::Row(std::string_view key, std::string_view value) : bytes_(new char[kSizes + key.size() + value.size()]) {
  CHECK(key.size() <= UINT32_MAX && value.size() <= UINT32_MAX);
  const std::uint32_t sizes[] = {static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size())};
  std::memcpy(bytes_.get(), sizes, kSizes);
  std::copy(value.begin(), value.end(), std::copy(key.begin(), key.end(), bytes_.get() + kSizes));
}

std::uint32_t MemKv::Row::size(std::size_t which) const {
  std::uint32_t out = 0;
  std::memcpy(&out, bytes_.get() + which * sizeof out, sizeof out);
  return out;
}

bool MemKv::get(std::string_view key, std::string& value) const {
  const std::lock_guard lock(mutex_);
  const auto at = rows_.find(key);
  if (at == rows_.end()) return false;
  value = at->value();
  return true;
}

void MemKv::scan(std::string_view from, std::string_view until, const Visit& visit) const {
  const std::lock_guard lock(mutex_);
  for (auto at = rows_.lower_bound(from); at != rows_.end() && at->key() < until; ++at)
    if (!visit(at->key(), at->value())) return;
}

CommitResult MemKv::apply(std::span<const KvWrites* const> batches) {
  const std::lock_guard lock(mutex_);
  for (const KvWrites* writes : batches) {
    for (const KvWrite& write : *writes) {
      auto at = rows_.lower_bound(std::string_view(write.key));
      if (at != rows_.end() && at->key() == write.key) at = rows_.erase(at);
      if (!write.erase) rows_.emplace_hint(at, write.key, write.value);
    }
  }
  return CommitResult::ok;
}

}  // namespace comm
