// The outbound half of the transport. Each dial has a ROUTER of its own, with a fresh CURVE client pair and a monitor:
// libzmq drops every connection of a socket to an endpoint when one of them ends (with reconnecting off), and its
// monitor names endpoints, not connections; with one socket per dial both the end of a link and its cause are exact.
// Measured: a dial costs 0.3 ms and four descriptors; an idle one costs nothing, since only sockets whose descriptor
// fired are looked at. Owned by ZmqTransport, reactor's thread. Bounded by the core's sessions (kMaxSessions).
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <set>

#include "node/shell/send_queue.h"
#include "node/shell/socket_monitor.h"
#include "node/shell/transport_sink.h"

namespace comm {

class Dialler {
 public:
  // `watch` and `unwatch` register descriptors under a token; a descriptor that fires is told to `fired`.
  struct Watcher {
    std::function<void(int fd, std::uint64_t token)> watch;
    std::function<void(int fd)> unwatch;
  };
  Dialler(ZmqContext& context, const TransportConfig& config, const CurveKey& server, QueueBudget& budget,
          Watcher watcher);
  ~Dialler();

  void dial(LinkId link, const Endpoint& endpoint, Millis now);
  void send(LinkId link, Bytes packet);
  void close_link(LinkId link);

  void fired(std::uint64_t token) { ready_.insert(token); }
  void round(Millis now, TransportSink& sink);
  bool pending(bool accepts_packets) const;
  std::optional<Millis> next_deadline() const;
  bool flush();
  void close(int linger_ms);
  std::size_t links() const { return dials_.size(); }

 private:
  struct Dial {
    explicit Dial(QueueBudget& budget) : queue(budget) {}
    LinkUp up;
    bool reported_up = false;
    bool established = false;  // the CURVE handshake is done
    bool ended = false;
    Millis give_up = 0;        // unless established
    std::uint64_t token = 0;
    Bytes route;
    ZmqSocket router;
    SocketMonitor monitor;
    SendQueue queue;
  };

  bool open(Dial& dial, const Endpoint& endpoint);
  void configure(Dial& dial);
  void serve(LinkId link, TransportSink& sink);
  void watch_connection(Dial& dial);
  bool receive(LinkId link, TransportSink& sink);
  void end(LinkId link, TransportSink& sink);
  void check_timers(Millis now);
  void flush(Dial& dial);

  ZmqContext& context_;
  const TransportConfig& config_;
  CurveKey server_;
  QueueBudget& budget_;
  Watcher watcher_;
  std::map<LinkId, Dial> dials_;
  std::map<std::uint64_t, LinkId> by_token_;
  std::set<std::uint64_t> ready_;    // tokens to look at in the next round
  std::set<std::uint64_t> unread_;   // tokens with packets left in libzmq because nobody accepts them now
  std::set<LinkId> connecting_;      // not established yet
  std::set<LinkId> blocked_;         // links whose queue is not empty
  Millis last_retry_ = 0;            // of the blocked ones
  std::vector<LinkId> downs_;        // closed by the core, to be reported
  std::vector<Note> notes_;
  std::uint64_t last_token_ = 0;
};

}  // namespace comm
