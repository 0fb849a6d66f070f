// `Stored` implies durable (invariant 5): a process that reports each durable ticket is killed at a random moment;
// every message it reported is there afterwards, and what it did not finish left no half-written state.
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>

#include "proto/base/random.h"
#include "relay_store/committer.h"
#include "tests/unit/store/store_fixture.h"

using namespace comm;
using namespace comm::test;

namespace {

constexpr std::uint64_t kPerTicket = 3;  // messages; every third ticket also acknowledges an earlier one

MessageSpec spec_of(std::uint64_t number) {
  return {.number = number, .mailbox = number % 5, .ingress = number % 3, .body_bytes = 1'024};
}

bool acknowledges(Ticket ticket) { return ticket % 3 == 0; }
std::uint64_t acknowledged_by(Ticket ticket) { return (ticket - 2) * kPerTicket; }

// Writes tickets from `first` on until killed; sends each durable one down the pipe.
[[noreturn]] void write_until_killed(const std::string& path, int pipe, Ticket first) {
  const OpenResult opened = open_leveldb_store(path);
  if (!opened.store) ::_exit(1);
  Store& store = *opened.store;
  Committer committer(store, [] {});
  for (Ticket ticket = first;; ++ticket) {
    std::vector<StoreOp> ops;
    for (std::uint64_t i = 0; i < kPerTicket; ++i) ops.push_back(put_of(spec_of(ticket * kPerTicket + i)));
    if (acknowledges(ticket)) ops.push_back(tombstone_of(spec_of(acknowledged_by(ticket))));
    store.stage(ticket, ops);
    committer.submit(store.take());
    while (!committer.has_room()) ::usleep(100);
    while (const auto report = committer.poll()) {
      if (report->result != CommitResult::ok) ::_exit(2);
      store.committed(report->ticket);
      if (::write(pipe, &report->ticket, sizeof report->ticket) != sizeof report->ticket) ::_exit(3);
    }
  }
}

// The highest ticket the child reported before it died.
Ticket run_and_kill(const std::string& path, Ticket first, std::uint64_t micros) {
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  const pid_t child = spawn_test(
      "store_kill/writer",
      {{"COMM_STORE", path}, {"COMM_PIPE", std::to_string(ends[1])}, {"COMM_FIRST", std::to_string(first)}});
  ::close(ends[1]);
  Ticket durable = 0, one = 0;
  // The first report starts the clock: opening the store is not what is being tested.
  bool killed = false;
  while (::read(ends[0], &one, sizeof one) == sizeof one) {
    durable = one;
    if (killed) continue;
    ::usleep(static_cast<useconds_t>(micros));
    ::kill(child, SIGKILL);
    killed = true;
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  BOOST_REQUIRE_MESSAGE(WIFSIGNALED(status), "the child ended by itself: " << status);
  return durable;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_kill)

// The child's side of the next test.
BOOST_AUTO_TEST_CASE(writer, *boost::unit_test::disabled()) {
  const char* path = std::getenv("COMM_STORE");
  const char* pipe = std::getenv("COMM_PIPE");
  const char* first = std::getenv("COMM_FIRST");
  if (path && pipe && first) write_until_killed(path, std::atoi(pipe), std::strtoull(first, nullptr, 10));
}

BOOST_AUTO_TEST_CASE(stored_implies_durable) {
  const std::uint64_t seed = 20'260;
  BOOST_TEST_CONTEXT("seed " << seed) {
    Prng random(seed);
    const TempDir directory;
    const std::string path = directory.path() + "/store";
    Ticket first = 3;
    for (int round = 0; round < 20; ++round) {
      const Ticket durable = run_and_kill(path, first, random.below(60'000));
      BOOST_REQUIRE(durable >= first);
      const OpenResult opened = open_leveldb_store(path);
      BOOST_REQUIRE_MESSAGE(opened.store, opened.detail);
      const Store& store = *opened.store;
      Ticket last = durable;  // more may have become durable than was reported, in whole tickets
      while (store.custody_of(message_id((last + 1) * kPerTicket)) != Custody::absent) ++last;
      std::size_t wrong = 0;
      for (Ticket ticket = first; ticket <= last; ++ticket) {
        for (std::uint64_t i = 0; i < kPerTicket; ++i) {
          const std::uint64_t number = ticket * kPerTicket + i;
          const bool acked = i == 0 && acknowledges(ticket + 2) && ticket + 2 <= last && ticket + 2 >= first;
          if (acked)
            wrong += store.custody_of(message_id(number)) != Custody::acknowledged;
          else
            wrong += store.body(message_id(number)) != body_of(spec_of(number));
        }
      }
      BOOST_TEST(wrong == 0u);
      BOOST_TEST(store.verify() == "");
      first = last + 1;
    }
    BOOST_TEST_MESSAGE("tickets over all rounds: " << first);
  }
}

BOOST_AUTO_TEST_SUITE_END()
