// Signing and checking of key records (spec 60-mailboxes-and-records).
#include "proto/base/check.h"
#include "proto/seal/message.h"

namespace comm {
namespace {

Hash record_hash(ByteView bytes) { return tagged_hash("record", {bytes}); }

Result<void> check_times(const KeyRecord& record, Millis wall) {
  if (record.created > wall + kRecordFuture) return reject(Stage::policy, Scope::count, "record-from-the-future");
  if (record.expires - record.created > kRecordLifetime)
    return reject(Stage::policy, Scope::count, "record-lifetime");
  if (record.expires <= wall) return reject(Stage::policy, Scope::ignore, "record-expired");
  return {};
}

}  // namespace

SignedRecord sign_record(const Identity& identity, const KeyRecord& record) {
  CHECK(record.sign_key == identity.sign_pair().public_key());
  CHECK(record.dh_key == identity.dh_pair().public_key);
  SignedRecord out;
  out.record = encode_key_record(record);
  out.signature = identity.sign_pair().sign(record_hash(out.record));
  return out;
}

Result<CheckedRecord> check_record(const SignedRecord& record, Millis wall) {
  auto parsed = parse_key_record(record.record);
  if (!parsed) return tl::make_unexpected(parsed.error());
  CheckedRecord out{*std::move(parsed), {}, record_hash(record.record)};
  if (!verify(out.record.sign_key, out.hash, record.signature))
    return reject(Stage::crypto, Scope::count, "record-signature");
  if (const auto ok = check_times(out.record, wall); !ok) return tl::make_unexpected(ok.error());
  out.address = address_of(out.record.sign_key, out.record.dh_key);
  return out;
}

bool supersedes(const CheckedRecord& a, const CheckedRecord& b) {
  return a.record.seq != b.record.seq ? a.record.seq > b.record.seq : a.hash < b.hash;
}

}  // namespace comm
