#include "tests/sim/coven.h"

#include <algorithm>

namespace comm::sim {

std::vector<Contact> Coven::nearest(const OverlayPoint& target, std::size_t count) const {
  std::vector<std::pair<Distance, const Member*>> found;
  for (const Member& member : members)
    if (member.up) found.emplace_back(distance(target, overlay_point(member.contact.id)), &member);
  const std::size_t wanted = std::min(count, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(wanted), found.end(),
                    [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Contact> out;
  for (std::size_t i = 0; i < wanted; ++i) out.push_back(found[i].second->contact);
  return out;
}

std::vector<Contact> Coven::some_near(const OverlayPoint& target, std::size_t pool, std::size_t count,
                                      RandomSource& random) const {
  std::vector<Contact> out = nearest(target, pool);
  random.shuffle(out);
  if (out.size() > count) out.resize(count);
  return out;
}

NodeId near_id(const OverlayPoint& target, std::uint64_t share, RandomSource& random) {
  // The upper 64 bits of the distance are uniform below the share of the space, the rest anything.
  const std::uint64_t upper = random.below(std::max<std::uint64_t>(1, share));
  NodeId out;
  random.fill(out);
  for (std::size_t i = 0; i < 8; ++i) out.data[i] = static_cast<std::uint8_t>(upper >> (56 - 8 * i));
  for (std::size_t i = 0; i < out.data.size(); ++i) out.data[i] ^= target.data[i];
  return out;
}

NodeId ground_id(const OverlayPoint& target, std::uint64_t nodes, std::uint32_t per_mille, RandomSource& random) {
  return near_id(target, UINT64_MAX / nodes / 1'000 * per_mille, random);
}

}  // namespace comm::sim
