// The key file: an identity's seed at rest, under a passphrase or, by explicit wish, in the clear. Pure: bytes in,
// bytes out; node/main reads and writes the file. Not part of the protocol, but stable: people keep these files.
//
//   key file   = "comm identity\n" (14) || version = 1 || protection || passes (4) || memory KiB (4) || salt (16)
//                || address (20) || box
//   protection = 1: box = nonce (24) || XChaCha20-Poly1305(payload) with everything before as associated data, under
//                   Argon2id(passphrase, salt, passes, memory, one lane, 32 bytes)
//                0: box = payload || H("key file", all before)[0:16]; passes, memory and salt are zero
//   payload    = kind || seed (32);  kind 1: generated, random prekeys; 2: from a SECRET, derived prekeys
//
// Integers are big-endian. The address stands in the clear, so that it can be shown without the passphrase.
#pragma once
#include "proto/seal/identity.h"

namespace comm {

enum class IdentityKind : std::uint8_t { generated = 1, from_secret = 2 };

// What a key file keeps. Lives in a LockedBox.
struct IdentitySeed {
  IdentityKind kind = IdentityKind::generated;
  Seed seed;
};
using IdentitySeedBox = LockedBox<IdentitySeed>;

IdentitySeedBox generate_identity(RandomSource& random);
IdentitySeedBox identity_of_secret(const SecretBytes& secret);  // 0.15 s and 64 MiB of Argon2id
// Always a generated one: an identity from a SECRET is recovered from that SECRET. Nullptr unless 32 bytes.
IdentitySeedBox identity_of_key(const SecretBytes& key);
LockedBox<Identity> identity_of_seed(const IdentitySeed& seed);

// Work for whoever guesses the passphrase. The default takes about 0.7 s.
struct PassphraseCost {
  std::uint32_t passes = 3;
  std::uint32_t memory_kib = 262'144;
};
inline constexpr PassphraseCost kMaxPassphraseCost{16, 1'048'576};  // that a file may ask for
inline constexpr std::size_t kMaxPassphraseBytes = 4'096;

// `passphrase` null: in the clear. Error: "key-file-memory" (the system refuses what Argon2id takes).
Result<Bytes> seal_key_file(const IdentitySeed& seed, const SecretBytes* passphrase, RandomSource& random,
                            PassphraseCost cost = {});

// What can be read without the passphrase. Errors: "key-file-form" (not one, or cut), "key-file-version" (of a newer
// program), "key-file-cost".
struct KeyFileHead {
  bool encrypted = false;
  PassphraseCost cost;
  Address address;
};
Result<KeyFileHead> read_key_file_head(ByteView file);

// Errors: the head's, "key-file-passphrase" (wrong, or the file is damaged: the two cannot be told apart),
// "key-file-damaged", "key-file-memory". REQUIRES: passphrase if the head says encrypted.
Result<IdentitySeedBox> open_key_file(ByteView file, const SecretBytes* passphrase);

bool looks_like_key_file(ByteView beginning);  // the first 14 bytes

}  // namespace comm
