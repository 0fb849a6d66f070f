#include "proto/seal/ed25519.h"

#include <sodium.h>

namespace comm {

Signature ed25519_sign(std::span<const std::uint8_t, 64> secret, ByteView message) {
  Signature out;
  crypto_sign_detached(out.data.data(), nullptr, message.data(), message.size(), secret.data());
  return out;
}

bool ed25519_verify(ByteView public_key, ByteView message, const Signature& signature) {
  return public_key.size() == crypto_sign_PUBLICKEYBYTES &&
         crypto_sign_verify_detached(signature.data.data(), message.data(), message.size(), public_key.data()) == 0;
}

}  // namespace comm
