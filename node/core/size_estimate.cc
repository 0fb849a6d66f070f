#include "node/core/size_estimate.h"

#include <algorithm>

namespace comm {

namespace {

__extension__ typedef unsigned __int128 U128;  // the extension of both compilers; ISO C++ has no such type

constexpr std::uint64_t kMostNodes = std::uint64_t{1} << 48;

// Nodes in the whole space, this one included, if the `count`-th nearest of the others lies at distance d. Its distance
// as a share of the space, times their number, is Gamma(count) distributed with median count - 1/3: dividing that by the
// share makes the median of many estimates unbiased.
std::uint64_t density_estimate(std::size_t count, const Distance& d) {
  U128 share = 0;  // the upper 96 of 160 bits
  for (std::size_t i = 0; i < 12; ++i) share = share << 8 | d.data[i];
  const U128 others = (static_cast<U128>(3 * count - 1) << 96) / (3 * (share + 1));
  return others >= kMostNodes ? kMostNodes : static_cast<std::uint64_t>(others) + 1;
}

Distance whole_space() {
  Distance out;
  out.data.fill(0xff);
  return out;
}

}  // namespace

void SizeEstimate::observe(const OverlayPoint& target, std::span<const Contact> nearest) {
  const std::size_t count = std::min(nearest.size(), kBucketSize);
  // Fewer than k nodes is all there are, and their distances say nothing more.
  const std::uint64_t nodes =
      count < kBucketSize ? count + 1
                          : density_estimate(count, distance(target, overlay_point(nearest[count - 1].id)));
  std::erase_if(samples_, [&](const Sample& s) { return s.target == target; });
  if (samples_.size() == kSamples) samples_.erase(samples_.begin());
  samples_.push_back(Sample{target, nodes});
  update();
}

void SizeEstimate::restore(std::span<const std::uint64_t> sizes) {
  restored_ = !sizes.empty();
  for (const std::uint64_t size : sizes) samples_.push_back({OverlayPoint{}, std::clamp<std::uint64_t>(size, 1, kMostNodes)});
  update();
}

std::vector<std::uint64_t> SizeEstimate::sizes() const {
  std::vector<std::uint64_t> out;
  for (const Sample& s : samples_) out.push_back(s.nodes);
  return out;
}

void SizeEstimate::observe_known(std::size_t distinct_nodes_known) {
  if (known_ == distinct_nodes_known) return;
  known_ = distinct_nodes_known;
  update();
}

void SizeEstimate::update() {
  nodes_ = estimate(sizes(), known_);
  region_radius_ = radius(kRegionFactor);
}

std::uint64_t SizeEstimate::estimate(std::vector<std::uint64_t> sorted, std::size_t known_others) {
  const std::uint64_t known = known_others + 1;
  if (sorted.empty()) return known;
  std::sort(sorted.begin(), sorted.end());
  // Of an even number the smaller: a region too large costs traffic, one too small costs messages.
  const std::uint64_t median = sorted[(sorted.size() - 1) / 2];
  return median <= kBucketSize ? std::max(median, known) : median;
}

Distance SizeEstimate::radius(std::uint64_t factor) const {
  const std::uint64_t n = nodes();
  if (n <= kEveryoneCustodianUpTo || n / kBucketSize < factor || n <= factor * kBucketSize) return whole_space();
  // floor(factor * k * 2^160 / n), 32 bits at a time: the remainder stays below n, a 64-bit number.
  Distance out;
  U128 remainder = factor * kBucketSize;
  for (std::size_t limb = 0; limb < 5; ++limb) {
    remainder <<= 32;
    const auto digit = static_cast<std::uint32_t>(remainder / n);
    remainder %= n;
    for (std::size_t i = 0; i < 4; ++i) out.data[4 * limb + i] = static_cast<std::uint8_t>(digit >> (24 - 8 * i));
  }
  return out;
}

bool SizeEstimate::member(const Distance& from_centre, bool was_member) const {
  return inside(from_centre, region_radius(was_member ? kRegionLeaveFactor : kRegionFactor));
}

}  // namespace comm
