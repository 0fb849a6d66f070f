#include "node/core/quota.h"

#include <map>

namespace comm {
namespace {

bool equal_work(const Work& a, const Work& b) { return !less_work(a, b) && !less_work(b, a); }

// The first of those with the least Work that are left whose ingress uses most.
std::size_t weakest(std::span<const Rival> rivals, const std::vector<bool>& taken,
                    const std::map<NodeId, std::uint64_t>& use) {
  std::size_t best = rivals.size();
  for (std::size_t i = 0; i < rivals.size(); ++i) {
    if (taken[i]) continue;
    if (best == rivals.size()) best = i;
    else if (!equal_work(rivals[i].work, rivals[best].work)) break;
    else if (use.at(rivals[i].ingress) > use.at(rivals[best].ingress)) best = i;
  }
  return best;
}

}  // namespace

std::optional<std::uint8_t> effort_above(const Work& floor, const Work& shape) {
  for (std::uint8_t effort = 0; effort < 64; ++effort)
    if (less_work(floor, {std::uint64_t{1} << effort, shape.denominator})) return effort;
  return std::nullopt;
}

Verdict make_room(const Newcomer& newcomer, std::uint64_t needed, std::span<const Rival> rivals,
                  const BytesOfIngress& bytes_of) {
  std::map<NodeId, std::uint64_t> use;
  for (const Rival& rival : rivals)
    if (!use.contains(rival.ingress)) use.emplace(rival.ingress, bytes_of(rival.ingress));
  const std::uint64_t own_use = bytes_of(newcomer.ingress) + newcomer.bytes;

  Verdict out;
  std::vector<bool> taken(rivals.size());
  std::optional<Work> strongest;  // of those that would have to go; they come in order
  for (std::uint64_t freed = 0; freed < needed;) {
    const std::size_t i = weakest(rivals, taken, use);
    if (i == rivals.size()) return {{}, true, std::nullopt};
    const Rival& rival = rivals[i];
    const bool gives_way = less_work(rival.work, newcomer.work) ||
                           (equal_work(rival.work, newcomer.work) && use.at(rival.ingress) > own_use);
    out.refused |= !gives_way;
    taken[i] = true;
    use.at(rival.ingress) -= std::min(use.at(rival.ingress), rival.bytes);
    freed += rival.bytes;
    strongest = rival.work;
    out.evict.push_back(rival);
  }
  if (!out.refused) return out;
  return {{}, true, effort_above(*strongest, newcomer.work)};
}

}  // namespace comm
