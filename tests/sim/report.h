// What a run found, as text for people and JSON for programs. Wall-clock figures are for people only and never part of
// the trace. Plain values.
#pragma once
#include <string>
#include <vector>

#include "tests/sim/node.h"

namespace comm::sim {

struct Report {
  std::string scenario;
  std::uint64_t seed = 0;
  std::uint32_t nodes = 0, users = 0;
  OracleTotals totals;
  std::uint64_t messages = 0;
  Millis healed_at = 0, virtual_end = 0;
  std::uint64_t events = 0;           // worked off and not stale
  std::array<std::uint64_t, kEventKinds> by_kind{};
  std::uint64_t packets_delivered = 0;
  PacketCounts packets{};             // sent, by kind
  NetworkCounts network;
  std::vector<Millis> latency;        // sent to shown, sorted; recipients that were up when it was sent
  std::vector<Millis> latency_away;   // the others
  std::vector<Millis> time_to_quiet;  // shown at the recipient to shown as delivered at the sender, sorted
  std::uint64_t live_left = 0, tombstones = 0, store_bytes = 0;
  std::uint64_t sessions = 0, table = 0, size_estimate_median = 0;
  std::vector<std::pair<std::string, std::uint64_t>> rejected;  // by reason, over all nodes still up
  std::vector<std::pair<std::string, std::uint64_t>> notes;     // by code
  std::uint64_t memory_bytes = 0;     // growth of the process over the run
  std::int64_t wall_millis = 0;
  std::int64_t cpu_millis = 1;        // of this process during the run: what speeds are stated in
  std::uint64_t violation_count = 0;
  std::vector<std::string> violations;
  std::vector<std::uint64_t> size_estimates;                    // N_hat of the honest nodes, sorted
  std::string measured;                                         // more JSON members (hostile.cc)
  std::string trace;

  bool good() const { return violation_count == 0; }
};

std::string to_text(const Report& report);
std::string to_json(const Report& report);

// `per_mille` of the values lie at or below this one; 0 of nothing.
Millis percentile(const std::vector<Millis>& sorted, std::size_t per_mille);

}  // namespace comm::sim
