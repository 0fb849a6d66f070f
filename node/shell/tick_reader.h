// Takes "tick MS" lines apart as they arrive on the virtual clock's descriptor. Bounded: a line longer than 64 bytes is
// skipped. Reactor's thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/time.h"

namespace comm {

class TickReader {
 public:
  struct Line { std::optional<Millis> tick; std::string text; };  // no tick: not a line we know
  std::vector<Line> feed(std::string_view bytes);

 private:
  std::string partial_;
};

}  // namespace comm
