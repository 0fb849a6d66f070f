// An ordered byte-string key-value map: the little that a backend has to do. The schema (keys.h, kv_store.h) is written
// once above it; the backends are mem_kv.h (a tree in memory) and level_kv.h (LevelDB).
// Threads: get and scan run on the staging thread, apply and the compaction calls on the committing one, at the same
// time. A visitor must not call back into the map it visits.
#pragma once
#include <algorithm>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory_resource>
#include <string>
#include <string_view>

#include "relay_store/store.h"

namespace comm {

struct KvWrite {
  std::string_view key;
  std::string_view value;
  bool erase = false;
};

// Writes in order, with the memory of their keys and values: in a few large pieces, because a message is some ten rows.
// References to a write hold while others are added.
class KvWrites {
 public:
  KvWrites() = default;
  KvWrites(std::initializer_list<KvWrite> writes) {
    for (const KvWrite& write : writes) push_back(write);
  }
  KvWrites(const KvWrites&) = delete;
  KvWrites& operator=(const KvWrites&) = delete;

  // Copies what the write refers to.
  KvWrite& push_back(const KvWrite& write) {
    return writes_.emplace_back(KvWrite{copy(write.key), copy(write.value), write.erase});
  }
  // Of a write of these: what it is to be instead.
  void replace(KvWrite& write, std::string_view value, bool erase) {
    write.value = copy(value);
    write.erase = erase;
  }
  auto begin() const { return writes_.begin(); }
  auto end() const { return writes_.end(); }
  bool empty() const { return writes_.empty(); }

 private:
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = static_cast<char*>(memory_.allocate(text.size(), 1));
    std::copy(text.begin(), text.end(), to);
    return {to, text.size()};
  }

  std::pmr::monotonic_buffer_resource memory_;
  std::pmr::deque<KvWrite> writes_{&memory_};
};

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
