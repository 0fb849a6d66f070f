// Packets as plain values (spec 10-transport). `parse_packet` is the one place where bytes from a link become
// typed values: it checks sizes, counts, enumerators and UTF-8 (stages frame, decode, schema); crypto, policy and
// state are judged later by who owns them. Encoding cannot fail. Protobuf never leaves proto/wire.
#pragma once
#include <variant>

#include "proto/base/ids.h"
#include "proto/base/limits.h"
#include "proto/base/result.h"

namespace comm {

enum class Role : std::uint8_t { relay = 1, client = 2 };

struct HelloBody {
  std::uint32_t version = kProtocolVersion;
  std::uint64_t capabilities = 0;
  NodeKey node_key;
  HelloNonce nonce;
  std::vector<Endpoint> endpoints;
  Role role = Role::relay;
  Millis time = 0;
  friend bool operator==(const HelloBody&, const HelloBody&) = default;
};

struct Hello { Bytes raw; HelloBody body; };                        // raw = the exact bytes, hashed
struct Welcome { Bytes raw; HelloBody body; Signature signature; };
struct Auth { Signature signature; };
struct Ping {};
struct Pong {};
struct FindNode { OverlayPoint target; std::vector<std::uint32_t> known{}; };  // known: first four bytes of ids
struct Nodes { std::vector<Contact> contacts; };

using HeaderBytes = FixedBytes<kHeaderBytes, struct HeaderBytesTag>;
struct OfferItem { HeaderBytes header; StampNonce nonce; };
struct Offer { std::vector<OfferItem> items; };
struct Want { std::vector<MessageId> ids; };
struct SealedItem { HeaderBytes header; StampNonce nonce; Bytes body; };  // body is of a class size (schema stage)
struct Message { std::vector<SealedItem> items; };

enum class StoredStatus : std::uint8_t { stored = 1, duplicate, acknowledged, refused, busy, evicted };
enum class RefuseReason : std::uint8_t { none = 0, quota, price, not_accepted, disk };
struct StoredItem {
  MessageId id;
  StoredStatus status = StoredStatus::stored;
  RefuseReason reason = RefuseReason::none;
  std::uint8_t price = 0;
  Bytes ack{};  // 136 or 200 bytes with status acknowledged, else empty
};
struct Stored { std::vector<StoredItem> items; };
struct Ack { std::vector<Bytes> records; };  // 136 (acknowledgement) or 200 (refusal) bytes each
struct Collect { MailboxKey mailbox_key; Signature signature; };
enum class CollectStatus : std::uint8_t { subscribed = 1, refused };
struct Collected { CollectStatus status = CollectStatus::subscribed; std::uint32_t waiting = 0; };
struct SignedRecord {
  Bytes record;  // the signed bytes of a KeyRecord; empty = none
  Signature signature;
  StampNonce nonce;
  friend bool operator==(const SignedRecord&, const SignedRecord&) = default;
};
struct PutRecord { SignedRecord record; };
struct GetRecord { Address address; };
struct Record { Address address; SignedRecord record; };

// Reconciliation (spec 80-sync). Elements are ordered by (expires, id); key records come last, with expires kSyncRecord
// and, as id, address (20) and the first 12 bytes of the record's hash.
inline constexpr std::uint32_t kSyncRecord = 0xffff'ffff;
struct SyncKey {
  std::uint32_t expires = 0;  // minutes
  MessageId id;
  friend auto operator<=>(const SyncKey&, const SyncKey&) = default;
};
enum class SyncState : std::uint8_t { live = 0, refused, acknowledged };  // merged by maximum
struct SyncElement {
  SyncKey key;
  SyncState state = SyncState::live;
  friend bool operator==(const SyncElement&, const SyncElement&) = default;
};
enum class SyncMode : std::uint8_t {
  fingerprint = 1,  // of everything the sender has in the range
  list,             // everything the sender has in the range
  extra,            // what the sender has and the receiver lacks or has in a lower state: no answer
  again             // not judged for want of room: to be asked again
};
struct SyncRange {
  SyncKey lower, upper;  // lower <= key < upper
  SyncMode mode = SyncMode::fingerprint;
  SyncFingerprint fingerprint{};
  std::vector<SyncElement> elements{};
};
struct SyncOpening { SyncNonce nonce; OverlayPoint centre; Distance radius; std::uint32_t after = 0; };
struct Sync { std::optional<SyncOpening> opening; std::vector<SyncRange> ranges; bool answer = false; };

enum class ErrorCode : std::uint32_t {
  no_session = 1, unsupported, malformed, not_held, busy, rate_limited, refused, version, self_connect, duplicate_link
};
struct ErrorBody { std::uint32_t code = 0; std::string text; };  // unknown codes are kept as numbers
struct Unknown {};  // a body this version does not know: answered by Error{unsupported}, link kept

using PacketBody = std::variant<Unknown, Hello, Welcome, Auth, Ping, Pong, FindNode, Nodes, Offer, Want, Message, Stored,
                                Ack, Collect, Collected, PutRecord, GetRecord, Record, ErrorBody, Sync>;
struct Packet {
  std::uint32_t request_id = 0;
  PacketBody body;
};

const char* packet_name(const PacketBody& body);  // "hello", "find-node", ...

Bytes encode_packet(const Packet& packet);
Result<Packet> parse_packet(ByteView in);

Bytes encode_hello_body(const HelloBody& body);
Result<HelloBody> parse_hello_body(ByteView in);

// Approximate serialised size, for budgets of queues and of packets being filled.
std::size_t wire_size(const OfferItem&);
std::size_t wire_size(const SealedItem& item);
std::size_t wire_size(const SyncRange& range);
std::size_t wire_size(const Packet& packet);

}  // namespace comm
