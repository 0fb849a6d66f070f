// Holds effects until the ticket they wait for is durable; releases them in the order they were made. The same class
// serves the reactor and the simulator. Bounded by has_room: without it, whoever feeds the driver waits. (The committer's
// own bound is not enough: answers wait here although they write nothing.) One turn may go beyond by what it emits.
#pragma once
#include <deque>
#include <utility>

#include "node/core/effect.h"

namespace comm {

inline constexpr std::size_t kMaxHeldEffects = 16'384;

class CommitGate {
 public:
  bool has_room() const { return held_.size() < kMaxHeldEffects; }
  Ticket committed() const { return committed_; }
  void hold(PendingEffect effect) { held_.push_back(std::move(effect)); }
  // Effects whose ticket is now durable, in order.
  std::vector<Effect> release(Ticket committed) {
    committed_ = std::max(committed_, committed);
    std::vector<Effect> out;
    while (!held_.empty() && held_.front().after <= committed_) {
      out.push_back(std::move(held_.front().effect));
      held_.pop_front();
    }
    return out;
  }
  // A failed commit: what waited for it never happens.
  std::deque<PendingEffect> drop_all() { return std::exchange(held_, {}); }
  std::size_t size() const { return held_.size(); }

 private:
  Ticket committed_ = 0;
  std::deque<PendingEffect> held_;  // tickets rise: effects are made in ticket order
};

}  // namespace comm
