// Attackers and victims of a run, and what is measured of them.
#include <sstream>

#include "tests/sim/simulation.h"

namespace comm::sim {
namespace {

constexpr Millis kReachable = 10 * kMinute;  // so long up at a stretch: then mail should have arrived
constexpr std::uint32_t kHostileBootstraps = 3;
constexpr std::uint32_t kHostsPerPrefix = 250;

template <class Values>
void quantiles(std::ostringstream& out, const char* name, const Values& sorted) {
  const auto at = [&](std::size_t per_mille) {
    return sorted.empty() ? 0 : sorted[std::min(sorted.size() - 1, sorted.size() * per_mille / 1'000)];
  };
  out << "\"" << name << "\":{\"count\":" << sorted.size() << ",\"p5\":" << at(50) << ",\"p50\":" << at(500)
      << ",\"p99\":" << at(990) << ",\"max\":" << at(1'000) << "}";
}

}  // namespace

void Simulation::choose_victims() {
  std::vector<std::uint32_t> users = users_;
  hostile_random_.shuffle(users);
  users.resize(std::min<std::size_t>(users.size(), scenario_.victims.count));
  victims_ = std::move(users);
  for (const std::uint32_t victim : victims_)
    world_.coven.targets.push_back(overlay_point(nodes_[victim]->mailboxes(week_of(kSimEpoch), week_of(kSimEpoch))[0]));
}

void Simulation::corrupt(std::uint32_t node, const AdversaryPlan& plan, std::uint32_t number, std::optional<NodeId> id) {
  nodes_.push_back(std::make_unique<SimNode>(world_, node, hostile_random_.draw(), false, 0));
  oracle_.set_outlaw(node);
  if (plan.prefixes > 0) {
    CHECK(number / plan.prefixes < kHostsPerPrefix);
    network_.move(node, number % plan.prefixes, number / plan.prefixes);
  }
  nodes_[node]->corrupt(plan, id);
  // A victim's endpoint, or some honest nodes, as anybody's bootstraps: those that are there from the start.
  std::vector<std::uint32_t> known = plan.contacts_victims ? victims_ : std::vector<std::uint32_t>{};
  while (known.size() < kHostileBootstraps && !plan.contacts_victims)
    known.push_back(static_cast<std::uint32_t>(hostile_random_.below(scenario_.nodes)));
  nodes_[node]->set_bootstraps(std::move(known));
  const auto span = static_cast<std::uint64_t>(plan.join_until - plan.join_from) + 1;
  event_at(plan.join_from + static_cast<Millis>(hostile_random_.below(span)), EventKind::start, node);
}

void Simulation::build_adversaries() {
  Coven& coven = world_.coven;
  coven.honest = scenario_.nodes;
  machines_.resize(all_nodes(scenario_));
  auto node = static_cast<std::uint32_t>(nodes_.size());
  for (const AdversaryPlan& plan : scenario_.adversaries) {
    std::uint32_t number = 0;
    for (std::uint32_t i = hostile_nodes(plan, scenario_.nodes, 0); i > 0; --i) corrupt(node++, plan, number++, {});
    for (std::size_t v = 0; v < victims_.size(); ++v) {
      const SimNode& victim = *nodes_[victims_[v]];
      const OverlayPoint point = plan.place == AdversaryPlan::Place::node     ? overlay_point(victim.id())
                                 : plan.place == AdversaryPlan::Place::record ? record_region(victim.address())
                                                                              : coven.targets[v];
      for (std::uint32_t i = 0; i < plan.ids; ++i)
        corrupt(node++, plan, number++, ground_id(point, scenario_.nodes, plan.spread, hostile_random_));
      coven.trials += std::uint64_t{plan.ids} * scenario_.nodes * 1'000 / plan.spread;
    }
  }
}

void Simulation::sample_tables() {
  if (world_.coven.members.empty()) return;
  Measures::Share share;
  share.at = time_.now;
  for (std::uint32_t i = 0; i < scenario_.nodes; ++i) {
    if (!nodes_[i]->up()) continue;
    const bool victim = std::find(victims_.begin(), victims_.end(), i) != victims_.end();
    for (const Contact& contact : nodes_[i]->core()->table()) {
      const std::uint64_t hostile = world_.coven.has(contact.key) ? 1 : 0;
      share.hostile += hostile;
      share.entries += 1;
      share.victims_hostile += victim ? hostile : 0;
      share.victims_entries += victim ? 1 : 0;
    }
  }
  world_.measures.table(share);
}

std::string Simulation::measure_json() const {
  const Measures& measures = world_.measures;
  std::ostringstream out;
  out << "\"honest\":" << scenario_.nodes << ",\"hostile\":" << world_.coven.members.size() << ",\"key_trials\":"
      << world_.coven.trials << ",\"hostile_packets\":" << world_.coven.packets << ",\"hostile_bytes\":"
      << world_.coven.bytes << ",\"redundant_copies\":" << measures.redundant_copies() << ",";
  quantiles(out, "store_bytes", measures.fullest(scenario_.nodes));
  const Measures::Relays relays = measures.relays();
  out << ",";
  quantiles(out, "time_to_quiet_ms", relays.time_to_quiet);
  out << ",";
  quantiles(out, "relays_after_ack", relays.after_ack);
  out << ",\"tables\":[";
  const char* comma = "";
  for (const Measures::Share& s : measures.shares()) {
    out << comma << "[" << s.at << "," << s.hostile << "," << s.entries << "," << s.victims_hostile << ","
        << s.victims_entries << "]";
    comma = ",";
  }
  // [sent, shown, delivered, when the recipient had been reachable, 1: to a victim, 2: from one], all -1: never
  out << "],\"mail\":[";
  comma = "";
  const auto is_victim = [&](std::uint32_t node) {
    return std::find(victims_.begin(), victims_.end(), node) != victims_.end();
  };
  for (const TrackedMessage& m : oracle_.messages()) {
    if (!m.accepted) continue;
    out << comma << "[" << m.sent_at << "," << m.shown_at << "," << m.delivered_at << ","
        << measures.reachable_at(m.to, m.sent_at, kReachable) << "," << (is_victim(m.to) ? 1 : 0) + (is_victim(m.from) ? 2 : 0)
        << "]";
    comma = ",";
  }
  out << "]";
  return out.str();
}

}  // namespace comm::sim
