// Packets waiting for one peer that reads more slowly than we write: its own bounded queue, so that a slow peer costs
// memory up to a limit and never stalls another (libzmq's blocking send would stall them all). Reactor's thread.
#pragma once
#include <deque>

#include "node/shell/zmq_handle.h"
#include "proto/base/limits.h"

namespace comm {

// Bytes waiting over all peers, so that many slow peers together are bounded too.
struct QueueBudget {
  std::size_t used = 0;
  std::size_t limit = std::size_t{128} << 20;
};

class SendQueue {
 public:
  enum class Outcome { sent, waiting, dropped, unreachable };

  explicit SendQueue(QueueBudget& budget) : budget_(&budget) {}
  ~SendQueue() { clear(); }
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  bool empty() const { return packets_.empty(); }
  std::size_t bytes() const { return bytes_; }

  // Sends at once or queues behind what waits; over the limit the packet is dropped (its sender repeats it).
  Outcome send(const ZmqSocket& socket, ByteView route, Bytes packet) {
    if (packets_.empty()) {
      const int error = transmit(socket, route, packet);
      if (error == 0) return Outcome::sent;
      if (error != EAGAIN) return Outcome::unreachable;
    }
    const std::size_t cost = packet.size() + kOverhead;
    if (bytes_ + cost > kMaxQueuedBytesPerPeer || budget_->used + cost > budget_->limit) return Outcome::dropped;
    bytes_ += cost;
    budget_->used += cost;
    packets_.push_back(std::move(packet));
    return Outcome::waiting;
  }

  Outcome flush(const ZmqSocket& socket, ByteView route) {
    while (!packets_.empty()) {
      const int error = transmit(socket, route, packets_.front());
      if (error == EAGAIN) return Outcome::waiting;
      if (error != 0) return Outcome::unreachable;
      const std::size_t cost = packets_.front().size() + kOverhead;
      bytes_ -= cost;
      budget_->used -= cost;
      packets_.pop_front();
    }
    return Outcome::sent;
  }

  void clear() {
    packets_.clear();
    budget_->used -= bytes_;
    bytes_ = 0;
  }

 private:
  static constexpr std::size_t kOverhead = 64;  // of one small packet in memory: bounds their number too

  // ROUTER_MANDATORY decides at the routing id; once that is taken the body is taken as well.
  static int transmit(const ZmqSocket& socket, ByteView route, ByteView packet) {
    if (const int error = socket.send(route, true); error != 0) return error;
    return socket.send(packet, false);
  }

  QueueBudget* budget_;
  std::deque<Bytes> packets_;
  std::size_t bytes_ = 0;
};

}  // namespace comm
