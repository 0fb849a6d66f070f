// All packets of a node over ZeroMQ: one context, one bound ROUTER for who calls us, one ROUTER per link we dial. Turns
// sockets into numbered links and guards them against strangers; knows nothing of what packets mean. Owned by the
// Runtime and used on its thread only. Waiting is by one descriptor: when it is readable, or pending(), call round().
// Time here is always the machine's own: a virtual clock does not slow strangers down.
#pragma once
#include <memory>

#include "node/shell/dialler.h"
#include "node/shell/listener.h"

namespace comm {

class ZmqTransport {
 public:
  // REQUIRES: signals this program handles are blocked (libzmq's threads inherit the mask).
  ZmqTransport(TransportConfig config, RandomSource& random);
  ~ZmqTransport();
  ZmqTransport(const ZmqTransport&) = delete;
  ZmqTransport& operator=(const ZmqTransport&) = delete;

  // 0, or the errno of the refusal (EADDRINUSE, EACCES, EADDRNOTAVAIL); `bound` has the port that was chosen.
  // REQUIRES: has not succeeded before.
  int bind(const Endpoint& endpoint, Endpoint& bound);

  int fd() const { return epoll_.get(); }
  bool pending(bool accepts_packets) const;
  std::optional<Millis> next_deadline() const;  // on CLOCK_MONOTONIC
  void round(Millis now, TransportSink& sink);

  void dial(LinkId link, const Endpoint& endpoint, Millis now);  // LinkUp in the next round; top bit of `link` is set
  void send(LinkId link, Bytes packet);                          // may drop
  void close_link(LinkId link, Millis now);                      // LinkDown in the next round
  // Sends what is queued, for at most this long, then lets go of every socket (which may linger as long again).
  void close(Millis linger);

  std::size_t inbound_connections() const { return listener_ ? listener_->connections() : 0; }
  std::size_t accepted_links() const { return listener_ ? listener_->links() : 0; }
  std::size_t dialled_links() const { return dialler_->links(); }

 private:
  void watch(int fd, std::uint64_t token);
  void unwatch(int fd);

  TransportConfig config_;
  CurvePair server_;
  QueueBudget budget_;
  UniqueFd epoll_;
  ZmqContext context_;
  std::unique_ptr<Listener> listener_;  // none until bind
  std::unique_ptr<Dialler> dialler_;
  bool listener_fired_ = false;
};

}  // namespace comm
