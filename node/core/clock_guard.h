// Judges the wall clock (spec 40-custody): while it is suspicious nothing is deleted for age, because a clock that
// jumped would delete unexpired mail. Suspicion falls when the wall departs from the monotonic clock or starts far ahead
// of the last run, and ends only when connected peers confirm the time. Owned by NodeCore. Memory: one time per
// connected peer, at most kMaxSessions.
#pragma once
#include <optional>

#include "node/core/flat_map.h"
#include "proto/base/ids.h"
#include "proto/base/time.h"

namespace comm {

class ClockGuard {
 public:
  // Once, before anything else. `persisted_max_wall` is the last value of max_to_persist that reached the store.
  void start(TimePoint now, std::optional<Millis> persisted_max_wall);
  void tick(TimePoint now);  // every turn; O(1) while nothing is wrong
  // The time of an authenticated peer's Hello, when it was received. Impossible times are ignored.
  void peer_time(const NodeId& peer, Millis peer_wall, TimePoint now);
  void peer_gone(const NodeId& peer);
  bool suspicious() const { return suspicious_; }
  // A wall time to write down now, at most every 10 minutes and never a suspicious one: it would blind the next start.
  std::optional<Millis> max_to_persist(TimePoint now);

 private:
  struct PeerTime {
    Millis wall = 0;
    Millis mono = 0;  // ours, when it was heard
  };
  bool departed(TimePoint now) const;
  bool peers_agree(TimePoint now) const;
  void clear_if_confirmed(TimePoint now);

  FlatMap<NodeId, PeerTime> peers_;
  TimePoint base_;  // wall and mono are compared with this pair: many small steps add up to a large one
  bool suspicious_ = false;
  std::optional<Millis> persisted_;
  std::optional<Millis> persisted_at_;  // mono
};

}  // namespace comm
