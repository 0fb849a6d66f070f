// Links and the sessions on them (spec 10-transport): Hello, Welcome, Auth, the node-id check, keep-alive, and of two
// links between a pair the one that stays. A link carries nothing but the handshake until its session is ready; a link
// without Auth after 5 s is cut. Bounded by CoreConfig::max_sessions; packets that wait for an id check by kHeldPackets.
#pragma once
#include <deque>
#include <memory>
#include <set>

#include "node/core/flat_map.h"
#include "node/core/node_core.h"
#include "node/core/rate_limit.h"
#include "node/core/remembered.h"
#include "node/core/timers.h"

namespace comm {

struct Core;

enum class LinkPhase : std::uint8_t { wait_welcome, wait_hello, wait_auth, wait_id, ready };

struct Link {
  LinkId id = 0;
  bool dialled = false;
  bool dial_back = false;              // only proves that the peer can be dialled
  bool to_self = false;                // it turned out to end at this node
  bool false_id = false;               // another node than `expected` answered
  LinkPhase phase = LinkPhase::wait_hello;
  CurveKey curve;
  Endpoint remote;                     // observed
  Endpoint dialled_to;                 // dialled links
  std::optional<NodeId> expected;      // dialled links whose contact was named
  std::optional<std::size_t> bootstrap;  // index of the bootstrap it was dialled for
  Bytes hello_raw;                     // the dialler's Hello
  HelloBody peer;                      // the other side's body
  Hash transcript;
  NodeId node;                         // valid from wait_id's end on
  Millis since = 0, last_heard = 0;
  Millis last_used = 0;                // by anything but keep-alive
  bool idle_closed = false;            // by this side: its end says nothing about the peer
  int unanswered_pings = 0;
  std::uint32_t next_request = 1;
  TokenBucket packets{kPacketBurst, kPacketsPerSecond};
  TokenBucket costly{64, 16};          // signature checks a stranger can cause
  std::uint32_t faults = 0;
  std::vector<Packet> held;            // arrived between Auth and the id check
  std::size_t held_bytes = 0;
};

class Sessions {
 public:
  explicit Sessions(Core& core);

  void link_up(const LinkUp& event);
  void link_down(LinkId link);
  // Handshake packets and everything before a session is ready end here; true if the packet is the caller's to handle.
  bool admit(Link& link, const Packet& packet);
  void id_computed(const NodeIdComputed& event);
  void timer(TimerKind kind);

  LinkId dial(const Endpoint& endpoint, std::optional<NodeId> expected, std::optional<std::size_t> bootstrap,
              bool dial_back);
  Link* find(LinkId link);
  Link* ready(const NodeId& node);                     // the session with a node, or null
  const FlatMap<NodeId, LinkId>& by_node() const { return by_node_; }
  // Those of them that others can reach too, as far as their sessions tell: dialled ones, and relays'.
  const FlatMap<NodeId, LinkId>& serving() const { return serving_; }
  const Link& link(LinkId id) const { return *links_.at(id).link; }  // REQUIRES: of by_node()
  std::size_t links() const { return links_.size(); }
  void close(LinkId link, ErrorCode code);             // says why if the code is not 0, then cuts
  void remember_id(const NodeKey& key, const NodeId& id) { known_ids_.put(key, id); }
  bool id_known(const NodeKey& key) const { return known_ids_.find(key) != nullptr; }
  std::uint32_t relays() const { return relays_; }     // sessions with nodes of role relay

 private:
  static constexpr std::size_t kHeldPackets = 64;
  static constexpr std::size_t kHeldBytes = 131'072;  // one full packet and some
  static constexpr std::size_t kHeldBytesInAll = 64 << 20;
  static constexpr Millis kIdCheckLost = kMinute;     // the hasher may drop a job; then it is asked again
  static constexpr std::size_t kKnownIds = 4096;
  static constexpr Millis kSweep = kPingInterval / 4;  // keep-alive looks at all links together, this often at most

  struct Kept {
    std::unique_ptr<Link> link;
    Millis look_at = 0;  // when keep-alive looks at it next; 0: not ready yet. Here, for all are looked through
  };

  HelloBody own_hello();
  void on_hello(Link& link, std::uint32_t request_id, const Hello& hello);
  void on_welcome(Link& link, const Welcome& welcome);
  void on_auth(Link& link, const Auth& auth);
  void check_id(Link& link);
  void queue_id_check(const Link& link);
  void drain_id_checks();
  void identified(Link& link, const NodeId& id);
  bool wins_over(const Link& fresh, const Link& old) const;
  void await_handshake(LinkId id);
  void expire_handshakes();
  void watch(Link& link, Millis delay);
  void sweep();
  void keepalive(Link& link);
  void ping(Link& link);
  void drop(LinkId link);

  Core& core_;
  FlatMap<LinkId, Kept> links_;
  FlatMap<NodeId, LinkId> by_node_;
  FlatMap<NodeId, LinkId> serving_;
  Remembered<NodeKey, NodeId> known_ids_{kKnownIds};   // verified: Argon2 once per key
  std::map<NodeKey, std::vector<LinkId>> id_waiting_;  // links in wait_id, by the key whose id they need
  std::deque<NodeKey> id_queue_;                       // waiting for a token
  std::size_t held_bytes_ = 0;                         // on all links
  WaitingLine<LinkId> handshakes_;
  Millis next_sweep_ = 0;                              // 0: none is scheduled
  bool drain_scheduled_ = false;
  std::map<NodeKey, Millis> id_pending_;               // with the hasher since
  TokenBucket id_checks_;
  std::uint64_t next_dial_ = 0;
  std::uint32_t relays_ = 0;
};

}  // namespace comm
