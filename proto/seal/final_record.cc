// Acknowledgements and owner refusals (spec 50-ack): what ends a message's custody, checkable by anyone.
#include "proto/seal/message.h"

namespace comm {
namespace {

tl::unexpected<Error> crypto_error(const char* reason) { return reject(Stage::crypto, Scope::count, reason); }

Result<FinalRecord> begin(FinalKind kind, const HeaderBytes& header, const StampNonce& nonce, ByteView bytes) {
  const auto parsed = parse_header(header);
  if (!parsed) return tl::make_unexpected(parsed.error());
  FinalRecord out{kind, message_id(header), *parsed, header, to_bytes(bytes)};
  if (const auto ok = check_stamp(out.header, out.id, nonce); !ok) return tl::make_unexpected(ok.error());
  return out;
}

Result<FinalRecord> check_ack(const AckRecord& record, ByteView bytes) {
  auto out = begin(FinalKind::acknowledged, record.header, record.nonce, bytes);
  if (out && ack_hash(record.ack) != out->header.ack_hash) return crypto_error("ack-forged");
  return out;
}

Result<FinalRecord> check_refusal(const RefusalRecord& record, ByteView bytes) {
  auto out = begin(FinalKind::refused, record.header, record.nonce, bytes);
  if (!out) return out;
  if (mailbox_id(record.mailbox_key) != out->header.mailbox) return crypto_error("refusal-mailbox");
  if (!verify(record.mailbox_key, owner_ack_hash(out->id), record.signature))
    return crypto_error("refusal-signature");
  return out;
}

}  // namespace

Result<FinalRecord> check_final_record(ByteView bytes) {
  if (const auto ack = parse_ack(bytes)) return check_ack(*ack, bytes);
  if (const auto refusal = parse_refusal(bytes)) return check_refusal(*refusal, bytes);
  return reject(Stage::schema, Scope::count, "final-record-size");
}

Bytes make_refusal(const MailboxSigningKey& mailbox, const HeaderBytes& header, const StampNonce& nonce) {
  const Signature signature = mailbox.sign(owner_ack_hash(message_id(header)));
  return encode_refusal({header, nonce, mailbox.public_key(), signature});
}

}  // namespace comm
