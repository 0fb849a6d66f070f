#include "node/core/clock_guard.h"

#include <algorithm>

#include "proto/base/limits.h"

namespace comm {

namespace {

constexpr Millis kPersistInterval = 10 * kMinute;

}  // namespace

void ClockGuard::start(TimePoint now, std::optional<Millis> persisted_max_wall) {
  base_ = now;
  persisted_ = persisted_max_wall;
  suspicious_ = persisted_ && now.wall > *persisted_ && now.wall - *persisted_ > kClockAheadAtStart;
}

bool ClockGuard::departed(TimePoint now) const {
  const Millis drift = (now.wall - base_.wall) - (now.mono - base_.mono);
  return drift > kClockStep || drift < -kClockStep;
}

void ClockGuard::tick(TimePoint now) {
  if (!suspicious_ && !departed(now)) return;
  suspicious_ = true;
  clear_if_confirmed(now);
}

void ClockGuard::peer_time(const NodeId& peer, Millis peer_wall, TimePoint now) {
  if (peer_wall < 0 || peer_wall > kMaxTimestamp) return;
  if (peers_.size() >= kMaxSessions && !peers_.contains(peer)) return;
  peers_[peer] = PeerTime{peer_wall, now.mono};
  tick(now);
}

void ClockGuard::peer_gone(const NodeId& peer) { peers_.erase(peer); }

bool ClockGuard::peers_agree(TimePoint now) const {
  // Every connected peer's time is used, so there are always at least min(kClockPeers, connected) of them.
  if (peers_.empty()) return false;
  std::vector<Millis> offsets;
  offsets.reserve(peers_.size());
  for (const auto& [id, time] : peers_) offsets.push_back(time.wall + (now.mono - time.mono) - now.wall);
  std::sort(offsets.begin(), offsets.end());
  // Of an even number both middle ones must agree: going on being suspicious costs only space.
  const Millis low = offsets[(offsets.size() - 1) / 2], high = offsets[offsets.size() / 2];
  return low >= -kClockAgreement && high <= kClockAgreement;
}

void ClockGuard::clear_if_confirmed(TimePoint now) {
  if (!peers_agree(now)) return;
  suspicious_ = false;
  base_ = now;
}

std::optional<Millis> ClockGuard::max_to_persist(TimePoint now) {
  if (suspicious_ || departed(now)) return std::nullopt;
  if (persisted_at_ && now.mono - *persisted_at_ < kPersistInterval) return std::nullopt;
  if (persisted_ && now.wall <= *persisted_) return std::nullopt;
  persisted_at_ = now.mono;
  persisted_ = now.wall;
  return persisted_;
}

}  // namespace comm
