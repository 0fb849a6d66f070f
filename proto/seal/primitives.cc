#include "proto/seal/primitives.h"

#include <sodium.h>

#include "proto/base/check.h"

namespace comm {

Secret<32> derive_subkey(const Secret<32>& parent, std::string_view context, std::uint64_t index) {
  CHECK(context.size() == crypto_kdf_CONTEXTBYTES);
  Secret<32> out;
  crypto_kdf_derive_from_key(out.data(), Secret<32>::size(), index, context.data(), parent.data());
  return out;
}

DhPair dh_pair_of_seed(const Secret<32>& seed) {
  DhPair out;
  crypto_box_seed_keypair(out.public_key.data.data(), out.secret.data(), seed.data());
  return out;
}

DhPair dh_pair_of_secret(Secret<32> secret) {
  DhPair out;
  out.secret = std::move(secret);
  crypto_scalarmult_base(out.public_key.data.data(), out.secret.data());
  return out;
}

Result<Secret<32>> x25519(const Secret<32>& secret, const DhKey& remote) {
  Secret<32> out;
  if (crypto_scalarmult(out.data(), secret.data(), remote.data.data()) != 0)
    return reject(Stage::crypto, Scope::count, "small-order");
  return out;
}

}  // namespace comm
