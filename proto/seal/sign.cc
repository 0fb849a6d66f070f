#include "proto/seal/sign.h"

#include <sodium.h>

#include "proto/seal/ed25519.h"

namespace comm {
template <class PublicKey>
SigningKey<PublicKey> SigningKey<PublicKey>::from_seed(const Seed& seed) {
  SigningKey out;
  crypto_sign_seed_keypair(out.public_.data.data(), out.secret_.data(), seed.data());
  return out;
}

template <class PublicKey>
Signature SigningKey<PublicKey>::sign(const Hash& hash) const {
  return ed25519_sign(std::span<const std::uint8_t, 64>(secret_.data(), 64), hash.view());
}

template class SigningKey<NodeKey>;
template class SigningKey<SignKey>;
template class SigningKey<MailboxKey>;

bool verify(const NodeKey& key, const Hash& hash, const Signature& signature) {
  return ed25519_verify(key.view(), hash.view(), signature);
}
bool verify(const SignKey& key, const Hash& hash, const Signature& signature) {
  return ed25519_verify(key.view(), hash.view(), signature);
}
bool verify(const MailboxKey& key, const Hash& hash, const Signature& signature) {
  return ed25519_verify(key.view(), hash.view(), signature);
}

Hash session_transcript(const CurveKey& client_curve, ByteView hello_raw, ByteView welcome_raw) {
  const Hash hello = tagged_hash("hello", {hello_raw});
  return tagged_hash("session", {client_curve.view(), hello.view(), welcome_raw});
}

Hash welcome_hash(const Hash& transcript) { return tagged_hash("welcome", {transcript.view()}); }
Hash auth_hash(const Hash& transcript) { return tagged_hash("auth", {transcript.view()}); }
Hash collect_hash(const Hash& transcript, const MailboxKey& key) {
  return tagged_hash("collect", {transcript.view(), key.view()});
}
Hash owner_ack_hash(const MessageId& id) { return tagged_hash("owner-ack", {id.view()}); }

CurvePair network_curve(std::string_view network_name) {
  const Hash seed = tagged_hash("network", {as_bytes(network_name)});
  CurvePair out;
  crypto_box_seed_keypair(out.public_key.data.data(), out.secret.data(), seed.data.data());
  return out;
}

}  // namespace comm
