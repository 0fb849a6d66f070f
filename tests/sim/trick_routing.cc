// Lies in answers to FindNode and GetRecord.
#include <algorithm>

#include "tests/sim/adversary.h"

namespace comm::sim {
namespace {

constexpr std::size_t kAdaptivePool = 200;

class Lie final : public Trick {
 public:
  explicit Lie(bool adaptive) : adaptive_(adaptive) {}
  bool comes(TrickTurn& turn, LinkId link, Packet& packet) override {
    const auto* find = std::get_if<FindNode>(&packet.body);
    if (find == nullptr) return true;
    auto named = adaptive_ ? turn.coven.some_near(find->target, kAdaptivePool, kBucketSize, turn.random)
                           : turn.coven.nearest(find->target, kBucketSize);
    turn.send(link, {packet.request_id, Nodes{std::move(named)}});
    return false;
  }

 private:
  bool adaptive_;
};

// Tells the truth but about those who matter.
class Truncate final : public Trick {
 public:
  bool comes(TrickTurn&, LinkId link, Packet& packet) override {
    if (const auto* find = std::get_if<FindNode>(&packet.body)) {
      if (asked_.size() >= kMostRemembered) asked_.clear();
      asked_[{link, packet.request_id}] = find->target;
    }
    return true;
  }
  bool leaves(TrickTurn& turn, LinkId link, Packet& packet) override {
    auto* nodes = std::get_if<Nodes>(&packet.body);
    const auto asked = asked_.find({link, packet.request_id});
    if (nodes == nullptr || asked == asked_.end()) return true;
    const OverlayPoint target = asked->second;
    asked_.erase(asked);
    const std::uint64_t region = UINT64_MAX / std::max<std::uint64_t>(1, turn.coven.honest) * kRegionFactor * kBucketSize;
    std::erase_if(nodes->contacts, [&](const Contact& contact) {
      const Distance far = distance(target, overlay_point(contact.id));
      return !turn.coven.has(contact.key) && get_be<std::uint64_t>(far.view()) <= region;
    });
    return true;
  }

 private:
  std::map<std::pair<LinkId, std::uint32_t>, OverlayPoint> asked_;
};

class EarlyStop final : public Trick {
 public:
  bool comes(TrickTurn& turn, LinkId link, Packet& packet) override {
    if (std::holds_alternative<FindNode>(packet.body)) return turn.send(link, {packet.request_id, Nodes{}}), false;
    if (const auto* get = std::get_if<GetRecord>(&packet.body))
      return turn.send(link, {packet.request_id, Record{get->address, {}}}), false;
    return true;
  }
};

}  // namespace

std::unique_ptr<Trick> routing_trick(TrickKind kind) {
  if (kind == TrickKind::truncate) return std::make_unique<Truncate>();
  if (kind == TrickKind::early_stop) return std::make_unique<EarlyStop>();
  return std::make_unique<Lie>(kind == TrickKind::lie_adaptive);
}

}  // namespace comm::sim
