// One simulated machine: a disk and keys that stay, and a process (core, agent, driver) that comes and goes. It is the
// Host of its Driver: what the node does becomes events in the queue, what is due becomes calls of the driver. Owned by
// the Simulation; one thread; memory is the node's own plus what it has on the way to the disk.
#pragma once
#include <map>

#include "node/agent/driver.h"
#include "tests/sim/adversary.h"
#include "tests/sim/measures.h"
#include "tests/sim/network.h"
#include "tests/sim/scenario.h"
#include "tests/sim/trace.h"
#include "tests/sim/watched_store.h"

namespace comm::sim {

// Packets by kind: what each costs.
struct PacketCount { std::uint64_t packets = 0, bytes = 0; };
using PacketCounts = std::array<PacketCount, std::variant_size_v<PacketBody>>;

// Told of what users see, after the oracle.
class Audience {
 public:
  virtual ~Audience() = default;
  virtual void state_shown(std::uint32_t node, std::uint32_t message) = 0;
  virtual void send_refused(std::uint32_t node, std::uint32_t message) = 0;
  virtual void sends_lost(std::uint32_t node) = 0;  // the node forgot every send not yet accepted
};

// What all nodes of a run share.
struct World {
  const Scenario& scenario;
  TrueTime& time;
  SimQueue& queue;
  SimNetwork& network;
  Oracle& oracle;
  Trace& trace;
  Audience& audience;
  PacketCounts packets{};  // of honest nodes
  std::map<std::string_view, std::uint64_t> notes;  // by code; codes are static strings
  Measures measures;
  Coven coven{};

  NodeId id_of(const NodeKey& key) const;  // as Argon2 would say, or as it was ground
};

enum class Stop : std::uint8_t {
  graceful,  // the disk is flushed, links are closed
  crash,     // SIGKILL: uncommitted writes are lost, the kernel closes the links
  power      // nobody is told
};

class SimNode final : public Host {
 public:
  SimNode(World& world, std::uint32_t index, std::uint64_t seed, bool user, Millis skew);
  ~SimNode() override;
  // Turns it hostile, before its first start: `id` if it was ground.
  void corrupt(const AdversaryPlan& plan, std::optional<NodeId> id);
  bool hostile() const { return adversary_ != nullptr; }
  void tick();                       // every ten seconds

  void set_bootstraps(std::vector<std::uint32_t> nodes) { bootstraps_ = std::move(nodes); }
  void start();                      // REQUIRES: !up()
  void stop(Stop how);               // REQUIRES: up()
  bool up() const { return process_ != nullptr; }
  std::uint32_t incarnation() const { return incarnation_; }

  // --- events of the queue, false if they came too late ---
  bool on_link_up(const SimEvent& event);
  bool on_link_down(const SimNetwork::Down& down);
  bool on_packet(const SimNetwork::Arrival& arrival, SimEvent& event);
  bool on_node_id(const SimEvent& event);
  bool on_commit(const SimEvent& event);
  bool on_wake();
  void send_text(std::uint32_t message, const TrackedMessage& what, std::uint16_t lifetime);

  void set_disk_full(bool full) { disk_full_ = full; }
  void set_clock_step(Millis step) { step_ = step; }

  bool has_user() const { return user_; }
  const NodeId& id() const { return id_; }
  const Address& address() const { return address_; }
  const NodeKey& key() const { return key_.public_key(); }
  std::vector<MailboxId> mailboxes(std::uint32_t first_week, std::uint32_t last_week) const;
  // Those that it may grant to `contact` between two times of the wall clock.
  std::vector<MailboxId> pairwise_mailboxes(const Address& contact, Millis first, Millis last) const;
  WatchedStore& store() { return store_; }
  const NodeCore* core() const;
  const Agent* agent() const;
  void check_bounds();

  // --- Host ---
  void send(LinkId link, Packet packet) override;
  void open_link(LinkId link, const Endpoint& endpoint) override { world_.network.open(index_, link, endpoint); }
  void close_link(LinkId link) override { world_.network.close(index_, link); }
  void compute_node_id(const NodeKey& key) override;
  void submit(std::unique_ptr<WriteSet> set) override;
  void user(const UserEvent& event) override;
  void note(const Note& note) override { ++world_.notes[note.code]; }

 private:
  struct Process;
  TimePoint now() const;
  LockedBox<Identity> identity() const;
  void begin_commit();
  void commit_now();
  void rearm();
  void transmit(LinkId link, Packet packet);
  void measure(const Packet& packet);
  void arrived(const Packet& packet);
  SimEvent event_for_me(EventKind kind) const;

  World& world_;
  std::uint32_t index_;
  Prng random_;
  Seed identity_seed_;
  NodeSigningKey key_;
  NodeId id_;
  Address address_;
  bool user_;
  std::vector<std::uint32_t> bootstraps_;
  std::unique_ptr<Adversary> adversary_;
  Millis skew_;
  Millis step_ = 0;
  WatchedStore store_;

  // --- of the running process ---
  std::unique_ptr<Process> process_;
  std::uint32_t incarnation_ = 0;
  Millis booted_ = 0;
  Millis armed_ = -1;                                // the wake event that counts; -1 = none
  Millis hasher_free_ = 0;
  std::vector<std::unique_ptr<WriteSet>> disk_queue_;
  std::size_t in_flight_ = 0;                        // the first so many of disk_queue_ are being synced
  std::uint64_t disk_epoch_ = 0;                     // commits begun before it rose never end
  bool disk_full_ = false;
  std::uint32_t hurried_wakes_ = 0;                  // deadlines that were not in the future, in a row
};

// Stands in for Argon2: a cheap hash of the key, 160 uniform bits.
NodeId sim_node_id(const NodeKey& key);

}  // namespace comm::sim
