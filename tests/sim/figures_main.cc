// comm-figures: two figures that need no network. One line of JSON. Exit 64: usage.
#include <algorithm>
#include <cstdio>
#include <ctime>

#include "node/core/range_set.h"
#include "proto/base/check.h"
#include "proto/base/random.h"
#include "proto/wire/packet.h"
#include "tests/sim/command_line.h"

namespace {

using namespace comm;
using comm::sim::parse_command_line;

struct Arguments {
  std::uint64_t ids = 100, items = 10'000, differ = 10, seed = 1;
};

void price(const Arguments& arguments) {
  Prng random(arguments.seed);
  const std::clock_t started = std::clock();
  std::uint64_t mixed = 0;
  for (std::uint64_t i = 0; i < arguments.ids; ++i) {
    NodeKey key;
    random.fill(key);
    mixed += derive_node_id(key, false).data[0];
  }
  const auto micros = (std::clock() - started) * 1'000'000 / CLOCKS_PER_SEC;
  std::printf("{\"ids\":%llu,\"cpu_us\":%lld,\"mixed\":%llu}\n", static_cast<unsigned long long>(arguments.ids),
              static_cast<long long>(micros), static_cast<unsigned long long>(mixed));
}

// One side of a session: all elements by key, and what it has learnt that it lacks.
struct Side {
  std::vector<SyncElement> elements;
  std::size_t learnt = 0;

  std::vector<SyncRange> answer(const Hash& key, const std::vector<SyncRange>& theirs) {
    std::vector<SyncRange> out;
    for (const SyncRange& range : theirs) {
      RangeDigest digest(range.lower, range.upper);
      const auto less = [](const SyncElement& element, const SyncKey& at) { return element.key < at; };
      auto it = std::lower_bound(elements.begin(), elements.end(), range.lower, less);
      for (; it != elements.end() && it->key < range.upper; ++it) digest.add(*it, sync_hash(key, *it));
      for (const SyncElement& element : range.elements) {
        const auto mine = std::lower_bound(elements.begin(), elements.end(), element.key, less);
        learnt += mine == elements.end() || mine->key != element.key ? 1 : 0;
      }
      for (SyncRange& one : answer_range(range, digest)) out.push_back(std::move(one));
    }
    return out;
  }
};

// As many packets as the ranges need; a real session also limits what is judged in one answer.
std::size_t bytes_of(const std::vector<SyncRange>& ranges, bool opening, bool answer) {
  std::size_t out = 0;
  std::size_t at = 0;
  do {
    Sync sync{std::nullopt, {}, answer};
    if (opening && at == 0) sync.opening = SyncOpening{};
    std::size_t listed = 0;
    while (at < ranges.size() && sync.ranges.size() < kMaxSyncRangesPerPacket &&
           listed + ranges[at].elements.size() <= kMaxSyncElementsPerPacket) {
      listed += ranges[at].elements.size();
      sync.ranges.push_back(ranges[at++]);
    }
    out += wire_size(Packet{1, std::move(sync)});
  } while (at < ranges.size());
  return out;
}

void reconcile(const Arguments& arguments) {
  Prng random(arguments.seed);
  Side asks, answers;
  constexpr std::uint64_t kMinutes = 14 * 24 * 60;  // expiries over the default lifetime
  for (std::uint64_t i = 0; i < arguments.items + arguments.differ / 2; ++i) {
    SyncElement element;
    element.key.expires = static_cast<std::uint32_t>(30'000'000 + random.below(kMinutes));
    random.fill(element.key.id);
    if (i >= arguments.differ / 2) asks.elements.push_back(element);
    if (i < arguments.items) answers.elements.push_back(element);
  }
  const auto by_key = [](const SyncElement& a, const SyncElement& b) { return a.key < b.key; };
  for (Side* side : {&asks, &answers}) std::sort(side->elements.begin(), side->elements.end(), by_key);
  SyncNonce ours, theirs;
  random.fill(ours);
  random.fill(theirs);
  const Hash key = sync_key(ours, theirs);
  std::size_t bytes = bytes_of({}, true, false), trips = 0;
  for (std::vector<SyncRange> ranges{{{}, kSyncEnd, SyncMode::again, {}, {}}}; !ranges.empty(); ++trips) {
    CHECK(trips < 64);
    const std::vector<SyncRange> answer = answers.answer(key, ranges);
    bytes += bytes_of(answer, trips == 0, true);
    ranges = asks.answer(key, answer);
    if (!ranges.empty()) bytes += bytes_of(ranges, false, false);
  }
  std::printf("{\"items\":%llu,\"differ\":%llu,\"bytes\":%zu,\"trips\":%zu,\"learnt\":%zu}\n",
              static_cast<unsigned long long>(arguments.items), static_cast<unsigned long long>(arguments.differ), bytes,
              trips, asks.learnt + answers.learnt);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Two figures that need no network, as one line of JSON.", "comm-figures");
  CLI::App* const prices =
      app.add_subcommand("price", "CPU time of node ids, as an attacker computes them one after another");
  prices->add_option("--ids", arguments.ids, "How many")->type_name("N")->capture_default_str();
  CLI::App* const sets = app.add_subcommand(
      "reconcile", "Bytes of Sync packets and round trips until two sets of messages are known to be one");
  sets->add_option("--items", arguments.items, "Messages on each side")->type_name("N")->capture_default_str();
  sets->add_option("--differ", arguments.differ, "How many differ, half of them on each side")
      ->type_name("N")->capture_default_str();
  sets->add_option("--seed", arguments.seed, "The run's seed")->type_name("N")->capture_default_str();
  app.require_subcommand(1);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  if (prices->parsed()) price(arguments);
  else reconcile(arguments);
  return 0;
}
