// What only a disk can do: restart, refuse what is not ours, survive a damaged log, give space back.
#include <leveldb/db.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "relay_store/level_log.h"
#include "relay_store/repair.h"
#include "tests/unit/store/store_fixture.h"

using namespace comm;
using namespace comm::test;

namespace {

// The newest file of that extension.
std::filesystem::path file_of(const std::string& directory, const std::string& extension) {
  std::filesystem::path out;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().extension() == extension && (out.empty() || entry.path() > out)) out = entry.path();
  BOOST_REQUIRE(!out.empty());
  return out;
}

void put_raw(const std::string& path, const std::string& key, const std::string& value) {
  leveldb::Options options;
  options.create_if_missing = true;
  leveldb::DB* raw = nullptr;
  BOOST_REQUIRE(leveldb::DB::Open(options, path, &raw).ok());
  const std::unique_ptr<leveldb::DB> db(raw);
  BOOST_REQUIRE(db->Put({}, key, value).ok());
}

void flip_byte(const std::filesystem::path& file, std::uint64_t at) {
  std::fstream io(file, std::ios::in | std::ios::out | std::ios::binary);
  io.seekg(static_cast<std::streamoff>(at));
  const char old = static_cast<char>(io.get());
  io.seekp(static_cast<std::streamoff>(at));
  io.put(static_cast<char>(old ^ 0x40));
  BOOST_REQUIRE(io.good());
}

// As far as these tests' messages say what they are.
bool is_intact(const StoreOp& op) {
  const auto* put = std::get_if<PutMessage>(&op);
  return !put || put->body == body_of({.number = get_be<std::uint64_t>(put->id.view()), .body_bytes = put->body.size()});
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  BOOST_REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_leveldb)

BOOST_AUTO_TEST_CASE(everything_committed_survives_a_restart) {
  StoreUnderTest store(StoreKind::leveldb);
  store.write({put_of({.number = 1, .mailbox = 1, .ingress = 1, .expires = 50}),
               put_of({.number = 2, .mailbox = 1, .ingress = 2, .expires = 40}),
               put_of({.number = 3, .mailbox = 2, .ingress = 1, .expires = 60}),
               PutCustody{message_id(1), 900, {1, 1}}, PutCustody{message_id(2), 800, {2}},
               tombstone_of({.number = 3}), tombstone_of({.number = 9, .expires = 30}, Custody::refused, true),
               PutKeyRecord{address_of(4), 1, 2, {4}}, PutRow{Table::agent, {5}, {6}}});
  const Totals totals = store->totals();
  const std::uint64_t sequence = store->message(message_id(2))->sequence;
  store.crash();
  BOOST_TEST((store->totals() == totals));
  BOOST_TEST(store->verify() == "");
  const auto due = store->due_page(INT64_MAX, 10);
  BOOST_REQUIRE(due.size() == 2u);
  BOOST_TEST((due[0].id == message_id(2) && due[0].due == 800 && due[0].state == Bytes{2}));
  BOOST_TEST((due[1].id == message_id(1) && due[1].state == Bytes{1, 1}));
  BOOST_TEST(store->next_expiry().value() == 30u);
  BOOST_TEST((store->body(message_id(1)) == body_of({.number = 1})));
  BOOST_TEST((store->final_record(message_id(3)) == tombstone_of({.number = 3}).record));
  BOOST_TEST((store->key_record(address_of(4)) == Bytes{4}));
  BOOST_TEST((store->row(Table::agent, Bytes{5}) == Bytes{6}));
  BOOST_TEST(store->mailbox_bytes(mailbox_id(1)) == 2 * (100 + kHeaderBytes));
  BOOST_TEST(store->message(message_id(2))->sequence == sequence);
}

