// A disk in memory that keeps only what it was made to keep, and fails on request.
//
//   Files are bytes of which the first `synced` survive; of the rest a crash keeps, by chance, nothing, all, a piece
//   torn at any byte, or, of a log or manifest, a piece with holes of zeros. Names (creations, renames, removals) survive
//   from the last sync_directory on only by chance, each for itself. After a crash the disk is as a new process finds it.
//
// All background work of LevelDB runs on one thread of the disk's own, and only between hold() and settle() it does
// not: so the order of all operations, and with it which one a crash meets, follows from the test's seed alone.
// Owned by a test. Any thread.
#pragma once
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "proto/base/random.h"
#include "relay_store/level_disk.h"

namespace comm::test {

class FaultyDisk final : public Disk {
 public:
  FaultyDisk();
  ~FaultyDisk() override;

  // --- faults ---
  enum class Fault { power, sync, create, full_sync };
  // The `count`-th operation of the fault's kind from now on meets it (1: the next). power: any change of the disk,
  // which is done in part, and nothing works afterwards until crash(). sync: a sync fails (EIO). create, full_sync:
  // no room for a new file, for what is to be synced (ENOSPC).
  void arm(Fault fault, std::uint64_t count);
  void disarm();
  void set_capacity(std::uint64_t bytes);  // appends beyond it are torn and fail (ENOSPC)
  std::uint64_t used();
  bool off();  // the power is

  // Drops what a loss of power drops. REQUIRES: no store is open.
  void crash(Prng& random);

  // --- background work ---
  void hold();    // what is scheduled from now on waits (for a while: the foreground may be waiting for it)
  void settle();  // lets it run and returns when none is left

  std::uint64_t operations();  // that changed the disk, so far

  // --- Disk ---
  leveldb::Status sync_directory(const std::string& path) override;
  leveldb::Status cut(const std::string& name, std::uint64_t bytes) override;
  leveldb::Status link(const std::string& name, const std::string& second) override;
  std::uint64_t free_bytes(const std::string& path) override;
  leveldb::Status NewSequentialFile(const std::string& name, leveldb::SequentialFile** result) override;
  leveldb::Status NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** result) override;
  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** result) override;
  leveldb::Status NewAppendableFile(const std::string& name, leveldb::WritableFile** result) override;
  bool FileExists(const std::string& name) override;
  leveldb::Status GetChildren(const std::string& directory, std::vector<std::string>* result) override;
  leveldb::Status RemoveFile(const std::string& name) override;
  leveldb::Status CreateDir(const std::string& name) override;
  leveldb::Status RemoveDir(const std::string& name) override;
  leveldb::Status GetFileSize(const std::string& name, std::uint64_t* size) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  leveldb::Status LockFile(const std::string& name, leveldb::FileLock** lock) override;
  leveldb::Status UnlockFile(leveldb::FileLock* lock) override;
  void Schedule(void (*function)(void*), void* argument) override;

 private:
  struct Inode {
    std::string bytes;
    std::size_t synced = 0;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  // A change of names that is not durable yet: what `name` means afterwards (null: nothing), and, of a renaming, the
  // name that goes with it.
  struct Change {
    std::string name, gone;
    std::shared_ptr<Inode> inode;
  };
  struct Lock;
  class Reader;
  class Writer;

  bool strikes(Fault fault);
  leveldb::Status change(const std::string& name);  // counts an operation; not ok: it is not done
  void rename_inode(Names& names, const Change& change);
  leveldb::Status append(Inode& inode, const std::string& name, const leveldb::Slice& data);
  leveldb::Status sync(Inode& inode, const std::string& name);
  std::uint64_t used_locked() const;
  void work();

  std::mutex mutex_;
  Names names_, durable_;
  std::deque<Change> changes_;
  std::set<std::string> locked_;
  std::map<Fault, std::uint64_t> armed_;
  std::uint64_t capacity_ = UINT64_MAX, operations_ = 0;
  bool off_ = false;

  std::mutex work_mutex_;
  std::condition_variable work_changed_;
  std::deque<std::pair<void (*)(void*), void*>> work_;
  bool held_ = false, busy_ = false, stopping_ = false;
  std::thread worker_;
};

}  // namespace comm::test
