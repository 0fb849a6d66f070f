#include "relay_store/mem_kv.h"

#include <algorithm>
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
  const auto at = rows_.lower_bound(key);
  if (!rows_.holds(at, key)) return false;
  value = rows_.row(at).value();
  return true;
}

void MemKv::scan(std::string_view from, std::string_view until, const Visit& visit) const {
  const std::lock_guard lock(mutex_);
  const KeyStart end(until);
  for (auto at = rows_.lower_bound(from); !rows_.at_end(at) && rows_.is_before(at, end, until); at = rows_.next(at))
    if (!visit(rows_.row(at).key(), rows_.row(at).value())) return;
}

CommitResult MemKv::apply(std::span<const KvWrites* const> batches) {
  const std::lock_guard lock(mutex_);
  for (const KvWrites* writes : batches) {
    for (const KvWrite& write : *writes) {
      const KeyStart start(write.key);
      const auto at = rows_.lower_bound(start, write.key);
      const bool known = rows_.holds(at, write.key);
      if (known && write.erase) rows_.erase(at);
      else if (known) rows_.row(at) = Row(write.key, write.value);
      else if (!write.erase) rows_.insert(at, start, Row(write.key, write.value));
    }
  }
  return CommitResult::ok;
}

}  // namespace comm
