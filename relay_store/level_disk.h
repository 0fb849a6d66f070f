// The disk below LevelDB. LevelDB's own Env leaves three things to the file system's kindness: that the entry of a new
// log is on disk when its first record is; that the renaming of CURRENT is when the old manifest goes; and that a record
// whose sync failed does not stand in the log, complete, for the next recovery to replay. DurableEnv sees to the first
// two and can cut the log back to what was synced. A Disk is what it stands on: the real one by default; a test's may
// fail, fill up and lose power (tests/support/faulty_disk.h).
#pragma once
#include <leveldb/env.h>

#include <mutex>

namespace comm {

class Disk : public leveldb::EnvWrapper {
 public:
  Disk() : EnvWrapper(leveldb::Env::Default()) {}
  // Makes the entries of a directory durable.
  virtual leveldb::Status sync_directory(const std::string& path);
  // A table is read with pread, not mapped, which is what LevelDB would do with the first thousand: what the kernel caches
  // of it is then the kernel's to count and to give back, and a failing disk is a status and not a SIGBUS.
  leveldb::Status NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** result) override;
  // Shortens a file, durably.
  virtual leveldb::Status cut(const std::string& name, std::uint64_t bytes);
  // A second name of a file.
  virtual leveldb::Status link(const std::string& name, const std::string& second);
  virtual std::uint64_t free_bytes(const std::string& path);  // that a new file may take; 0 if unknown

  static Disk& real();
};

// Owned by LevelKv. Logs are written and cut by the committing thread alone, other files pass through on any thread.
class DurableEnv final : public leveldb::EnvWrapper {
 public:
  explicit DurableEnv(Disk& disk) : EnvWrapper(&disk), disk_(disk) {}
  // The directory's entry of a new file becomes durable with the file's first sync, that of a renamed one at once.
  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** result) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  leveldb::Status RemoveFile(const std::string& name) override;  // not the manifest in use

  // Cuts the newest log back to what was synced, durably. Afterwards nothing may be appended: the database is opened anew.
  leveldb::Status cut_log();
  Disk& disk() const { return disk_; }

 private:
  class File;
  Disk& disk_;
  std::mutex mutex_;
  std::string log_;           // the newest one, empty before the first
  std::uint64_t synced_ = 0;  // bytes of it
};

}  // namespace comm
