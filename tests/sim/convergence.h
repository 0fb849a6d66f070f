// Invariant 2 of the protocol: connected honest custodians converge on the same set of (id, state), away from the expiry
// edge (spec 80-sync). Looks into the stores, so only an oracle can tell.
#pragma once
#include "tests/sim/node.h"

namespace comm::sim {

// One sentence for each id on which relays disagree that surely keep its mailbox: all of them in a small network, else
// those among the kBucketSize nodes nearest to it. `wall` is true time. At most kMostDisagreements.
std::vector<std::string> disagreements(const std::vector<std::unique_ptr<SimNode>>& nodes, Millis wall);

inline constexpr std::size_t kMostDisagreements = 20;

}  // namespace comm::sim
