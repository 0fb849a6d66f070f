// An ordered byte-string key-value map: the little that a backend has to do. The schema (keys.h, kv_store.h) is written
// once above it; the backends are mem_kv.h (a tree in memory) and level_kv.h (LevelDB).
// Threads: get and scan run on the staging thread, apply and the compaction calls on the committing one, at the same
// time. A visitor must not call back into the map it visits.
#pragma once
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "relay_store/store.h"

namespace comm {

struct KvWrite {
  std::string key;
  std::string value;
  bool erase = false;
  std::uint64_t batch = 0;  // the overlay's affair
};
using KvWrites = std::deque<KvWrite>;  // a deque: staged rows are referred to while more are added

class Kv {
 public:
  // Returns false to stop the scan. Both views die with the call.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;

  virtual ~Kv() = default;
  // False if there is no such row; `value` is then unspecified.
  virtual bool get(std::string_view key, std::string& value) const = 0;
  // Visits the rows from <= key < until in key order.
  virtual void scan(std::string_view from, std::string_view until, const Visit& visit) const = 0;
  // All writes of all batches in order, as one durable write.
  virtual CommitResult apply(std::span<const KvWrites* const> batches) = 0;

  // A get or scan met a damaged row and answered as if there were none. No later apply succeeds, so nothing that
  // was decided on such an answer becomes durable.
  bool read_failed() const { return !read_failure().empty(); }
  virtual std::string read_failure() const { return {}; }  // what the first of them met
  virtual std::string failure_detail() const { return {}; }  // of the last apply that was not ok
  virtual std::uint64_t erased() const { return 0; }         // rows erased and not yet compacted away
  virtual bool compact_step() { return false; }              // one bounded step; true if more remain
};

}  // namespace comm
