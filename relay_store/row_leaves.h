// Rows in the order of their keys, in leaves of some dozens: a search compares the first sixteen bytes of a key, which lie
// in the leaf, and looks at a row itself only where these are equal; a leaf is one piece of memory, where a tree has one
// for each row. Of a Row: key(). Places hold until the next change. Owns nothing on the heap while it is empty.
#pragma once
#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <vector>

#include "proto/base/bytes.h"

namespace comm {

// The first sixteen bytes of a key, zeros behind a shorter one: differ only as the keys do.
struct KeyStart {
  explicit KeyStart(std::string_view key) {
    std::array<std::uint8_t, 16> bytes{};
    std::copy_n(key.begin(), std::min(key.size(), bytes.size()), bytes.begin());
    high = load_be64(bytes.data());
    low = load_be64(bytes.data() + 8);
  }
  std::uint64_t high = 0, low = 0;
  friend auto operator<=>(const KeyStart&, const KeyStart&) = default;
};

template <class Row, std::size_t kLeafRows>
class RowLeaves {
 public:
  struct Place {  // of a row; at the end it is past the last leaf
    std::size_t leaf = 0, entry = 0;
  };

  bool empty() const { return leaves_.empty(); }
  Place begin() const { return {}; }
  bool at_end(Place at) const { return at.leaf >= leaves_.size(); }
  const Row& row(Place at) const { return leaves_[at.leaf].entries[at.entry].row; }  // REQUIRES: !at_end(at)
  Row& row(Place at) { return leaves_[at.leaf].entries[at.entry].row; }
  Place next(Place at) const {
    if (++at.entry < leaves_[at.leaf].entries.size()) return at;
    return {at.leaf + 1, 0};
  }
  // REQUIRES: !at_end(at).
  bool is_before(Place at, const KeyStart& start, std::string_view key) const {
    return before(leaves_[at.leaf].entries[at.entry], start, key);
  }

  // The first row that is not before the key.
  Place lower_bound(std::string_view key) const { return lower_bound(KeyStart(key), key); }
  Place lower_bound(const KeyStart& start, std::string_view key) const {
    if (leaves_.empty()) return {};
    if (before(leaves_.back().entries.back(), start, key)) return {leaves_.size(), 0};
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
  bool holds(Place at, std::string_view key) const { return !at_end(at) && row(at).key() == key; }

  // REQUIRES: `at` is lower_bound of its key, which no row has.
  void insert(Place at, const KeyStart& start, Row row) {
    Entry entry{start, std::move(row)};
    // Between two leaves a row goes to the end of the first: what is only ever appended fills its leaves.
    if (at.entry == 0 && at.leaf > 0) at = {at.leaf - 1, leaves_[at.leaf - 1].entries.size()};
    if (leaves_.empty() || at.entry == kLeafRows) {
      Leaf fresh{entry.start, {}};
      fresh.entries.push_back(std::move(entry));
      leaves_.insert(leaves_.begin() + difference(leaves_.empty() ? 0 : at.leaf + 1), std::move(fresh));
      return;
    }
    if (leaves_[at.leaf].entries.size() == kLeafRows) at = split(at);
    Leaf& leaf = leaves_[at.leaf];
    if (at.entry == 0) leaf.start = entry.start;
    leaf.entries.insert(leaf.entries.begin() + difference(at.entry), std::move(entry));
  }

  void erase(Place at) {
    Leaf& leaf = leaves_[at.leaf];
    leaf.entries.erase(leaf.entries.begin() + difference(at.entry));
    if (leaf.entries.empty()) return static_cast<void>(leaves_.erase(leaves_.begin() + difference(at.leaf)));
    leaf.start = leaf.entries.front().start;
    // What lost most of its rows joins its neighbour.
    if (at.leaf + 1 < leaves_.size() && join(leaf, leaves_[at.leaf + 1]))
      leaves_.erase(leaves_.begin() + difference(at.leaf + 1));
  }

  // One walk over all rows.
  template <class Gone>
  void erase_if(Gone&& gone) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < leaves_.size(); ++i) {
      Leaf& leaf = leaves_[i];
      std::erase_if(leaf.entries, [&](const Entry& entry) { return gone(entry.row); });
      if (leaf.entries.empty()) continue;
      leaf.start = leaf.entries.front().start;
      if (kept > 0 && join(leaves_[kept - 1], leaf)) continue;
      if (kept != i) leaves_[kept] = std::move(leaf);
      ++kept;
    }
    leaves_.erase(leaves_.begin() + difference(kept), leaves_.end());
    if (leaves_.empty()) leaves_ = {};
  }
  void clear() { leaves_ = {}; }

 private:
  struct Entry {
    KeyStart start;
    Row row;
  };
  struct Leaf {
    KeyStart start;              // of its first entry
    std::vector<Entry> entries;  // never empty
  };

  static std::ptrdiff_t difference(std::size_t count) { return static_cast<std::ptrdiff_t>(count); }
  static bool before(const Entry& entry, const KeyStart& start, std::string_view key) {
    return entry.start != start ? entry.start < start : entry.row.key() < key;
  }
  // True if `second` is empty now.
  static bool join(Leaf& first, Leaf& second) {
    if (first.entries.size() + second.entries.size() > kLeafRows / 2) return false;
    std::move(second.entries.begin(), second.entries.end(), std::back_inserter(first.entries));
    return true;
  }
  // A full leaf becomes two; where the place is then.
  Place split(Place at) {
    std::vector<Entry>& full = leaves_[at.leaf].entries;
    const auto middle = full.begin() + kLeafRows / 2;
    Leaf upper{middle->start, {std::make_move_iterator(middle), std::make_move_iterator(full.end())}};
    full.erase(middle, full.end());
    leaves_.insert(leaves_.begin() + difference(at.leaf + 1), std::move(upper));
    return at.entry > kLeafRows / 2 ? Place{at.leaf + 1, at.entry - kLeafRows / 2} : at;
  }

  std::vector<Leaf> leaves_;
};

}  // namespace comm
