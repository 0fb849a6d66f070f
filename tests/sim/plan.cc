// The plan of a run: which nodes exist, what strikes them when, who writes to whom.
#include "proto/seal/os_random.h"
#include "tests/sim/simulation.h"

namespace comm::sim {
namespace {

constexpr Millis kStartOver = 10 * kSecond;   // after the heal nodes return within this
constexpr Millis kAskAgain = 10 * kSecond;    // a user whose node is down or refused tries again

std::uint64_t seed_of(std::uint64_t run, std::uint64_t part) { return Prng(run * 0x9e3779b97f4a7c15u + part).draw(); }

}  // namespace

void Simulation::build_nodes() {
  init_crypto();
  nodes_.reserve(scenario_.nodes);
  machines_.resize(scenario_.nodes);
  const auto skew = static_cast<std::uint64_t>(scenario_.skew);
  const std::uint32_t first_week = week_of(kSimEpoch) - 1;
  const std::uint32_t last_week = week_of(kSimEpoch + scenario_.heal + scenario_.settle) + 1;
  for (std::uint32_t i = 0; i < scenario_.nodes; ++i) {
    const bool user = (std::uint64_t{i} + 1) * scenario_.users_per_mille / 1'000 !=
                      std::uint64_t{i} * scenario_.users_per_mille / 1'000;
    const Millis off = static_cast<Millis>(random_.below(2 * skew + 1)) - scenario_.skew;
    nodes_.push_back(std::make_unique<SimNode>(world_, i, seed_of(options_.seed, 1'000 + i), user, off));
    if (!user) continue;
    users_.push_back(i);
    oracle_.set_user(i, nodes_[i]->address());
    for (const MailboxId& mailbox : nodes_[i]->mailboxes(first_week, last_week)) oracle_.set_mailbox(i, mailbox);
  }
}

void Simulation::at(Millis time, Act act, std::uint32_t subject) {
  actions_.push_back({act, subject});
  event_at(time, EventKind::control, 0, actions_.size() - 1);
}

void Simulation::event_at(Millis time, EventKind kind, std::uint32_t node, std::uint64_t value) {
  SimEvent event;
  event.kind = kind;
  event.node = node;
  event.value = value;
  queue_.push(std::max(time, queue_.now()), std::move(event));
}

void Simulation::plan_joins() {
  for (std::uint32_t i = 0; i < scenario_.nodes; ++i) {
    std::vector<std::uint32_t> known;
    for (std::uint32_t k = 0; i > 0 && k < scenario_.bootstraps; ++k) {
      const auto node = static_cast<std::uint32_t>(random_.below(i));
      if (std::find(known.begin(), known.end(), node) == known.end()) known.push_back(node);
    }
    // The first node knows the second: somebody must call if it was down while the others came.
    if (i == 0 && scenario_.nodes > 1) known.push_back(1);
    nodes_[i]->set_bootstraps(std::move(known));
    event_at(scenario_.join_over * i / scenario_.nodes, EventKind::start, i);
  }
}

void Simulation::plan_faults() {
  stricken_.resize(scenario_.faults.size());
  for (std::uint32_t i = 0; i < scenario_.faults.size(); ++i) {
    at(scenario_.faults[i].at, Act::fault_begins, i);
    at(std::min(scenario_.faults[i].until, scenario_.heal), Act::fault_ends, i);
  }
  at(scenario_.heal, Act::heal, 0);
}

std::vector<std::uint32_t> Simulation::choose_away() {
  const Workload& work = scenario_.workload;
  std::vector<std::uint32_t> away = users_;
  std::erase_if(away, [&](std::uint32_t node) { return std::find(victims_.begin(), victims_.end(), node) != victims_.end(); });
  random_.shuffle(away);
  away.resize(away.size() * work.away_per_mille / 1'000);
  for (const std::uint32_t node : away) {
    at(work.away_from, Act::away, node);
    at(work.back, Act::back, node);
  }
  return away;
}

void Simulation::plan_messages(const std::vector<std::uint32_t>& away) {
  const Workload& work = scenario_.workload;
  std::vector<bool> is_away(scenario_.nodes);
  for (const std::uint32_t node : away) is_away[node] = true;
  std::vector<std::uint32_t> present;
  for (const std::uint32_t node : users_)
    if (!is_away[node]) present.push_back(node);
  CHECK(present.size() >= 2 || work.messages == 0);
  for (std::uint32_t i = 0; i < work.messages; ++i) {
    std::uint32_t from = present[random_.below(present.size())];
    std::uint32_t to = from;
    if (const Victims& v = scenario_.victims; v.count > 0) {
      const bool aimed = random_.chance(v.to_per_mille, 1'000);
      if (aimed) to = victims_[random_.below(victims_.size())];
      else if (random_.chance(v.from_per_mille, 1'000)) to = from = victims_[random_.below(victims_.size())];
      while (aimed && to == from) from = present[random_.below(present.size())];
    }
    const bool to_away = !away.empty() && random_.chance(work.to_away_per_mille, 1'000);
    while (to == from) to = to_away ? away[random_.below(away.size())] : present[random_.below(present.size())];
    const std::size_t bytes = work.text_min + random_.below(work.text_max - work.text_min + 1);
    const std::uint32_t index = oracle_.add_message(from, to, message_text(i, bytes));
    acquaint(from, to);
    leaver_.push_back(random_.chance(work.leave_per_mille, 1'000));
    const auto span = static_cast<std::uint64_t>(work.until - work.from) + 1;
    event_at(work.from + static_cast<Millis>(random_.below(span)), EventKind::send_text, from, index);
  }
  left_.resize(leaver_.size());
}

// The oracle knows the mailboxes that the two may grant each other.
void Simulation::acquaint(std::uint32_t from, std::uint32_t to) {
  if (!acquainted_.insert(std::minmax(from, to)).second) return;
  const Millis last = kSimEpoch + scenario_.heal + scenario_.settle + kHour;
  for (const auto& [owner, contact] : {std::pair(from, to), std::pair(to, from)})
    for (const MailboxId& mailbox : nodes_[owner]->pairwise_mailboxes(oracle_.address(contact), kSimEpoch - kHour, last))
      oracle_.set_mailbox(owner, mailbox, true);
}

void Simulation::plan_workload() { plan_messages(choose_away()); }

void Simulation::act(const Action& action) {
  switch (action.act) {
    case Act::fault_begins: return begin_fault(action.subject);
    case Act::fault_ends: return end_fault(action.subject);
    case Act::away: return hold(action.subject, kHeldByWorkload, Stop::graceful);
    case Act::back: return release(action.subject, kHeldByWorkload);
    case Act::heal: return heal();
    case Act::tick: return tick();
  }
}

std::vector<std::uint32_t> Simulation::choose(const Fault& fault) {
  if (fault.victims_only) return victims_;
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < scenario_.nodes; ++i)
    if (!fault.relays_only || !nodes_[i]->has_user()) out.push_back(i);
  random_.shuffle(out);
  out.resize(out.size() * fault.per_mille / 1'000);
  std::sort(out.begin(), out.end());
  return out;
}

void Simulation::begin_fault(std::uint32_t index) {
  const Fault& fault = scenario_.faults[index];
  auto& nodes = stricken_[index];
  switch (fault.kind) {
    case Fault::Kind::loss: return network_.set_loss(fault.per_mille);
    case Fault::Kind::churn: return begin_churn(index);
    case Fault::Kind::partition: {
      std::vector<std::uint8_t> groups(nodes_.size());
      for (const std::uint32_t node : choose(fault)) groups[node] = 1;
      return network_.partition(std::move(groups));
    }
    case Fault::Kind::crash:
      for (const std::uint32_t node : choose(fault)) {
        const auto span = static_cast<std::uint64_t>(fault.until - fault.at) + 1;
        event_at(fault.at + static_cast<Millis>(random_.below(span)), EventKind::leave, node, index);
      }
      return;
    case Fault::Kind::disk_full:
      nodes = choose(fault);
      for (const std::uint32_t node : nodes) nodes_[node]->set_disk_full(true);
      return;
    case Fault::Kind::clock_step:
      nodes = choose(fault);
      for (const std::uint32_t node : nodes) nodes_[node]->set_clock_step(fault.by);
      return;
  }
}

void Simulation::end_fault(std::uint32_t index) {
  switch (scenario_.faults[index].kind) {
    case Fault::Kind::loss: return network_.set_loss(healed_at_ < 0 ? scenario_.network.loss : 0);
    case Fault::Kind::partition: return network_.partition({});
    case Fault::Kind::disk_full:
      for (const std::uint32_t node : stricken_[index]) nodes_[node]->set_disk_full(false);
      return;
    case Fault::Kind::clock_step:
      for (const std::uint32_t node : stricken_[index]) nodes_[node]->set_clock_step(0);
      return;
    case Fault::Kind::churn:
    case Fault::Kind::crash: return;
  }
}

void Simulation::begin_churn(std::uint32_t index) {
  const Fault& fault = scenario_.faults[index];
  for (const std::uint32_t node : choose(fault)) {
    // Found in the middle of a session.
    const Millis rest = static_cast<Millis>(
        random_.below(static_cast<std::uint64_t>(draw(fault.session_shape, fault.session, random_)) + 1));
    event_at(queue_.now() + rest, EventKind::leave, node, index);
  }
}

void Simulation::leave(std::uint32_t node, const Fault& fault, std::uint64_t index) {
  if (healed_at_ >= 0 || queue_.now() > fault.until) return;
  const bool silent = random_.chance(fault.silent_per_mille, 1'000);
  const bool churn = fault.kind == Fault::Kind::churn;
  hold(node, kHeldByFault, silent ? Stop::power : churn ? Stop::graceful : Stop::crash);
  const Millis away = churn ? draw(fault.away_shape, fault.away, random_) : fault.down;
  event_at(queue_.now() + away, EventKind::come_back, node, index);
}

void Simulation::come_back(std::uint32_t node, const Fault& fault, std::uint64_t index) {
  if (healed_at_ >= 0) return;  // the heal brought it back
  release(node, kHeldByFault);
  if (fault.kind != Fault::Kind::churn || queue_.now() > fault.until) return;
  event_at(queue_.now() + draw(fault.session_shape, fault.session, random_), EventKind::leave, node, index);
}

void Simulation::hold(std::uint32_t node, Hold reason, Stop how) {
  ++machines_[node].held[reason];
  if (nodes_[node]->up()) nodes_[node]->stop(how);
}

void Simulation::release(std::uint32_t node, Hold reason) {
  CHECK(machines_[node].held[reason] > 0);
  --machines_[node].held[reason];
  if (!held(node)) event_at(queue_.now(), EventKind::start, node);
}

void Simulation::heal() {
  healed_at_ = queue_.now();
  network_.calm();
  network_.partition({});
  for (std::uint32_t i = 0; i < scenario_.nodes; ++i) {
    nodes_[i]->set_disk_full(false);
    nodes_[i]->set_clock_step(0);
    machines_[i].held[kHeldByFault] = 0;
    if (!held(i)) event_at(queue_.now() + kStartOver * i / scenario_.nodes, EventKind::start, i);
  }
}

void Simulation::send_text(std::uint32_t message) {
  const TrackedMessage& what = oracle_.messages()[message];
  if (what.asked || what.accepted) return;
  SimNode& node = *nodes_[what.from];
  if (!node.up()) return event_at(queue_.now() + kAskAgain, EventKind::send_text, what.from, message);
  oracle_.asked(message, queue_.now(), nodes_[what.to]->up());
  node.send_text(message, what, scenario_.workload.lifetime);
}

void Simulation::state_shown(std::uint32_t node, std::uint32_t message) {
  const TrackedMessage& what = oracle_.messages()[message];
  const bool relayed = what.state == DeliveryState::relayed || what.state == DeliveryState::delivered;
  if (!relayed || !leaver_[message] || left_[message]) return;
  left_[message] = true;
  if (queue_.now() >= scenario_.workload.leavers_back) return;
  // A control event: the node is in the middle of a turn.
  at(queue_.now(), Act::away, node);
  at(scenario_.workload.leavers_back, Act::back, node);
}

void Simulation::send_refused(std::uint32_t node, std::uint32_t message) {
  event_at(queue_.now() + kAskAgain, EventKind::send_text, node, message);
}

void Simulation::sends_lost(std::uint32_t node) {
  for (const std::uint32_t message : oracle_.forget_unaccepted(node))
    event_at(queue_.now() + kAskAgain, EventKind::send_text, node, message);
}

}  // namespace comm::sim
