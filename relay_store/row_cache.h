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
    std::string key;
    std::string value;
    bool present = false;
  };
  static constexpr std::size_t kSets = 2'048, kWays = 4;

  // Null: not known here.
  const Row* find(std::string_view key) const {
    if (sets_.empty()) return nullptr;
    const std::uint64_t tag = tag_of(key);
    const Set& set = sets_[set_of(tag)];
    const std::size_t way = place_of(set, tag, key);
    return way == kWays ? nullptr : &set.rows[way];
  }
  void put(std::string_view key, std::string_view value) { keep(key, value, true); }
  void erase(std::string_view key) { keep(key, {}, false); }  // known to be absent
  // Nobody will ask for it again: its place is free.
  void forget(std::string_view key) {
    if (sets_.empty()) return;
    const std::uint64_t tag = tag_of(key);
    Set& set = sets_[set_of(tag)];
    if (const std::size_t way = place_of(set, tag, key); way != kWays) set.tags[way] = kFree;
  }
  void clear() { sets_.clear(); }

 private:
  static constexpr std::size_t kMostValueBytes = 512;
  static constexpr std::uint64_t kFree = 0;
  // Tags lie together: a row is looked at only where its tag says that it is the one.
  struct Set {
    std::array<std::uint64_t, kWays> tags{};
    std::size_t oldest = 0;
    std::array<Row, kWays> rows;
  };

  // Keys end in a number that counts up, or are uniform ids: their ends say enough. A power of two of sets.
  static std::uint64_t tag_of(std::string_view key) {
    std::uint64_t tail = 0;
    std::memcpy(&tail, key.data() + (key.size() < 8 ? 0 : key.size() - 8), key.size() < 8 ? key.size() : 8);
    tail ^= static_cast<unsigned char>(key.front());
    // Twice: the bytes that count up stand where one product leaves them in few sets.
    tail = (tail ^ tail >> 32) * 0x9e37'79b9'7f4a'7c15;
    return (tail ^ tail >> 32) * 0xd6e8'feb8'6659'fd93 | 1;  // never kFree
  }
  static std::size_t set_of(std::uint64_t tag) { return static_cast<std::size_t>(tag >> 53); }
  // kWays: nowhere.
  static std::size_t place_of(const Set& set, std::uint64_t tag, std::string_view key) {
    for (std::size_t way = 0; way < kWays; ++way)
      if (set.tags[way] == tag && set.rows[way].key == key) return way;
    return kWays;
  }
  void keep(std::string_view key, std::string_view value, bool present) {
    if (sets_.empty()) sets_.resize(kSets);
    const std::uint64_t tag = tag_of(key);
    Set& set = sets_[set_of(tag)];
    std::size_t way = place_of(set, tag, key);
    if (value.size() > kMostValueBytes) {
      if (way != kWays) set.tags[way] = kFree;
      return;
    }
    if (way == kWays) {
      const auto free = std::find(set.tags.begin(), set.tags.end(), kFree);
      way = free != set.tags.end() ? static_cast<std::size_t>(free - set.tags.begin()) : set.oldest++ % kWays;
    }
    set.tags[way] = tag;
    set.rows[way].key = key;
    set.rows[way].value = value;
    set.rows[way].present = present;
  }

  static_assert(kSets == std::size_t{1} << (64 - 53));
  std::vector<Set> sets_;
};

}  // namespace comm
