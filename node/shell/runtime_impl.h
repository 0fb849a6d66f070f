// The inside of Runtime: everything a node is made of, in the order in which it is built, and the reactor's round.
// Private to node/shell (runtime*.cc). One thread, except `jobs`, `stop_code` and the wake descriptors.
#pragma once
#include <signal.h>

#include <atomic>
#include <deque>
#include <map>

#include "node/shell/clock.h"
#include "node/shell/data_dir.h"
#include "node/shell/hasher.h"
#include "node/shell/log.h"
#include "node/shell/node_key.h"
#include "node/shell/resolver.h"
#include "node/shell/runtime.h"
#include "node/shell/tick_reader.h"
#include "node/shell/zmq_transport.h"
#include "proto/seal/os_random.h"
#include "relay_store/committer.h"

namespace comm {

// SIGTERM, SIGINT and SIGHUP, blocked for this thread and all it starts, and read from a descriptor instead.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();  // restores the mask
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  int fd() const { return fd_.get(); }
  bool take();                      // one of them came
  void leave_to_owner_of(int fd);   // a frontend watches a signalfd of its own: what that reads is not ours
  void let_through();               // from now on they end the process: the second one forces

 private:
  sigset_t previous_{};
  sigset_t ours_{};
  UniqueFd fd_;
};

struct Runtime::Impl final : Host, TransportSink {
  explicit Impl(const RuntimeConfig& configuration);
  ~Impl() override;

  // --- runtime_open.cc ---
  bool prepare(Failure& failure);               // directory, store, node key
  bool listen(Failure& failure);
  bool take_bootstraps(Failure& failure);
  void assemble(LockedBox<Identity> identity);  // core, agent, driver

  // --- Host (runtime_host.cc): effects of the turn under way ---
  void send(LinkId link, Packet packet) override;
  void open_link(LinkId link, const Endpoint& endpoint) override;
  void close_link(LinkId link) override;
  void compute_node_id(const NodeKey& key) override;
  void submit(std::unique_ptr<WriteSet> set) override;
  void submit_staged();                         // what the turns since the last call have staged goes to the committer
  void commit_staged();                         // likewise, or is committed here and now if that is all there is
  void user(const UserEvent& event) override;
  // --- TransportSink: each starts a turn ---
  void link_up(const LinkUp& up) override;
  void link_down(LinkId link) override;
  void packet(LinkId link, ByteView bytes) override;
  bool accepts_packets() override;
  // --- both ---
  void note(const Note& note) override;

  template <class Action>
  void turn(Action&& action) {
    CHECK(!in_turn);  // user events are handed out between turns, so that a command never lands within one
    in_turn = true;
    action(clock->now());
    in_turn = false;
  }
  void connect(const std::string& endpoint);
  void take_reports();
  void take_report(const CommitReport& report);
  void take_resolved();
  void hand_out_user_events();

  // --- runtime_loop.cc ---
  int run(Runtime& owner, Frontend& screen);
  void wait(bool with_frontend, Millis longest);
  int timeout(Millis longest);
  void round();
  void serve_world();                           // everything but time and the frontend
  void run_jobs();
  void serve_watched();
  void fire_due();
  std::optional<Millis> next_due() const;       // deadline or timer, on the node's clock
  void read_ticks();
  void advance(Millis by);
  void settle(Millis& network_budget);
  bool busy();                                  // work is under way in one of our threads
  void shut_down();
  bool stopping() const { return stop_code.load() >= 0; }

  const RuntimeConfig config;
  Runtime* self = nullptr;
  Log log;
  StopSignals signals;
  OsRandom random;
  std::unique_ptr<Clock> clock;
  VirtualClock* virtual_clock = nullptr;        // is `clock`, if virtual
  std::optional<DataDir> data_dir;
  std::unique_ptr<Store> store;
  std::optional<NodeSigningKey> node_key;
  NodeId node_id;
  Mailbox<std::function<void(Runtime&)>> jobs;
  std::atomic<int> stop_code{-1};               // an exit code once somebody wants to stop
  WakeFd stop_wake;
  WakeFd commit_wake;
  std::unique_ptr<Committer> committer;
  Hasher hasher;
  Resolver resolver;
  ZmqTransport transport;
  std::optional<Endpoint> bound;
  std::vector<Bootstrap> bootstraps;            // numeric ones
  std::unique_ptr<Agent> agent;
  std::unique_ptr<NodeCore> core;
  std::unique_ptr<Driver> driver;

  Frontend* frontend = nullptr;
  bool in_turn = false;
  bool started = false;
  bool recovering = false;                      // a commit failed and the committer waits for resume
  bool closing = false;
  std::vector<std::unique_ptr<WriteSet>> staged;
  std::size_t staged_bytes = 0;
  Ticket submitted = 0;                         // staged sets included
  Ticket reported = 0;
  std::uint64_t traffic = 0;                    // packets and dials so far, either way
  Millis last_time_passed = -1;                 // mono of the last TimePassed turn
  std::deque<UserEvent> user_events;
  struct Watch {
    std::function<void()> readable;
    bool patient = false;
  };
  std::map<int, Watch> watched;
  std::vector<int> watched_ready;
  std::multimap<Millis, std::function<void()>> timers;
  TickReader ticks;
  int tick_fd = -1;
  bool ticks_ready = false;
};

}  // namespace comm
