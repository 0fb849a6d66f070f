// The 96-byte message header and the records derived from it (spec 20-message, 50-ack). Big-endian, opaque on
// the wire, hashed as received.
//
//   header  = version(1) suite(1) kind(1) class(1) expires(4) lifetime(2) effort(1) reserved(1)
//             mailbox(20) ack-hash(32) body-hash(32)
//   ack     = header nonce(8) ack-secret(32)
//   refusal = header nonce(8) mailbox-key(32) signature(64)
#pragma once
#include "proto/wire/packet.h"

namespace comm {

struct MessageHeader {
  std::uint8_t version = 1;
  std::uint8_t suite = 1;
  std::uint8_t kind = 0;
  std::uint8_t size_class = 0;        // index into kBodyClassBytes
  std::uint32_t expires = 0;          // minutes since 1970
  std::uint16_t lifetime = kDefaultLifetimeMinutes;  // minutes
  std::uint8_t effort = 0;
  MailboxId mailbox;
  AckHash ack_hash;
  BodyHash body_hash;
  std::size_t body_bytes() const { return kBodyClassBytes[size_class]; }
  Millis expires_ms() const { return Millis{expires} * kMinute; }
  friend bool operator==(const MessageHeader&, const MessageHeader&) = default;
};

HeaderBytes encode_header(const MessageHeader& header);
// Schema stage: version, suite, kind, class, lifetime, reserved byte. Policy (expiry) is check_lifetime's.
Result<MessageHeader> parse_header(const HeaderBytes& bytes);

// Policy stage for Message and Offer: rejects expires <= now ("expired") and expires - lifetime > now + 120 min
// ("from-the-future"). Acks and refusals count until expires + 2 h: check_ack_age.
Result<void> check_lifetime(const MessageHeader& header, Millis wall);
Result<void> check_ack_age(const MessageHeader& header, Millis wall);

// Work of a message, compared for prices and eviction: 2^effort / (body bytes x (lifetime + 120 min)), numerator 1
// at effort 0. Returned as a fraction compared exactly by less_work.
struct Work { std::uint64_t numerator; std::uint64_t denominator; };
Work work_of(const MessageHeader& header);
bool less_work(const Work& a, const Work& b);
// As one number, for indices: of the works of headers, a has less than b exactly if work_key(a) < work_key(b).
std::uint64_t work_key(const Work& work);

struct AckRecord { HeaderBytes header; StampNonce nonce; AckSecret ack; };
struct RefusalRecord { HeaderBytes header; StampNonce nonce; MailboxKey mailbox_key; Signature signature; };
Bytes encode_ack(const AckRecord& record);
Bytes encode_refusal(const RefusalRecord& record);
std::optional<AckRecord> parse_ack(ByteView in);          // exactly 136 bytes
std::optional<RefusalRecord> parse_refusal(ByteView in);  // exactly 200 bytes

}  // namespace comm
