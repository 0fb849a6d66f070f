// Group commit: one thread that merges everything waiting into one synced write and reports the highest ticket.
// Owned by the program's main; the reactor submits and drains results. The only mutex of relay_store is here.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "relay_store/store.h"

namespace comm {

inline constexpr std::size_t kMaxCommitQueueBytes = 16 << 20;  // waiting or being written

struct CommitReport {
  CommitResult result = CommitResult::ok;
  Ticket ticket = 0;        // highest durable ticket (ok), else the highest that failed
  std::string detail;
};

class Committer {
 public:
  // `wake` is called from the committer's thread after each report is ready (an eventfd write).
  // While idle it compacts the store: at most once per `compact_interval` after many erasures, once per sixty
  // intervals after any.
  Committer(Store& store, std::function<void()> wake,
            std::chrono::milliseconds compact_interval = std::chrono::minutes(1));
  ~Committer();  // commits what is queued, then joins
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // False if the queue is full (kMaxCommitQueueBytes): the caller stops reading its sockets until a report arrives.
  bool has_room() const;
  void submit(std::unique_ptr<WriteSet> set);
  // Commits on the calling thread if this one has nothing to do: where a single sender waits for its answer, two
  // hand-overs between threads would cost as much as the write. False, and `sets` untouched, if it is busy.
  // REQUIRES: the caller is the one that submits.
  bool commit_now(std::vector<std::unique_ptr<WriteSet>>& sets);
  std::optional<CommitReport> poll();  // next report, if any
  // After a failed report every set submitted earlier is dropped until the reactor calls this (it has called
  // Store::failed and issues new tickets).
  void resume();
  void flush();  // blocks until everything submitted is committed or failed; for shutdown

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace comm
