// The network prefixes (/24, /48) of nodes that were chosen so far: whoever has many nodes behind few prefixes does not
// get all places. Owned by who chooses, for as long as that takes.
#pragma once
#include <array>
#include <set>

#include "proto/base/ids.h"

namespace comm {

class Prefixes {
 public:
  // The first of its prefix. Always true for local addresses, and for one that is not known.
  bool fresh(const Endpoint& at) { return at.is_local() || at.port == 0 || seen_.insert(at.prefix()).second; }

 private:
  std::set<std::array<std::uint8_t, 16>> seen_;
};

}  // namespace comm
