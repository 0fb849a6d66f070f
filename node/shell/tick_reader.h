// Takes the lines apart that arrive on the virtual clock's descriptor: "tick MS" lets time pass, "step MS" sets the wall clock
// forward or back, as somebody does who sets a machine's clock. Bounded: a line longer than 64 bytes is skipped. Reactor's
// thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/time.h"

namespace comm {

class TickReader {
 public:
  struct Line { std::optional<Millis> tick, step; std::string text; };  // neither: not a line we know
  std::vector<Line> feed(std::string_view bytes);

 private:
  std::string partial_;
};

}  // namespace comm
