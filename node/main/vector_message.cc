#include "node/main/vector_ops.h"
#include "proto/seal/message.h"

namespace comm::vectors {
namespace {

constexpr std::uint64_t kStampTries = std::uint64_t{1} << 32;

// Hands out the bytes of a vector in place of random ones.
class GivenBytes final : public RandomSource {
 public:
  explicit GivenBytes(Secret<32> bytes) : bytes_(std::move(bytes)) {}
  using RandomSource::fill;
  void fill(std::span<std::uint8_t> out) override {
    if (out.size() != bytes_.size()) throw BadInput();
    std::copy_n(bytes_.data(), out.size(), out.begin());
  }

 private:
  Secret<32> bytes_;
};

Result<Json> check_header(const Json& in) {
  const auto bytes = fixed<HeaderBytes>(in, "header");
  return parse_header(bytes).map([&](const MessageHeader& header) {
    const Work work = work_of(header);
    return Json{{"id", to_hex(message_id(bytes).view())},
                {"size_class", header.size_class},
                {"expires_ms", header.expires_ms()},
                {"lifetime", header.lifetime},
                {"effort", header.effort},
                {"mailbox", to_hex(header.mailbox.view())},
                {"ack_hash", to_hex(header.ack_hash.view())},
                {"body_hash", to_hex(header.body_hash.view())},
                {"work_numerator", std::to_string(work.numerator)},
                {"work_denominator", work.denominator}};
  });
}

Result<Json> check_stamp_of(const Json& in) {
  const auto effort = in.at("effort").get<std::uint8_t>();
  if (!stamp_valid(fixed<MessageId>(in, "subject"), fixed<StampNonce>(in, "nonce"), effort))
    return reject(Stage::crypto, Scope::count, "stamp");
  return Json::object();
}

Result<Json> check_lifetime_of(const Json& in) {
  const auto header = parse_header(fixed<HeaderBytes>(in, "header"));
  if (!header) return tl::make_unexpected(header.error());
  return check_lifetime(*header, in.at("now_ms").get<Millis>()).map([] { return Json::object(); });
}

Result<Json> check_message(const Json& in) {
  const auto bytes = fixed<HeaderBytes>(in, "header");
  const MessageId id = message_id(bytes);
  const auto header = parse_header(bytes);
  if (!header) return tl::make_unexpected(header.error());
  if (const auto ok = check_lifetime(*header, in.at("now_ms").get<Millis>()); !ok) return tl::make_unexpected(ok.error());
  if (const auto ok = check_body(*header, hex(in, "body")); !ok) return tl::make_unexpected(ok.error());
  return check_stamp(*header, id, fixed<StampNonce>(in, "nonce")).map([&] { return Json{{"id", to_hex(id.view())}}; });
}

Result<Json> check_final(const Json& in) {
  const auto record = check_final_record(hex(in, "record"));
  if (!record) return tl::make_unexpected(record.error());
  return check_ack_age(record->header, in.at("now_ms").get<Millis>()).map([&] {
    return Json{{"id", to_hex(record->id.view())},
                {"kind", record->kind == FinalKind::acknowledged ? "acknowledgement" : "refusal"}};
  });
}

Result<Json> check_key_record(const Json& in) {
  SignedRecord record{hex(in, "record"), fixed<Signature>(in, "signature"), fixed<StampNonce>(in, "nonce")};
  if (record.record.empty() || record.record.size() > kMaxRecordBytes)
    return reject(Stage::schema, Scope::count, "record-size");
  return comm::check_record(record, in.at("now_ms").get<Millis>()).map([](const CheckedRecord& checked) {
    return Json{{"address", to_hex(checked.address.view())},
                {"hash", to_hex(checked.hash.view())},
                {"seq", checked.record.seq},
                {"min_effort", checked.record.min_effort}};
  });
}

Result<Json> select_mailbox(const Json& in) {
  return parse_key_record(hex(in, "record")).map([&](const KeyRecord& record) {
    return Json{{"mailbox", to_hex(mailbox_for(record, in.at("now_ms").get<Millis>()).view())}};
  });
}

Result<CheckedRecord> unsigned_record(const Json& in, const char* field) {
  const Bytes bytes = hex(in, field);
  return parse_key_record(bytes).map([&](const KeyRecord& record) {
    return CheckedRecord{record, address_of(record.sign_key, record.dh_key), tagged_hash("record", {bytes})};
  });
}

Result<Json> check_supersedes(const Json& in) {
  const auto a = unsigned_record(in, "a"), b = unsigned_record(in, "b");
  if (!a || !b) return tl::make_unexpected(a ? b.error() : a.error());
  return Json{{"supersedes", supersedes(*a, *b)}};
}

Result<Json> seal(const Json& in) {
  const auto sender = Identity::from_seed(secret<32>(in, "sender_seed"), true);
  const auto record = parse_key_record(hex(in, "recipient_record"));
  if (!record) return tl::make_unexpected(record.error());
  const auto now = in.at("now_ms").get<Millis>();
  const auto lifetime = in.at("lifetime").get<std::uint16_t>();
  Sealed content;
  content.sign_key = sender->sign_pair().public_key();
  if (in.contains("record_hash") && !in.at("record_hash").get<std::string>().empty()) {
    content.record_hash = fixed<Hash>(in, "record_hash");
  } else {
    content.record = {hex(in, "sender_record"), fixed<Signature>(in, "sender_record_signature"), {}};
  }
  content.uid = fixed<MessageUid>(in, "uid");
  content.sent_at = now;
  content.content = TextContent{std::string(as_text(hex(in, "text")))};
  const SealRequest request{.recipient = address_of(record->sign_key, record->dh_key),
                            .prekey = record->prekey,
                            .mailbox = mailbox_for(*record, now),
                            .expires = minute_of(now) + lifetime,
                            .lifetime = lifetime,
                            .effort = in.at("effort").get<std::uint8_t>()};
  GivenBytes ephemeral(secret<32>(in, "ephemeral"));
  const auto sealed = seal_message(*sender, content, request, ephemeral);
  if (!sealed) return tl::make_unexpected(sealed.error());
  const auto nonce = mine_stamp(sealed->id, request.effort, 0, kStampTries);
  if (!nonce) throw BadInput();
  return Json{{"header", to_hex(sealed->header.view())},
              {"nonce", to_hex(nonce->view())},
              {"body", to_hex(sealed->body)},
              {"ack_secret", to_hex(sealed->ack.view())},
              {"id", to_hex(sealed->id.view())}};
}

Result<Json> open(const Json& in) {
  const auto who = Identity::from_seed(secret<32>(in, "recipient_seed"), true);
  std::vector<DhPair> prekeys;
  for (const auto& week : in.at("weeks")) prekeys.push_back(who->prekey(week.get<std::uint32_t>()));
  std::vector<const DhPair*> pointers;
  for (const DhPair& prekey : prekeys) pointers.push_back(&prekey);
  const auto opened = open_message(who->address(), pointers, fixed<HeaderBytes>(in, "header"), hex(in, "body"));
  if (!opened) return tl::make_unexpected(opened.error());
  const auto* text = std::get_if<TextContent>(&opened->content.content);
  const auto* grant = std::get_if<MailboxGrant>(&opened->content.content);
  Json out{{"sender", to_hex(opened->sender.view())},
              {"uid", to_hex(opened->content.uid.view())},
              {"sent_at_ms", opened->content.sent_at},
              {"kind", text != nullptr ? "text" : grant != nullptr ? "mailbox_grant" : "unknown"},
              {"text", text != nullptr ? to_hex(as_bytes(text->text)) : ""},
              {"ack_secret", to_hex(opened->ack.view())}};
  if (grant != nullptr) {
    out["mailbox_key"] = to_hex(grant->mailbox_key.view());
    out["expires_ms"] = grant->expires;
  }
  return out;
}

Result<Json> pairwise_mailbox(const Json& in) {
  const auto who = Identity::from_seed(secret<32>(in, "seed"), true);
  const auto contact = fixed<Address>(in, "contact");
  const Millis phase = who->pairwise_phase(contact);
  const Millis period = (in.at("now_ms").get<Millis>() + phase) / kPairwisePeriod;
  const MailboxKey key = who->pairwise_mailbox(contact, static_cast<std::uint32_t>(period)).public_key();
  return Json{{"period", period},
              {"mailbox_key", to_hex(key.view())},
              {"mailbox", to_hex(mailbox_id(key).view())},
              {"expires_ms", period * kPairwisePeriod - phase + kPairwiseLifetime}};
}

Result<Json> check_mailbox_grant(const Json& in) {
  const MailboxGrant grant{fixed<MailboxKey>(in, "mailbox_key"), in.at("expires_ms").get<Millis>()};
  return check_grant(grant, in.at("now_ms").get<Millis>()).map([&] {
    return Json{{"mailbox", to_hex(mailbox_id(grant.mailbox_key).view())}};
  });
}

}  // namespace

const Operations& message_operations() {
  static const Operations all{{"check-header", check_header},
                              {"check-stamp", check_stamp_of},
                              {"check-lifetime", check_lifetime_of},
                              {"check-message", check_message},
                              {"check-final", check_final},
                              {"check-record", check_key_record},
                              {"select-mailbox", select_mailbox},
                              {"supersedes", check_supersedes},
                              {"seal", seal},
                              {"open", open},
                              {"pairwise-mailbox", pairwise_mailbox},
                              {"check-grant", check_mailbox_grant}};
  return all;
}

}  // namespace comm::vectors
