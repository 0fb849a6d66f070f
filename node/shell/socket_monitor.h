// What libzmq tells about the connections of one socket: accepted, connected, gone. Owned by the listener and by each
// dial; reactor's thread. Its queue is unbounded on purpose: a full one would block libzmq's own thread; what fills it
// is bounded by the handshake rate and read in every round.
#pragma once
#include <optional>

#include "node/shell/zmq_handle.h"

namespace comm {

struct MonitorEvent {
  int event = 0;  // ZMQ_EVENT_*
  int value = 0;  // a descriptor or an errno, by event
};

class SocketMonitor {
 public:
  SocketMonitor() = default;
  // Before its socket closes, always: an event for a monitor that is gone would block libzmq's thread for good.
  ~SocketMonitor() { stop(); }
  SocketMonitor(SocketMonitor&& other) noexcept
      : watched_(std::exchange(other.watched_, nullptr)), events_(std::move(other.events_)) {}
  SocketMonitor& operator=(SocketMonitor&& other) noexcept {
    if (this != &other) {
      stop();
      watched_ = std::exchange(other.watched_, nullptr);
      events_ = std::move(other.events_);
    }
    return *this;
  }
  // Empty if there are no descriptors left. REQUIRES: `socket` outlives this.
  SocketMonitor(ZmqContext& context, const ZmqSocket& socket, const std::string& name);

  explicit operator bool() const { return static_cast<bool>(events_); }
  std::optional<MonitorEvent> next();
  int fd() const { return events_.get(ZMQ_FD); }
  void stop();

 private:
  void* watched_ = nullptr;
  ZmqSocket events_;
};

}  // namespace comm
