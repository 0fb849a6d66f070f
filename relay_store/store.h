// A durable store of custody (spec 40-custody). Staging is done by one thread (the reactor), committing by another.
//
//   reactor: stage(ticket, ops)            reads see the ops at once
//   reactor: take() -> WriteSet            everything staged since the last take, in order
//   committer: commit(write sets)          one durable write (fsync) of the merged sets
//   reactor: committed(ticket)             overlay entries up to ticket are dropped
//   reactor: failed()                      everything not committed is dropped: reads show the durable state again
//
// MemStore implements the same contract without a disk (simulator, tests): its commit is a function call, and dropping
// uncommitted sets is its crash. tests/unit/store/contract runs over both.
#pragma once
#include <memory>
#include <string>

#include "relay_store/store_op.h"

namespace comm {

// An opaque batch of raw row writes, produced by stage and consumed by commit.
class WriteSet {
 public:
  virtual ~WriteSet() = default;
  virtual Ticket last_ticket() const = 0;
  virtual std::size_t bytes() const = 0;
};

enum class CommitResult : std::uint8_t {
  ok,
  disk_full,  // nothing of it is durable; the store goes on
  fatal       // a sync failed: what is on disk is indeterminate, the process must end (exit 74)
};

class Store : public StoreView, public StoreStage {
 public:
  // Null if nothing is staged. Ops that change nothing (a duplicate) still make their ticket part of the set, so that
  // it is reported in its turn.
  virtual std::unique_ptr<WriteSet> take() = 0;
  virtual void committed(Ticket ticket) = 0;
  virtual void failed() = 0;
  // May run on another thread than the rest. Merges the sets into one synced write.
  virtual CommitResult commit(std::span<const std::unique_ptr<WriteSet>> sets) = 0;

  // The four below belong to the committing thread, between commits.
  virtual std::string failure_detail() const { return {}; }  // of the last commit that was not ok: a sentence
  // What was erased stays in old tables until these are rewritten. `erased` counts rows not yet rewritten away, one
  // compact_step does a bounded part of the work (true if more remains), compact does all of it.
  virtual std::uint64_t erased() const { return 0; }
  virtual bool compact_step() { return false; }
  void compact() { while (compact_step()) {} }

  // What the first read of a damaged row met (it was answered as if there were no such row); no commit succeeds since.
  // Empty: nothing.
  virtual std::string read_failure() const { return {}; }

  // Recounts counters and indices against the rows they describe: empty if all agree, else the first contradiction.
  // Reads the whole store; for tests and for a database whose log was damaged. Thread: the one that stages.
  virtual std::string verify() const { return {}; }
};

std::unique_ptr<Store> make_mem_store();

enum class OpenFailure : std::uint8_t { none, locked, corrupt, older, foreign, io };
struct OpenResult {
  std::unique_ptr<Store> store;  // null on failure
  OpenFailure failure = OpenFailure::none;
  std::string detail;            // a sentence for people: what, why, what next
};
// Opens or creates the database in directory `path` (0700). Refuses a database of another format ("foreign").
OpenResult open_leveldb_store(const std::string& path);

}  // namespace comm
