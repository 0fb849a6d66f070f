// Deadlines of one node: a heap of (when, kind, key). Firing is a hint: the service looks at its own state and ignores
// what has moved on, so nothing is ever cancelled. Bounded by the services' own bounds (one pending timer per thing).
#pragma once
#include <queue>
#include <tuple>
#include <vector>

#include "proto/base/time.h"

namespace comm {

enum class TimerKind : std::uint8_t {
  handshake, request, keepalive, bootstrap, lookup, custody, expiry, collect, collect_page, held_page, table, clock, recover, republish, sync
};

class TimerQueue {
 public:
  struct Timer { Millis when; std::uint64_t order; TimerKind kind; std::uint64_t key; };

  void at(Millis when, TimerKind kind, std::uint64_t key = 0) { heap_.push({when, order_++, kind, key}); }
  bool due(Millis now) const { return !heap_.empty() && heap_.top().when <= now; }
  Timer pop() {
    Timer top = heap_.top();
    heap_.pop();
    return top;
  }
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  std::uint64_t order() const { return order_; }          // timers set from now on have this number or a higher one
  bool due_before(Millis now, std::uint64_t order) const { return due(now) && heap_.top().order < order; }
  Millis next() const { return heap_.top().when; }  // REQUIRES: !empty()

 private:
  struct Later {
    bool operator()(const Timer& a, const Timer& b) const {
      return std::tie(a.when, a.order) > std::tie(b.when, b.order);
    }
  };
  std::priority_queue<Timer, std::vector<Timer>, Later> heap_;
  std::uint64_t order_ = 0;
};

}  // namespace comm
