// Where the node's TimePoints come from. RealClock reads the machine's clocks; VirtualClock stands still until the
// reactor moves it (conformance, scripts). Reactor's thread.
#pragma once
#include "proto/base/time.h"

namespace comm {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

class RealClock final : public Clock {
 public:
  TimePoint now() const override;
};

class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(TimePoint start) : now_(start) {}
  TimePoint now() const override { return now_; }
  // As when somebody sets the machine's clock: mono time knows nothing of it.
  void step_wall(Millis by) { now_.wall += by; }
  // Both readings move together. A step back is ignored: deadlines may lie in the past.
  void advance_to(Millis mono) {
    if (mono <= now_.mono) return;
    now_.wall += mono - now_.mono;
    now_.mono = mono;
  }

 private:
  TimePoint now_;
};

Millis real_mono();  // CLOCK_MONOTONIC in milliseconds
// COMM_VIRTUAL_START_MS if it is set to a number, else the wall clock.
Millis virtual_start_wall();

}  // namespace comm
