// A token bucket in integers: starts full with `burst` tokens, refilled at `per_second`. Owned by whoever limits
// something (one per peer, one for id checks). Levels are kept in thousandths of a token, which is exactly what a
// millisecond refills, so nothing is rounded away however often it is asked. No allocation.
#pragma once
#include "node/core/flat_map.h"
#include "proto/base/check.h"
#include "proto/base/ids.h"
#include "proto/base/limits.h"
#include "proto/base/time.h"

namespace comm {

class TokenBucket {
 public:
  // REQUIRES: 0 <= burst, 0 <= per_second, both at most 10^9.
  TokenBucket(std::int64_t burst, std::int64_t per_second)
      : full_(burst * 1000), level_(full_), per_second_(per_second) {
    CHECK(burst >= 0 && burst <= kMost && per_second >= 0 && per_second <= kMost);
  }

  // Takes all n tokens or none.
  bool take(Millis mono, std::int64_t n = 1) {
    refill(mono);
    if (n > level_ / 1000) return false;
    if (n > 0) level_ -= n * 1000;
    return true;
  }
  std::int64_t available(Millis mono) const { return level_at(mono) / 1000; }

 private:
  static constexpr std::int64_t kMost = 1'000'000'000;

  std::int64_t level_at(Millis mono) const {
    if (mono <= last_ || per_second_ == 0) return level_;
    // Compared by division: the product overflows after a long sleep.
    const std::int64_t missing = full_ - level_;
    const Millis elapsed = mono - last_;
    return elapsed > missing / per_second_ ? full_ : level_ + elapsed * per_second_;
  }
  void refill(Millis mono) {
    level_ = level_at(mono);
    // A full bucket takes any reading, so the clock may start anywhere.
    if (level_ == full_ || mono > last_) last_ = mono;
  }

  std::int64_t full_;
  std::int64_t level_;
  std::int64_t per_second_;
  Millis last_ = 0;
};

// One bucket for all sessions of a /24 or /48, so that many node ids at one place are no more than a few. Local
// addresses are exempt. At most kMostPrefixes buckets: full ones say nothing, and go whenever their number has doubled.
class PrefixRates {
 public:
  bool take(const Endpoint& remote, Millis mono, std::int64_t n = 1) {
    if (remote.is_local()) return true;
    const Prefix prefix{remote.prefix()};
    auto at = buckets_.find(prefix);
    if (at == buckets_.end()) {
      make_room(mono);
      at = buckets_.emplace(prefix, TokenBucket{kPrefixPacketBurst, kPrefixPacketsPerSecond}).first;
    }
    return at->second.take(mono, n);
  }
  std::size_t size() const { return buckets_.size(); }
  static constexpr std::size_t kMostPrefixes = 2 * kMaxSessions;

 private:
  static constexpr std::size_t kFewPrefixes = 32;
  using Prefix = FixedBytes<16, struct PrefixTag>;

  void make_room(Millis mono) {
    if (buckets_.size() < look_at_) return;
    erase_if(buckets_, [&](const auto& item) { return item.second.available(mono) == kPrefixPacketBurst; });
    if (buckets_.size() >= kMostPrefixes) buckets_.erase(buckets_.begin());
    look_at_ = std::clamp(2 * buckets_.size(), kFewPrefixes, kMostPrefixes);
  }

  FlatMap<Prefix, TokenBucket> buckets_;
  std::size_t look_at_ = kFewPrefixes;  // when there are so many, full ones are looked for
};

}  // namespace comm
