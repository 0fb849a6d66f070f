#include "node/shell/clock.h"

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <string_view>

namespace comm {
namespace {

Millis read_clock(clockid_t which) {
  timespec time{};
  clock_gettime(which, &time);
  return static_cast<Millis>(time.tv_sec) * kSecond + static_cast<Millis>(time.tv_nsec) / 1'000'000;
}

}  // namespace

TimePoint RealClock::now() const { return {read_clock(CLOCK_MONOTONIC), read_clock(CLOCK_REALTIME)}; }

Millis real_mono() { return read_clock(CLOCK_MONOTONIC); }

Millis virtual_start_wall() {
  if (const char* text = std::getenv("COMM_VIRTUAL_START_MS")) {
    const std::string_view view(text);
    Millis value = 0;
    const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
    if (error == std::errc{} && end == view.data() + view.size() && value >= 0) return value;
  }
  return read_clock(CLOCK_REALTIME);
}

}  // namespace comm
