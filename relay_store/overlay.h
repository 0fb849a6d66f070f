// Rows that are staged and not yet known to be durable, in key order, over the durable rows of a Kv. Owned and used by
// the staging thread only. A staged batch itself is immutable once its stage call ends and shared with the committer
// (the one reason for shared_ptr here: whoever finishes last frees it). Bounded by the committer's queue.
#pragma once
#include <array>
#include <list>
#include <memory>
#include <vector>

#include "relay_store/kv.h"
#include "relay_store/row_leaves.h"

namespace comm {

struct StagedBatch {
  Ticket ticket = 0;         // the highest in it
  std::uint64_t number = 0;
  std::size_t bytes = 0;
  KvWrites writes;
};

class Overlay {
 public:
  struct Staged {
    KvWrite* write = nullptr;  // the newest of its key
    std::uint64_t batch = 0;   // of that one
    std::string_view key() const { return write->key; }
  };
  using Rows = RowLeaves<Staged, 32>;
  static constexpr std::size_t kKinds = 26;  // a key begins with its kind, 'A' to 'Z'

  // Walks the rows from <= key < until in key order.
  class Cursor {
   public:
    Cursor(const std::array<Rows, kKinds>& kinds, std::string_view from, std::string_view until);
    // The row the cursor is at; null at the end.
    const KvWrite* row() const { return row_; }
    void next();

   private:
    void settle();
    const std::array<Rows, kKinds>& kinds_;
    std::string until_;
    std::size_t kind_;
    Rows::Place at_;
    const KvWrite* row_ = nullptr;
  };

  // Everything put and erased until the next begin belongs to `ticket`. What is staged between two takes is one batch, in
  // which a row stands once however often it was written. A batch that stays empty is kept: its ticket must be reported
  // too, and not before the tickets it follows. REQUIRES: not below a ticket still staged.
  void begin(Ticket ticket);
  void put(std::string_view key, std::string_view value) { write({key, value, false}); }
  void erase(std::string_view key) { write({key, {}, true}); }

  const KvWrite* find(std::string_view key) const;  // null if not staged
  Cursor rows(std::string_view from, std::string_view until) const { return Cursor(kinds_, from, until); }
  std::vector<std::shared_ptr<const StagedBatch>> take();
  void committed(Ticket ticket);
  void clear();
  std::size_t bytes() const { return bytes_; }      // of everything staged and not yet committed

 private:
  void write(const KvWrite& write);

  // For each kind its own: most are appended to at the end and emptied from the front.
  std::array<Rows, kKinds> kinds_;
  std::size_t bytes_ = 0;
  std::list<std::shared_ptr<StagedBatch>> batches_;   // oldest first; a list owns nothing while it is empty
  std::size_t untaken_ = 0;                           // how many at the end of batches_ were not taken: 0 or 1
  std::uint64_t numbers_ = 0;
};

}  // namespace comm
