#include "node/main/local_time.h"

#include <ctime>

namespace comm {

int utc_offset_minutes(Millis wall) {
  const std::time_t seconds = static_cast<std::time_t>(wall / kSecond);
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return 0;
  return static_cast<int>(local.tm_gmtoff / 60);
}

}  // namespace comm
