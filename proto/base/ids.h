// Identifiers of the protocol (spec 20-message, 70-routing). All overlay positions are 160 bits, compared by
// XOR distance (Maymounkov and Mazieres, 2002); ids of different kinds are different types and never mix.
#pragma once
#include <functional>

#include "proto/base/bytes.h"

namespace comm {

using NodeId = FixedBytes<20, struct NodeIdTag>;            // a machine's place in the overlay
using MailboxId = FixedBytes<20, struct MailboxIdTag>;      // where messages wait
using Address = FixedBytes<20, struct AddressTag>;          // a user, commits to both identity keys
using OverlayPoint = FixedBytes<20, struct OverlayTag>;     // any of the above as a lookup target
using Distance = FixedBytes<20, struct DistanceTag>;        // XOR of two OverlayPoints, big-endian number
using MessageId = FixedBytes<32, struct MessageIdTag>;      // H("id", header)
using Hash = FixedBytes<32, struct HashTag>;                // any other SHA-256 result
using AckHash = FixedBytes<32, struct AckHashTag>;          // H("ack", ack secret)
using AckSecret = FixedBytes<32, struct AckSecretTag>;      // public once disclosed as acknowledgement
using BodyHash = FixedBytes<32, struct BodyHashTag>;        // BLAKE2b-256 of the body
using NodeKey = FixedBytes<32, struct NodeKeyTag>;          // Ed25519 public key of a node
using SignKey = FixedBytes<32, struct SignKeyTag>;          // Ed25519 public key of an identity
using DhKey = FixedBytes<32, struct DhKeyTag>;              // X25519 public key (identity or prekey)
using MailboxKey = FixedBytes<32, struct MailboxKeyTag>;    // Ed25519 public key of a mailbox
using CurveKey = FixedBytes<32, struct CurveKeyTag>;        // X25519 public key of one link's dialler
using Signature = FixedBytes<64, struct SignatureTag>;      // Ed25519
using StampNonce = FixedBytes<8, struct StampNonceTag>;
using HelloNonce = FixedBytes<32, struct HelloNonceTag>;
using SyncNonce = FixedBytes<32, struct SyncNonceTag>;
using SyncFingerprint = FixedBytes<16, struct SyncFingerprintTag>;  // sum mod 2^128 over the elements of a range
using MessageUid = FixedBytes<16, struct MessageUidTag>;    // the application's id of a message, chosen by its sender

template <class Id>
OverlayPoint overlay_point(const Id& id) {
  static_assert(Id::kSize == 20);
  return OverlayPoint{id.data};
}

inline Distance distance(const OverlayPoint& a, const OverlayPoint& b) {
  struct Words { std::uint64_t high, middle; std::uint32_t low; } x{}, y{};
  static_assert(sizeof(Words) >= 20);
  std::memcpy(&x, a.data.data(), 20);
  std::memcpy(&y, b.data.data(), 20);
  x = {x.high ^ y.high, x.middle ^ y.middle, x.low ^ y.low};
  Distance out;
  std::memcpy(out.data.data(), &x, 20);
  return out;
}

// Number of leading zero bits: 160 for zero. The bucket index of a distance is 159 - leading_zeros.
int leading_zeros(ByteView bytes);

// Short form for people and logs: first 4 and last 4 hex digits, "4475..d519".
std::string short_hex(ByteView bytes);

// Numeric transport endpoint (spec 10-transport). IPv4 is stored v4-mapped (::ffff:a.b.c.d), network order.
struct Endpoint {
  std::array<std::uint8_t, 16> ip{};
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
  bool is_v4() const;
  bool is_unspecified() const;       // 0.0.0.0 or ::
  bool is_local() const;             // loopback or private range (RFC 1918, 4193, 3927): exempt from prefix caps
  std::array<std::uint8_t, 16> prefix() const;  // the /24 (IPv4) or /48 (IPv6), remaining bits zero
  bool same_prefix(const Endpoint& other) const;
};
std::string to_string(const Endpoint& endpoint);                 // "1.2.3.4:6667" or "[::1]:6667"
std::optional<Endpoint> parse_endpoint(std::string_view text);   // numeric only; names are the shell's business

// Someone who can be dialled: claimed until its session proved key and id.
struct Contact {
  NodeId id;
  NodeKey key;
  Endpoint endpoint;
  friend bool operator==(const Contact&, const Contact&) = default;
};

// One transport link, numbered by whoever creates it, never reused within a process.
// Links dialled by the core carry the top bit (core chooses); accepted links do not (transport chooses).
using LinkId = std::uint64_t;
inline constexpr LinkId kDialledLinkBit = LinkId{1} << 63;

}  // namespace comm

template <std::size_t N, class Tag>
struct std::hash<comm::FixedBytes<N, Tag>> {
  // Ids are uniform hashes already; the first eight bytes are as good as any hash of them.
  std::size_t operator()(const comm::FixedBytes<N, Tag>& id) const noexcept {
    static_assert(N >= 8);
    return comm::load_be64(id.data.data());
  }
};
