#include "relay_store/committer.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "proto/base/check.h"

namespace comm {
namespace {

using Clock = std::chrono::steady_clock;

// One group: large enough that the sync costs little per byte, small enough that it returns soon.
constexpr std::size_t kMaxGroupBytes = 1 << 20;
constexpr std::uint64_t kManyErased = 4'096;  // rows
constexpr int kTidyIntervals = 60;            // what was acknowledged leaves the disk even if it was little

}  // namespace

struct Committer::Impl {
  using Sets = std::vector<std::unique_ptr<WriteSet>>;

  Impl(Store& to, std::function<void()> on_report, std::chrono::milliseconds interval)
      : store(to), wake(std::move(on_report)), compact_interval(interval) {
    thread = std::thread([this] { run(); });
  }

  void run();
  Sets next_group();
  void commit(const Sets& group);
  bool compaction_due() const;
  void compact();

  Store& store;
  const std::function<void()> wake;
  const std::chrono::milliseconds compact_interval;

  std::mutex mutex;
  std::condition_variable work;   // the thread waits: queue, stopping
  std::condition_variable done;   // flush waits: everything submitted was dealt with
  std::deque<std::unique_ptr<WriteSet>> queue;
  std::deque<CommitReport> reports;
  std::size_t waiting_bytes = 0;  // queued or being written
  bool busy = false;              // a group is being written, by the thread or by commit_now
  bool compacting = false;
  bool failed = false;            // since a failed report, until resume
  bool stopping = false;

  Clock::time_point compacted = Clock::now();  // the thread's own
  std::thread thread;
};

// REQUIRES: mutex held, queue not empty.
Committer::Impl::Sets Committer::Impl::next_group() {
  Sets group;
  std::size_t bytes = 0;
  do {
    bytes += queue.front()->bytes();
    group.push_back(std::move(queue.front()));
    queue.pop_front();
  } while (!queue.empty() && bytes + queue.front()->bytes() <= kMaxGroupBytes);
  return group;
}

void Committer::Impl::commit(const Sets& group) {
  CommitReport report;
  report.result = store.commit(group);
  report.ticket = group.back()->last_ticket();
  if (report.result != CommitResult::ok) report.detail = store.failure_detail();
  const std::lock_guard lock(mutex);
  for (const auto& set : group) waiting_bytes -= set->bytes();
  if (report.result != CommitResult::ok) {
    // Later sets were staged on top of these. They fail with them; one report covers all there are so far.
    failed = true;
    for (const auto& set : queue) {
      report.ticket = std::max(report.ticket, set->last_ticket());
      waiting_bytes -= set->bytes();
    }
    queue.clear();
  }
  reports.push_back(std::move(report));
}

bool Committer::Impl::compaction_due() const {
  const auto since = Clock::now() - compacted;
  const std::uint64_t erased = store.erased();
  return (erased >= kManyErased && since >= compact_interval) ||
         (erased > 0 && since >= compact_interval * kTidyIntervals);
}

// In steps, so that a set submitted meanwhile waits for one of them at most.
void Committer::Impl::compact() {
  for (;;) {
    {
      const std::lock_guard lock(mutex);
      if (stopping || !queue.empty()) return;  // goes on when idle again
    }
    if (!store.compact_step()) break;
  }
  compacted = Clock::now();
}

void Committer::Impl::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    if (queue.empty() || busy) {
      if (stopping) return;
      if (!busy && compaction_due()) {
        compacting = true;
        lock.unlock();
        compact();
        lock.lock();
        compacting = false;
      } else {
        work.wait_for(lock, compact_interval);
      }
      continue;
    }
    const Sets group = next_group();
    busy = true;
    lock.unlock();
    commit(group);
    if (wake) wake();
    lock.lock();
    busy = false;
    if (queue.empty()) done.notify_all();
  }
}

Committer::Committer(Store& store, std::function<void()> wake, std::chrono::milliseconds compact_interval)
    : impl_(std::make_unique<Impl>(store, std::move(wake), compact_interval)) {}

Committer::~Committer() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->work.notify_one();
  impl_->thread.join();
}

bool Committer::has_room() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->waiting_bytes < kMaxCommitQueueBytes;
}

void Committer::submit(std::unique_ptr<WriteSet> set) {
  if (!set) return;
  {
    const std::lock_guard lock(impl_->mutex);
    CHECK(!impl_->stopping);
    if (impl_->failed) return;  // of an epoch that has failed already; its report said or will say so
    impl_->waiting_bytes += set->bytes();
    impl_->queue.push_back(std::move(set));
  }
  impl_->work.notify_one();
}

bool Committer::commit_now(std::vector<std::unique_ptr<WriteSet>>& sets) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->busy || impl_->compacting || impl_->failed || !impl_->queue.empty()) return false;
    impl_->busy = true;
    for (const auto& set : sets) impl_->waiting_bytes += set->bytes();
  }
  impl_->commit(sets);
  sets.clear();
  const std::lock_guard lock(impl_->mutex);
  impl_->busy = false;
  return true;
}

std::optional<CommitReport> Committer::poll() {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->reports.empty()) return std::nullopt;
  CommitReport report = std::move(impl_->reports.front());
  impl_->reports.pop_front();
  return report;
}

void Committer::resume() {
  const std::lock_guard lock(impl_->mutex);
  impl_->failed = false;
}

void Committer::flush() {
  std::unique_lock lock(impl_->mutex);
  impl_->done.wait(lock, [this] { return impl_->queue.empty() && !impl_->busy; });
}

}  // namespace comm
