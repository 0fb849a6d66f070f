// Ed25519 (RFC 8032, libsodium's verification: cofactorless, canonical S, no small-order keys; spec 30-crypto).
// Signatures are always over a tagged hash.
#pragma once
#include "proto/base/random.h"
#include "proto/seal/hash.h"
#include "proto/seal/secret.h"

namespace comm {

using Seed = Secret<32>;

// An Ed25519 key pair; PublicKey is NodeKey, SignKey or MailboxKey.
template <class PublicKey>
class SigningKey {
 public:
  static SigningKey from_seed(const Seed& seed);
  const PublicKey& public_key() const { return public_; }
  Signature sign(const Hash& hash) const;

 private:
  PublicKey public_;
  Secret<64> secret_;
};
using NodeSigningKey = SigningKey<NodeKey>;
using IdentitySigningKey = SigningKey<SignKey>;
using MailboxSigningKey = SigningKey<MailboxKey>;

bool verify(const NodeKey& key, const Hash& hash, const Signature& signature);
bool verify(const SignKey& key, const Hash& hash, const Signature& signature);
bool verify(const MailboxKey& key, const Hash& hash, const Signature& signature);

// Session transcript (spec 10-transport): T = H("session", curve || H("hello", hello) || welcome body).
Hash session_transcript(const CurveKey& client_curve, ByteView hello_raw, ByteView welcome_raw);
Hash welcome_hash(const Hash& transcript);  // H("welcome", T), signed by the listener
Hash auth_hash(const Hash& transcript);     // H("auth", T), signed by the dialler
Hash collect_hash(const Hash& transcript, const MailboxKey& key);  // H("collect", T || key)
Hash owner_ack_hash(const MessageId& id);   // H("owner-ack", id), signed by the mailbox key

// The listener's CURVE pair derives from the network's name: crypto_box_seed_keypair(H("network", name)).
struct CurvePair { CurveKey public_key; Secret<32> secret; };
CurvePair network_curve(std::string_view network_name);

}  // namespace comm
