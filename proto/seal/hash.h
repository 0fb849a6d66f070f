// H(tag, parts...) = SHA-256("comm/1 " || tag || 0x00 || parts) (spec 30-crypto). Every part but the last is of
// fixed size, so the encoding is injective. Nothing is hashed or signed without a tag; spec/99-registry lists them.
#pragma once
#include <initializer_list>

#include "proto/base/ids.h"
#include "proto/wire/packet.h"

namespace comm {

Hash tagged_hash(std::string_view tag, std::initializer_list<ByteView> parts);
BodyHash body_hash(ByteView body);                    // BLAKE2b-256, fingerprints bodies only
MessageId message_id(const HeaderBytes& header);      // H("id", header)
AckHash ack_hash(const AckSecret& ack);               // H("ack", ack)
MailboxId mailbox_id(const MailboxKey& key);          // H("mailbox", key)[0:20]
Address address_of(const SignKey& sign, const DhKey& dh);   // H("address", sign || dh)[0:20]
OverlayPoint record_region(const Address& address);   // H("record region", address)[0:20]

// Stamp (hashcash, Back 2002): H("stamp", id || nonce) has `effort` leading zero bits.
bool stamp_valid(const MessageId& id, const StampNonce& nonce, std::uint8_t effort);
// The leading zero bits of H("stamp", id || nonce), at most 255: the work a key record's stamp really shows (its id
// is MessageId{hash.data} of the record hash; no effort is claimed there).
std::uint8_t stamp_effort(const MessageId& id, const StampNonce& nonce);
// Tries `tries` nonces from `start` on; nullopt when none fits (call again further on).
std::optional<StampNonce> mine_stamp(const MessageId& id, std::uint8_t effort, std::uint64_t start,
                                     std::uint64_t tries);

// Node ids cost memory-hard work: Argon2id(node key, ...). `cheap` is the `test` profile (8 KiB). ~17 ms, 16 MiB:
// never on the reactor.
NodeId derive_node_id(const NodeKey& key, bool cheap);

// Reconciliation (spec 80-sync): a session's key H("sync", initiator's nonce || responder's), and an element's share of
// a fingerprint, BLAKE2b-128(key || id || state).
Hash sync_key(const SyncNonce& initiator, const SyncNonce& responder);
SyncFingerprint sync_hash(const Hash& key, const SyncElement& element);

// HMAC-SHA-256, for keyed row names and test vectors.
Hash hmac_sha256(ByteView key, ByteView data);

}  // namespace comm
