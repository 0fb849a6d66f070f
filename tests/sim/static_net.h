// Full routing tables without time: the setting of the papers whose figures the scoreboard repeats (Baumgart and Mies
// 2007; Sridhar et al. 2024). Nodes answer at once; only the lookup is the production's. Tables are drawn when first
// asked for. Not thread-safe; memory is the nodes' and the tables drawn.
#pragma once
#include <map>
#include <vector>

#include "node/core/lookup.h"

namespace comm::sim {

struct StaticOptions {
  std::uint32_t nodes = 10'000;
  std::uint32_t hostile_per_mille = 0;  // of them, anywhere
  std::uint32_t ground = 0;             // further hostile ones within 1 / nodes of the target
  bool nearer = false;                  // these lie nearer than the nearest honest one
  bool lies = false;                    // hostile ones name members near the target, else they route as all do
  bool adaptive = false;                // random ones of the 200 nearest members, else always the nearest
  std::size_t k = 8;
  std::size_t answers = 8;              // contacts of an answer
  std::uint64_t region_factor = 0;      // 0: the k nearest only
  LookupStyle style;
};

class StaticNetwork {
 public:
  StaticNetwork(const StaticOptions& options, std::uint64_t seed);

  struct Found { std::vector<std::uint32_t> nodes; std::size_t asked = 0; };
  Found lookup(std::uint32_t from, const OverlayPoint& target);
  std::uint32_t honest_node();                 // a random one
  bool hostile(std::uint32_t node) const { return nodes_[node].hostile; }
  const OverlayPoint& point(std::uint32_t node) const { return nodes_[node].point; }
  const OverlayPoint& crowded() const { return crowded_; }  // what the ground ids lie around

 private:
  struct Node {
    OverlayPoint point;
    bool hostile = false;
    std::vector<std::uint32_t> table;
  };
  const std::vector<std::uint32_t>& table(std::uint32_t node);
  std::vector<std::uint32_t> nearest(const std::vector<std::uint32_t>& all, const OverlayPoint& target,
                                     std::size_t count) const;
  std::vector<Contact> answer(std::uint32_t node, const OverlayPoint& target);
  Contact contact(std::uint32_t node) const;

  StaticOptions options_;
  Prng random_;
  OverlayPoint crowded_;
  std::vector<Node> nodes_;             // by point
  std::vector<std::uint32_t> members_;  // the hostile ones
};

}  // namespace comm::sim
