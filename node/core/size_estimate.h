// How many nodes there are (spec 70-routing): the median of density estimates from the last lookups for random targets,
// so that ids ground near one target cannot move it. Owned by NodeCore; feeds the custodians' region. Integers only:
// every node with the same observations has the same regions, whatever compiled it. Memory: kSamples observations.
#pragma once
#include <optional>
#include <vector>

#include "proto/base/ids.h"
#include "proto/base/limits.h"

namespace comm {

// In the region of that radius: at a distance of at most `radius`.
inline bool inside(const Distance& from_centre, const Distance& radius) { return from_centre <= radius; }

class SizeEstimate {
 public:
  // The result of one lookup, nearest first, this node not among them; the kBucketSize nearest count. A target already
  // among the samples replaces its older sample. REQUIRES: `target` was drawn at random (an attacker crowds a target
  // it knows).
  void observe(const OverlayPoint& target, std::span<const Contact> nearest);
  // Estimates of an earlier run, oldest first: samples like any others. At the start.
  void restore(std::span<const std::uint64_t> sizes);
  bool restored() const { return restored_; }
  std::vector<std::uint64_t> sizes() const;  // the samples' estimates, oldest first
  // Nodes known by any means, this one excluded: the estimate while lookups find fewer than k nodes.
  void observe_known(std::size_t distinct_nodes_known);

  std::uint64_t nodes() const { return nodes_; }  // N_hat, this node included: at least 1
  bool everyone() const { return nodes() <= kEveryoneCustodianUpTo; }  // everyone is a custodian of everything
  // factor * k / N_hat of the space; all ones when that is all of it, or everyone().
  Distance region_radius(std::uint64_t factor) const { return factor == kRegionFactor ? region_radius_ : radius(factor); }
  // Membership with hysteresis: enter at kRegionFactor, leave at kRegionLeaveFactor.
  bool member(const Distance& from_centre, bool was_member) const;

  static constexpr std::size_t kSamples = 15;
  // N_hat of these samples (oldest first) when `known` other nodes are known by any means.
  static std::uint64_t estimate(std::vector<std::uint64_t> samples, std::size_t known);

 private:
  void update();
  Distance radius(std::uint64_t factor) const;
  struct Sample {
    OverlayPoint target;
    std::uint64_t nodes = 0;
  };
  std::vector<Sample> samples_;  // oldest first
  std::size_t known_ = 0;
  bool restored_ = false;
  // What follows from these: asked for at every message and session.
  std::uint64_t nodes_ = 1;
  Distance region_radius_ = radius(kRegionFactor);
};

}  // namespace comm
