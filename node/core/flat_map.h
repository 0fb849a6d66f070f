// A map in one sorted array: a search meets a few cache lines where a tree's meets one for each step, and an entry takes a
// third of the memory. For tables of peers, of which each of ten thousand simulated nodes has several. Entries move when
// others come and go: hold no reference to one over a change. A change moves what lies behind it, which is cheap up to
// some thousand entries; the owner bounds their number. (As boost::container::flat_map; Boost is needed by the tests alone.)
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "proto/base/check.h"

namespace comm {

template <class Key, class Value>
class FlatMap {
 public:
  using Entry = std::pair<Key, Value>;
  using Entries = std::vector<Entry>;
  using iterator = typename Entries::iterator;
  using const_iterator = typename Entries::const_iterator;

  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }
  iterator begin() { return entries_.begin(); }
  iterator end() { return entries_.end(); }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

  const_iterator lower_bound(const Key& key) const {
    return std::partition_point(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.first < key; });
  }
  iterator lower_bound(const Key& key) {
    return std::partition_point(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.first < key; });
  }
  const_iterator find(const Key& key) const {
    const auto at = lower_bound(key);
    return at != end() && at->first == key ? at : end();
  }
  iterator find(const Key& key) {
    const auto at = lower_bound(key);
    return at != end() && at->first == key ? at : end();
  }
  bool contains(const Key& key) const { return find(key) != end(); }
  const Value& at(const Key& key) const {
    const auto at = find(key);
    CHECK(at != end());
    return at->second;
  }

  // Of a known key nothing changes.
  std::pair<iterator, bool> emplace(const Key& key, Value value) {
    const auto at = lower_bound(key);
    if (at != end() && at->first == key) return {at, false};
    return {entries_.insert(at, Entry{key, std::move(value)}), true};
  }
  Value& operator[](const Key& key) { return emplace(key, Value{}).first->second; }
  iterator erase(iterator at) { return entries_.erase(at); }
  std::size_t erase(const Key& key) {
    const auto at = find(key);
    if (at == end()) return 0;
    entries_.erase(at);
    return 1;
  }
  void clear() { entries_.clear(); }

  template <class Predicate>
  friend std::size_t erase_if(FlatMap& map, Predicate predicate) {
    return std::erase_if(map.entries_, predicate);
  }

 private:
  Entries entries_;
};

}  // namespace comm
