#include "tests/sim/static_net.h"

#include <algorithm>

#include "tests/sim/coven.h"

namespace comm::sim {
namespace {

constexpr std::size_t kAdaptivePool = 200;
constexpr std::uint16_t kPort = 6667;

}  // namespace

StaticNetwork::StaticNetwork(const StaticOptions& options, std::uint64_t seed) : options_(options), random_(seed) {
  random_.fill(crowded_);
  for (std::uint32_t i = 0; i < options_.nodes; ++i) {
    Node node;
    random_.fill(node.point);
    node.hostile = random_.chance(options_.hostile_per_mille, 1'000);
    nodes_.push_back(node);
  }
  std::uint64_t share = UINT64_MAX / options_.nodes;
  if (options_.nearer)
    for (const Node& node : nodes_) share = std::min(share, get_be<std::uint64_t>(distance(crowded_, node.point).view()));
  for (std::uint32_t i = 0; i < options_.ground; ++i)
    nodes_.push_back({overlay_point(near_id(crowded_, share, random_)), true, {}});
  std::sort(nodes_.begin(), nodes_.end(), [](const Node& a, const Node& b) { return a.point < b.point; });
  for (std::uint32_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].hostile) members_.push_back(i);
}

std::uint32_t StaticNetwork::honest_node() {
  for (;;) {
    const auto node = static_cast<std::uint32_t>(random_.below(nodes_.size()));
    if (!nodes_[node].hostile) return node;
  }
}

// Of each bucket k random nodes: those that share exactly so many bits lie side by side.
const std::vector<std::uint32_t>& StaticNetwork::table(std::uint32_t node) {
  Node& self = nodes_[node];
  if (!self.table.empty()) return self.table;
  std::map<int, std::vector<std::uint32_t>> buckets;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i)
    if (i != node) buckets[leading_zeros(distance(self.point, nodes_[i].point).view())].push_back(i);
  for (auto& [shared, bucket] : buckets) {
    random_.shuffle(bucket);
    if (bucket.size() > options_.k) bucket.resize(options_.k);
    self.table.insert(self.table.end(), bucket.begin(), bucket.end());
  }
  return self.table;
}

std::vector<std::uint32_t> StaticNetwork::nearest(const std::vector<std::uint32_t>& all, const OverlayPoint& target,
                                                  std::size_t count) const {
  std::vector<std::pair<Distance, std::uint32_t>> ranked;
  for (const std::uint32_t node : all) ranked.emplace_back(distance(target, nodes_[node].point), node);
  const std::size_t wanted = std::min(count, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(wanted), ranked.end());
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < wanted; ++i) out.push_back(ranked[i].second);
  return out;
}

Contact StaticNetwork::contact(std::uint32_t node) const {
  Contact out;
  out.id.data = nodes_[node].point.data;
  for (std::size_t i = 0; i < 4; ++i) out.endpoint.ip[12 + i] = static_cast<std::uint8_t>(node >> (8 * i));
  out.endpoint.port = kPort;
  return out;
}

std::vector<Contact> StaticNetwork::answer(std::uint32_t node, const OverlayPoint& target) {
  std::vector<std::uint32_t> named;
  if (!nodes_[node].hostile || !options_.lies) {
    named = nearest(table(node), target, options_.answers);
  } else if (options_.adaptive) {
    named = nearest(members_, target, kAdaptivePool);
    random_.shuffle(named);
    if (named.size() > options_.answers) named.resize(options_.answers);
  } else {
    named = nearest(members_, target, options_.answers);
  }
  std::vector<Contact> out;
  for (const std::uint32_t one : named) out.push_back(contact(one));
  return out;
}

StaticNetwork::Found StaticNetwork::lookup(std::uint32_t from, const OverlayPoint& target) {
  std::vector<Contact> start;
  for (const std::uint32_t node : nearest(table(from), target, 4 * options_.k)) start.push_back(contact(node));
  // A share of the space: region_factor * k / nodes; none for the k nearest.
  Distance radius;
  const std::uint64_t share = UINT64_MAX / options_.nodes * options_.region_factor * options_.k;
  for (std::size_t i = 0; i < 8; ++i) radius.data[i] = static_cast<std::uint8_t>(share >> (56 - 8 * i));
  NodeId self;
  self.data = nodes_[from].point.data;
  Lookup lookup(self, target, std::move(start), options_.k, radius, random_, {}, options_.style);
  const auto index = [&](const Contact& c) {
    std::uint32_t node = 0;
    for (std::size_t i = 4; i > 0; --i) node = node << 8 | c.endpoint.ip[11 + i];
    return node;
  };
  for (std::vector<Contact> asks = lookup.next(); !asks.empty(); asks = lookup.next())
    for (const Contact& one : asks) lookup.answered(one.id, answer(index(one), target), 1);
  Found out;
  for (const Contact& one : lookup.result()) out.nodes.push_back(index(one));
  out.asked = lookup.asked();
  return out;
}

}  // namespace comm::sim
