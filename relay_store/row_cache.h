// The rows of single keys that were read or written last, those known to be absent among them: one packet's work asks for
// the same few rows again and again, and each of LevelDB's answers costs microseconds. Owned by KvStore and used by the
// staging thread; it shows staged rows as the reads do. Bounded: kSets times kWays rows of at most kMostValueBytes; a key
// gives the set, in which a new row takes the place of the oldest. Owns nothing until its first use.
#pragma once
#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace comm {

class RowCache {
 public:
  struct Row {
    std::string key;  // empty: a free place
    std::string value;
    bool present = false;
  };
  static constexpr std::size_t kSets = 2'048, kWays = 4;

  // Null: not known here.
  const Row* find(std::string_view key) const {
    if (sets_.empty()) return nullptr;
    for (const Row& row : sets_[set_of(key)].rows)
      if (row.key == key) return &row;
    return nullptr;
  }
  void put(std::string_view key, std::string_view value) { keep(key, value, true); }
  void erase(std::string_view key) { keep(key, {}, false); }  // known to be absent
  void clear() { sets_.clear(); }

 private:
  static constexpr std::size_t kMostValueBytes = 512;
  struct Set {
    std::array<Row, kWays> rows;
    std::size_t oldest = 0;
  };

  // Keys end in a number that counts up, or are uniform ids: their ends say enough. A power of two of sets.
  static std::size_t set_of(std::string_view key) {
    std::uint64_t tail = 0;
    std::memcpy(&tail, key.data() + (key.size() < 8 ? 0 : key.size() - 8), key.size() < 8 ? key.size() : 8);
    tail ^= static_cast<unsigned char>(key.front());
    return static_cast<std::size_t>((tail * 0x9e37'79b9'7f4a'7c15) >> 53);
  }
  void keep(std::string_view key, std::string_view value, bool present) {
    if (sets_.empty()) sets_.resize(kSets);
    Set& set = sets_[set_of(key)];
    auto at = std::find_if(set.rows.begin(), set.rows.end(), [&](const Row& row) { return row.key == key; });
    if (value.size() > kMostValueBytes) {
      if (at != set.rows.end()) *at = {};
      return;
    }
    if (at == set.rows.end()) {
      at = set.rows.begin() + static_cast<std::ptrdiff_t>(set.oldest);
      set.oldest = (set.oldest + 1) % kWays;
    }
    at->key = key;
    at->value = value;
    at->present = present;
  }

  static_assert(kSets == std::size_t{1} << (64 - 53));
  std::vector<Set> sets_;
};

}  // namespace comm
