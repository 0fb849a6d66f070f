// Rows that are staged and not yet known to be durable, in key order, over the durable rows of a Kv. Owned and used by
// the staging thread only. A staged batch itself is immutable once its stage call ends and shared with the committer
// (the one reason for shared_ptr here: whoever finishes last frees it). Bounded by the committer's queue.
#pragma once
#include <list>
#include <map>
#include <memory>
#include <vector>

#include "relay_store/kv.h"

namespace comm {

struct StagedBatch {
  Ticket ticket = 0;
  std::size_t bytes = 0;
  KvWrites writes;
};

class Overlay {
 public:
  using Rows = std::map<std::string_view, const KvWrite*>;

  // Everything put and erased until the next begin belongs to `ticket`. A batch that stays empty is kept: its ticket
  // must be reported too, and not before the tickets it follows. REQUIRES: not below a ticket still staged.
  void begin(Ticket ticket);
  void put(std::string key, std::string value);
  void erase(std::string key);

  const KvWrite* find(std::string_view key) const;  // null if not staged
  const Rows& rows() const { return rows_; }
  std::vector<std::shared_ptr<const StagedBatch>> take();
  void committed(Ticket ticket);
  void clear();
  std::size_t bytes() const { return bytes_; }      // of everything staged and not yet committed

 private:
  void write(KvWrite write);

  // Keys are views into the write they map to: the newest of that key.
  Rows rows_;
  std::list<std::shared_ptr<StagedBatch>> batches_;   // oldest first; a list owns nothing while it is empty
  std::size_t bytes_ = 0;
  std::size_t untaken_ = 0;                           // how many at the end of batches_ were not taken
};

}  // namespace comm
