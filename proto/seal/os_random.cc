#include "proto/seal/os_random.h"

#include <sodium.h>

#include <cstdio>
#include <cstdlib>

namespace comm {

void init_crypto() {
  if (sodium_init() >= 0) return;
  std::fputs("comm: libsodium cannot start on this machine (no source of randomness?)\n", stderr);
  std::abort();
}

void OsRandom::fill(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

}  // namespace comm
