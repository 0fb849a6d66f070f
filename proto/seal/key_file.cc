#include "proto/seal/key_file.h"

#include <sodium.h>

#include "proto/base/check.h"
#include "proto/seal/message.h"

namespace comm {
namespace {

constexpr std::string_view kMagic = "comm identity\n";
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kInTheClear = 0, kEncrypted = 1;
constexpr std::size_t kSaltBytes = crypto_pwhash_SALTBYTES;
constexpr std::size_t kCostAt = kMagic.size() + 2;
constexpr std::size_t kSaltAt = kCostAt + 8;
constexpr std::size_t kAddressAt = kSaltAt + kSaltBytes;
constexpr std::size_t kHeadBytes = kAddressAt + Address::kSize;
constexpr std::size_t kPayloadBytes = 1 + Seed::size();
constexpr std::size_t kCheckBytes = 16;
constexpr std::size_t kBoxOverhead = 24 + 16;  // seal_at_rest: nonce and tag

using Payload = Secret<kPayloadBytes>;

Error failed(Stage stage, const char* reason) { return {stage, Scope::ignore, reason}; }

Payload payload_of(const IdentitySeed& seed) {
  Payload out;
  out.data()[0] = static_cast<std::uint8_t>(seed.kind);
  std::copy(seed.seed.view().begin(), seed.seed.view().end(), out.data() + 1);
  return out;
}

Bytes head_bytes(std::uint8_t protection, PassphraseCost cost, ByteView salt, const Address& address) {
  Bytes out = to_bytes(as_bytes(kMagic));
  out.push_back(kVersion);
  out.push_back(protection);
  put_be(out, cost.passes);
  put_be(out, cost.memory_kib);
  append(out, salt);
  append(out, address.view());
  return out;
}

// False if the system refuses the memory.
bool stretch(const SecretBytes& passphrase, ByteView salt, PassphraseCost cost, Secret<32>& out) {
  return crypto_pwhash(out.data(), out.size(), reinterpret_cast<const char*>(passphrase.view().data()),
                       passphrase.view().size(), salt.data(), cost.passes, std::size_t{cost.memory_kib} * 1024,
                       crypto_pwhash_ALG_ARGON2ID13) == 0;
}

// The check of a file in the clear: damage shall be noticed, which a flipped bit of a seed otherwise would not be.
ByteView check_of(const Hash& hash) { return hash.view().first(kCheckBytes); }

// REQUIRES: a head that was read, and a box of the right size.
Result<Payload> open_box(ByteView file, const KeyFileHead& head, const SecretBytes* passphrase) {
  const ByteView box = file.subspan(kHeadBytes);
  Payload out;
  if (!head.encrypted) {
    const Hash hash = tagged_hash("key file", {file.first(kHeadBytes + kPayloadBytes)});
    if (!secure_equal(check_of(hash), box.subspan(kPayloadBytes)))
      return tl::unexpected(failed(Stage::crypto, "key-file-damaged"));
    std::copy_n(box.begin(), kPayloadBytes, out.data());
    return out;
  }
  CHECK(passphrase != nullptr);
  const auto key = make_locked<Secret<32>>();
  if (!stretch(*passphrase, file.subspan(kSaltAt, kSaltBytes), head.cost, *key))
    return tl::unexpected(failed(Stage::state, "key-file-memory"));
  auto opened = open_at_rest(*key, file.first(kHeadBytes), box);
  if (!opened) return tl::unexpected(failed(Stage::crypto, "key-file-passphrase"));
  const WipedBytes plain(std::move(*opened));
  std::copy(plain.bytes.begin(), plain.bytes.end(), out.data());
  return out;
}

}  // namespace

IdentitySeedBox generate_identity(RandomSource& random) {
  auto out = make_locked<IdentitySeed>();
  random.fill(out->seed.mut());
  return out;
}

IdentitySeedBox identity_of_secret(const SecretBytes& secret) {
  auto out = make_locked<IdentitySeed>();
  out->kind = IdentityKind::from_secret;
  derive_seed(secret, out->seed);
  return out;
}

IdentitySeedBox identity_of_key(const SecretBytes& key) {
  if (key.view().size() != Seed::size()) return nullptr;
  auto out = make_locked<IdentitySeed>();
  std::copy(key.view().begin(), key.view().end(), out->seed.data());
  return out;
}

LockedBox<Identity> identity_of_seed(const IdentitySeed& seed) {
  return Identity::from_seed(seed.seed, seed.kind == IdentityKind::from_secret);
}

Result<Bytes> seal_key_file(const IdentitySeed& seed, const SecretBytes* passphrase, RandomSource& random,
                            PassphraseCost cost) {
  const Address address = identity_of_seed(seed)->address();
  const Payload payload = payload_of(seed);
  std::array<std::uint8_t, kSaltBytes> salt{};
  if (passphrase == nullptr) {
    Bytes out = head_bytes(kInTheClear, {0, 0}, salt, address);
    append(out, payload.view());
    const Hash hash = tagged_hash("key file", {out});
    append(out, check_of(hash));
    return out;
  }
  random.fill(salt);
  const auto key = make_locked<Secret<32>>();
  if (!stretch(*passphrase, salt, cost, *key)) return tl::unexpected(failed(Stage::state, "key-file-memory"));
  Bytes out = head_bytes(kEncrypted, cost, salt, address);
  append(out, seal_at_rest(*key, out, payload.view(), random));
  return out;
}

bool looks_like_key_file(ByteView beginning) {
  return beginning.size() >= kMagic.size() && as_text(beginning.first(kMagic.size())) == kMagic;
}

Result<KeyFileHead> read_key_file_head(ByteView file) {
  if (!looks_like_key_file(file) || file.size() < kHeadBytes)
    return tl::unexpected(failed(Stage::decode, "key-file-form"));
  if (file[kMagic.size()] != kVersion) return tl::unexpected(failed(Stage::schema, "key-file-version"));
  const std::uint8_t protection = file[kMagic.size() + 1];
  const std::size_t box = file.size() - kHeadBytes;
  const bool encrypted = protection == kEncrypted;
  if (protection > kEncrypted || box != kPayloadBytes + (encrypted ? kBoxOverhead : kCheckBytes))
    return tl::unexpected(failed(Stage::schema, "key-file-form"));
  KeyFileHead out;
  out.encrypted = encrypted;
  out.cost = {get_be<std::uint32_t>(file.subspan(kCostAt)), get_be<std::uint32_t>(file.subspan(kCostAt + 4))};
  out.address = *Address::from(file.subspan(kAddressAt, Address::kSize));
  const bool payable = out.cost.passes >= 1 && out.cost.passes <= kMaxPassphraseCost.passes &&
                       out.cost.memory_kib >= 8 && out.cost.memory_kib <= kMaxPassphraseCost.memory_kib;
  if (encrypted && !payable) return tl::unexpected(failed(Stage::schema, "key-file-cost"));
  return out;
}

Result<IdentitySeedBox> open_key_file(ByteView file, const SecretBytes* passphrase) {
  const auto head = read_key_file_head(file);
  if (!head) return tl::unexpected(head.error());
  auto payload = open_box(file, *head, passphrase);
  if (!payload) return tl::unexpected(payload.error());
  const std::uint8_t kind = payload->data()[0];
  if (kind != static_cast<std::uint8_t>(IdentityKind::generated) &&
      kind != static_cast<std::uint8_t>(IdentityKind::from_secret))
    return tl::unexpected(failed(Stage::schema, "key-file-version"));
  auto out = make_locked<IdentitySeed>();
  out->kind = static_cast<IdentityKind>(kind);
  std::copy_n(payload->data() + 1, Seed::size(), out->seed.data());
  // Whoever swaps the address in a file in the clear can swap the whole file; a program that misleads itself is worse.
  if (identity_of_seed(*out)->address() != head->address)
    return tl::unexpected(failed(Stage::crypto, "key-file-damaged"));
  return out;
}

}  // namespace comm
