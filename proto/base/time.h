// Time as the core sees it: two readings of one instant, taken by the driver, frozen for one turn.
// `mono` drives every timer; `wall` is only compared with expiry times and put into records.
#pragma once
#include <cstdint>

namespace comm {

using Millis = std::int64_t;  // a duration or an instant, milliseconds

struct TimePoint {
  Millis mono = 0;  // since an arbitrary origin, never steps
  Millis wall = 0;  // Unix time in milliseconds, may step
};

inline constexpr Millis kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour,
                        kWeek = 7 * kDay;

inline std::uint32_t week_of(Millis wall) { return static_cast<std::uint32_t>(wall / kWeek); }
inline std::uint32_t minute_of(Millis wall) { return static_cast<std::uint32_t>(wall / kMinute); }

}  // namespace comm
