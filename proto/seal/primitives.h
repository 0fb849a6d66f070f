// The primitives that spec 30-crypto names, one by one: subkeys, X25519 and Ed25519 on bytes as given. The rest of
// proto/seal builds on the typed forms; these are what identities and the conformance vectors need.
#pragma once
#include "proto/seal/ed25519.h"
#include "proto/seal/identity.h"

namespace comm {

// crypto_kdf: keyed BLAKE2b, salted by the index. `context` has 8 characters.
Secret<32> derive_subkey(const Secret<32>& parent, std::string_view context, std::uint64_t index);
DhPair dh_pair_of_seed(const Secret<32>& seed);      // crypto_box_seed_keypair
DhPair dh_pair_of_secret(Secret<32> secret);         // the public half computed
Result<Secret<32>> x25519(const Secret<32>& secret, const DhKey& remote);  // error: "small-order" (all-zero result)

}  // namespace comm
