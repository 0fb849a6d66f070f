// One turn after another: feeds events to the core and the agent, stages their writes under one ticket per turn, holds
// what must be durable first, and hands everything else to the Host. Pure; the reactor and the simulator differ only in
// their Host. A turn is atomic: all its writes are one batch.
#pragma once
#include "node/agent/asked.h"
#include "node/agent/commit_gate.h"
#include "proto/base/check.h"
#include "relay_store/store.h"

namespace comm {

// The outside world of one node.
class Host {
 public:
  virtual ~Host() = default;
  virtual void send(LinkId link, Packet packet) = 0;  // may drop: everything is repeated until acknowledged
  virtual void open_link(LinkId link, const Endpoint& endpoint) = 0;
  virtual void close_link(LinkId link) = 0;
  virtual void compute_node_id(const NodeKey& key) = 0;   // answered by event NodeIdComputed
  virtual void submit(std::unique_ptr<WriteSet> set) = 0;  // answered by committed() or commit_failed()
  virtual void user(const UserEvent& event) = 0;
  virtual void note(const Note& note) = 0;
};

class Driver {
 public:
  // `agent` may be null (relay). All references outlive the driver.
  Driver(NodeCore& core, Agent* agent, Store& store, Host& host)
      : core_(core), agent_(agent), store_(store), host_(host) {}

  void start(TimePoint now);
  void event(TimePoint now, Event event);
  void command(TimePoint now, const UserCommand& command);
  void time_passed(TimePoint now);
  void committed(TimePoint now, Ticket ticket);
  void commit_failed(TimePoint now);  // a full disk: uncommitted writes are gone, the node goes on
  std::optional<Millis> next_deadline() const;
  // False: much waits for the disk. Packets and commands are to wait outside until something is committed.
  bool has_room() const { return gate_.has_room(); }
  void connect(TimePoint now, const Bootstrap& bootstrap);

 private:
  template <class Start>
  void turn(TimePoint now, Start&& start);
  void run(TimePoint now, Effects& out);
  void perform(TimePoint now, Effect& effect, Effects& out);

  NodeCore& core_;
  Agent* agent_;
  Store& store_;
  Host& host_;
  static constexpr std::size_t kRoomKept = 8;
  CommitGate gate_;
  Asked asked_;
  std::vector<PendingEffect> room_;  // for the next turn's effects: most turns have a few
  Ticket ticket_ = 0;
  Ticket last_ = 0;
};

}  // namespace comm
