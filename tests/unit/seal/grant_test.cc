// Mailboxes for one contact alone: derived, pinned, different for everybody; and which grants of one count.
#include "proto/seal/message.h"
#include "tests/unit/seal/make.h"

using namespace comm;

namespace {
constexpr Millis kNow = 1'767'225'600'000;
MailboxGrant good() { return {person(1)->pairwise_mailbox(person(2)->address(), 340).public_key(), kNow + kDay}; }

void expect(const MailboxGrant& grant, Stage stage, const char* reason) {
  const auto checked = check_grant(grant, kNow);
  BOOST_REQUIRE(!checked);
  BOOST_TEST((checked.error().stage == stage));
  BOOST_TEST(std::string(checked.error().reason) == reason);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(grant)

BOOST_AUTO_TEST_CASE(pinned) {  // computed by the program that the vectors' other side is
  const auto alep = Identity::from_secret(SecretBytes(as_bytes("alep")));
  const Address contact = *Address::from(*from_hex("000102030405060708090a0b0c0d0e0f10111213"));
  BOOST_TEST(to_hex(alep->pairwise_mailbox(contact, 340).public_key().view()) == "1429e67b164822e6cb150c5d576a353ec0fcb2739c0632c602f2b4cd2d54c012");
  BOOST_TEST(alep->pairwise_phase(contact) == 2'939'490'518);
}

BOOST_AUTO_TEST_CASE(differs_by_owner_contact_and_period) {
  const auto a = person(1), b = person(2), c = person(3);
  const MailboxKey key = a->pairwise_mailbox(b->address(), 340).public_key();
  BOOST_TEST((key == a->pairwise_mailbox(b->address(), 340).public_key()));
  BOOST_TEST((key != a->pairwise_mailbox(c->address(), 340).public_key()));
  BOOST_TEST((key != a->pairwise_mailbox(b->address(), 341).public_key()));
  BOOST_TEST((key != c->pairwise_mailbox(b->address(), 340).public_key()));
  BOOST_TEST((key != a->mailbox(340).public_key()));
  BOOST_TEST(a->pairwise_phase(b->address()) != a->pairwise_phase(c->address()));
  BOOST_TEST(a->pairwise_phase(b->address()) >= 0);
  BOOST_TEST(a->pairwise_phase(b->address()) < kPairwisePeriod);
}

BOOST_AUTO_TEST_CASE(within_its_times) {
  MailboxGrant grant = good();
  BOOST_TEST(check_grant(grant, kNow).has_value());
  grant.expires = kNow;
  expect(grant, Stage::policy, "grant-expired");
  grant.expires = kNow + kPairwiseLifetime + kRecordFuture;
  BOOST_TEST(check_grant(grant, kNow).has_value());
  ++grant.expires;
  expect(grant, Stage::policy, "grant-lifetime");
  grant.expires = kMaxTimestamp;
  expect(grant, Stage::policy, "grant-lifetime");
}

BOOST_AUTO_TEST_CASE(keys_that_nobody_can_collect_with) {
  MailboxGrant grant = good();
  grant.mailbox_key = MailboxKey{};
  expect(grant, Stage::crypto, "grant-key");
  grant.mailbox_key.data[0] = 1;  // the neutral element
  expect(grant, Stage::crypto, "grant-key");
  grant.mailbox_key.data.fill(0xff);  // not canonical
  expect(grant, Stage::crypto, "grant-key");
}

BOOST_AUTO_TEST_SUITE_END()
