#include "proto/seal/hash.h"

#include <sodium.h>

#include <cstdio>
#include <cstdlib>

#include "proto/base/check.h"
#include "proto/seal/sha256.h"

namespace comm {
namespace {

constexpr std::string_view kDomain = "comm/1 ", kEnd{"\0", 1};
constexpr std::size_t kBeforeParts = 3, kMostParts = 8;

template <class Id>
Id truncated(const Hash& hash) {
  return *Id::from(hash.view().first(Id::kSize));
}

}  // namespace

Hash computed_sha256(std::span<const ByteView> parts) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  for (const ByteView part : parts) crypto_hash_sha256_update(&state, part.data(), part.size());
  Hash out;
  crypto_hash_sha256_final(&state, out.data.data());
  return out;
}

Hash tagged_hash(std::string_view tag, std::initializer_list<ByteView> parts) {
  CHECK(parts.size() <= kMostParts);
  std::array<ByteView, kBeforeParts + kMostParts> all{as_bytes(kDomain), as_bytes(tag), as_bytes(kEnd)};
  std::copy(parts.begin(), parts.end(), all.begin() + kBeforeParts);
  return sha256(std::span(all).first(kBeforeParts + parts.size()));
}

BodyHash body_hash(ByteView body) {
  BodyHash out;
  crypto_generichash(out.data.data(), BodyHash::kSize, body.data(), body.size(), nullptr, 0);
  return out;
}

MessageId message_id(const HeaderBytes& header) { return MessageId{tagged_hash("id", {header.view()}).data}; }

AckHash ack_hash(const AckSecret& ack) { return AckHash{tagged_hash("ack", {ack.view()}).data}; }

MailboxId mailbox_id(const MailboxKey& key) { return truncated<MailboxId>(tagged_hash("mailbox", {key.view()})); }

Address address_of(const SignKey& sign, const DhKey& dh) {
  return truncated<Address>(tagged_hash("address", {sign.view(), dh.view()}));
}

OverlayPoint record_region(const Address& address) {
  return truncated<OverlayPoint>(tagged_hash("record region", {address.view()}));
}

std::uint8_t stamp_effort(const MessageId& id, const StampNonce& nonce) {
  const Hash hash = tagged_hash("stamp", {id.view(), nonce.view()});
  return static_cast<std::uint8_t>(std::min(leading_zeros(hash.view()), 255));
}

bool stamp_valid(const MessageId& id, const StampNonce& nonce, std::uint8_t effort) {
  return effort == 0 || stamp_effort(id, nonce) >= effort;
}

std::optional<StampNonce> mine_stamp(const MessageId& id, std::uint8_t effort, std::uint64_t start,
                                     std::uint64_t tries) {
  crypto_hash_sha256_state prefix;
  crypto_hash_sha256_init(&prefix);
  for (const ByteView part : {as_bytes(kDomain), as_bytes("stamp"), as_bytes(kEnd), id.view()})
    crypto_hash_sha256_update(&prefix, part.data(), part.size());
  for (std::uint64_t i = 0; i < tries; ++i) {
    Bytes nonce;
    put_be(nonce, start + i);
    crypto_hash_sha256_state state = prefix;
    crypto_hash_sha256_update(&state, nonce.data(), nonce.size());
    Hash hash;
    crypto_hash_sha256_final(&state, hash.data.data());
    if (leading_zeros(hash.view()) >= effort) return StampNonce::from(nonce);
  }
  return std::nullopt;
}

NodeId derive_node_id(const NodeKey& key, bool cheap) {
  constexpr std::size_t kMemory = 16 << 20, kCheapMemory = 8'192;
  static_assert(kCheapMemory >= crypto_pwhash_argon2id_MEMLIMIT_MIN);
  const Hash salt = tagged_hash("node id salt", {});
  Hash out;
  const int failed = crypto_pwhash(out.data.data(), out.data.size(), reinterpret_cast<const char*>(key.data.data()),
                                   key.data.size(), salt.data.data(), 1, cheap ? kCheapMemory : kMemory,
                                   crypto_pwhash_ALG_ARGON2ID13);
  if (failed != 0) {
    std::fputs("comm: the system refuses the 16 MiB that a node id takes to compute\n", stderr);
    std::abort();
  }
  return truncated<NodeId>(out);
}

Hash sync_key(const SyncNonce& initiator, const SyncNonce& responder) {
  return tagged_hash("sync", {initiator.view(), responder.view()});
}

SyncFingerprint sync_hash(const Hash& key, const SyncElement& element) {
  std::array<std::uint8_t, Hash::kSize + MessageId::kSize + 1> in;
  std::copy(key.data.begin(), key.data.end(), in.begin());
  std::copy(element.key.id.data.begin(), element.key.id.data.end(), in.begin() + Hash::kSize);
  in.back() = static_cast<std::uint8_t>(element.state);
  SyncFingerprint out;
  crypto_generichash(out.data.data(), out.data.size(), in.data(), in.size(), nullptr, 0);
  return out;
}

Hash hmac_sha256(ByteView key, ByteView data) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, data.data(), data.size());
  Hash out;
  crypto_auth_hmacsha256_final(&state, out.data.data());
  sodium_memzero(&state, sizeof(state));
  return out;
}

}  // namespace comm
