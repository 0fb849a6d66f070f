// SHA-256 of some parts, one after the other: the only place where ids and records are hashed, so that the simulator can
// put one there that remembers what thousands of nodes ask it again (tests/sim/remembered_hashes.cc). No state.
#pragma once
#include <span>

#include "proto/base/ids.h"

namespace comm {

Hash sha256(std::span<const ByteView> parts);

}  // namespace comm
