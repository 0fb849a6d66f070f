// Holds effects until the ticket they wait for is durable; releases them in the order they were made. The same class
// serves the reactor and the simulator. Bounded by what one turn can emit times the commits in flight.
#pragma once
#include <deque>

#include "node/core/effect.h"

namespace comm {

class CommitGate {
 public:
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
  void drop_all() { held_.clear(); }
  std::size_t size() const { return held_.size(); }

 private:
  Ticket committed_ = 0;
  std::deque<PendingEffect> held_;  // tickets rise: effects are made in ticket order
};

}  // namespace comm
