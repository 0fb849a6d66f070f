// Reaching other nodes: sessions on demand, queues while they form, requests and their deadlines, bootstraps, dial-back
// and contacts kept over restarts (spec 10-transport, 70-routing). Bounded per peer by kMaxQueuedPerPeer and
// kMaxQueuedBytesPerPeer, in all by kMaxWaitingPeers.
#pragma once
#include "node/core/sessions.h"

namespace comm {

enum class RequestKind : std::uint8_t { none, ping, find_node, get_record, put_record, collect, want, message, sync };
struct Request {
  RequestKind kind = RequestKind::none;
  std::uint64_t key = 0;  // lookup, record job, ...
};

class Peers {
 public:
  explicit Peers(Core& core) : core_(core) {}

  void start();
  void add_bootstrap(const Bootstrap& bootstrap);
  void timer(TimerKind kind, std::uint64_t key);

  // Sends now or when a session with the contact is ready; the request fails (Core::request_failed) after its deadline
  // or when no session forms. An unspecified endpoint means: only if the routing table or a session knows it.
  void send(const Contact& to, PacketBody body, Request request);
  // On a ready session. Returns the request id.
  std::uint32_t send(Link& link, PacketBody body, Request request);
  void want_session(const NodeId& node);                // dials if its endpoint is known
  bool quiet(const Endpoint& endpoint) const;           // nobody answered there a moment ago: not dialled again yet
  bool reachable(const NodeId& node);                   // a session, or an endpoint to dial

  // The open request of one of `kinds` that has this id on `link`; none if there is none. Ids of the two directions
  // are independent, so a packet answers only what it can answer.
  Request take_answer(const Link& link, std::uint32_t request_id, std::initializer_list<RequestKind> kinds);
  void session_ready(Link& link);
  void session_gone(Link& link);                        // ready or not

 private:
  static constexpr std::size_t kMaxWaitingPeers = 512;
  static constexpr std::size_t kMetContacts = 1'024;
  static constexpr std::size_t kQuietEndpoints = 256;
  using RequestAt = std::pair<LinkId, std::uint32_t>;
  struct Waiting {
    LinkId dial = 0;
    std::size_t bytes = 0;
    std::vector<std::pair<PacketBody, Request>> queue;
  };
  struct Quiet { Millis until = 0, pause = 0; };
  struct BootstrapState {
    Bootstrap bootstrap;
    Millis delay = kBootstrapRetryMin;
    LinkId link = 0;
    bool self = false;
    std::optional<NodeId> node;  // who answered there
    Millis scheduled = 0;        // its timer in flight, 0 = none
  };
  void expire_requests();
  void dial_bootstrap(std::size_t index);
  void schedule_bootstrap(std::size_t index, Millis delay);
  void fail_waiting(const NodeId& node, bool false_id);
  // Where to dial a node: the table's endpoint if it is proved, else where a session with it was. Port 0: unknown.
  Contact known_contact(const NodeId& node) const;
  void consider_dial_back(Link& link);
  void keep(const Link& link, const Endpoint& endpoint);  // over restarts
  Bytes least_worth_keeping();
  void prune_dial_backs();
  void nobody_there(const Endpoint& endpoint);
  void dial_anchors();                                  // while there is no session
  void dial_anchors_after(Millis delay);

  Core& core_;
  std::map<NodeId, Waiting> waiting_;
  FlatMap<RequestAt, Request> requests_;
  WaitingLine<RequestAt> deadlines_;
  std::vector<BootstrapState> bootstraps_;
  // Nodes we had a session with, of whom the table keeps but a few: custody reaches a region's members by it.
  Remembered<NodeId, Endpoint> met_{kMetContacts};      // where sessions were
  FlatMap<NodeId, Millis> dial_backs_;                  // when last tried
  // By endpoint, not by node: whoever names a false endpoint for a node keeps nobody from its true one.
  std::map<Endpoint, Quiet> quiet_;
  std::optional<std::size_t> kept_;                     // contact rows
  Millis anchor_delay_ = kBootstrapRetryMin;
  bool anchors_due_ = false;                            // their timer is set
  Millis next_exchange_ = 0;                            // of one of them for another
  TokenBucket dial_back_tokens_{16, 8};
};

}  // namespace comm
