// The user (spec 30-crypto): keys derived from a SECRET by Argon2id, or from a random seed. Same SECRET, same
// identity on every machine. An Identity holds all its secrets inline; keep it in a LockedBox.
//
//   seed      = Argon2id(SECRET, salt = H("identity salt", "")[0:16], ops 3, 64 MiB, 1 lane, 32 bytes)
//   subkeys   = crypto_kdf(seed, context, index): see identity.cc, spec 99-registry
#pragma once
#include "proto/seal/sign.h"

namespace comm {

struct DhPair { DhKey public_key; Secret<32> secret; };  // X25519

// 0.15 s and 64 MiB of Argon2id. Never on the reactor's thread once it runs.
void derive_seed(const SecretBytes& secret, Seed& out);

// Pairwise mailboxes change every kPairwisePeriod, each pair at a moment of its own (spec 60, Pairwise mailboxes).
inline constexpr Millis kPairwisePeriod = kPairwiseLifetime - kPairwiseAhead;

class Identity {
 public:
  static LockedBox<Identity> from_secret(const SecretBytes& secret);
  // `derived_prekeys` false: prekeys are random and kept by the agent (forward secrecy).
  static LockedBox<Identity> from_seed(const Seed& seed, bool derived_prekeys);

  const Address& address() const { return address_; }
  const IdentitySigningKey& sign_pair() const { return sign_; }
  const DhPair& dh_pair() const { return dh_; }
  bool derived_prekeys() const { return derived_prekeys_; }

  MailboxSigningKey mailbox(std::uint32_t week) const;  // public mailbox of a week, derived for every identity
  // What is granted to one contact in a period, and when periods begin: derived, so that a machine that lost everything
  // but the secret finds them again. Nobody else can tell where they lie.
  MailboxSigningKey pairwise_mailbox(const Address& contact, std::uint32_t period) const;
  Millis pairwise_phase(const Address& contact) const;  // period = (wall + phase) / kPairwisePeriod
  DhPair prekey(std::uint32_t week) const;              // REQUIRES: derived_prekeys()
  const Secret<32>& storage_key() const { return storage_; }  // encrypts everything at rest

  Identity(Identity&&) = default;

 private:
  Identity() = default;
  Secret<32> pair_root(const Address& contact) const;
  Address address_;
  IdentitySigningKey sign_;
  DhPair dh_;
  Secret<32> mailbox_root_, prekey_root_, storage_;
  bool derived_prekeys_ = true;
};

DhPair random_dh_pair(RandomSource& random);

// Guess resistance of a typed secret, for the warning: a rough lower estimate in bits.
int secret_strength_bits(ByteView secret);

}  // namespace comm
