// The machine's time zone, for people's eyes.
#pragma once
#include "proto/base/time.h"

namespace comm {
int utc_offset_minutes(Millis wall);
}
