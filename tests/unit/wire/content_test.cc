#include "proto/wire/content.h"

#include <functional>

#include "proto/schema/comm.pb.h"
#include "tests/unit/wire/expect.h"

using namespace comm;

namespace {

std::string sized(std::size_t size) { return std::string(size, 'x'); }

KeyRecord key_record(std::size_t mailboxes) {
  KeyRecord out;
  out.sign_key = filled<SignKey>(1);
  out.dh_key = filled<DhKey>(2);
  out.seq = UINT64_MAX;
  out.created = 1'700'000'000'000;
  out.expires = out.created + kRecordLifetime;
  out.prekey = filled<DhKey>(3);
  for (std::uint32_t week = 0; week < mailboxes; ++week) out.mailboxes.push_back({2'900 + week, filled<MailboxId>(4)});
  out.min_effort = kMaxStampEffort;
  return out;
}

pb::KeyRecord good_record() {
  pb::KeyRecord out;
  const Bytes bytes = encode_key_record(key_record(2));
  BOOST_REQUIRE(out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return out;
}

Sealed sealed(Content content) {
  Sealed out;
  out.sign_key = filled<SignKey>(1);
  out.record_hash = filled<Hash>(2);
  out.uid = filled<MessageUid>(3);
  out.sent_at = 1'700'000'000'000;
  out.content = std::move(content);
  return out;
}

pb::Sealed good_sealed() {
  pb::Sealed out;
  const Bytes bytes = encode_sealed(sealed(TextContent{"hello"}));
  BOOST_REQUIRE(out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return out;
}

template <class Pb, class Parse>
void expect_each(const Pb& good, Parse parse,
                 const std::vector<std::pair<const char*, std::function<void(Pb&)>>>& changes) {
  BOOST_REQUIRE(parse(as_bytes(good.SerializeAsString())).has_value());
  for (const auto& [reason, change] : changes) {
    Pb changed = good;
    change(changed);
    const std::string bytes = changed.SerializeAsString();
    BOOST_TEST_INFO("expected " << reason);
    expect_reject(parse(as_bytes(bytes)), Stage::schema, reason);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(content)

BOOST_AUTO_TEST_CASE(key_records_round_trip) {
  for (const std::size_t mailboxes : {std::size_t{1}, std::size_t{9}, kMaxMailboxesPerRecord}) {
    const Bytes bytes = encode_key_record(key_record(mailboxes));
    const auto back = parse_key_record(bytes);
    BOOST_REQUIRE(back);
    BOOST_TEST((*back == key_record(mailboxes)));
  }
}

BOOST_AUTO_TEST_CASE(key_record_schema) {
  const auto week = [](pb::KeyRecord& r, std::uint32_t number) {
    pb::MailboxEntry& entry = *r.add_mailboxes();
    entry.set_week(number);
    entry.set_mailbox_id(sized(20));
  };
  expect_each<pb::KeyRecord>(
      good_record(), parse_key_record,
      {{"record-sign-key", [](auto& r) { r.set_sign_key(sized(31)); }},
       {"record-dh-key", [](auto& r) { r.clear_dh_key(); }},
       {"record-prekey", [](auto& r) { r.set_prekey(sized(33)); }},
       {"record-created", [](auto& r) { r.set_created_ms(UINT64_MAX); }},
       {"record-expires", [](auto& r) { r.set_expires_ms(UINT64_MAX); }},
       {"record-expires", [](auto& r) { r.set_expires_ms(r.created_ms()); }},
       {"record-mailboxes", [](auto& r) { r.clear_mailboxes(); }},
       {"record-mailboxes", [&](auto& r) { for (std::uint32_t i = 3'000; i < 3'015; ++i) week(r, i); }},
       {"record-mailboxes", [](auto& r) { r.mutable_mailboxes(1)->set_mailbox_id(sized(21)); }},
       {"record-weeks", [&](auto& r) { week(r, 2'901); }},
       {"record-weeks", [&](auto& r) { week(r, 0); }},
       {"record-effort", [](auto& r) { r.set_min_effort(kMaxStampEffort + 1); }},
       {"record-effort", [](auto& r) { r.set_min_effort(256); }}});
  expect_reject(parse_key_record({}), Stage::schema, "record-size");
  expect_reject(parse_key_record(Bytes(kMaxRecordBytes + 1)), Stage::schema, "record-size");
  expect_reject(parse_key_record(Bytes{0xff}), Stage::decode, "record-decode");
}

BOOST_AUTO_TEST_CASE(contents_round_trip) {
  const MailboxGrant grant{filled<MailboxKey>(5), 1'800'000'000'000};
  for (const Content& content :
       {Content(TextContent{"hé"}), Content(TextContent{}), Content(TextContent{std::string(kMaxTextBytes, 'a')}),
        Content(TextContent{std::string(1, '\0')}), Content(grant), Content(UnknownContent{})}) {
    const auto back = parse_sealed(encode_sealed(sealed(content)));
    BOOST_REQUIRE(back);
    BOOST_TEST((*back == sealed(content)));
  }
}

BOOST_AUTO_TEST_CASE(a_record_takes_the_place_of_its_hash) {
  Sealed with_record = sealed(TextContent{"x"});
  with_record.record_hash = {};
  with_record.record.record = encode_key_record(key_record(9));
  with_record.record.signature = filled<Signature>(7);
  const auto back = parse_sealed(encode_sealed(with_record));
  BOOST_REQUIRE(back);
  BOOST_TEST((*back == with_record));
}

BOOST_AUTO_TEST_CASE(receipt_and_later_contents_are_unknown) {
  pb::Sealed receipt = good_sealed();
  receipt.set_receipt("anything");
  BOOST_TEST(std::holds_alternative<UnknownContent>(parse_sealed(as_bytes(receipt.SerializeAsString()))->content));
  Bytes later = encode_sealed(sealed(UnknownContent{}));
  append(later, Bytes{0xa2, 0x06, 0x01, 0x00});  // field 100
  BOOST_TEST(std::holds_alternative<UnknownContent>(parse_sealed(later)->content));
}

BOOST_AUTO_TEST_CASE(sealed_schema) {
  expect_each<pb::Sealed>(
      good_sealed(), parse_sealed,
      {{"sealed-sign-key", [](auto& s) { s.set_sign_key(sized(33)); }},
       {"sealed-uid", [](auto& s) { s.set_uid(sized(15)); }},
       {"sealed-time", [](auto& s) { s.set_sent_at_ms(UINT64_MAX); }},
       {"sealed-record-hash", [](auto& s) { s.clear_record_hash(); }},
       {"sealed-record-hash", [](auto& s) { s.set_record_hash(sized(31)); }},
       {"sealed-record-hash", [](auto& s) { s.set_record("both"), s.set_record_signature(sized(64)); }},
       {"sealed-record", [](auto& s) { s.set_record_signature(sized(64)); }},
       {"sealed-record", [](auto& s) { s.clear_record_hash(), s.set_record("unsigned"); }},
       {"sealed-record", [](auto& s) { s.clear_record_hash(), s.set_record(sized(kMaxRecordBytes + 1)); }},
       {"text-length", [](auto& s) { s.set_text(sized(kMaxTextBytes + 1)); }},
       {"grant-key", [](auto& s) { s.mutable_mailbox_grant(); }},
       {"grant-key", [](auto& s) { s.mutable_mailbox_grant()->set_mailbox_key(sized(31)); }},
       {"grant-expires", [](auto& s) {
          s.mutable_mailbox_grant()->set_mailbox_key(sized(32));
          s.mutable_mailbox_grant()->set_expires_ms(UINT64_MAX);
        }}});
  expect_reject(parse_sealed({}), Stage::schema, "sealed-sign-key");
  expect_reject(parse_sealed(Bytes{0xff}), Stage::decode, "sealed-decode");
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_does_not_decode) {
  Bytes bytes = encode_sealed(sealed(TextContent{"abc"}));
  bytes.back() = 0xff;
  expect_reject(parse_sealed(bytes), Stage::decode, "sealed-decode");
}

BOOST_AUTO_TEST_CASE(utf8) {
  for (const char* good : {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xe2\x82\xac" "b"})
    BOOST_TEST(valid_utf8(good), to_hex(as_bytes(good)));
  for (const char* bad : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2 ", "\xe0\x9f\xbf", "\xed\xa0\x80",
                          "\xed\xbf\xbf", "\xe2\x82", "\xe2\x82 ", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xf0\x90\x80", "\xff", "\xfe"})
    BOOST_TEST(!valid_utf8(bad), to_hex(as_bytes(bad)));
  BOOST_TEST(valid_utf8_prefix("ab\xe2\x82") == 2u);
  BOOST_TEST(valid_utf8_prefix("\xe2\x82\xac\xff") == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
