// The newest so many things of a kind, by key: what a node learnt of its peers and may forget. One sorted array, for there
// are a thousand of them in each of ten thousand simulated nodes. Owned by a service; bounded by its capacity.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "proto/base/check.h"

namespace comm {

template <class Key, class Value>
class Remembered {
 public:
  explicit Remembered(std::size_t most) : most_(most) { CHECK(most > 0); }

  // Null if not known. Valid until the next put.
  const Value* find(const Key& key) const {
    const auto at = place(key);
    return at != entries_.end() && at->key == key ? &at->value : nullptr;
  }
  // Replaces the value of a known key, which stays as old as it is; a new one takes the place of the oldest when full.
  void put(const Key& key, const Value& value) {
    auto at = place(key);
    if (at != entries_.end() && at->key == key) {
      entries_[static_cast<std::size_t>(at - entries_.begin())].value = value;
      return;
    }
    if (entries_.size() == most_) {
      entries_.erase(std::min_element(entries_.begin(), entries_.end(),
                                      [](const Entry& a, const Entry& b) { return a.number < b.number; }));
      at = place(key);
    }
    const auto index = at - entries_.begin();
    if (entries_.size() == entries_.capacity()) entries_.reserve(std::min(most_, entries_.size() + entries_.size() / 4 + 8));
    entries_.insert(entries_.begin() + index, Entry{key, value, ++numbers_});
  }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Key key;
    Value value;
    std::uint32_t number;  // rises; four thousand million peers from now the oldest may be taken for the newest
  };
  auto place(const Key& key) const {
    return std::lower_bound(entries_.begin(), entries_.end(), key,
                            [](const Entry& entry, const Key& wanted) { return entry.key < wanted; });
  }

  std::size_t most_;
  std::vector<Entry> entries_;  // by key
  std::uint32_t numbers_ = 0;
};

}  // namespace comm
