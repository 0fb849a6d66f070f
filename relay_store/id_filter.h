// Says of most message ids that are not here that they are not, without a look at the disk: whoever brings a message is
// asked for none that is known, so nearly every one is new. A Bloom filter of one cache line for each id, filled from the
// durable rows a page at a time while the node works; until it has seen them all it knows nothing. What is erased stays in
// it until it is made anew, when more has been added than it was made for. Owned by KvStore, used by the staging thread.
// Memory: kBitsForEach for each of twice the ids there were, to the next power of two, at most kMostLines lines; two
// filters while one is made anew. Owns nothing before its first page.
#pragma once
#include <array>
#include <optional>
#include <vector>

#include "relay_store/overlay.h"

namespace comm {

class IdFilter {
 public:
  // False: no row of this key is durable, and none was staged. `key`: of a row I.
  bool may_hold(std::string_view key) const { return !known_ || known_->may_hold(Mark(key)); }
  // A row of this key is staged.
  void add(std::string_view key);
  // One page of the durable rows, if there are some that it has not seen. `staged`: those that are not durable yet. `ids`:
  // how many there are.
  void learn(const Kv& kv, const Overlay& staged, std::uint64_t ids);

  static constexpr std::size_t kPage = 256;
  static constexpr std::uint64_t kFewest = 64 << 10;  // ids that a filter is made for

 private:
  static constexpr std::uint64_t kBitsForEach = 12;
  static constexpr std::size_t kLineBits = 512, kMostLines = std::size_t{1} << 18;  // 16 MiB
  static constexpr int kBitsSet = 6;

  // Where an id leaves its mark. Ids are hashes, but a stranger chooses among them: at worst others are asked for on disk.
  struct Mark {
    explicit Mark(std::string_view key);
    std::uint64_t line = 0, bits = 0;
  };
  class Lines {
   public:
    explicit Lines(std::uint64_t ids);
    bool may_hold(const Mark& mark) const;
    void add(const Mark& mark);
    bool full() const { return added_ > most_; }

   private:
    using Line = std::array<std::uint64_t, kLineBits / 64>;
    std::vector<Line> lines_;  // a power of two of them
    std::uint64_t added_ = 0, most_;
  };

  std::optional<Lines> known_;  // has seen every durable row
  std::optional<Lines> next_;   // has seen those before cursor_
  std::string cursor_;
};

}  // namespace comm
