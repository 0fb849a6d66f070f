#include "proto/seal/identity.h"

#include <sodium.h>

#include <cstdio>
#include <cstdlib>

#include "proto/base/check.h"
#include "proto/seal/primitives.h"

namespace comm {
namespace {

// crypto_kdf contexts and indices (BLAKE2b keyed by the parent, salted by the index): pinned, they are the
// identity. A week is the index of everything that belongs to a week.
constexpr std::string_view kIdentityContext = "commiden", kMailboxContext = "commmbox", kPrekeyContext = "commprek",
                           kPairContext = "commpair", kPhaseContext = "commphas";
enum IdentityIndex : std::uint64_t { kSign = 1, kDh = 2, kMailboxRoot = 3, kPrekeyRoot = 4, kStorage = 5 };

// What one byte adds to a guesser's work, in bits, when typed by a person; English text carries 1 to 2 bits a
// letter (Shannon, 1951).
int byte_bits(std::uint8_t byte) {
  if (byte >= 'a' && byte <= 'z') return 2;
  if (byte >= 'A' && byte <= 'Z') return 2;
  if (byte >= '0' && byte <= '9') return 3;
  return byte == ' ' ? 1 : 4;
}

// Length of the shortest block whose repetition is the secret ("abcabcab" -> 3), by the prefix function.
std::size_t period(ByteView text) {
  std::vector<std::size_t> border(text.size(), 0);
  for (std::size_t i = 1; i < text.size(); ++i) {
    std::size_t k = border[i - 1];
    while (k > 0 && text[i] != text[k]) k = border[k - 1];
    border[i] = text[i] == text[k] ? k + 1 : 0;
  }
  return text.empty() ? 0 : text.size() - border.back();
}

}  // namespace

void derive_seed(const SecretBytes& secret, Seed& out) {
  constexpr unsigned long long kPasses = 3;
  constexpr std::size_t kMemory = 64 << 20;
  const Hash salt = tagged_hash("identity salt", {});
  const int failed =
      crypto_pwhash(out.data(), Seed::size(), reinterpret_cast<const char*>(secret.view().data()),
                    secret.view().size(), salt.data.data(), kPasses, kMemory, crypto_pwhash_ALG_ARGON2ID13);
  if (failed == 0) return;
  std::fputs("comm: the system refuses the 64 MiB that deriving keys from a secret takes\n", stderr);
  std::abort();
}

LockedBox<Identity> Identity::from_secret(const SecretBytes& secret) {
  const auto seed = make_locked<Seed>();
  derive_seed(secret, *seed);
  return from_seed(*seed, true);
}

LockedBox<Identity> Identity::from_seed(const Seed& seed, bool derived_prekeys) {
  LockedBox<Identity> out(::new (locked_alloc(sizeof(Identity))) Identity());
  out->sign_ = IdentitySigningKey::from_seed(derive_subkey(seed, kIdentityContext, kSign));
  out->dh_ = dh_pair_of_seed(derive_subkey(seed, kIdentityContext, kDh));
  out->mailbox_root_ = derive_subkey(seed, kIdentityContext, kMailboxRoot);
  out->prekey_root_ = derive_subkey(seed, kIdentityContext, kPrekeyRoot);
  out->storage_ = derive_subkey(seed, kIdentityContext, kStorage);
  out->derived_prekeys_ = derived_prekeys;
  out->address_ = address_of(out->sign_.public_key(), out->dh_.public_key);
  return out;
}

MailboxSigningKey Identity::mailbox(std::uint32_t week) const {
  return MailboxSigningKey::from_seed(derive_subkey(mailbox_root_, kMailboxContext, week));
}

Secret<32> Identity::pair_root(const Address& contact) const {
  const Secret<32> root = derive_subkey(mailbox_root_, kPairContext, 0);
  Hash pair = hmac_sha256(root.view(), contact.view());
  Secret<32> out(std::span<const std::uint8_t, 32>(pair.data));
  secure_zero(pair.data);
  return out;
}

MailboxSigningKey Identity::pairwise_mailbox(const Address& contact, std::uint32_t period) const {
  return MailboxSigningKey::from_seed(derive_subkey(pair_root(contact), kPairContext, period));
}

Millis Identity::pairwise_phase(const Address& contact) const {
  const Secret<32> phase = derive_subkey(pair_root(contact), kPhaseContext, 0);
  return static_cast<Millis>(get_be<std::uint64_t>(phase.view()) % static_cast<std::uint64_t>(kPairwisePeriod));
}

DhPair Identity::prekey(std::uint32_t week) const {
  CHECK(derived_prekeys_);
  return dh_pair_of_seed(derive_subkey(prekey_root_, kPrekeyContext, week));
}

DhPair random_dh_pair(RandomSource& random) {
  Secret<32> secret;
  random.fill(secret.mut());
  return dh_pair_of_secret(std::move(secret));
}

int secret_strength_bits(ByteView secret) {
  const std::size_t distinct = period(secret);
  int bits = 0;
  for (std::size_t i = 0; i < distinct; ++i) {
    const int step = i == 0 ? 255 : secret[i] - secret[i - 1];
    const bool predictable = step >= -1 && step <= 1;  // "aaa", "123", "cba"
    bits += predictable ? 0 : byte_bits(secret[i]);
  }
  return bits;
}

}  // namespace comm
