// The run's fingerprint: a 64-bit hash folded over every event delivered, in order. Two runs of one seed agree in it on
// every compiler; the first difference in behaviour changes it. Not cryptographic.
#pragma once
#include <bit>
#include <cstdint>
#include <string>

#include "proto/base/bytes.h"

namespace comm::sim {

class Trace {
 public:
  void mix(std::uint64_t value) {
    // One round of xxHash64's accumulator.
    state_ = std::rotl(state_ + value * 0xc2b2ae3d27d4eb4fu, 31) * 0x9e3779b185ebca87u;
  }
  void mix(ByteView id) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8 && i < id.size(); ++i) value = value << 8 | id[i];
    mix(value);
  }
  std::uint64_t value() const {
    std::uint64_t out = state_;
    out = (out ^ (out >> 33)) * 0xc2b2ae3d27d4eb4fu;
    return out ^ (out >> 29);
  }
  std::string hex() const {
    Bytes bytes;
    put_be(bytes, value());
    return to_hex(bytes);
  }

 private:
  std::uint64_t state_ = 0x27d4eb2f165667c5u;
};

}  // namespace comm::sim
