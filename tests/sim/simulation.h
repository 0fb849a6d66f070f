// One run: builds the nodes of a scenario from a seed, works off the queue until every message is delivered and every
// copy gone (or the time is over), and reports. Deterministic: same scenario and seed, same trace, on every compiler.
// Not movable; one thread; memory is the nodes' plus what is in flight.
#pragma once
#include <functional>
#include <set>

#include "tests/sim/node.h"
#include "tests/sim/report.h"

namespace comm::sim {

struct RunOptions {
  std::uint64_t seed = 1;
  std::string reproduce;                                 // the command line that repeats this run
  std::function<void(const std::string&)> progress;      // null: silent. One line per virtual interval
  std::function<void(const std::string&)> log;           // null: silent. One line per event of log_node, or of all
  std::optional<std::uint32_t> log_node;
};

class Simulation final : private Audience {
 public:
  Simulation(Scenario scenario, RunOptions options);
  ~Simulation() override;
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  Report run();

  // --- for tests ---
  Oracle& oracle() { return oracle_; }
  SimNode& node(std::uint32_t index) { return *nodes_[index]; }

 private:
  enum class Act : std::uint8_t { fault_begins, fault_ends, away, back, heal, tick };
  struct Action { Act act; std::uint32_t subject; };     // fault or node
  enum Hold : std::uint8_t { kHeldByFault = 0, kHeldByWorkload = 1 };
  struct Machine {                                       // why a node is down
    std::uint32_t held[2]{};
  };

  // --- plan.cc: set up, faults, workload ---
  void build_nodes();
  void choose_victims();
  void build_adversaries();                              // hostile.cc
  void corrupt(std::uint32_t node, const AdversaryPlan& plan, std::uint32_t number, std::optional<NodeId> id);
  void sample_tables();
  std::string measure_json() const;
  void plan_joins();
  void establish();                                      // established.cc
  void plan_faults();
  void plan_workload();
  std::vector<std::uint32_t> choose_away();
  void plan_messages(const std::vector<std::uint32_t>& away);
  void acquaint(std::uint32_t from, std::uint32_t to);
  void at(Millis time, Act act, std::uint32_t subject);
  void event_at(Millis time, EventKind kind, std::uint32_t node, std::uint64_t value = 0);
  void act(const Action& action);
  void begin_fault(std::uint32_t index);
  void end_fault(std::uint32_t index);
  void begin_churn(std::uint32_t index);
  std::vector<std::uint32_t> choose(const Fault& fault);
  void heal();
  void hold(std::uint32_t node, Hold reason, Stop how);
  void release(std::uint32_t node, Hold reason);
  void leave(std::uint32_t node, const Fault& fault, std::uint64_t index);
  void come_back(std::uint32_t node, const Fault& fault, std::uint64_t index);
  bool held(std::uint32_t node) const { return machines_[node].held[0] + machines_[node].held[1] > 0; }
  void send_text(std::uint32_t message);

  // --- simulation.cc: the loop ---
  bool dispatch(SimEvent& event);
  bool deliver(SimEvent& event);
  void trace_event(const SimEvent& event);
  void log_event(const SimEvent& event);
  void tick();
  bool finished() const;
  void report_progress();
  std::string explain(const TrackedMessage& message) const;
  Report make_report();

  // --- Audience ---
  void state_shown(std::uint32_t node, std::uint32_t message) override;
  void send_refused(std::uint32_t node, std::uint32_t message) override;
  void sends_lost(std::uint32_t node) override;

  Scenario scenario_;
  RunOptions options_;
  Prng random_;
  TrueTime time_;
  SimQueue queue_;
  SimNetwork network_;
  Oracle oracle_;
  Trace trace_;
  World world_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
  std::vector<Machine> machines_;
  std::vector<Action> actions_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> acquainted_;
  std::vector<std::uint32_t> users_;                     // node indices
  std::vector<std::uint32_t> victims_;                   // some of them
  Prng hostile_random_;                                  // of its own: runs with and without attackers are paired
  std::vector<bool> leaver_;                             // per message: its sender leaves once it is relayed
  std::vector<bool> left_;                               // per message: has
  std::vector<std::vector<std::uint32_t>> stricken_;     // per fault: its nodes
  std::uint64_t events_ = 0;
  std::array<std::uint64_t, kEventKinds> by_kind_{};
  std::uint64_t packets_delivered_ = 0;
  std::uint64_t memory_before_ = 0;
  Millis healed_at_ = -1;
  bool done_ = false;
};

inline constexpr Millis kSimEpoch = 1'767'225'600'000;   // virtual time 0 in Unix milliseconds: 2026-01-01

}  // namespace comm::sim
