#include "tests/unit/seal/make.h"

using namespace comm;

namespace {

Result<CheckedRecord> checked(const Identity& identity, const KeyRecord& record, Millis wall = kTestWall) {
  return check_record(sign_record(identity, record), wall);
}

KeyRecord with_times(const Identity& identity, Millis created, Millis expires) {
  KeyRecord out = record_of(identity);
  out.created = created;
  out.expires = expires;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record)

BOOST_AUTO_TEST_CASE(signed_record_checks) {
  const auto alice = person(1);
  const SignedRecord record = sign_record(*alice, record_of(*alice));
  const auto out = check_record(record, kTestWall);
  BOOST_REQUIRE(out);
  BOOST_TEST((out->record == record_of(*alice)));
  BOOST_TEST((out->address == alice->address()));
  BOOST_TEST((out->hash == tagged_hash("record", {record.record})));
}

BOOST_AUTO_TEST_CASE(every_changed_byte_is_refused) {
  const auto alice = person(1);
  const SignedRecord good = sign_record(*alice, record_of(*alice));
  for (std::size_t i = 0; i < good.record.size(); ++i) {
    SignedRecord wrong = good;
    wrong.record[i] ^= 1;
    BOOST_TEST(!check_record(wrong, kTestWall));
  }
  for (std::size_t i = 0; i < 64; ++i) {
    SignedRecord wrong = good;
    wrong.signature.data[i] ^= 1;
    expect_reject(check_record(wrong, kTestWall), Stage::crypto, "record-signature");
  }
  expect_reject(check_record({}, kTestWall), Stage::schema, "record-size");
}

// Another's signing key over my record, or my key beside another's: the address is another one.
BOOST_AUTO_TEST_CASE(an_address_cannot_be_claimed) {
  const auto alice = person(1), mallory = person(2);
  SignedRecord stolen = sign_record(*alice, record_of(*alice));
  stolen.signature = mallory->sign_pair().sign(tagged_hash("record", {stolen.record}));
  expect_reject(check_record(stolen, kTestWall), Stage::crypto, "record-signature");

  KeyRecord mixed = record_of(*mallory);
  mixed.dh_key = alice->dh_pair().public_key;
  SignedRecord own;
  own.record = encode_key_record(mixed);
  own.signature = mallory->sign_pair().sign(tagged_hash("record", {own.record}));
  const auto out = check_record(own, kTestWall);
  BOOST_REQUIRE(out);
  BOOST_TEST((out->address != alice->address()));
  BOOST_TEST((out->address != mallory->address()));
}

BOOST_AUTO_TEST_CASE(time_rules) {
  const auto alice = person(1);
  const Millis now = kTestWall;
  const auto times = [&](Millis created, Millis expires) { return checked(*alice, with_times(*alice, created, expires)); };
  BOOST_TEST(times(now, now + 45 * kDay).has_value());
  expect_reject(times(now, now + 45 * kDay + 1), Stage::policy, "record-lifetime");
  BOOST_TEST(times(now + 2 * kHour, now + 3 * kHour).has_value());
  expect_reject(times(now + 2 * kHour + 1, now + 3 * kHour), Stage::policy, "record-from-the-future");
  BOOST_TEST(times(now - 40 * kDay, now + 1).has_value());
  expect_reject(times(now - 40 * kDay, now), Stage::policy, "record-expired");
  expect_reject(times(now, now), Stage::schema, "record-expires");
}

BOOST_AUTO_TEST_CASE(newer_supersedes_and_ties_have_one_winner) {
  const auto alice = person(1);
  KeyRecord older = record_of(*alice), newer = older, twin = older;
  newer.seq += 1;
  twin.min_effort = 5;
  const auto a = checked(*alice, older), b = checked(*alice, newer), c = checked(*alice, twin);
  BOOST_REQUIRE((a && b && c));
  BOOST_TEST(supersedes(*b, *a));
  BOOST_TEST(!supersedes(*a, *b));  // never step back
  BOOST_TEST(!supersedes(*a, *a));
  BOOST_TEST((supersedes(*a, *c) != supersedes(*c, *a)));
  BOOST_TEST(supersedes(*a, *c) == (a->hash < c->hash));
}

BOOST_AUTO_TEST_CASE(stamp_over_the_hash) {
  const auto alice = person(1);
  SignedRecord record = sign_record(*alice, record_of(*alice));
  BOOST_TEST(record.nonce.is_zero());
  const auto hash = check_record(record, kTestWall)->hash;
  record.nonce = *mine_stamp(MessageId{hash.data}, 10, 0, 1 << 16);
  BOOST_TEST(check_record(record, kTestWall).has_value());  // not part of what is signed
  BOOST_TEST(stamp_effort(MessageId{hash.data}, record.nonce) >= 10);
}

BOOST_AUTO_TEST_SUITE_END()
