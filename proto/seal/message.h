// Sealing and opening messages, acknowledgements, refusals and key records (spec 30-crypto, 50-ack, 60).
// Pure functions of their arguments and the randomness handed in.
#pragma once
#include "proto/seal/noise.h"
#include "proto/wire/content.h"
#include "proto/wire/header.h"

namespace comm {

struct SealRequest {
  Address recipient;
  DhKey prekey;            // from the recipient's key record
  MailboxId mailbox;
  std::uint32_t expires;   // minutes since 1970
  std::uint16_t lifetime;  // minutes
  std::uint8_t effort;
};
struct SealedMessage {
  HeaderBytes header;
  MessageId id;
  StampNonce nonce;  // zero; valid as it is for effort 0, else mined by the caller
  Bytes body;
  AckSecret ack;     // secret until disclosed; store it encrypted
};
// Chooses the smallest size class that holds the plaintext. Errors: "too-large", "small-order".
// Text that is not UTF-8 or above kMaxTextBytes is refused too ("bad-content", "too-large").
Result<SealedMessage> seal_message(const Identity& sender, const Sealed& content, const SealRequest& request,
                                   RandomSource& random);

struct OpenedMessage {
  Sealed content;
  Address sender;    // H("address", sign_key || Noise remote static)
  DhKey sender_dh;
  AckSecret ack;
};
// Crypto stage failures: "not-openable" (no key fits: keep relaying it), and, when it opened but is wrong,
// "ack-mismatch", "bad-padding", "bad-content", "sender-mismatch" (refuse it as owner).
// Schema stage: header, "body-size". An embedded record has the sender's address, but its signature and times are
// check_record's: call it before keeping the record.
Result<OpenedMessage> open_message(const Address& self, std::span<const DhPair* const> prekeys_newest_first,
                                   const HeaderBytes& header, ByteView body);

// Checks of a received message or offer, each one stage (crypto). The id is computed by the caller once.
Result<void> check_body(const MessageHeader& header, ByteView body);                      // body hash and class size
Result<void> check_stamp(const MessageHeader& header, const MessageId& id, const StampNonce& nonce);

// A record that ends custody: an acknowledgement (preimage) or an owner's refusal (signature).
enum class FinalKind : std::uint8_t { refused = 1, acknowledged = 2 };  // merged by maximum
struct FinalRecord {
  FinalKind kind;
  MessageId id;
  MessageHeader header;
  HeaderBytes header_bytes;
  Bytes bytes;  // as received, 136 or 200
};
// Schema and crypto stages, stamp included; age is check_ack_age's. Errors: "final-record-size", the header's,
// "stamp", "ack-forged", "refusal-mailbox", "refusal-signature".
Result<FinalRecord> check_final_record(ByteView bytes);
Bytes make_refusal(const MailboxSigningKey& mailbox, const HeaderBytes& header, const StampNonce& nonce);

// Key records.
SignedRecord sign_record(const Identity& identity, const KeyRecord& record);
struct CheckedRecord { KeyRecord record; Address address; Hash hash; };  // hash = H("record", bytes), the signed hash
// Schema and crypto stages plus the time rules: created <= now + 2 h, expires - created <= 45 d, not expired.
Result<CheckedRecord> check_record(const SignedRecord& record, Millis wall);
// True if `a` supersedes `b`: higher seq, or the same seq and the smaller hash.
bool supersedes(const CheckedRecord& a, const CheckedRecord& b);

// A grant of an own mailbox by a contact: a key that can sign, not over, and no longer than any may be granted. Errors:
// "grant-key" (crypto), "grant-expired", "grant-lifetime" (policy).
Result<void> check_grant(const MailboxGrant& grant, Millis wall);

// Encryption at rest: XChaCha20-Poly1305, random 24-byte nonce in front, `context` as associated data.
Bytes seal_at_rest(const Secret<32>& key, ByteView context, ByteView plaintext, RandomSource& random);
std::optional<Bytes> open_at_rest(const Secret<32>& key, ByteView context, ByteView sealed);

}  // namespace comm
