#include "proto/wire/content.h"

#include "proto/wire/codec.h"

namespace comm {
namespace {

using codec::bad_schema;

tl::unexpected<Error> bad_decode(const char* reason) { return reject(Stage::decode, Scope::count, reason); }

Result<Content> read_content(const pb::Sealed& pb) {
  switch (pb.content_case()) {
    case pb::Sealed::kText:
      if (pb.text().size() > kMaxTextBytes) return bad_schema("text-length");
      if (!valid_utf8(pb.text())) return bad_schema("text-utf8");
      return Content(TextContent{pb.text()});
    case pb::Sealed::kMailboxGrant: {
      const pb::MailboxGrant& grant = pb.mailbox_grant();
      MailboxGrant out;
      if (!codec::read_fixed(grant.mailbox_key(), out.mailbox_key)) return bad_schema("grant-key");
      if (!codec::read_time(grant.expires_ms(), out.expires)) return bad_schema("grant-expires");
      return Content(out);
    }
    case pb::Sealed::kReceipt:
    case pb::Sealed::CONTENT_NOT_SET: break;
  }
  return Content(UnknownContent{});
}

void write_content(const Content& content, pb::Sealed& out) {
  if (const auto* text = std::get_if<TextContent>(&content)) {
    out.set_text(text->text);
  } else if (const auto* grant = std::get_if<MailboxGrant>(&content)) {
    pb::MailboxGrant& pb = *out.mutable_mailbox_grant();
    pb.set_mailbox_key(codec::string_of(grant->mailbox_key.view()));
    pb.set_expires_ms(codec::time_of(grant->expires));
  }
}

// The sender's key record, or its hash once the recipient is known to have it: one of the two, never both.
Result<void> read_sender_record(const pb::Sealed& pb, Sealed& out) {
  if (pb.record().empty()) {
    if (!pb.record_signature().empty()) return bad_schema("sealed-record");
    if (!codec::read_fixed(pb.record_hash(), out.record_hash)) return bad_schema("sealed-record-hash");
    return {};
  }
  if (pb.record().size() > kMaxRecordBytes) return bad_schema("sealed-record");
  if (!pb.record_hash().empty()) return bad_schema("sealed-record-hash");
  out.record.record = codec::bytes_of(pb.record());
  if (!codec::read_fixed(pb.record_signature(), out.record.signature)) return bad_schema("sealed-record");
  return {};
}

Result<std::vector<MailboxEntry>> read_mailboxes(const pb::KeyRecord& pb) {
  const auto count = static_cast<std::size_t>(pb.mailboxes_size());
  if (count == 0 || count > kMaxMailboxesPerRecord) return bad_schema("record-mailboxes");
  std::vector<MailboxEntry> out;
  for (const pb::MailboxEntry& entry : pb.mailboxes()) {
    if (!out.empty() && entry.week() <= out.back().week) return bad_schema("record-weeks");
    out.push_back({entry.week(), {}});
    if (!codec::read_fixed(entry.mailbox_id(), out.back().mailbox)) return bad_schema("record-mailboxes");
  }
  return out;
}

}  // namespace

Bytes encode_key_record(const KeyRecord& record) {
  pb::KeyRecord out;
  out.set_sign_key(codec::string_of(record.sign_key.view()));
  out.set_dh_key(codec::string_of(record.dh_key.view()));
  out.set_seq(record.seq);
  out.set_created_ms(codec::time_of(record.created));
  out.set_expires_ms(codec::time_of(record.expires));
  out.set_prekey(codec::string_of(record.prekey.view()));
  for (const MailboxEntry& entry : record.mailboxes) {
    pb::MailboxEntry& pb = *out.add_mailboxes();
    pb.set_week(entry.week);
    pb.set_mailbox_id(codec::string_of(entry.mailbox.view()));
  }
  out.set_min_effort(record.min_effort);
  return codec::encode_pb(out);
}

Result<KeyRecord> parse_key_record(ByteView in) {
  if (in.empty() || in.size() > kMaxRecordBytes) return bad_schema("record-size");
  pb::KeyRecord pb;
  if (!codec::parse_pb(in, pb)) return bad_decode("record-decode");
  KeyRecord out;
  if (!codec::read_fixed(pb.sign_key(), out.sign_key)) return bad_schema("record-sign-key");
  if (!codec::read_fixed(pb.dh_key(), out.dh_key)) return bad_schema("record-dh-key");
  if (!codec::read_fixed(pb.prekey(), out.prekey)) return bad_schema("record-prekey");
  out.seq = pb.seq();
  if (!codec::read_time(pb.created_ms(), out.created)) return bad_schema("record-created");
  if (!codec::read_time(pb.expires_ms(), out.expires)) return bad_schema("record-expires");
  if (out.expires <= out.created) return bad_schema("record-expires");
  auto mailboxes = read_mailboxes(pb);
  if (!mailboxes) return tl::make_unexpected(mailboxes.error());
  out.mailboxes = *std::move(mailboxes);
  if (pb.min_effort() > kMaxStampEffort) return bad_schema("record-effort");
  out.min_effort = static_cast<std::uint8_t>(pb.min_effort());
  return out;
}

MailboxId mailbox_for(const KeyRecord& record, Millis wall) {
  const std::uint32_t week = week_of(wall);
  for (const MailboxEntry& entry : record.mailboxes)
    if (entry.week == week) return entry.mailbox;
  return week < record.mailboxes.front().week ? record.mailboxes.front().mailbox : record.mailboxes.back().mailbox;
}

Bytes encode_sealed(const Sealed& sealed) {
  pb::Sealed out;
  out.set_sign_key(codec::string_of(sealed.sign_key.view()));
  if (sealed.record.record.empty()) {
    out.set_record_hash(codec::string_of(sealed.record_hash.view()));
  } else {
    out.set_record(codec::string_of(sealed.record.record));
    out.set_record_signature(codec::string_of(sealed.record.signature.view()));
  }
  out.set_uid(codec::string_of(sealed.uid.view()));
  out.set_sent_at_ms(codec::time_of(sealed.sent_at));
  write_content(sealed.content, out);
  return codec::encode_pb(out);
}

Result<Sealed> parse_sealed(ByteView in) {
  pb::Sealed pb;
  if (!codec::parse_pb(in, pb)) return bad_decode("sealed-decode");
  Sealed out;
  if (!codec::read_fixed(pb.sign_key(), out.sign_key)) return bad_schema("sealed-sign-key");
  if (const auto ok = read_sender_record(pb, out); !ok) return tl::make_unexpected(ok.error());
  if (!codec::read_fixed(pb.uid(), out.uid)) return bad_schema("sealed-uid");
  if (!codec::read_time(pb.sent_at_ms(), out.sent_at)) return bad_schema("sealed-time");
  auto content = read_content(pb);
  if (!content) return tl::make_unexpected(content.error());
  out.content = *std::move(content);
  return out;
}

}  // namespace comm
