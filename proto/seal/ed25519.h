// Ed25519 on bytes (RFC 8032, libsodium), apart from the types that use it so that the simulator can put a cheap stand-in
// for the two costly functions in its place when it is linked (tests/sim/cheap_signatures.cc). Internal to proto/seal.
#pragma once
#include "proto/base/ids.h"

namespace comm {

// `secret` is the 64-byte form, seed || public key. REQUIRES: keys of their size.
Signature ed25519_sign(std::span<const std::uint8_t, 64> secret, ByteView message);
bool ed25519_verify(ByteView public_key, ByteView message, const Signature& signature);  // false: or not 32 bytes

}  // namespace comm
