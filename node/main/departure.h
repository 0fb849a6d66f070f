// When a chat whose input has ended may leave: after at least `linger`, once a relay stores everything that was sent,
// or, failing that, after 30 seconds (exit 6: it stays queued in the data directory). Exit 65 if anything that was asked
// for was refused: a script must not take it for done. On the node's clock.
#pragma once
#include "node/shell/runtime.h"

namespace comm {

inline constexpr Millis kDepartureLimit = 30 * kSecond;

class Departure {
 public:
  Departure(Runtime& runtime, Millis linger) : runtime_(runtime), linger_(linger) {}
  void input_ended();
  void refused() { refused_ = true; }
  bool leaving() const { return leaving_; }
  void check();  // each turn; stops the runtime when it is time

 private:
  Runtime& runtime_;
  Millis linger_;
  Millis ended_at_ = 0;
  bool leaving_ = false;
  bool refused_ = false;
};

}  // namespace comm
