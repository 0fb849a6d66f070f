#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "node/shell/node_key.h"
#include "node/shell/data_dir.h"
#include "proto/seal/os_random.h"
#include "tests/unit/shell/temp_dir.h"

namespace comm {

BOOST_AUTO_TEST_SUITE(data_dir)

BOOST_AUTO_TEST_CASE(created_private_with_its_parents) {
  const TempDir temp;
  Failure failure;
  const std::string path = temp.path() + "/a/b/c";
  const auto dir = DataDir::open(path, "comm relay", failure);
  BOOST_REQUIRE_MESSAGE(dir, failure.sentence);
  struct stat info{};
  for (const auto* part : {"/a", "/a/b", "/a/b/c"}) {
    BOOST_REQUIRE(stat((temp.path() + part).c_str(), &info) == 0);
    BOOST_CHECK_EQUAL(info.st_mode & 0777u, 0700u);
  }
  BOOST_REQUIRE(stat((path + "/LOCK").c_str(), &info) == 0);
  BOOST_CHECK_EQUAL(info.st_mode & 0777u, 0600u);
  std::ifstream in(path + "/LOCK");
  std::string line;
  std::getline(in, line);
  BOOST_CHECK_EQUAL(line, std::to_string(getpid()) + " comm relay");
}

BOOST_AUTO_TEST_CASE(second_instance_is_told_who_has_it) {
  const TempDir temp;
  Failure failure;
  const auto first = DataDir::open(temp.path(), "comm relay", failure);
  BOOST_REQUIRE(first);
  BOOST_CHECK(!DataDir::open(temp.path(), "comm chat", failure));
  BOOST_CHECK_EQUAL(failure.exit_code, kExitLocked);
  BOOST_CHECK_EQUAL(failure.sentence, "profile data directory \"" + temp.path() + "\" is in use by pid " +
                                          std::to_string(getpid()) + " (comm relay). Use --data DIR.");
}

BOOST_AUTO_TEST_CASE(lock_goes_with_its_holder) {
  const TempDir temp;
  const pid_t child = fork();
  if (child == 0) {
    Failure failure;
    const auto dir = DataDir::open(temp.path(), "comm", failure);
    _exit(dir ? 0 : 1);  // no destructor: as if killed
  }
  int status = 0;
  waitpid(child, &status, 0);
  BOOST_REQUIRE_EQUAL(status, 0);
  Failure failure;
  BOOST_CHECK_MESSAGE(DataDir::open(temp.path(), "comm", failure), failure.sentence);
}

BOOST_AUTO_TEST_CASE(a_file_is_refused) {
  const TempDir temp;
  std::ofstream(temp.path() + "/file") << "x";
  Failure failure;
  BOOST_CHECK(!DataDir::open(temp.path() + "/file", "comm", failure));
  BOOST_CHECK_EQUAL(failure.exit_code, kExitIo);
  BOOST_CHECK(!DataDir::open("", "comm", failure));
}

BOOST_AUTO_TEST_CASE(no_permission_is_its_own_code) {
  if (geteuid() == 0) return;  // root may write anywhere
  const TempDir temp;
  chmod(temp.path().c_str(), 0500);
  Failure failure;
  BOOST_CHECK(!DataDir::open(temp.path() + "/sub", "comm", failure));
  BOOST_CHECK_EQUAL(failure.exit_code, kExitPermission);
  chmod(temp.path().c_str(), 0700);
}

BOOST_AUTO_TEST_CASE(node_key_is_made_once) {
  const auto store = make_mem_store();
  OsRandom random;
  Failure failure;
  const auto first = load_node_key(*store, random, true, failure);
  const auto second = load_node_key(*store, random, true, failure);
  const auto dear = load_node_key(*store, random, false, failure);
  BOOST_REQUIRE(first && second && dear);
  BOOST_CHECK(first->key.public_key() == second->key.public_key());
  BOOST_CHECK(first->id == second->id);
  BOOST_CHECK(first->id == derive_node_id(first->key.public_key(), true));
  BOOST_CHECK(dear->key.public_key() == first->key.public_key());
  BOOST_CHECK(dear->id == derive_node_id(first->key.public_key(), false));
}

BOOST_AUTO_TEST_CASE(damaged_node_key_is_refused) {
  const auto store = make_mem_store();
  const StoreOp op = PutRow{Table::meta, to_bytes(as_bytes("node-key")), Bytes(31, 1)};
  store->stage(1, std::span<const StoreOp>(&op, 1));
  OsRandom random;
  Failure failure;
  BOOST_CHECK(!load_node_key(*store, random, true, failure));
  BOOST_CHECK_EQUAL(failure.exit_code, kExitCorrupt);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
