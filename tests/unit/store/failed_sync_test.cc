// A disk that is found full only when the log is synced: the record stands complete in the log by then. The batch was
// reported as dropped, so it may not come back, neither when the store goes on nor when it is opened anew.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstring>

#include "relay_store/level_kv.h"
#include "relay_store/leveldb_store.h"
#include "tests/unit/store/store_fixture.h"

using namespace comm;
using namespace comm::test;

namespace {

// Logs whose sync fails as told.
class FullAtSync final : public Disk {
 public:
  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** out) override {
    const leveldb::Status status = target()->NewWritableFile(name, out);
    if (status.ok() && name.ends_with(".log")) *out = new Log(*this, *out);
    return status;
  }
  int error = 0;  // of every sync from now on

 private:
  class Log final : public leveldb::WritableFile {
   public:
    Log(FullAtSync& disk, leveldb::WritableFile* file) : disk_(disk), file_(file) {}
    leveldb::Status Append(const leveldb::Slice& data) override { return file_->Append(data); }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Sync() override {
      if (disk_.error == 0) return file_->Sync();
      return leveldb::Status::IOError("log", std::strerror(disk_.error));
    }

   private:
    FullAtSync& disk_;
    const std::unique_ptr<leveldb::WritableFile> file_;
  };
};

struct StoreOnIt {
  TempDir directory;
  FullAtSync disk;
  std::unique_ptr<LevelKv> kv;

  StoreOnIt() { open(); }
  void open() {
    kv.reset();
    kv = std::make_unique<LevelKv>(disk, directory.path() + "/store", kWriteBufferBytes);
    BOOST_REQUIRE(kv->open(false).ok());
  }
  CommitResult put(const std::string& key, std::size_t bytes = 10) {
    const KvWrites writes{{key, std::string(bytes, 'v'), false}};
    const KvWrites* const batch = &writes;
    return kv->apply({&batch, 1});
  }
  bool has(const std::string& key) const {
    std::string value;
    return kv->get(key, value);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(store_failed_sync)

BOOST_FIXTURE_TEST_CASE(a_dropped_batch_does_not_come_back_when_the_store_goes_on, StoreOnIt) {
  for (const std::size_t bytes : {std::size_t{10}, std::size_t{200'000}}) {
    const std::string before = "before " + std::to_string(bytes), dropped = "dropped " + std::to_string(bytes);
    BOOST_TEST((put(before, bytes) == CommitResult::ok));
    disk.error = ENOSPC;
    BOOST_TEST((put(dropped, bytes) == CommitResult::disk_full));
    BOOST_TEST(!has(dropped));
    disk.error = 0;
    BOOST_TEST((put("after") == CommitResult::ok));
    BOOST_TEST(!has(dropped));
    open();
    BOOST_TEST(has(before));
    BOOST_TEST(!has(dropped));
    BOOST_TEST(has("after"));
  }
}

BOOST_FIXTURE_TEST_CASE(a_dropped_batch_does_not_come_back_at_the_next_start, StoreOnIt) {
  BOOST_TEST((put("before") == CommitResult::ok));
  disk.error = ENOSPC;
  BOOST_TEST((put("dropped") == CommitResult::disk_full));
  disk.error = 0;
  open();
  BOOST_TEST(has("before"));
  BOOST_TEST(!has("dropped"));
}

// The first write after the log was changed: nothing of the new one is on disk yet.
BOOST_FIXTURE_TEST_CASE(a_full_disk_right_after_a_new_log, StoreOnIt) {
  for (int i = 0; i < 45; ++i) BOOST_REQUIRE((put("row " + std::to_string(i), 100'000) == CommitResult::ok));
  for (int i = 0; i < 4; ++i) {
    open();  // begins a log
    disk.error = EDQUOT;
    BOOST_TEST((put("dropped", 100'000) == CommitResult::disk_full));
    disk.error = 0;
  }
  open();
  BOOST_TEST(!has("dropped"));
  for (int i = 0; i < 45; ++i) BOOST_TEST(has("row " + std::to_string(i)));
}

BOOST_FIXTURE_TEST_CASE(a_disk_that_is_broken_is_fatal, StoreOnIt) {
  disk.error = EIO;
  BOOST_TEST((put("unknown") == CommitResult::fatal));
}

// What cannot be taken back is not reported as dropped.
BOOST_FIXTURE_TEST_CASE(a_log_that_cannot_be_cut_is_fatal, StoreOnIt) {
  BOOST_TEST((put("before") == CommitResult::ok));
  disk.error = ENOSPC;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path() + "/store"))
    if (entry.path().extension() == ".log") std::filesystem::remove(entry.path());
  BOOST_TEST((put("unknown") == CommitResult::fatal));
}

BOOST_AUTO_TEST_SUITE_END()
