// SHA-256 of some parts, one after the other: the only place where ids and records are hashed. sha256() is an object of
// its own, so that a program of thousands of nodes can put one there that remembers. No state.
#pragma once
#include <span>

#include "proto/base/ids.h"

namespace comm {

Hash sha256(std::span<const ByteView> parts);
Hash computed_sha256(std::span<const ByteView> parts);  // what sha256() is, unless it remembers

}  // namespace comm
