// Loss of power at any moment, failed syncs and full disks, against a model (tests/support/faulty_disk.h). The rule:
//
//   What was reported committed is there.
//   A group whose commit was cut short, or whose log could not be synced, is there as a whole or not at all; the store
//   says nothing else before it is opened again.
//   A group reported as dropped because the disk was full is not there, now or after any later crash.
//   Opening never needs more than room, and counters, indices and rows agree (Store::verify).
//
// COMM_SEED=n COMM_ROUNDS=n replay or extend. A failure is run again with fewer and fewer steps and prints what is left.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <iostream>

#include "relay_store/leveldb_store.h"
#include "tests/property/store_model.h"
#include "tests/support/faulty_disk.h"

using namespace comm;
using namespace comm::test;

namespace {

constexpr std::uint64_t kMessages = 24, kBodyBytes = 6'000;
constexpr std::size_t kSmallestBuffer = 64 << 10;  // LevelDB's: a table every dozen messages
constexpr std::uint64_t kSteps = 60;
const std::string kPath = "/disk";

using Lines = std::vector<std::string>;

std::string hex_of(ByteView bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes.first(std::min<std::size_t>(bytes.size(), 6)))
    for (const int shift : {4, 0}) out.push_back("0123456789abcdef"[byte >> shift & 0xf]);
  return out + "/" + std::to_string(std::hash<std::string_view>{}(as_text(bytes)));
}

// Everything a store says, and everything a model says, in the same words.
Lines lines_of(const Model& model) {
  Lines out;
  std::map<std::uint64_t, std::string> live;
  for (const auto& [id, one] : model.live)
    live[one.order] = "live " + hex_of(id.view()) + " " + hex_of(one.put.header.view()) + " " + hex_of(one.put.body) + " " +
                      hex_of(one.put.ingress.view()) + " " + std::to_string(one.put.received) + " " +
                      (one.custody ? hex_of(one.custody->state) : "-");
  for (const auto& [order, line] : live) out.push_back(line);
  std::set<std::pair<Millis, MessageId>> due;
  for (const auto& [id, one] : model.live)
    if (one.custody && one.custody->due != 0) due.emplace(one.custody->due, id);
  for (const auto& [when, id] : due) out.push_back("due " + std::to_string(when) + " " + hex_of(id.view()));
  std::set<std::pair<std::uint32_t, MessageId>> ended;
  for (const auto& [id, one] : model.ended) ended.emplace(expires_of(one.number), id);
  for (const auto& [minute, id] : ended) {
    const PutTombstone& put = model.ended.at(id).put;
    out.push_back("ended " + hex_of(id.view()) + " " + std::to_string(static_cast<int>(put.kind)) + " " +
                  hex_of(put.record));
  }
  for (const auto& [address, item] : model.records) out.push_back("record " + hex_of(address.view()) + hex_of(item.record));
  for (const auto& [key, value] : model.rows)
    out.push_back("row " + std::to_string(static_cast<int>(key.first)) + hex_of(key.second) + hex_of(value));
  const Totals totals = model.totals();
  out.push_back("totals " + std::to_string(totals.bytes) + " " + std::to_string(totals.foreign));
  for (std::uint64_t i = 0; i < kPeers; ++i)
    out.push_back("peer " + std::to_string(model.used_by(id_of<NodeId>(i))));
  return out;
}

