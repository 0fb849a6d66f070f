#include "proto/seal/sha256.h"

#include <sodium.h>

namespace comm {

Hash sha256(std::span<const ByteView> parts) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  for (const ByteView part : parts) crypto_hash_sha256_update(&state, part.data(), part.size());
  Hash out;
  crypto_hash_sha256_final(&state, out.data.data());
  return out;
}

}  // namespace comm
