// A full disk is not fatal: nothing of the refused batch is durable, reads go on, and writes resume when there is room.
// Played on a small tmpfs (needs root), and in a child whose files may not grow (anybody).
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>

#include "tests/unit/store/store_fixture.h"

using namespace comm;
using namespace comm::test;

namespace {

// Empty if all went well. No Boost.Test here: one of the callers is a forked child.
std::string fill_and_recover(const std::string& path, const std::function<void()>& make_room) {
  OpenResult opened = open_leveldb_store(path);
  if (!opened.store) return opened.detail;
  Store& store = *opened.store;
  Ticket ticket = 0;
  const auto write = [&](std::uint64_t number) {
    const std::vector<StoreOp> ops{put_of({.number = number, .body_bytes = 10'000}), PutCustody{message_id(number), 1, {7}}};
    store.stage(++ticket, ops);
    const auto set = store.take();
    const CommitResult result = store.commit({&set, 1});
    if (result == CommitResult::ok)
      store.committed(ticket);
    else
      store.failed();
    return result;
  };

  std::uint64_t stored = 0;
  CommitResult result = CommitResult::ok;
  while (result == CommitResult::ok && stored < 10'000)
    if (result = write(stored + 1); result == CommitResult::ok) ++stored;
  if (result != CommitResult::disk_full) return "no full disk, but: " + store.failure_detail();
  if (stored < 10) return "full too soon";
  if (store.failure_detail().empty()) return "no detail";
  if (store.custody_of(message_id(stored + 1)) != Custody::absent) return "the refused message is there";
  if (store.totals().live != stored) return "totals are wrong while the disk is full";
  if (store.body(message_id(stored)) != body_of({.number = stored, .body_bytes = 10'000})) return "reads stopped";

  make_room();
  for (int i = 0; i < 5; ++i) {
    if (result = write(stored + 1); result != CommitResult::ok) return "still refused: " + store.failure_detail();
    ++stored;
  }
  if (const std::string fault = store.verify(); !fault.empty()) return fault;
  const Totals totals = store.totals();
  opened.store.reset();

  const OpenResult again = open_leveldb_store(path);
  if (!again.store) return again.detail;
  if (again.store->totals() != totals) return "the totals did not survive";
  if (again.store->live_page(0, 100'000).size() != stored) return "messages did not survive";
  return again.store->verify();
}

void limit_files(bool forbidden) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = forbidden ? 0 : limit.rlim_max;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

// As fill_and_recover.
std::string refuse_and_recover(const std::string& path) {
  const OpenResult opened = open_leveldb_store(path);
  if (!opened.store) return opened.detail;
  Store& store = *opened.store;
  Ticket ticket = 0;
  const auto write = [&](std::uint64_t number) {
    store.stage(++ticket, std::vector<StoreOp>{put_of({.number = number, .body_bytes = 10'000})});
    const auto set = store.take();
    const CommitResult result = store.commit({&set, 1});
    if (result == CommitResult::ok) store.committed(ticket);
    else store.failed();
    return result;
  };
  if (write(1) != CommitResult::ok) return "not stored: " + store.failure_detail();
  limit_files(true);
  for (int i = 0; i < 5; ++i)
    if (write(2) != CommitResult::disk_full) return "no full disk, but: " + store.failure_detail();
  if (store.body(message_id(1)) != body_of({.number = 1, .body_bytes = 10'000})) return "reads stopped";
  limit_files(false);
  if (write(2) != CommitResult::ok) return "still refused: " + store.failure_detail();
  return store.live_page(0, 100).size() == 2 ? store.verify() : "messages are missing";
}

// What the child says that plays one side of a test, in a directory of its own.
std::string fault_of(const char* side) {
  const TempDir directory;
  const pid_t child = spawn_test(side, {{"COMM_STORE", directory.path()}});
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status)) return "the child was ended by a signal";
  std::string fault = "no answer from the child";
  if (std::ifstream in(directory.path() + "/fault"); in) {
    fault.clear();
    std::getline(in, fault);
  }
  return fault;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_disk_full)

BOOST_AUTO_TEST_CASE(tmpfs) {
  // 2 MiB fails in the log, 12 MiB while LevelDB writes tables in the background.
  for (const char* size : {"size=2m", "size=12m"}) {
    const TempDir directory;
    if (::mount("none", directory.path().c_str(), "tmpfs", 0, size) != 0) {
      BOOST_TEST_MESSAGE("cannot mount a tmpfs here: skipped");
      return;
    }
    const std::string fault = fill_and_recover(directory.path() + "/store", [&] {
      ::mount("none", directory.path().c_str(), "tmpfs", MS_REMOUNT, "size=64m");
    });
    ::umount(directory.path().c_str());
    BOOST_TEST(fault == "");
  }
}

// Without room the store keeps refusing and keeps reading; it does not end.
BOOST_AUTO_TEST_CASE(tmpfs_stays_full) {
  const TempDir directory;
  if (::mount("none", directory.path().c_str(), "tmpfs", 0, "size=3m") != 0) {
    BOOST_TEST_MESSAGE("cannot mount a tmpfs here: skipped");
    return;
  }
  {
    const OpenResult opened = open_leveldb_store(directory.path() + "/store");
    BOOST_REQUIRE(opened.store);
    Store& store = *opened.store;
    int refused = 0;
    for (std::uint64_t i = 1; i < 400 && refused < 20; ++i) {
      store.stage(i, std::vector<StoreOp>{put_of({.number = i, .body_bytes = 20'000})});
      const auto set = store.take();
      const CommitResult result = store.commit({&set, 1});
      BOOST_REQUIRE((result != CommitResult::fatal));
      if (result == CommitResult::ok) {
        store.committed(i);
      } else {
        ++refused;
        store.failed();
      }
    }
    BOOST_TEST(refused == 20);
    BOOST_TEST(store.verify() == "");
    const auto page = store.live_page(0, 1'000);
    BOOST_TEST(page.size() > 10u);
    for (const auto& item : page) BOOST_REQUIRE(store.body(item.id));
  }
  ::umount(directory.path().c_str());
}

// The child's side of the next test: the limit holds for a whole process.
BOOST_AUTO_TEST_CASE(limited, *boost::unit_test::disabled()) {
  const char* directory = std::getenv("COMM_STORE");
  if (!directory) return;
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = 1 << 20;
  ::setrlimit(RLIMIT_FSIZE, &limit);
  const std::string fault = fill_and_recover(std::string(directory) + "/store", [&] {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  });
  std::ofstream(std::string(directory) + "/fault") << fault;
}

// The same for one whose files may not grow at all: it goes on refusing and reading, and stores when they may again.
BOOST_AUTO_TEST_CASE(forbidden, *boost::unit_test::disabled()) {
  const char* directory = std::getenv("COMM_STORE");
  if (!directory) return;
  std::signal(SIGXFSZ, SIG_IGN);
  const std::string fault = refuse_and_recover(std::string(directory) + "/store");
  limit_files(false);  // what is written now is the answer
  std::ofstream(std::string(directory) + "/fault") << fault;
}

BOOST_AUTO_TEST_CASE(file_size_limit) {
  for (const char* side : {"store_disk_full/limited", "store_disk_full/forbidden"}) BOOST_TEST(fault_of(side) == "");
}

BOOST_AUTO_TEST_SUITE_END()