Lines lines_of(const Store& store) {
  Lines out;
  for (const MailboxItem& item : store.live_page(0, 1'000)) {
    const auto body = store.body(item.id);
    const auto state = store.custody_state(item.id);
    out.push_back("live " + hex_of(item.id.view()) + " " + hex_of(item.stored.header.view()) + " " +
                  (body ? hex_of(*body) : "?") + " " + hex_of(item.stored.ingress.view()) + " " +
                  std::to_string(item.stored.received) + " " + (state ? hex_of(*state) : "-"));
  }
  for (const DueItem& item : store.due_page(INT64_MAX, 1'000))
    out.push_back("due " + std::to_string(item.due) + " " + hex_of(item.id.view()));
  for (const ExpiringItem& item : store.expiring_page(UINT32_MAX, 1'000))
    if (const auto record = store.final_record(item.id))
      out.push_back("ended " + hex_of(item.id.view()) + " " + std::to_string(static_cast<int>(item.kind)) + " " +
                    hex_of(*record));
  for (const KeyRecordItem& item : store.key_records_page(std::nullopt, 1'000))
    out.push_back("record " + hex_of(item.address.view()) + hex_of(item.record));
  for (const Table table : {Table::meta, Table::contacts, Table::agent})
    for (const RowItem& item : store.rows(table, {}, std::nullopt, 1'000))
      out.push_back("row " + std::to_string(static_cast<int>(table)) + hex_of(item.key) + hex_of(item.value));
  const Totals totals = store.totals();
  out.push_back("totals " + std::to_string(totals.bytes) + " " + std::to_string(totals.foreign));
  for (std::uint64_t i = 0; i < kPeers; ++i)
    out.push_back("peer " + std::to_string(store.ingress_bytes(id_of<NodeId>(i))));
  return out;
}

std::string first_difference(const Lines& found, const Lines& wanted) {
  for (std::size_t i = 0; i < std::max(found.size(), wanted.size()); ++i)
    if (i >= found.size() || i >= wanted.size() || found[i] != wanted[i])
      return "found '" + (i < found.size() ? found[i] : "nothing") + "', wanted '" +
             (i < wanted.size() ? wanted[i] : "nothing") + "'";
  return {};
}

struct Count {
  std::uint64_t crashes = 0, cut_short = 0, came_back = 0, full = 0, failed_syncs = 0, operations = 0;
};

// One life of a store over many losses of power. Each step draws from a generator of its own, so that the others stay
// what they are when it is left out.
class Life {
 public:
  Life(std::uint64_t seed, Count& count) : seed_(seed), count_(count) {}
  // Empty if all was as it should be, else what was not and the steps up to it.
  std::string run(const std::vector<std::uint64_t>& steps) {
    Prng random(seed_);
    if (std::string fault = open(random); !fault.empty()) return fault;
    for (const std::uint64_t step : steps) {
      Prng its_own(seed_ * 1'000 + step);
      std::string fault = one_step(its_own);
      if (fault.empty() && (to_compare_ || its_own.chance(1, 8))) fault = first_difference(lines_of(*store_), lines_of(now_));
      to_compare_ = false;
      if (!fault.empty()) return fault + "\n  steps: " + told_;
    }
    count_.operations += disk_.operations();
    return {};
  }

 private:
  void tell(const std::string& what) { told_ += what + "; "; }
  std::string one_step(Prng& random);
  std::string write(Prng& random);
  std::string lose_power(Prng& random);
  std::string open(Prng& random);
  void arm(Prng& random);

  const std::uint64_t seed_;
  Count& count_;
  FaultyDisk disk_;
  std::unique_ptr<Store> store_;
  Model now_, durable_, cut_short_;
  bool in_doubt_ = false;  // cut_short_ may be what is on disk
  bool to_compare_ = false;  // something was lost or dropped since the last comparison
  Ticket ticket_ = 0;
  std::string told_;
};

std::string Life::one_step(Prng& random) {
  switch (random.below(12)) {
    default: return write(random);
    case 7: {
      tell("compact");
      for (std::uint64_t i = 1 + random.below(2); i > 0 && store_->compact_step(); --i) {}
      disk_.settle();
      return disk_.off() ? lose_power(random) : std::string();
    }
    case 6: case 8: case 9: arm(random); return {};
    case 10: {
      const std::uint64_t room = random.below(60'000);
      tell("room for " + std::to_string(room));
      disk_.set_capacity(disk_.used() + room);
      return {};
    }
    case 11:
      tell("restart");
      disk_.set_capacity(UINT64_MAX);
      store_.reset();
      return disk_.off() ? lose_power(random) : open(random);
  }
}

void Life::arm(Prng& random) {
  using Fault = FaultyDisk::Fault;
  if (random.chance(2, 3)) {
    const std::uint64_t count = 1 + random.below(random.chance(2, 3) ? 8 : 60);
    tell("power off in " + std::to_string(count));
    return disk_.arm(Fault::power, count);
  }
  const Fault fault = std::array{Fault::sync, Fault::create, Fault::full_sync}[random.below(3)];
  tell("fault " + std::to_string(static_cast<int>(fault)));
  disk_.arm(fault, 1 + random.below(6));
}

std::string Life::write(Prng& random) {
  disk_.hold();
  std::vector<std::unique_ptr<WriteSet>> group;
  for (std::uint64_t sets = 1 + random.below(3); sets > 0; --sets) {
    for (std::uint64_t turns = 1 + random.below(2); turns > 0; --turns) {
      std::vector<StoreOp> ops;
      for (std::uint64_t i = random.below(8); i > 0; --i) ops.push_back(random_op(random, kMessages, kBodyBytes));
      store_->stage(++ticket_, ops);
      now_.apply(ops);
    }
    group.push_back(store_->take());
  }
  const CommitResult result = store_->commit(group);
  disk_.settle();
  tell("write " + std::to_string(static_cast<int>(result)));
  switch (result) {
    case CommitResult::ok:
      store_->committed(ticket_);
      durable_ = now_;
      return disk_.off() ? lose_power(random) : std::string();
    case CommitResult::disk_full:
      ++count_.full;
      store_->failed();
      now_ = durable_;
      if (disk_.off()) return lose_power(random);  // after the log had been cut back: nothing of the write may be there
      to_compare_ = true;
      if (random.chance(1, 2)) disk_.set_capacity(UINT64_MAX);
      return {};
    default: break;
  }
  // What a process does then: it ends, and another one starts.
  cut_short_ = now_;
  in_doubt_ = true;
  if (!disk_.off()) ++count_.failed_syncs;
  return lose_power(random);
}

std::string Life::lose_power(Prng& random) {
  store_.reset();
  disk_.settle();
  disk_.crash(random);
  disk_.set_capacity(UINT64_MAX);
  ++count_.crashes;
  tell("crash");
  return open(random);
}

std::string Life::open(Prng& random) {
  if (random.chance(1, 4)) {
    const std::uint64_t count = 1 + random.below(20);
    tell("power off while opening, in " + std::to_string(count));
    disk_.arm(FaultyDisk::Fault::power, count);
  }
  OpenResult opened = open_leveldb_store_on(disk_, kPath, kSmallestBuffer);
  disk_.settle();
  if (disk_.off()) {
    opened.store.reset();
    return lose_power(random);
  }
  if (!opened.store) {
    if (opened.failure != OpenFailure::io) return "opening: " + opened.detail;
    disk_.disarm();  // it said what it met; somebody looked after it
    tell("open again");
    opened = open_leveldb_store_on(disk_, kPath, kSmallestBuffer);
    disk_.settle();
    if (!opened.store) return "opening again: " + opened.detail;
  }
  store_ = std::move(opened.store);
  ticket_ = 0;
  if (std::string fault = store_->verify(); !fault.empty()) return "verify: " + fault;
  if (in_doubt_) {
    ++count_.cut_short;
    if (first_difference(lines_of(*store_), lines_of(cut_short_)).empty()) {
      ++count_.came_back;
      // Arrival numbers differ from the model's when it is the durable state that is found; both only count upwards.
      durable_ = cut_short_;
    }
  }
  in_doubt_ = false;
  now_ = durable_;
  to_compare_ = true;
  return {};
}

// Leaves out one step after the other as long as it still fails.
std::string shrink(std::uint64_t seed, std::vector<std::uint64_t> steps, std::string fault) {
  Count ignored;
  for (std::size_t i = steps.size(); i-- > 0;) {
    std::vector<std::uint64_t> fewer = steps;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    std::string still = Life(seed, ignored).run(fewer);
    if (still.empty()) continue;
    fault = std::move(still);
    steps = std::move(fewer);
  }
  return fault;
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_crash)

BOOST_AUTO_TEST_CASE(loses_nothing_that_was_reported) {
  const std::uint64_t first = from_environment("COMM_SEED", 1), rounds = from_environment("COMM_ROUNDS", 60);
  std::vector<std::uint64_t> steps;
  for (std::uint64_t i = 0; i < kSteps; ++i) steps.push_back(i);
  Count count;
  for (std::uint64_t seed = first; seed < first + rounds; ++seed) {
    const std::string fault = Life(seed, count).run(steps);
    BOOST_REQUIRE_MESSAGE(fault.empty(), "COMM_SEED=" << seed << ": " << shrink(seed, steps, fault));
  }
  std::cout << count.crashes << " losses of power in " << count.operations << " operations: " << count.cut_short
            << " commits in doubt, of which " << count.came_back << " were there; " << count.failed_syncs
            << " failed syncs, " << count.full << " full disks" << std::endl;
  if (rounds < 60) return;
  BOOST_TEST(count.came_back > 0u);  // both outcomes of a commit in doubt occur
  BOOST_TEST(count.came_back < count.cut_short);
  BOOST_TEST(count.full > 0u);
  BOOST_TEST(count.failed_syncs > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
