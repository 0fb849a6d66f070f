// What the attackers of a run share: a free channel between them and full knowledge of who they are. Their ids may lie
// where they chose (ground); what grinding would have cost is counted, not computed. Owned by the Simulation.
#pragma once
#include <map>
#include <vector>

#include "proto/base/ids.h"
#include "proto/base/limits.h"
#include "proto/base/random.h"

namespace comm::sim {

struct Coven {
  struct Member {
    Contact contact;
    std::uint32_t node = 0;
    bool up = false;
  };
  std::vector<Member> members;            // in the order of their nodes
  std::map<NodeKey, NodeId> ground;       // ids that were chosen
  std::map<NodeKey, std::uint32_t> keys;  // of all members -> index in members
  std::vector<OverlayPoint> targets;      // the victims' mailboxes
  std::uint64_t honest = 0;               // nodes that are not members
  std::uint64_t trials = 0;               // node ids that grinding computes on average for the ids chosen
  std::uint64_t packets = 0, bytes = 0;   // sent by members

  bool has(const NodeKey& key) const { return keys.contains(key); }
  // The members that are up, nearest to `target` first, at most `count`.
  std::vector<Contact> nearest(const OverlayPoint& target, std::size_t count) const;
  // `count` random ones of the `pool` nearest.
  std::vector<Contact> some_near(const OverlayPoint& target, std::size_t pool, std::size_t count,
                                 RandomSource& random) const;
};

// An id uniformly within `share` 2^-64ths of the space around `target`; and within `per_mille` thousandths of its
// `nodes`-th part.
NodeId near_id(const OverlayPoint& target, std::uint64_t share, RandomSource& random);
NodeId ground_id(const OverlayPoint& target, std::uint64_t nodes, std::uint32_t per_mille, RandomSource& random);

}  // namespace comm::sim
