#include "tests/sim/simulation.h"

#include <malloc.h>

#include <chrono>
#include <ctime>

#include "proto/wire/header.h"
#include "tests/sim/convergence.h"

namespace comm::sim {
namespace {

constexpr Millis kTick = 10 * kSecond;        // bounds and the end are looked at this often
constexpr Millis kSample = 10 * kMinute;      // of the routing tables
constexpr Millis kProgress = 2 * kMinute;

std::uint64_t heap_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// What distinguishes packets of one kind and size: enough of their ids for any difference to show.
struct Fingerprint {
  Trace& trace;
  void operator()(const Offer& p) { for (const auto& item : p.items) trace.mix(item.header.view().subspan(32)); }
  void operator()(const Message& p) { for (const auto& item : p.items) trace.mix(item.header.view().subspan(32)); }
  void operator()(const Want& p) { for (const auto& id : p.ids) trace.mix(id.view()); }
  void operator()(const Stored& p) {
    for (const auto& item : p.items) {
      trace.mix(item.id.view());
      trace.mix(static_cast<std::uint64_t>(item.status));
    }
  }
  void operator()(const Ack& p) { for (const auto& record : p.records) trace.mix(ByteView(record).subspan(32)); }
  void operator()(const Nodes& p) { for (const auto& contact : p.contacts) trace.mix(contact.id.view()); }
  void operator()(const FindNode& p) { trace.mix(p.target.view()); }
  void operator()(const Hello& p) { trace.mix(p.body.nonce.view()); }
  void operator()(const Sync& p) {
    for (const auto& range : p.ranges) {
      trace.mix(range.lower.id.view());
      trace.mix(range.fingerprint.view());
      for (const auto& element : range.elements) trace.mix(element.key.id.view());
    }
  }
  void operator()(const GetRecord& p) { trace.mix(p.address.view()); }
  template <class Other>
  void operator()(const Other&) {}
};

}  // namespace

Simulation::Simulation(Scenario scenario, RunOptions options)
    : scenario_(std::move(scenario)), options_(std::move(options)), random_(options_.seed),
      network_(scenario_.network, all_nodes(scenario_), options_.seed ^ 0x6e6574776f726bu, queue_),
      oracle_(options_.reproduce),
      world_{.scenario = scenario_, .time = time_, .queue = queue_, .network = network_, .oracle = oracle_,
             .trace = trace_, .audience = *this, .packets = {}, .notes = {}, .measures = Measures(all_nodes(scenario_))},
      hostile_random_(options_.seed ^ 0x686f7374696c65u) {
  time_.wall = kSimEpoch;
  memory_before_ = heap_bytes();
  build_nodes();
  choose_victims();
  build_adversaries();
  if (scenario_.established) establish();
  plan_joins();
  plan_faults();
  plan_workload();
  at(kTick, Act::tick, 0);
}

Simulation::~Simulation() = default;

Report Simulation::run() {
  const auto started = std::chrono::steady_clock::now();
  const std::clock_t cpu_started = std::clock();
  const Millis last = std::max({scenario_.heal, scenario_.workload.back, scenario_.workload.leavers_back,
                                scenario_.workload.until}) + scenario_.settle;
  while (!done_ && !queue_.empty() && queue_.next_time() <= last) {
    SimEvent event = queue_.pop();
    time_.now = queue_.now();
    time_.wall = kSimEpoch + time_.now;
    const EventKind kind = event.kind;
    if (!dispatch(event)) continue;
    ++events_;
    ++by_kind_[static_cast<std::size_t>(kind)];
  }
  std::vector<std::uint64_t> live;
  for (const auto& node : nodes_) live.push_back(node->hostile() ? 0 : node->store().totals().live);
  if (scenario_.converge > 0)
    for (const std::string& what : disagreements(nodes_, time_.wall)) oracle_.violation(0, time_.now, "I2: " + what);
  if (!scenario_.measure) oracle_.finish(time_.now, live, [this](const TrackedMessage& m) { return explain(m); });
  Report report = make_report();
  report.wall_millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started).count();
  report.cpu_millis = std::max<std::int64_t>(1, (std::clock() - cpu_started) * 1'000 / CLOCKS_PER_SEC);
  return report;
}

void Simulation::trace_event(const SimEvent& event) {
  trace_.mix(static_cast<std::uint64_t>(time_.now) << 8 | static_cast<std::uint64_t>(event.kind));
  trace_.mix(std::uint64_t{event.node} << 32 | event.size);
  if (event.kind != EventKind::packet) return;
  trace_.mix(std::uint64_t{event.packet.request_id} << 8 | event.packet.body.index());
  std::visit(Fingerprint{trace_}, event.packet.body);
}

void Simulation::log_event(const SimEvent& event) {
  if (options_.log_node && *options_.log_node != event.node) return;
  if (event.kind == EventKind::wake) return;
  std::string line = std::to_string(time_.now) + " ms node " + std::to_string(event.node) + " " + to_string(event.kind);
  if (event.kind == EventKind::packet)
    line += std::string(" ") + packet_name(event.packet.body) + " request " +
            std::to_string(event.packet.request_id) + ", " + std::to_string(event.size) + " bytes on link " +
            std::to_string(event.link) + "." + std::to_string(event.generation);
  if (event.kind == EventKind::send_text) line += " message " + std::to_string(event.value);
  options_.log(line);
}

bool Simulation::dispatch(SimEvent& event) {
  if (options_.log) log_event(event);
  SimNode& node = *nodes_[event.node];
  switch (event.kind) {
    case EventKind::control: act(Action(actions_[event.value])); return true;
    case EventKind::start:
      if (node.up() || held(event.node)) return false;
      trace_event(event);
      node.start();
      return true;
    case EventKind::leave: leave(event.node, scenario_.faults[event.value], event.value); return true;
    case EventKind::come_back: come_back(event.node, scenario_.faults[event.value], event.value); return true;
    case EventKind::send_text: send_text(static_cast<std::uint32_t>(event.value)); return true;
    default: return deliver(event);
  }
}

bool Simulation::deliver(SimEvent& event) {
  SimNode& node = *nodes_[event.node];
  if (event.kind == EventKind::link_down) {
    const auto down = network_.went_down(event);
    if (down) trace_event(event);
    return down && node.on_link_down(*down);
  }
  if (event.kind == EventKind::packet) {
    const auto arrival = network_.arrive(event);
    if (!arrival || !node.up()) return false;
    ++packets_delivered_;
    trace_event(event);
    return node.on_packet(*arrival, event);
  }
  if (!node.up()) return false;
  const bool link_up = event.kind == EventKind::link_up;
  if (!link_up && event.incarnation != node.incarnation()) return false;
  trace_event(event);
  switch (event.kind) {
    case EventKind::link_up: return node.on_link_up(event);
    case EventKind::wake: return node.on_wake();
    case EventKind::node_id: return node.on_node_id(event);
    case EventKind::commit: return node.on_commit(event);
    default: return false;
  }
}

void Simulation::tick() {
  for (const auto& node : nodes_) node->tick();
  if (time_.now % kSample == 0) sample_tables();
  done_ = finished();
  if (time_.now % kProgress == 0) report_progress();
  if (!done_) at(time_.now + kTick, Act::tick, 0);
}

bool Simulation::finished() const {
  if (healed_at_ < 0 || !oracle_.all_delivered()) return false;
  if (scenario_.measure) return true;
  if (scenario_.converge > 0 && time_.now < healed_at_ + scenario_.converge) return false;
  for (const auto& node : nodes_)
    if (!node->hostile() && (!node->up() || node->store().totals().live > 0)) return false;
  return true;
}

void Simulation::report_progress() {
  if (!options_.progress) return;
  std::uint64_t live = 0, up = 0;
  for (const auto& node : nodes_) {
    live += node->store().totals().live;
    up += node->up() ? 1 : 0;
  }
  const OracleTotals& totals = oracle_.totals();
  options_.progress(std::to_string(time_.now / kMinute) + " min: " + std::to_string(up) + " nodes up, accepted " +
                    std::to_string(totals.sent) + ", shown " + std::to_string(totals.shown) + ", delivered " +
                    std::to_string(totals.delivered) + " of " + std::to_string(oracle_.messages().size()) +
                    ", live copies " + std::to_string(live) + ", events " + std::to_string(events_) +
                    (healed_at_ >= 0 ? ", healed" : ""));
}

// Where a message may be stuck: who holds its recipient's key record, and copies for its recipient.
std::string Simulation::explain(const TrackedMessage& message) const {
  const Address& to = nodes_[message.to]->address();
  const OverlayPoint region = record_region(to);
  std::vector<std::pair<Distance, bool>> holders;
  std::size_t holding = 0, copies = 0;
  for (const auto& node : nodes_) {
    const bool holds = node->store().key_record(to).has_value();
    holding += holds ? 1 : 0;
    holders.emplace_back(distance(overlay_point(node->id()), region), holds);
    for (const MailboxItem& item : node->store().live_page(0, 10'000))
      if (const auto header = parse_header(item.stored.header))
        copies += oracle_.mailbox_owner(header->mailbox) == message.to ? 1 : 0;
  }
  std::sort(holders.begin(), holders.end());
  holders.resize(std::min<std::size_t>(holders.size(), 2 * kBucketSize));
  const auto near = std::count_if(holders.begin(), holders.end(), [](const auto& holder) { return holder.second; });
  return "the recipient's key record is at " + std::to_string(holding) + " nodes, " + std::to_string(near) +
         " of the " + std::to_string(holders.size()) + " nearest; " + std::to_string(copies) +
         " live copies for the recipient";
}

Report Simulation::make_report() {
  Report out;
  out.scenario = scenario_.name;
  out.seed = options_.seed;
  out.nodes = scenario_.nodes;
  out.users = static_cast<std::uint32_t>(users_.size());
  out.totals = oracle_.totals();
  out.messages = oracle_.messages().size();
  out.healed_at = std::max<Millis>(0, healed_at_);
  out.virtual_end = time_.now;
  out.events = events_;
  out.packets_delivered = packets_delivered_;
  out.by_kind = by_kind_;
  out.packets = world_.packets;
  out.network = network_.counts();
  out.memory_bytes = heap_bytes() - std::min(heap_bytes(), memory_before_);
  for (const TrackedMessage& m : oracle_.messages()) {
    if (m.shown_at >= 0) (m.reached ? out.latency : out.latency_away).push_back(m.shown_at - m.sent_at);
    if (m.delivered_at >= 0) out.time_to_quiet.push_back(m.delivered_at - m.shown_at);
  }
  std::sort(out.latency.begin(), out.latency.end());
  std::sort(out.latency_away.begin(), out.latency_away.end());
  std::sort(out.time_to_quiet.begin(), out.time_to_quiet.end());
  std::map<std::string, std::uint64_t> rejected;
  std::vector<std::uint64_t> sizes;
  for (const auto& node : nodes_) {
    if (node->hostile()) continue;
    const Totals totals = node->store().totals();
    out.live_left += totals.live;
    out.tombstones += totals.acknowledged;
    out.store_bytes += totals.bytes;
    if (node->core() == nullptr) continue;
    const CoreStatus status = node->core()->status();
    out.sessions += status.sessions;
    out.table += status.table;
    sizes.push_back(status.size_estimate);
    for (const auto& [reason, count] : status.rejected_reasons) rejected[reason] += count;
  }
  std::sort(sizes.begin(), sizes.end());
  if (!sizes.empty()) out.size_estimate_median = sizes[sizes.size() / 2];
  out.rejected.assign(rejected.begin(), rejected.end());
  for (const auto& [code, count] : world_.notes) out.notes.emplace_back(code, count);
  out.size_estimates.assign(sizes.begin(), sizes.end());
  sample_tables();
  out.measured = measure_json();
  out.violations = oracle_.violations();
  out.violation_count = oracle_.violation_count();
  out.trace = trace_.hex();
  return out;
}

}  // namespace comm::sim
