// Kv on LevelDB, the only user of that library. One directory, one process (LevelDB's LOCK).
// Threads: see kv.h. The database object is replaced only by the committing thread, under an exclusive lock, after a
// full disk; readers hold that lock shared for the length of one call.
// Bounds: two write buffers and LevelDB's 8 MiB block cache in memory, kMaxOpenFiles descriptors.
#pragma once
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>

#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "relay_store/kv.h"
#include "relay_store/level_disk.h"

namespace comm {

class LevelKv final : public Kv {
 public:
  LevelKv(Disk& disk, std::string path, std::size_t write_buffer_bytes);
  ~LevelKv() override;
  LevelKv(const LevelKv&) = delete;
  LevelKv& operator=(const LevelKv&) = delete;

  // Opens, or closes and opens again. REQUIRES: ok before anything else is called.
  // `tolerant` accepts a damaged log and drops what it cannot read.
  leveldb::Status open(bool tolerant);
  void close() { db_.reset(); }
  // LevelDB's own repair, of a database that is not open: makes a manifest of the tables and logs that can be read.
  leveldb::Status repair();

  bool get(std::string_view key, std::string& value) const override;
  void scan(std::string_view from, std::string_view until, const Visit& visit) const override;
  CommitResult apply(std::span<const KvWrites* const> batches) override;
  std::string read_failure() const override;
  std::string failure_detail() const override { return detail_; }
  std::uint64_t erased() const override { return noted_.rows + due_.rows; }
  bool compact_step() override;

 private:
  class NullLogger;
  // Erased rows that tables still hold.
  struct Drained {
    std::uint64_t rows = 0;
    std::set<std::uint64_t> slices;        // sequence / kSliceSequences with erased bodies
    std::map<char, std::uint64_t> kinds;  // erased rows of the other kinds
  };

  leveldb::Options options(bool tolerant);
  void note_read(const leveldb::Status& status) const;
  CommitResult failed(const leveldb::Status& status);
  CommitResult drop_failed_batch();
  CommitResult reopen();
  bool has_room_to_reopen() const;
  void note_erased(const KvWrite& write);
  void rewrite(const std::string& from, const std::string& until);
  void rewrite_next_slices();
  bool worth_rewriting(char kind, std::uint64_t count) const;
  std::uint64_t approximate_bytes(const std::string& from, const std::string& until) const;

  const std::string path_;
  const std::size_t write_buffer_bytes_;
  DurableEnv env_;
  std::unique_ptr<leveldb::Logger> logger_;
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  mutable std::shared_mutex replace_;  // shared: uses *db_; exclusive: replaces db_
  std::unique_ptr<leveldb::DB> db_;

  mutable std::mutex read_mutex_;
  mutable std::string read_detail_;  // of the first read that failed

  // The committing thread's.
  std::string detail_;
  bool torn_ = false;  // the log was cut: nothing may be appended before a reopen
  bool broken_ = false;  // a write of compaction's own failed for good; detail_ says how
  Drained noted_;  // since the compaction under way began
  Drained due_;    // its own; what is erased meanwhile is the next one's, or a long drain would never let it end
  bool compacting_ = false;
};

// A full disk, quota or file size limit, from the text of a status: LevelDB keeps nothing else of errno.
bool is_disk_full(const leveldb::Status& status);

}  // namespace comm
