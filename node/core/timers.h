// Deadlines of one node: a heap of (when, kind, key). Firing is a hint: the service looks at its own state and ignores
// what has moved on, so nothing is ever cancelled. Bounded by the services' own bounds (one pending timer per thing).
#pragma once
#include <optional>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "proto/base/time.h"

namespace comm {

enum class TimerKind : std::uint8_t {
  handshake, id_check, request, keepalive, bootstrap, lookup, custody, expiry, collect, collect_page, held_page, table, clock, recover, republish, find_record, want, sync
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

// Things that all wait equally long, in the order in which they began: one timer for the first of them, however many
// there are, and none that fires for what has long been settled. Owned by a service, which sets the timer.
template <class Key>
class WaitingLine {
 public:
  // True if a timer is to be set for `until`. REQUIRES: until is not before that of the last one.
  bool add(Millis until, Key key) {
    line_.push_back({until, std::move(key)});
    return !std::exchange(armed_, true);
  }
  // The timer fired: takes out what is due, as long as `settled` says that nothing waits any more. Answers when the timer
  // is to be set for again; nullopt if nothing waits.
  template <class Settled>
  std::optional<Millis> due(Millis now, Settled&& settled, std::vector<Key>& out) {
    auto it = line_.begin();
    for (; it != line_.end(); ++it) {
      if (settled(it->second)) continue;
      if (it->first > now) break;
      out.push_back(std::move(it->second));
    }
    line_.erase(line_.begin(), it);
    armed_ = !line_.empty();
    return armed_ ? std::optional(line_.front().first) : std::nullopt;
  }

 private:
  std::vector<std::pair<Millis, Key>> line_;
  bool armed_ = false;
};

}  // namespace comm
