// The simulated network: links between node indices, with everything a real one does to packets. It holds no packet
// itself (they wait in the queue) and no table of pairs: memory is links + nodes. Owned by the Simulation; one thread.
//
// Like TCP a link keeps order and reports its end; unlike TCP it may lose, repeat and overtake single packets, which is
// harsher than production: every packet of the protocol is idempotent and repeated until acknowledged.
#pragma once
#include <map>
#include <optional>

#include "tests/sim/quantiles.h"
#include "tests/sim/sim_event.h"

namespace comm::sim {

struct NetworkOptions {
  // One-way delay. Each link draws its own base once; every packet adds up to an eighth of it.
  Shape latency = Shape::lognormal;
  Millis latency_scale = 50;
  // Round trips a dialler waits before its first packet travels (TCP and CURVE: about two one-way delays).
  std::uint32_t setup_delays = 2;
  // A dial to a node that is down or cut off ends after this.
  Millis connect_timeout = 3 * kSecond;
  // A peer that vanished without a word (power loss, partition) is noticed after this.
  Millis keepalive_timeout = 75 * kSecond;
  // Per packet, in thousandths: lost; delivered twice; allowed to overtake earlier ones of its link.
  std::uint32_t loss = 0;
  std::uint32_t duplicate = 0;
  std::uint32_t reorder = 0;
  // Per packet, in millionths: the link's direction then stands still for a time drawn around clog_scale.
  std::uint32_t clog = 0;
  Millis clog_scale = 10 * kSecond;
  // Thousandths of links with a man in the middle: both sides see different CURVE keys.
  std::uint32_t man_in_the_middle = 0;
  // Node addresses: this many nodes share a /24.
  std::uint32_t nodes_per_prefix = 1;
};

struct NetworkCounts {
  std::uint64_t dialled = 0, refused = 0, sent = 0, bytes = 0, lost = 0, duplicated = 0, cut = 0;
};

class SimNetwork {
 public:
  SimNetwork(NetworkOptions options, std::size_t nodes, std::uint64_t seed, SimQueue& queue);

  Endpoint endpoint_of(std::uint32_t node) const;
  // It lives in the `prefix`-th /24 of a range of its own, as the `host`-th there.
  void move(std::uint32_t node, std::uint32_t prefix, std::uint32_t host);
  std::optional<std::uint32_t> node_at(const Endpoint& endpoint) const;

  // --- what a node does ---
  void open(std::uint32_t node, LinkId link, const Endpoint& endpoint);
  void close(std::uint32_t node, LinkId link);
  // Returns false if the link does not exist (any more).
  bool send(std::uint32_t node, LinkId link, Packet packet);

  // --- what happens to a node ---
  void node_up(std::uint32_t node);
  // `silent`: nobody is told (power loss); else its peers see the end of their links.
  void node_down(std::uint32_t node, bool silent);
  bool is_up(std::uint32_t node) const { return up_[node]; }

  // --- faults ---
  void set_loss(std::uint32_t per_mille) { options_.loss = per_mille; }
  void calm();  // no loss, duplication, reordering, clogging or man in the middle from now on
  // Nodes of different groups cannot reach each other until the next call; empty = whole.
  void partition(std::vector<std::uint8_t> groups);

  // --- events coming due ---
  struct Arrival {
    std::uint32_t node;
    LinkId link;
    bool announce = false;  // the first packet of an accepted link: LinkUp with key and remote goes before
    CurveKey key;
    Endpoint remote;
  };
  std::optional<Arrival> arrive(const SimEvent& event);                     // kind packet
  std::optional<Endpoint> came_up(const SimEvent& event) const;             // kind link_up: what was dialled
  struct Down { std::uint32_t node; LinkId link; };
  std::optional<Down> went_down(const SimEvent& event);                     // kind link_down

  std::size_t links_of(std::uint32_t node) const { return tables_[node].size(); }
  std::size_t links() const { return links_.size() - free_.size(); }
  const NetworkCounts& counts() const { return counts_; }

 private:
  static Endpoint endpoint_in(std::uint32_t prefix, std::uint32_t host);
  enum class End : std::uint8_t { fresh, open, closed };  // fresh: the acceptor has not heard of it yet
  struct Side {
    std::uint32_t node = 0;
    LinkId id = 0;
    End state = End::closed;
    Millis last_arrival = 0;  // of packets coming to this side
  };
  struct Link {
    Side side[2];             // 0 dialler, 1 acceptor
    CurveKey key;             // as the acceptor sees it
    Endpoint dialled;
    Millis latency = 0;
    Millis ready_at = 0;
    std::uint32_t generation = 0;
    std::uint32_t acceptor_incarnation = 0;
    std::uint16_t port = 0;   // the dialler's ephemeral port
    bool dead_end = false;    // nobody answers there
  };
  using Table = std::vector<std::pair<LinkId, std::uint32_t>>;  // sorted by LinkId: ids only rise

  std::uint32_t allocate();
  std::optional<std::uint32_t> find(std::uint32_t node, LinkId link) const;
  void forget(std::uint32_t node, LinkId link);
  void release_if_done(std::uint32_t slot);
  void schedule_down(std::uint32_t slot, std::uint8_t side, Millis at, std::uint64_t partition = 0);
  void deliver(std::uint32_t slot, std::uint8_t to, Millis at, std::uint32_t size, Packet packet);
  bool separated(std::uint32_t a, std::uint32_t b) const { return !groups_.empty() && groups_[a] != groups_[b]; }
  Millis delay(const Link& link);

  NetworkOptions options_;
  Prng random_;
  SimQueue& queue_;
  std::vector<bool> up_;
  std::vector<std::uint32_t> incarnations_;
  std::vector<LinkId> accepted_;   // last id given to an accepted link
  std::vector<Table> tables_;
  std::vector<Link> links_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint8_t> groups_;
  std::uint64_t partition_ = 0;    // rises with every change of groups_
  std::map<std::uint32_t, Endpoint> moved_;
  std::map<Endpoint, std::uint32_t> moved_at_;
  NetworkCounts counts_;
};

}  // namespace comm::sim
