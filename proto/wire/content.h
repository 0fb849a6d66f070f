// Key records and the plaintext of a message (spec 30-crypto, 60-mailboxes-and-records) as plain values.
// Schema stage only; signatures and hashes are proto/seal's.
#pragma once
#include <variant>

#include "proto/wire/packet.h"

namespace comm {

struct MailboxEntry {
  std::uint32_t week = 0;  // unix_time / 604,800
  MailboxId mailbox;
  friend bool operator==(const MailboxEntry&, const MailboxEntry&) = default;
};

struct KeyRecord {
  SignKey sign_key;
  DhKey dh_key;
  std::uint64_t seq = 0;  // creation time in ms, rising
  Millis created = 0;
  Millis expires = 0;
  DhKey prekey;
  std::vector<MailboxEntry> mailboxes;  // weeks rising, 1 to kMaxMailboxesPerRecord
  std::uint8_t min_effort = 0;
  friend bool operator==(const KeyRecord&, const KeyRecord&) = default;
};
Bytes encode_key_record(const KeyRecord& record);
Result<KeyRecord> parse_key_record(ByteView in);
// The mailbox a sender uses: the current week's, else the last listed. A clock behind the recipient's just after a
// week began would fall to the last, which is collected weeks later: before the first listed week it is the first.
MailboxId mailbox_for(const KeyRecord& record, Millis wall);

struct TextContent {
  std::string text;
  friend bool operator==(const TextContent&, const TextContent&) = default;
};
struct MailboxGrant {  // the sender's mailbox for whoever is told of it alone
  MailboxKey mailbox_key;
  Millis expires = 0;
  friend bool operator==(const MailboxGrant&, const MailboxGrant&) = default;
};
struct UnknownContent {  // a later version's content: acknowledged, shown as "cannot be shown by this version"
  friend bool operator==(const UnknownContent&, const UnknownContent&) = default;
};
using Content = std::variant<UnknownContent, TextContent, MailboxGrant>;

struct Sealed {
  SignKey sign_key;
  SignedRecord record;   // record.record empty: record_hash given instead. The stamp nonce is not carried (zero)
  Hash record_hash;
  MessageUid uid;
  Millis sent_at = 0;
  Content content;
  friend bool operator==(const Sealed&, const Sealed&) = default;
};
Bytes encode_sealed(const Sealed& sealed);
// Text must be valid UTF-8 of at most kMaxTextBytes; exactly one of record and record_hash must be present.
Result<Sealed> parse_sealed(ByteView in);

bool valid_utf8(std::string_view text);
// Length of the longest prefix that is well-formed UTF-8: where to cut a text that is too long or broken.
std::size_t valid_utf8_prefix(std::string_view text);

}  // namespace comm
