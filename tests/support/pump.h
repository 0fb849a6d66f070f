// Real nodes joined by vectors under virtual time, pumped until quiet: no mocks. `Net` owns nodes and probes; a probe is
// a test that speaks the protocol by hand. Packets pass through the real codec. Links are reliable and ordered unless a
// test cuts them; latency is 1 ms.
#pragma once
#include <deque>
#include <functional>
#include <memory>

#include "node/agent/driver.h"
#include "proto/base/check.h"
#include "proto/seal/os_random.h"

namespace comm::test {

class Net;

// Anything that links can end at.
class Party {
 public:
  virtual ~Party() = default;
  virtual void link_up(LinkId link, bool dialled, const CurveKey& curve, const Endpoint& remote) = 0;
  virtual void packet(LinkId link, const Bytes& bytes) = 0;
  virtual void link_down(LinkId link) = 0;
  Endpoint endpoint;
  bool up = true;
};

class TestNode final : public Party, public Host {
 public:
  TestNode(Net& net, std::uint64_t seed, std::optional<std::string> user, std::vector<Bootstrap> bootstrap);
  void start();
  void crash();    // uncommitted writes and everything in memory are gone
  void restart();  // on the same store

  // Party
  void link_up(LinkId link, bool dialled, const CurveKey& curve, const Endpoint& remote) override;
  void packet(LinkId link, const Bytes& bytes) override;
  void link_down(LinkId link) override;
  // Host
  void send(LinkId link, Packet packet) override;
  void open_link(LinkId link, const Endpoint& endpoint) override;
  void close_link(LinkId link) override;
  void compute_node_id(const NodeKey& key) override;
  void submit(std::unique_ptr<WriteSet> set) override;
  void user(const UserEvent& event) override { events.push_back(event); }
  void note(const Note& note) override { notes.push_back(note); }

  void say(const Address& to, std::string text, std::string ref = "1", std::uint16_t lifetime = kDefaultLifetimeMinutes);
  std::vector<Received> received() const;
  std::vector<StateChanged> states() const;
  std::optional<DeliveryState> last_state() const {
    const auto all = states();
    return all.empty() ? std::nullopt : std::optional(all.back().state);
  }
  const Address& address() const { return own_address; }  // of its user, also while it is down
  void tick();

  Net& net;
  Profile profile;
  std::uint64_t seed;
  std::optional<std::string> secret;
  CoreConfig config;
  NodeSigningKey key;
  std::unique_ptr<Store> store = make_mem_store();
  std::unique_ptr<Prng> random;
  std::unique_ptr<Agent> agent;
  Address own_address;
  std::unique_ptr<NodeCore> core;
  std::unique_ptr<Driver> driver;
  std::vector<UserEvent> events;
  std::vector<Note> notes;
  std::vector<std::unique_ptr<WriteSet>> submitted;
  bool hold_commits = false;   // the disk is slow: nothing becomes durable
  std::size_t commits = 0;
  std::map<std::string, std::size_t> sent;  // by packet name
};

class Probe final : public Party {
 public:
  explicit Probe(Net& net, std::uint64_t seed);
  void link_up(LinkId link, bool dialled, const CurveKey& curve, const Endpoint& remote) override;
  void packet(LinkId link, const Bytes& bytes) override;
  void link_down(LinkId link) override;

  LinkId dial(const Endpoint& to);                          // raw link, nothing said yet
  LinkId connect(TestNode& to);                             // handshake completed and pumped
  void send(LinkId link, std::uint32_t request_id, PacketBody body);
  void send_raw(LinkId link, Bytes bytes);
  void collect(LinkId link, const MailboxSigningKey& mailbox);
  template <class Body>
  std::vector<Body> got() const {
    std::vector<Body> out;
    for (const auto& item : inbox)
      if (const auto* body = std::get_if<Body>(&item.packet.body)) out.push_back(*body);
    return out;
  }

  struct Got { Millis at; LinkId link; Packet packet; };
  struct Session { CurveKey curve; bool dialled = false; Bytes hello; Hash transcript; bool down = false; };
  Net& net;
  NodeSigningKey key;
  NodeId id;
  bool answer_handshake = true;  // as the listening side
  bool answer_pings = true;
  bool client = false;           // of that role, and names no endpoint
  std::vector<Got> inbox;
  std::map<LinkId, Session> sessions;
  std::uint32_t next_request = 1;

 private:
  HelloBody hello();
};

class Net {
 public:
  explicit Net(std::uint64_t seed = 1);
  TestNode& relay(std::vector<TestNode*> bootstrap = {});
  TestNode& user(const std::string& secret, std::vector<TestNode*> bootstrap = {});
  Probe& probe();
  void run(Millis duration);                        // virtual time passes
  bool run_until(const std::function<bool()>& done, Millis limit);
  TimePoint now() const { return {now_, wall_}; }
  void step_wall(Millis by) { wall_ += by; }

  // --- links, used by parties ---
  void open(Party& from, LinkId link, const Endpoint& to);
  void deliver(Party& from, LinkId link, Bytes bytes);
  void close(Party& from, LinkId link);
  void later(Millis delay, std::function<void()> job);
  void drop_links(Party& party);
  // Called for every packet in flight; false loses it.
  std::function<bool(Party& from, Party& to, const Packet& packet)> filter;

  Prng random;
  std::vector<std::unique_ptr<TestNode>> nodes;
  std::vector<std::unique_ptr<Probe>> probes;
  Profile profile{.backoff_unit = kSecond, .cheap_node_ids = true};

 private:
  struct End { Party* party; LinkId link; };
  Party* at(const Endpoint& endpoint);
  std::map<std::pair<Party*, LinkId>, End> peer_of_;   // looked up, never iterated across parties
  std::map<std::pair<Millis, std::uint64_t>, std::function<void()>> jobs_;
  std::uint64_t order_ = 0;
  LinkId next_accepted_ = 1;
  Millis now_ = 1'000;
  Millis wall_ = 1'700'000'000'000;
  std::uint16_t next_port_ = 1000;
  friend class TestNode;
  friend class Probe;
};

}  // namespace comm::test
