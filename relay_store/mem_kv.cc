#include "relay_store/mem_kv.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "proto/base/bytes.h"
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

MemKv::Start::Start(std::string_view key) {
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(key.begin(), std::min(key.size(), bytes.size()), bytes.begin());
  high = load_be64(bytes.data());
  low = load_be64(bytes.data() + 8);
}

bool MemKv::before(const Entry& entry, const Start& start, std::string_view key) {
  return entry.start != start ? entry.start < start : entry.row.key() < key;
}

MemKv::Place MemKv::lower_bound(std::string_view key) const {
  const Start start(key);
  // The last leaf that begins before the key may hold it; else it would begin the next.
  auto leaf = std::partition_point(leaves_.begin(), leaves_.end(), [&](const Leaf& one) {
    return one.start != start ? one.start < start : one.entries.front().row.key() < key;
  });
  if (leaf == leaves_.begin()) return {};
  --leaf;
  const auto entry = std::partition_point(leaf->entries.begin(), leaf->entries.end(),
                                          [&](const Entry& one) { return before(one, start, key); });
  const auto index = static_cast<std::size_t>(leaf - leaves_.begin());
  if (entry == leaf->entries.end()) return {index + 1, 0};
  return {index, static_cast<std::size_t>(entry - leaf->entries.begin())};
}

const MemKv::Row* MemKv::find(std::string_view key) const {
  const Place at = lower_bound(key);
  if (at.leaf == leaves_.size()) return nullptr;
  const Row& row = leaves_[at.leaf].entries[at.entry].row;
  return row.key() == key ? &row : nullptr;
}

bool MemKv::get(std::string_view key, std::string& value) const {
  const std::lock_guard lock(mutex_);
  const Row* row = find(key);
  if (row == nullptr) return false;
  value = row->value();
  return true;
}

void MemKv::scan(std::string_view from, std::string_view until, const Visit& visit) const {
  const std::lock_guard lock(mutex_);
  const Start end(until);
  for (Place at = lower_bound(from); at.leaf < leaves_.size(); at = {at.leaf + 1, 0})
    for (const std::vector<Entry>& entries = leaves_[at.leaf].entries; at.entry < entries.size(); ++at.entry) {
      const Entry& entry = entries[at.entry];
      if (!before(entry, end, until) || !visit(entry.row.key(), entry.row.value())) return;
    }
}

void MemKv::insert(Place at, Entry entry) {
  // Between two leaves a row goes to the end of the first: what is only ever appended fills its leaves.
  if (at.entry == 0 && at.leaf > 0) at = {at.leaf - 1, leaves_[at.leaf - 1].entries.size()};
  if (leaves_.empty() || at.entry == kLeafRows) {
    Leaf fresh{entry.start, {}};
    fresh.entries.push_back(std::move(entry));
    leaves_.insert(leaves_.begin() + static_cast<std::ptrdiff_t>(leaves_.empty() ? 0 : at.leaf + 1), std::move(fresh));
    return;
  }
  if (leaves_[at.leaf].entries.size() == kLeafRows) {
    std::vector<Entry>& full = leaves_[at.leaf].entries;
    const auto middle = full.begin() + kLeafRows / 2;
    Leaf upper{middle->start, {std::make_move_iterator(middle), std::make_move_iterator(full.end())}};
    full.erase(middle, full.end());
    leaves_.insert(leaves_.begin() + static_cast<std::ptrdiff_t>(at.leaf + 1), std::move(upper));
    if (at.entry > kLeafRows / 2) at = {at.leaf + 1, at.entry - kLeafRows / 2};
  }
  Leaf& leaf = leaves_[at.leaf];
  if (at.entry == 0) leaf.start = entry.start;
  leaf.entries.insert(leaf.entries.begin() + static_cast<std::ptrdiff_t>(at.entry), std::move(entry));
}

void MemKv::erase(Place at) {
  Leaf& leaf = leaves_[at.leaf];
  leaf.entries.erase(leaf.entries.begin() + static_cast<std::ptrdiff_t>(at.entry));
  if (leaf.entries.empty()) return static_cast<void>(leaves_.erase(leaves_.begin() + static_cast<std::ptrdiff_t>(at.leaf)));
  leaf.start = leaf.entries.front().start;
  // What lost most of its rows joins its neighbour.
  if (at.leaf + 1 == leaves_.size()) return;
  std::vector<Entry>& next = leaves_[at.leaf + 1].entries;
  if (leaf.entries.size() + next.size() > kLeafRows / 2) return;
  std::move(next.begin(), next.end(), std::back_inserter(leaf.entries));
  leaves_.erase(leaves_.begin() + static_cast<std::ptrdiff_t>(at.leaf + 1));
}

CommitResult MemKv::apply(std::span<const KvWrites* const> batches) {
  const std::lock_guard lock(mutex_);
  for (const KvWrites* writes : batches) {
    for (const KvWrite& write : *writes) {
      const Place at = lower_bound(write.key);
      const bool known = at.leaf < leaves_.size() && leaves_[at.leaf].entries[at.entry].row.key() == write.key;
      if (known && write.erase) erase(at);
      else if (known) leaves_[at.leaf].entries[at.entry].row = Row(write.key, write.value);
      else if (!write.erase) insert(at, {Start(write.key), Row(write.key, write.value)});
    }
  }
  return CommitResult::ok;
}

}  // namespace comm
