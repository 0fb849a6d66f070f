// Kv in memory: rows in order, in leaves of some dozens. Ten thousand stores exist at once in a simulation, of many small
// rows: a search compares the first sixteen bytes, which lie in the leaf, and looks at a row itself only where these are
// equal. An empty store owns nothing on the heap.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "relay_store/kv.h"

namespace comm {

class MemKv final : public Kv {
 public:
  bool get(std::string_view key, std::string& value) const override;
  void scan(std::string_view from, std::string_view until, const Visit& visit) const override;
  CommitResult apply(std::span<const KvWrites* const> batches) override;

 private:
  static constexpr std::size_t kLeafRows = 64;

  // sizes of key and value (4 + 4) key value
  class Row {
   public:
    Row(std::string_view key, std::string_view value);
    std::string_view key() const { return {bytes_.get() + kSizes, size(0)}; }
    std::string_view value() const { return {bytes_.get() + kSizes + size(0), size(1)}; }

   private:
    static constexpr std::size_t kSizes = 8;
    std::uint32_t size(std::size_t which) const;
    std::unique_ptr<char[]> bytes_;
  };
  // The first sixteen bytes of a key, zeros behind a shorter one: differ only as the keys do.
  struct Start {
    explicit Start(std::string_view key);
    std::uint64_t high = 0, low = 0;
    friend auto operator<=>(const Start&, const Start&) = default;
  };
  struct Entry {
    Start start;
    Row row;
  };
  struct Leaf {
    Start start;                 // of its first entry
    std::vector<Entry> entries;  // never empty
  };
  struct Place {                 // of an entry; at the end both are past it
    std::size_t leaf = 0, entry = 0;
  };

  static bool before(const Entry& entry, const Start& start, std::string_view key);
  Place lower_bound(std::string_view key) const;
  const Row* find(std::string_view key) const;
  void insert(Place at, Entry entry);
  void erase(Place at);

  mutable std::mutex mutex_;  // a Committer may apply on its own thread here too
  std::vector<Leaf> leaves_;
};

}  // namespace comm