BOOST_AUTO_TEST_CASE(sequence_numbers_are_never_used_twice) {
  StoreUnderTest store(StoreKind::leveldb);
  store.write({put_of({.number = 1}), put_of({.number = 2})});
  const std::uint64_t highest = store->message(message_id(2))->sequence;
  store.write({EraseMessage{message_id(2)}, EraseMessage{message_id(1)}});
  store.crash();
  store.write({put_of({.number = 3})});
  BOOST_TEST(store->message(message_id(3))->sequence > highest);
}

BOOST_AUTO_TEST_CASE(what_was_not_committed_is_lost) {
  StoreUnderTest store(StoreKind::leveldb);
  store.write({put_of({.number = 1})});
  store.stage({put_of({.number = 2}), tombstone_of({.number = 1})});
  const auto taken = store->take();
  store.stage({put_of({.number = 3})});
  store.crash();
  BOOST_TEST((store->totals() == Totals{1, 0, 0, 100 + kHeaderBytes, 0}));
  BOOST_TEST((store->custody_of(message_id(1)) == Custody::live));
  BOOST_TEST(store->verify() == "");
}

BOOST_AUTO_TEST_CASE(directory_is_private) {
  const TempDir directory;
  const std::string path = directory.path() + "/a/store";
  std::filesystem::create_directories(path);
  BOOST_REQUIRE(::chmod(path.c_str(), 0755) == 0);
  BOOST_REQUIRE(open_leveldb_store(path).store);
  BOOST_TEST(mode_of(path) == 0700u);
  BOOST_TEST(!std::filesystem::exists(path + "/LOG"));
}

