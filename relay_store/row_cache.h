// The rows of single keys that were read or written last, those known to be absent among them: one packet's work asks for
// the same few rows again and again, and each of LevelDB's answers costs microseconds. Owned by KvStore and used by the
// staging thread; it shows staged rows as the reads do. Bounded: kSlots rows of at most kMostValueBytes, each in the one
// place that its key gives, so a newer one takes the place of an older. Owns nothing until its first use.
#pragma once
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

  // Null: not known here.
  const Row* find(std::string_view key) const {
    if (rows_.empty()) return nullptr;
    const Row& row = rows_[place(key)];
    return row.key == key ? &row : nullptr;
  }
  void put(std::string_view key, std::string_view value) { keep(key, value, true); }
  void erase(std::string_view key) { keep(key, {}, false); }  // known to be absent
  void clear() { rows_.clear(); }

 private:
  static constexpr std::size_t kSlots = 8'192;
  static constexpr std::size_t kMostValueBytes = 512;

  // Keys end in a number that counts up, or are uniform ids: their ends say enough. A power of two of places.
  static std::size_t place(std::string_view key) {
    std::uint64_t tail = 0;
    std::memcpy(&tail, key.data() + (key.size() < 8 ? 0 : key.size() - 8), key.size() < 8 ? key.size() : 8);
    tail ^= static_cast<unsigned char>(key.front());
    return static_cast<std::size_t>((tail * 0x9e37'79b9'7f4a'7c15) >> 51);
  }
  void keep(std::string_view key, std::string_view value, bool present) {
    if (rows_.empty()) rows_.resize(kSlots);
    Row& row = rows_[place(key)];
    if (value.size() > kMostValueBytes) {
      if (row.key == key) row = {};
      return;
    }
    row.key = key;
    row.value = value;
    row.present = present;
  }

  static_assert(kSlots == std::size_t{1} << (64 - 51));
  std::vector<Row> rows_;
};

}  // namespace comm
