// Noise_X_25519_ChaChaPoly_SHA256, the one-way pattern (Noise Protocol Framework rev. 34, section 7.4), as spec
// 30-crypto uses it. One message; `ck` is the final chaining key, from which acknowledgement secrets derive.
#pragma once
#include "proto/seal/identity.h"

namespace comm {

inline constexpr std::size_t kNoiseXOverhead = 32 + 48 + 16;  // e, encrypted s, tag of the payload

struct NoiseSealed { Bytes message; Secret<32> chaining_key; Hash handshake_hash; };
struct NoiseOpened { WipedBytes payload; DhKey remote_static; Secret<32> chaining_key; };

// Fails (crypto) if a DH result is all zero: small-order `remote`.
Result<NoiseSealed> noise_x_seal(ByteView prologue, const DhPair& local_static, const DhPair& ephemeral,
                                 const DhKey& remote, ByteView payload);
Result<NoiseOpened> noise_x_open(ByteView prologue, const DhPair& local, ByteView message);

}  // namespace comm
