#include "node/main/departure.h"

namespace comm {

void Departure::input_ended() {
  if (leaving_) return;
  leaving_ = true;
  ended_at_ = runtime_.now().mono;
  // The two instants at which the answer can change without anything else happening.
  if (linger_ > 0) runtime_.after(linger_, [this] { check(); });
  if (linger_ < kDepartureLimit) runtime_.after(kDepartureLimit, [this] { check(); });
  check();
}

void Departure::check() {
  if (!leaving_) return;
  const Millis waited = runtime_.now().mono - ended_at_;
  if (waited < linger_) return;
  if (runtime_.agent()->outbox().unstored == 0) return runtime_.stop(refused_ ? kExitCorrupt : kExitOk);
  if (waited >= kDepartureLimit) runtime_.stop(refused_ ? kExitCorrupt : kExitTimedOut);
}

}  // namespace comm
