// A network that was there before the run: every node comes back to it, with what an earlier run kept of it
// (node/core/kept_network.h). A thousand nodes that all meet for the first time in one minute are no network anybody has.
#include <algorithm>

#include "node/core/kept_network.h"
#include "tests/sim/simulation.h"

namespace comm::sim {
namespace {

struct Place {
  OverlayPoint point;
  std::uint32_t node = 0;
};
using Places = std::span<const Place>;  // by point: those that share leading bits lie side by side

bool bit_of(const OverlayPoint& point, std::size_t bit) { return (point.data[bit / 8] >> (7 - bit % 8) & 1) != 0; }

// Of places that share `bit` bits, those that share one more with the point, and the others.
std::pair<Places, Places> part(Places places, std::size_t bit, const OverlayPoint& point) {
  const auto ones = std::partition_point(places.begin(), places.end(), [&](const Place& p) { return !bit_of(p.point, bit); });
  const auto zeros = static_cast<std::size_t>(ones - places.begin());
  const Places low = places.first(zeros), high = places.subspan(zeros);
  return bit_of(point, bit) ? std::pair(high, low) : std::pair(low, high);
}

std::vector<Place> nearest(Places places, const OverlayPoint& target, std::size_t count) {
  for (std::size_t bit = 0; bit < 160; ++bit) {
    const Places nearer = part(places, bit, target).first;
    if (nearer.size() < count) break;
    places = nearer;
  }
  std::vector<Place> out(places.begin(), places.end());
  std::sort(out.begin(), out.end(), [&](const Place& a, const Place& b) {
    return distance(target, a.point) < distance(target, b.point);
  });
  if (out.size() > count) out.resize(count);
  return out;
}

// Of each bucket k random nodes, as a node's table has after some hours.
std::vector<std::uint32_t> table_of(Places places, const OverlayPoint& self, RandomSource& random) {
  std::vector<std::uint32_t> out;
  for (std::size_t bit = 0; bit < 160 && places.size() > 1; ++bit) {
    const auto [nearer, bucket] = part(places, bit, self);
    std::vector<std::uint32_t> chosen;
    while (chosen.size() < std::min(bucket.size(), kBucketSize)) {
      const std::uint32_t node = bucket[random.below(bucket.size())].node;
      if (std::find(chosen.begin(), chosen.end(), node) == chosen.end()) chosen.push_back(node);
    }
    out.insert(out.end(), chosen.begin(), chosen.end());
    places = nearer;
  }
  if (out.size() > kKeptContacts) out.resize(kKeptContacts);
  return out;
}

std::vector<std::uint64_t> sizes_of(Places places, RandomSource& random) {
  SizeEstimate estimate;
  for (std::size_t i = 0; i < kKeptSizes; ++i) {
    OverlayPoint target;
    random.fill(target);
    std::vector<Contact> found;
    for (const Place& place : nearest(places, target, kBucketSize)) {
      found.emplace_back();
      found.back().id.data = place.point.data;
    }
    estimate.observe(target, found);
  }
  return estimate.sizes();
}

}  // namespace

void Simulation::establish() {
  Prng random(options_.seed ^ 0x65737461626c6973u);
  std::vector<Place> all;
  for (std::uint32_t i = 0; i < scenario_.nodes; ++i) all.push_back({overlay_point(nodes_[i]->id()), i});
  std::sort(all.begin(), all.end(), [](const Place& a, const Place& b) { return a.point < b.point; });
  for (std::uint32_t i = 0; i < scenario_.nodes; ++i) {
    std::vector<StoreOp> rows{sizes_row(sizes_of(all, random))};
    for (const std::uint32_t node : table_of(all, overlay_point(nodes_[i]->id()), random))
      rows.push_back(contact_row({{nodes_[node]->id(), nodes_[node]->key(), network_.endpoint_of(node)}, Role::relay}, false));
    nodes_[i]->store().keep(rows);
  }
}

}  // namespace comm::sim
