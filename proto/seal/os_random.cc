#include "proto/seal/os_random.h"

#include <sodium.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace comm {

void init_crypto() {
  if (sodium_init() >= 0) return;
  std::fputs("comm: libsodium cannot start on this machine (no source of randomness?)\n", stderr);
  std::abort();
}

void OsRandom::fill(std::span<std::uint8_t> out) {
  if (out.size() > sizeof(std::uint64_t)) return randombytes_buf(out.data(), out.size());
  if (block_.size() - used_ < out.size()) {
    randombytes_buf(block_.data(), block_.size());
    used_ = 0;
  }
  std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(used_), out.size(), out.begin());
  used_ += out.size();
}

}  // namespace comm
