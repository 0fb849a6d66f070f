// The inbound half of the transport: a bound ROUTER as CURVE server, its ZAP handler, its monitor and the guard over
// its connections. An accepted link is (routing id, User-Id); it begins with its first packet and ends when its
// connection does. Owned by ZmqTransport, reactor's thread. Bounded by TransportConfig.
#pragma once
#include <deque>
#include <set>

#include "node/shell/connection_guard.h"
#include "node/shell/send_queue.h"
#include "node/shell/socket_monitor.h"
#include "node/shell/zap_handler.h"
#include "proto/seal/sign.h"

namespace comm {

class Listener {
 public:
  Listener(ZmqContext& context, const TransportConfig& config, const CurvePair& server, QueueBudget& budget);

  // 0, or the errno of the refusal. `bound` is what was asked for, with the port the system chose.
  int bind(const Endpoint& endpoint, Endpoint& bound);
  std::vector<int> fds() const;

  void round(Millis now, TransportSink& sink);
  // True if a round would do something that no descriptor tells of.
  bool pending(bool accepts_packets) const;
  std::optional<Millis> next_deadline() const;

  void send(LinkId link, Bytes packet);
  void close_link(LinkId link, Millis now);
  bool flush();  // true if nothing waits in our queues any more
  void close(int linger_ms);

  std::size_t connections() const { return guard_.size(); }
  std::size_t links() const { return links_.size(); }

 private:
  struct Link {
    Link(QueueBudget& budget, Bytes r, CurveKey c) : route(std::move(r)), client_curve(c), queue(budget) {}
    Bytes route;
    CurveKey client_curve;
    int fd = -1;
    std::uint64_t generation = 0;
    SendQueue queue;
    bool reported_down = false;  // what still arrives on it is dropped
  };
  struct Ending { LinkId link; Millis latest; };  // its connection is gone; packets may still be in our pipe
  using Departed = std::pair<Bytes, CurveKey>;

  void configure(const CurvePair& server, std::size_t max_inbound);
  void learn_first_route(ZmqContext& context);
  void watch_connections(Millis now);
  bool route_is_forged(ByteView route) const;
  void receive(TransportSink& sink);
  bool receive_one(TransportSink& sink);
  LinkId link_of(ByteView route, ZmqMessage& body, TransportSink& sink);
  LinkId new_link(const Bytes& route, const CurveKey& user, int fd, TransportSink& sink);
  void cut(int fd, const char* reason);
  void finish(Millis now, TransportSink& sink);
  void end(LinkId link, TransportSink& sink);
  void schedule_end(LinkId link, Millis latest);
  void note(const char* code, std::string detail = {});

  QueueBudget& budget_;
  ZapHandler zap_;
  ZmqSocket router_;
  SocketMonitor monitor_;
  ConnectionGuard guard_;
  std::map<LinkId, Link> links_;
  std::map<Bytes, LinkId> by_route_;
  std::deque<Departed> departed_;    // late packets of links that ended are not new links
  std::set<LinkId> blocked_;         // links whose queue is not empty
  std::vector<Ending> ending_;
  std::vector<LinkId> downs_;        // closed by the core, to be reported
  std::deque<Note> notes_;
  LinkId last_link_ = 0;
  std::uint64_t accepted_ = 0;       // connections so far
  std::optional<std::uint32_t> first_route_;
  bool unread_ = false;              // packets may be waiting although the descriptor is silent
  Millis last_sweep_ = 0;
  Millis last_round_ = 0;
};

}  // namespace comm
