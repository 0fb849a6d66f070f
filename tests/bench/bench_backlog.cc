// Fills a relay's store with waiting messages, through the store and not through the network: two million take a minute or
// two. What they expire at is the caller's; their next transmission is hours away, so that the relay which opens
// them is at rest.
//   bench_backlog DATA-DIRECTORY MESSAGES MINUTES      MINUTES until they expire; below 0: since they did
#include <chrono>
#include <cstdio>
#include <string>

#include "node/core/custody_state.h"
#include "proto/seal/os_random.h"
#include "relay_store/store.h"
#include "tests/bench/bench_io.h"
#include "tests/bench/mail_maker.h"

namespace comm::bench {
namespace {

constexpr std::size_t kBatch = 1'000, kMailboxes = 1'000, kPeers = 100;
constexpr Millis kAtRest = 6 * kHour;

Millis wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

NodeId peer(std::size_t number) {
  NodeId out;
  out.data[0] = static_cast<std::uint8_t>(number + 1);
  return out;
}

int fill(const std::string& data, std::size_t count, Millis minutes) {
  OpenResult opened = open_leveldb_store(data + "/store");
  if (!opened.store) give_up(opened.detail);
  Store& store = *opened.store;
  MailMaker maker(1);
  const Millis now = wall_ms(), made = now + (minutes - Millis{kDefaultLifetimeMinutes}) * kMinute;
  Ticket ticket = 0;
  for (std::size_t done = 0; done < count;) {
    std::vector<StoreOp> ops;
    for (std::size_t i = 0; i < kBatch && done < count; ++i, ++done) {
      SealedItem item = maker.make(done % kMailboxes, 0, made);
      const MessageId id = message_id(item.header);
      CustodyState state;
      state.refresh = now + kAtRest + static_cast<Millis>(done % 3'600'000);
      ops.push_back(PutMessage{id, item.header, item.nonce, std::move(item.body), peer(done % kPeers), now});
      ops.push_back(PutCustody{id, state.due(), encode_custody(state)});
    }
    store.stage(++ticket, ops);
    const auto set = store.take();
    if (store.commit({&set, 1}) != CommitResult::ok) give_up(store.failure_detail());
    store.committed(ticket);
  }
  std::printf("{\"messages\": %llu, \"bytes\": %llu}\n", static_cast<unsigned long long>(store.totals().live),
              static_cast<unsigned long long>(store.totals().bytes));
  return 0;
}

}  // namespace
}  // namespace comm::bench

int main(int argc, char** argv) {
  if (argc != 4) comm::bench::give_up("usage: bench_backlog DATA-DIRECTORY MESSAGES MINUTES");
  comm::init_crypto();
  return comm::bench::fill(argv[1], std::stoul(argv[2]), std::stol(argv[3]));
}
