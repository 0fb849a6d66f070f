// The own record, prekeys and mailboxes over weeks; the secret seen on another machine.
#include <boost/test/unit_test.hpp>

#include "tests/unit/agent/agent_fixture.h"
#include "node/agent/own_keys.h"

using namespace comm;
using namespace comm::test;

namespace {

CheckedRecord published_by(User& user, const Clock& clock) { return check_record(user.published(), clock.now.wall).value(); }

// A sender who knows exactly `record` and writes to it now.
SubmitMessage mail_to(const Address& to, const SignedRecord& record, std::uint8_t uid, Millis wall) {
  Prng random(uid);
  const auto known = parse_key_record(record.record).value();
  const auto from = identity_of(5, true);
  Sealed sealed;
  sealed.sign_key = from->sign_pair().public_key();
  sealed.record_hash.data[0] = 1;
  sealed.uid.data[0] = uid;
  sealed.content = TextContent{"by record " + std::to_string(known.seq)};
  MailboxId mailbox = known.mailboxes.back().mailbox;
  for (const auto& entry : known.mailboxes)
    if (entry.week == week_of(wall)) mailbox = entry.mailbox;
  const auto made = seal_message(*from, sealed, {to, known.prekey, mailbox, minute_of(wall) + 60, 60, 0}, random).value();
  return {{made.header, made.nonce, made.body}, made.id};
}

bool collects(User& user, const SubmitMessage& mail) {
  const auto mailbox = parse_header(mail.item.header).value().mailbox;
  const auto sets = user.asked<CollectMailboxes>();
  BOOST_REQUIRE(!sets.empty());
  for (const auto& keys : {sets.back().keys, sets.back().seldom})
    for (const MailboxKey& key : keys)
      if (mailbox_id(key) == mailbox) return true;
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(own_keys)

BOOST_AUTO_TEST_CASE(record_of_the_week) {
  Clock clock;
  User alice{clock, 1};
  alice.start();
  const auto own = published_by(alice, clock);
  BOOST_TEST((own.address == alice.address()));
  BOOST_TEST(own.record.seq == static_cast<std::uint64_t>(clock.now.wall));
  BOOST_TEST(own.record.created == clock.now.wall);
  BOOST_TEST(own.record.expires == clock.now.wall + kRecordLifetime);
  BOOST_TEST(own.record.mailboxes.size() == kMailboxWeeksAhead + 1);
  const std::uint32_t week = week_of(clock.now.wall);
  for (const auto& entry : own.record.mailboxes)
    BOOST_TEST((entry.mailbox == mailbox_id(alice.identity().mailbox(entry.week).public_key())));
  BOOST_TEST(own.record.mailboxes.front().week == week);
  BOOST_TEST((own.record.prekey == alice.identity().prekey(week).public_key));
  BOOST_TEST(int{stamp_effort(MessageId{own.hash.data}, alice.published().nonce)} >= int{agent::kOwnRecordEffort});
  const auto sets = alice.asked<CollectMailboxes>();
  BOOST_REQUIRE_EQUAL(sets.size(), 1U);
  BOOST_TEST(sets[0].keys.size() == 2U);  // the current week's and the one before
  BOOST_TEST((sets[0].keys.back() == alice.identity().mailbox(week).public_key()));
  BOOST_TEST(sets[0].seldom.size() == kMailboxWeeksBack);
  Hash hash;
  hash.data[0] = 3;
  for (const auto& keys : {sets[0].keys, sets[0].seldom})
    for (const MailboxKey& key : keys) BOOST_TEST(verify(key, hash, alice.agent().sign_collect(key, hash)));

  const SignedRecord before = alice.published();
  clock.pass(kHour);
  alice.restart();
  BOOST_TEST((alice.published() == before));
  alice.run_for(clock, kWeek);
  const auto next = published_by(alice, clock);
  BOOST_TEST(next.record.seq > own.record.seq);
  BOOST_TEST(next.record.mailboxes.front().week == week + 1);
  BOOST_TEST(next.record.created / kWeek == week + 1);
  BOOST_TEST(next.record.created % kWeek < kMinute);  // at once when the week begins
  BOOST_TEST(alice.asked<CollectMailboxes>().size() >= 2U);
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_gets_a_record_others_accept) {
  Clock clock;
  User alice{clock, 1};
  alice.start();
  const auto before = published_by(alice, clock);
  clock.now.wall -= 3 * kDay;
  alice.restart();
  const auto after = published_by(alice, clock);
  BOOST_TEST(after.record.created == clock.now.wall);
  BOOST_TEST(after.record.seq == before.record.seq + 1);
}

BOOST_AUTO_TEST_CASE(publishing_repeats) {
  Clock clock;
  User alice{clock, 1};
  alice.start();
  BOOST_TEST(alice.asked<PublishRecord>().size() == 1U);
  std::vector<Millis> gaps;
  for (int i = 0; i < 12; ++i) {
    alice.notice(RecordPublished{0});
    const Millis from = clock.now.mono;
    while (alice.asked<PublishRecord>().empty()) {
      clock.pass(std::max<Millis>(0, *alice.agent().next_deadline() - clock.now.mono));
      alice.time();
    }
    gaps.push_back(clock.now.mono - from);
  }
  Millis gap = kKeyRetryMin;
  for (const Millis seen : gaps) {
    BOOST_TEST(seen == gap);
    gap = std::min(2 * gap, kKeyRetryMax);
  }
  alice.notice(RecordPublished{0});
  alice.notice(PeersChanged{1, 1});
  BOOST_TEST(alice.asked<PublishRecord>().size() == 1U);
  BOOST_TEST(alice.shown_of<PeerStatus>().size() == 1U);
  alice.notice(PeersChanged{2, 1});
  BOOST_TEST(alice.asked<PublishRecord>().empty());
  alice.notice(RecordPublished{3});
  alice.run_for(clock, kRecordRepublish - 2 * kSecond);
  BOOST_TEST(alice.asked<PublishRecord>().empty());
  alice.run_for(clock, 2 * kSecond);
  BOOST_TEST(alice.asked<PublishRecord>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(test_profile_scales_backoff) {
  Clock clock;
  User alice{clock, 1, true, Profile{100, true}};
  alice.start();
  alice.asked<PublishRecord>();
  alice.notice(RecordPublished{0});
  alice.run_for(clock, kKeyRetryMin / 10);
  BOOST_TEST(alice.asked<PublishRecord>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_same_secret_elsewhere_is_said_and_outdone_once_an_hour) {
  Clock clock;
  User here{clock, 1};
  User there{clock, 1};
  here.start();
  clock.pass(kMinute);
  there.start();
  const auto theirs = published_by(there, clock);
  here.asked<PublishRecord>();
  here.notice(RecordSeen{here.address(), here.published()});
  BOOST_TEST(here.shown().empty());
  here.notice(RecordSeen{here.address(), there.published()});
  const auto shown = here.shown();
  BOOST_REQUIRE_EQUAL(shown.size(), 2U);
  BOOST_TEST(std::holds_alternative<KeyConflict>(shown[0]));
  BOOST_TEST(std::holds_alternative<UserError>(shown[1]));
  BOOST_TEST(here.asked<PublishRecord>().size() == 1U);
  const auto ours = published_by(here, clock);
  BOOST_TEST(ours.record.seq == theirs.record.seq + 1);
  // Their older record is no news to us: a secret moved to a new machine leaves one behind.
  here.notice(RecordSeen{here.address(), there.published()});
  BOOST_TEST(here.shown().empty());
  clock.pass(kMinute);
  there.notice(RecordLookup{there.address(), here.published(), false, 3});
  BOOST_TEST(there.shown_of<KeyConflict>().size() == 1U);
  here.notice(RecordSeen{here.address(), there.published()});
  BOOST_TEST(here.shown().empty());  // within the hour
  clock.pass(kHour);
  here.notice(RecordSeen{here.address(), there.published()});
  BOOST_TEST(here.shown().size() == 2U);
  BOOST_TEST(published_by(here, clock).record.seq > published_by(there, clock).record.seq);
  SignedRecord forged = there.published();
  forged.signature.data[3] ^= 1;
  clock.pass(kHour);
  here.notice(RecordSeen{here.address(), forged});
  BOOST_TEST(here.shown().empty());
}

BOOST_AUTO_TEST_CASE(random_prekeys_open_until_they_are_deleted) {
  Clock clock;
  User alice{clock, 1, false};
  alice.start();
  alice.notice(PeersChanged{1, 1});
  const NodeId relay = *NodeId::from(Bytes(20, 7));
  const SignedRecord first = alice.published();
  const auto arrives = [&](const SignedRecord& record, std::uint8_t uid) {
    const auto mail = mail_to(alice.address(), record, uid, clock.now.wall);
    alice.shown();
    alice.notice(MailArrived{mail.id, mail.item, relay});
    return alice.shown_of<Received>().size() == 1;
  };
  BOOST_TEST(arrives(first, 1));
  for (std::uint8_t week = 1; week <= 10; ++week) {
    const SignedRecord before = alice.published();
    alice.run_for(clock, kWeek);
    const auto now = parse_key_record(alice.published().record).value();
    BOOST_TEST((now.prekey != parse_key_record(before.record)->prekey));
    alice.restart();
    alice.notice(PeersChanged{1, 1});
    BOOST_TEST(arrives(first, static_cast<std::uint8_t>(10 + week)));
    BOOST_TEST(arrives(before, static_cast<std::uint8_t>(40 + week)));
  }
  alice.run_for(clock, 2 * kWeek);
  BOOST_TEST(!arrives(first, 90));
  BOOST_TEST(arrives(alice.published(), 91));
  // Deleted for good, not only forgotten.
  alice.restart();
  BOOST_TEST(!arrives(first, 92));
}

BOOST_AUTO_TEST_CASE(old_prekeys_wait_for_the_mail_of_a_long_absence) {
  Clock clock;
  User alice{clock, 1, false};
  alice.start();
  const SignedRecord first = alice.published();
  alice.run_for(clock, kWeek);
  clock.pass(80 * kDay);
  alice.restart();
  clock.pass(kHour);
  alice.time();
  const auto mail = mail_to(alice.address(), first, 1, clock.now.wall);
  alice.notice(PeersChanged{1, 1});
  alice.run_for(clock, kMinute);
  alice.notice(MailArrived{mail.id, mail.item, *NodeId::from(Bytes(20, 7))});
  BOOST_TEST(alice.shown_of<Received>().size() == 1U);
  alice.run_for(clock, 3 * kHour);
  const auto later = mail_to(alice.address(), first, 2, clock.now.wall);
  alice.notice(MailArrived{later.id, later.item, *NodeId::from(Bytes(20, 7))});
  BOOST_TEST(alice.shown_of<Received>().empty());
}

BOOST_AUTO_TEST_CASE(the_last_mailbox_of_a_replaced_record_is_collected) {
  for (const bool derived : {true, false}) {
    Clock clock;
    User alice{clock, 1, derived};
    alice.start();
    const SignedRecord first = alice.published();
    clock.pass(30 * kWeek);
    alice.restart();
    const auto mail = mail_to(alice.address(), first, 1, clock.now.wall);
    BOOST_TEST(collects(alice, mail));
    alice.notice(MailArrived{mail.id, mail.item, *NodeId::from(Bytes(20, 7))});
    BOOST_TEST(alice.shown_of<Received>().size() == 1U);
    alice.notice(PeersChanged{1, 1});
    alice.run_for(clock, kPrekeyKept + kDay);
    BOOST_TEST(!collects(alice, mail));
  }
}

BOOST_AUTO_TEST_CASE(a_typed_secret_opens_its_mail_on_an_empty_machine) {
  Clock clock;
  User old_machine{clock, 1};
  old_machine.start();
  const SignedRecord first = old_machine.published();
  clock.pass(6 * kWeek);
  User new_machine{clock, 1};
  new_machine.start();
  const auto mail = mail_to(new_machine.address(), first, 1, clock.now.wall);
  new_machine.notice(MailArrived{mail.id, mail.item, *NodeId::from(Bytes(20, 7))});
  BOOST_TEST(new_machine.shown_of<Received>().size() == 1U);
  new_machine.notice(RecordSeen{new_machine.address(), first});
  BOOST_TEST(new_machine.shown().empty());
}

BOOST_AUTO_TEST_SUITE_END()
