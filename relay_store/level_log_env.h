// LevelDB's environment, which also knows how much of its write-ahead log is on disk and can cut off the rest. LevelDB
// itself leaves a record whose sync failed in the log, complete, and the next recovery replays it: rows would come back
// that were reported as dropped. Owned by LevelKv; the log is written and cut by the committing thread alone, other
// files pass through on any thread. In memory: one file name and one length.
#pragma once
#include <leveldb/env.h>

#include <string>

namespace comm {

class LogEnv final : public leveldb::EnvWrapper {
 public:
  explicit LogEnv(leveldb::Env* target) : EnvWrapper(target) {}

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** out) override;

  // Cuts the newest log back to what was synced, durably. Afterwards nothing may be appended: the database is opened anew.
  leveldb::Status cut_log();

 private:
  class Log;

  std::string log_;              // the newest one, empty before the first
  std::uint64_t synced_ = 0;     // bytes of it
};

}  // namespace comm