BOOST_AUTO_TEST_CASE(refuses_a_second_process) {
  const TempDir directory;
  const OpenResult first = open_leveldb_store(directory.path());
  BOOST_REQUIRE(first.store);
  const OpenResult second = open_leveldb_store(directory.path());
  BOOST_TEST(!second.store);
  BOOST_TEST((second.failure == OpenFailure::locked));
  BOOST_TEST(second.detail.find("in use") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(refuses_foreign_databases) {
  for (const auto& [key, value] : {std::pair<std::string, std::string>{"somebody", "else's"}, {"V", "comm store 99"}}) {
    const TempDir directory;
    put_raw(directory.path(), key, value);
    const OpenResult opened = open_leveldb_store(directory.path());
    BOOST_TEST(!opened.store);
    BOOST_TEST((opened.failure == OpenFailure::foreign));
    const auto before = directory_bytes(directory.path());
    BOOST_TEST((repair_leveldb_store(directory.path(), is_intact).failure == OpenFailure::foreign));
    BOOST_TEST(directory_bytes(directory.path()) == before);
  }
}

BOOST_AUTO_TEST_CASE(an_older_store_is_converted) {
  const TempDir directory;
  const std::string path = directory.path() + "/store";
  {
    const OpenResult opened = open_leveldb_store(path);
    opened.store->stage(1, std::vector<StoreOp>{put_of({.number = 1}), tombstone_of({.number = 2}), PutRow{Table::meta, {1}, {2}}});
    const auto set = opened.store->take();
    BOOST_REQUIRE((opened.store->commit({&set, 1}) == CommitResult::ok));
  }
  put_raw(path, "V", "comm store 1");
  const OpenResult refused = open_leveldb_store(path);
  BOOST_TEST((refused.failure == OpenFailure::older));
  BOOST_TEST(refused.detail.find("--repair --data " + directory.path()) != std::string::npos);
  const StoreReport report = repair_leveldb_store(path, is_intact);
  BOOST_TEST(report.detail == "");
  BOOST_TEST((report.totals.live == 1u && report.totals.acknowledged == 1u && report.rows == 1u));
  BOOST_TEST(check_leveldb_store(path).detail == "");
  BOOST_TEST(std::filesystem::exists(path + ".damaged-1"));
}

// Cut at any byte a log is torn; with a byte changed it is damaged, unless that is in the last record.
BOOST_AUTO_TEST_CASE(torn_and_damaged_logs) {
  StoreUnderTest store(StoreKind::leveldb);
  const auto log = file_of(store.path(), ".log");
  std::vector<std::size_t> ends{std::filesystem::file_size(log)};  // of the version
  for (std::uint64_t i = 1; i < 12; ++i) {
    store.write({put_of({.number = i, .body_bytes = i * 2'000})});
    ends.push_back(std::filesystem::file_size(log));
  }
  std::ifstream in(log, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  BOOST_REQUIRE(whole.size() == ends.back());
  BOOST_TEST((read_log(whole).state == LogState::whole && read_log(whole).whole == whole.size()));
  const std::size_t last = ends[ends.size() - 2];
  std::size_t mistaken = 0;  // where a header is hit, and nothing begins in a later block
  for (std::size_t at = 0; at < whole.size(); at += 97) {
    const LogReading cut = read_log(std::string_view(whole).substr(0, at));
    BOOST_TEST((cut.state != LogState::damaged));
    const auto before = std::upper_bound(ends.begin(), ends.end(), at);  // the first record that is not whole
    BOOST_TEST(cut.whole == (before == ends.begin() ? 0 : before[-1]));
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    if (at >= last)
      BOOST_TEST((read_log(changed).state == LogState::torn));
    else
      mistaken += read_log(changed).state != LogState::damaged;
  }
  BOOST_TEST(mistaken < 5u);
}

BOOST_AUTO_TEST_CASE(refuses_impossible_directories) {
  const TempDir directory;
  std::ofstream(directory.path() + "/file") << "x";
  const OpenResult opened = open_leveldb_store(directory.path() + "/file");
  BOOST_TEST((opened.failure == OpenFailure::io));
  BOOST_TEST(!opened.detail.empty());
}

BOOST_AUTO_TEST_CASE(refuses_damage_and_says_so) {
  for (const std::string lost : {"CURRENT", "MANIFEST"}) {
    StoreUnderTest store(StoreKind::leveldb);
    store.write({put_of({.number = 1})});
    store.crash();  // the log's rows become a table
    const TempDir copy;
    const std::string path = copy.path() + "/copy";
    std::filesystem::copy(store.path(), path);
    std::filesystem::remove(path + "/LOCK");
    for (const auto& entry : std::filesystem::directory_iterator(path))
      if (entry.path().filename().string().starts_with(lost)) std::filesystem::remove(entry.path());
    const OpenResult opened = open_leveldb_store(path);
    BOOST_TEST(!opened.store);
    BOOST_TEST((opened.failure == OpenFailure::corrupt));
    BOOST_TEST(opened.detail.find("damaged") != std::string::npos);
  }
}

// A power cut in the middle of a commit: whatever of its record reached the disk, the rest opens.
BOOST_AUTO_TEST_CASE(a_torn_last_record_is_dropped) {
  for (const bool holes : {false, true}) {
    StoreUnderTest store(StoreKind::leveldb);
    store.write({put_of({.number = 1})});
    const TempDir copy;
    const std::string path = copy.path() + "/copy";
    const auto log = file_of(store.path(), ".log");
    const auto durable = std::filesystem::file_size(log);
    store.write({put_of({.number = 2, .body_bytes = 200'000})});
    std::filesystem::copy(store.path(), path);
    std::filesystem::remove(path + "/LOCK");
    const auto torn = path + "/" + log.filename().string();
    if (holes)
      for (std::uint64_t i = 0; i < 5; ++i) flip_byte(torn, durable + 100 + i * 40'000);
    else
      std::filesystem::resize_file(torn, durable + 150'000);
    const OpenResult opened = open_leveldb_store(path);
    BOOST_REQUIRE_MESSAGE(opened.store, opened.detail);
    BOOST_TEST((opened.store->custody_of(message_id(1)) == Custody::live));
    BOOST_TEST((opened.store->custody_of(message_id(2)) == Custody::absent));
    BOOST_TEST(opened.store->verify() == "");
  }
}

BOOST_AUTO_TEST_CASE(a_lost_record_in_the_middle_is_damage) {
  StoreUnderTest store(StoreKind::leveldb);
  for (std::uint64_t i = 1; i < 100; ++i) store.write({put_of({.number = i, .body_bytes = 2'000})});
  const TempDir copy;
  const std::string path = copy.path() + "/copy";
  std::filesystem::copy(store.path(), path);
  std::filesystem::remove(path + "/LOCK");
  for (const std::uint64_t at : {50'000u, 51'000u}) flip_byte(file_of(path, ".log"), at);  // at least one is in a body
  for (int start = 0; start < 2; ++start) {
    const OpenResult opened = open_leveldb_store(path);
    BOOST_TEST(!opened.store);
    BOOST_TEST((opened.failure == OpenFailure::corrupt));
    BOOST_TEST(opened.detail.find("--repair") != std::string::npos);
  }
  const StoreReport repaired = repair_leveldb_store(path, is_intact);
  BOOST_TEST(repaired.detail == "");
  BOOST_TEST(repaired.totals.live >= 97u);
  BOOST_TEST(repaired.totals.live < 99u);
  BOOST_TEST(check_leveldb_store(path).detail == "");
  BOOST_TEST(std::filesystem::exists(repaired.moved_to));
}

// What was read of a large store would count as this process's memory for as long as its tables are open.
BOOST_AUTO_TEST_CASE(tables_are_not_mapped) {
  StoreUnderTest store(StoreKind::leveldb);
  for (std::uint64_t i = 1; i < 20; ++i) store.write({put_of({.number = i, .body_bytes = 60'000})});
  store.crash();  // the log's rows become a table
  for (std::uint64_t i = 1; i < 20; ++i)
    BOOST_TEST((store->body(message_id(i)) == body_of({.number = i, .body_bytes = 60'000})));
  BOOST_TEST(!file_of(store.path(), ".ldb").empty());
  std::ifstream maps("/proc/self/maps");
  std::size_t lines = 0;
  for (std::string line; std::getline(maps, line); ++lines) BOOST_TEST(line.find(store.path()) == line.npos);
  BOOST_TEST(lines > 0u);
}

// A table that rots under a running store: reads answer "no such row", and nothing decided on that is ever durable.
BOOST_AUTO_TEST_CASE(a_damaged_table_stops_commits) {
  const TempDir directory;
  std::vector<StoreOp> ops;
  for (std::uint64_t i = 1; i < 200; ++i) ops.push_back(put_of({.number = i, .body_bytes = 2'000}));
  {
    const OpenResult opened = open_leveldb_store(directory.path());
    opened.store->stage(1, ops);
    const auto set = opened.store->take();
    BOOST_REQUIRE((opened.store->commit({&set, 1}) == CommitResult::ok));
  }
  BOOST_REQUIRE(open_leveldb_store(directory.path()).store);  // the log's rows become a table
  flip_byte(file_of(directory.path(), ".ldb"), 100'000);
  const OpenResult opened = open_leveldb_store(directory.path());
  BOOST_REQUIRE(opened.store);
  std::size_t missing = 0;
  for (std::uint64_t i = 1; i < 200; ++i) missing += !opened.store->body(message_id(i));
  BOOST_TEST(missing > 0u);
  opened.store->stage(1, std::vector<StoreOp>{put_of({.number = 500})});
  const auto set = opened.store->take();
  BOOST_TEST((opened.store->commit({&set, 1}) == CommitResult::fatal));
  BOOST_TEST(opened.store->failure_detail().find("reading") != std::string::npos);
}

namespace {

constexpr std::string_view kMarker = "a marker that only bodies contain";

PutMessage marked(std::uint64_t number) {
  PutMessage out = put_of({.number = number, .mailbox = number % 7, .body_bytes = 1'024});
  std::copy(kMarker.begin(), kMarker.end(), out.body.begin() + 100);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(compaction_removes_erased_bodies_from_the_disk) {
  // Few: put and erased within one write buffer. Many: spread over several tables and levels.
  for (const std::uint64_t count : {10u, 6'000u}) {
    StoreUnderTest store(StoreKind::leveldb);
    store.write({put_of({.number = 1'000'000})});
    for (std::uint64_t i = 0; i < count; i += 100) {
      std::vector<StoreOp> ops;
      for (std::uint64_t j = i; j < std::min(i + 100, count); ++j) ops.push_back(marked(j));
      store.write(std::move(ops));
    }
    const std::uint64_t full = directory_bytes(store.path());
    BOOST_TEST(directory_contains(store.path(), kMarker));
    for (std::uint64_t i = 0; i < count; ++i) {
      const MessageSpec spec{.number = i, .mailbox = i % 7, .body_bytes = 1'024};
      if (i % 2 == 0)
        store.stage({EraseMessage{message_id(i)}});
      else
        store.stage({tombstone_of(spec)});
    }
    store.commit();
    BOOST_TEST(store->erased() > 0u);
    store->compact();
    BOOST_TEST(store->erased() == 0u);
    BOOST_TEST(!directory_contains(store.path(), kMarker));
    if (count > 1'000) BOOST_TEST(directory_bytes(store.path()) < full / 3);
    BOOST_TEST(store->verify() == "");
    BOOST_TEST((store->body(message_id(1'000'000)) == body_of({.number = 1'000'000})));
    store.crash();
    BOOST_TEST(store->verify() == "");
    BOOST_TEST(store->totals().acknowledged == count / 2);
  }
}

// A mailbox that is drained for minutes: a compaction that took in what is erased meanwhile would rewrite the same tables
// between any two commits, for as long as the drain lasts.
BOOST_AUTO_TEST_CASE(compaction_ends_though_more_is_erased_meanwhile) {
  constexpr std::uint64_t kCount = 100;
  StoreUnderTest store(StoreKind::leveldb);
  for (std::uint64_t i = 0; i < kCount; ++i) store.write({marked(i)});
  store.write({tombstone_of({.number = 0, .mailbox = 0})});
  std::uint64_t erased = 1;
  for (; erased < kCount && store->compact_step(); ++erased)
    store.write({tombstone_of({.number = erased, .mailbox = erased % 7})});
  BOOST_TEST(erased < kCount / 2);
  BOOST_TEST(store->erased() > 0u);  // of the next one
  for (; erased < kCount; ++erased) store.write({tombstone_of({.number = erased, .mailbox = erased % 7})});
  store->compact();
  BOOST_TEST(store->erased() == 0u);
  BOOST_TEST(!directory_contains(store.path(), kMarker));
  BOOST_TEST(store->verify() == "");
}

BOOST_AUTO_TEST_CASE(compaction_of_expired_tombstones_and_rows) {
  StoreUnderTest store(StoreKind::leveldb);
  std::vector<StoreOp> ops;
  for (std::uint64_t i = 0; i < 3'000; ++i) ops.push_back(tombstone_of({.number = i}));
  for (std::uint8_t i = 0; i < 200; ++i) ops.push_back(PutRow{Table::agent, {i}, {i}});
  store.write(ops);
  ops.clear();
  for (std::uint64_t i = 0; i < 3'000; ++i) ops.push_back(EraseTombstone{message_id(i)});
  for (std::uint8_t i = 1; i < 200; ++i) ops.push_back(EraseRow{Table::agent, {i}});
  store.write(ops);
  store->compact();
  BOOST_TEST(!directory_contains(store.path(), as_text(message_id(2'000).view())));
  BOOST_TEST((store->totals() == Totals{}));
  BOOST_TEST(store->rows(Table::agent, Bytes{}, std::nullopt, 10).size() == 1u);
  BOOST_TEST(store->verify() == "");
}

BOOST_AUTO_TEST_SUITE_END()
