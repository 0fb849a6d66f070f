#include "tests/sim/convergence.h"

namespace comm::sim {
namespace {

struct Seen {
  MailboxId mailbox;
  std::map<std::uint32_t, Custody> at;  // by node
};

std::vector<std::uint32_t> keepers(const std::vector<std::unique_ptr<SimNode>>& nodes, const MailboxId& mailbox) {
  std::vector<std::pair<Distance, std::uint32_t>> by_distance;
  for (std::uint32_t i = 0; i < nodes.size(); ++i)
    by_distance.emplace_back(distance(overlay_point(nodes[i]->id()), overlay_point(mailbox)), i);
  std::sort(by_distance.begin(), by_distance.end());
  if (nodes.size() > kEveryoneCustodianUpTo) by_distance.resize(kBucketSize);
  std::vector<std::uint32_t> out;
  for (const auto& [far, node] : by_distance)
    if (nodes[node]->up() && !nodes[node]->has_user()) out.push_back(node);
  return out;
}

}  // namespace

std::vector<std::string> disagreements(const std::vector<std::unique_ptr<SimNode>>& nodes, Millis wall) {
  const ElementPlace from{minute_of(wall + kSyncEdge + kHour), {}}, until{UINT32_MAX, {}};
  std::map<MessageId, Seen> seen;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i]->up() || nodes[i]->has_user()) continue;
    std::optional<ElementPlace> at = from;
    while (at) {
      const auto page = nodes[i]->store().elements(*at, until, [](const MailboxId&) { return true; }, 10'000);
      for (const Element& element : page.elements) {
        Seen& one = seen[element.place.id];
        one.mailbox = element.mailbox;
        one.at[i] = element.kind;
      }
      at = page.next;
    }
  }
  std::vector<std::string> out;
  for (const auto& [id, one] : seen) {
    std::map<Custody, std::size_t> states;
    for (const std::uint32_t node : keepers(nodes, one.mailbox)) {
      const auto held = one.at.find(node);
      ++states[held == one.at.end() ? Custody::absent : held->second];
    }
    if (states.size() < 2) continue;
    std::string what = short_hex(id.view()) + " is";
    for (const auto& [state, count] : states)
      what += " in state " + std::to_string(static_cast<int>(state)) + " at " + std::to_string(count);
    out.push_back(what + " of its custodians");
    if (out.size() == kMostDisagreements) break;
  }
  return out;
}

}  // namespace comm::sim
