// The outbox: from a command to each of its ends.
#include <boost/test/unit_test.hpp>

#include "tests/unit/agent/agent_fixture.h"
#include "node/agent/outbox.h"

using namespace comm;
using namespace comm::test;
using Strings = std::vector<std::string>;

namespace {
OpenedMessage open_as(User& user, const SubmitMessage& mail) {
  const DhPair prekey = user.identity().prekey(week_of(kStartWall));
  const DhPair* const keys[]{&prekey};
  auto opened = open_message(user.address(), keys, mail.item.header, mail.item.body);
  BOOST_REQUIRE(opened.has_value());
  return std::move(*opened);
}
MessageHeader header_of(const SubmitMessage& mail) { return parse_header(mail.item.header).value(); }
}  // namespace

BOOST_FIXTURE_TEST_SUITE(send, Pair)

BOOST_AUTO_TEST_CASE(whole_way) {
  alice.send(bob.address(), "hello", "\"r1\"");
  BOOST_TEST(alice.asked<FindRecord>().size() == 1U);
  auto shown = alice.shown_of<StateChanged>();
  BOOST_REQUIRE_EQUAL(shown.size(), 1U);
  BOOST_TEST((shown[0].state == DeliveryState::needs_key));
  BOOST_TEST(shown[0].ref == "\"r1\"");
  introduce();
  const auto mail = alice.asked<SubmitMessage>();
  BOOST_REQUIRE_EQUAL(mail.size(), 1U);
  shown = alice.shown_of<StateChanged>();
  BOOST_REQUIRE_EQUAL(shown.size(), 1U);
  BOOST_TEST((shown[0].state == DeliveryState::sealed));
  BOOST_TEST(shown[0].ref == "\"r1\"");
  alice.notice(MessageQueued{mail[0].id});
  alice.notice(MessageStored{mail[0].id, relay, 1});
  alice.notice(MessageStored{mail[0].id, relay, 2});
  alice.notice(MessageStored{mail[0].id, relay, 2});
  alice.notice(MessageQueued{mail[0].id});
  BOOST_TEST(alice.states() == (Strings{"queued", "relayed 1", "relayed 2"}), boost::test_tools::per_element());
  BOOST_TEST(alice.agent().outbox().open == 1U);
  BOOST_TEST(alice.agent().outbox().unstored == 0U);
  arrive(bob, mail[0]);
  const auto received = bob.shown_of<Received>();
  BOOST_REQUIRE_EQUAL(received.size(), 1U);
  BOOST_TEST(received[0].text == "hello");
  BOOST_TEST(received[0].request);
  BOOST_TEST((received[0].from == alice.address()));
  const auto finals = bob.asked<SubmitFinal>();
  BOOST_REQUIRE_EQUAL(finals.size(), 1U);
  settle(alice, finals[0]);
  BOOST_TEST(alice.states() == Strings{"delivered"}, boost::test_tools::per_element());
  BOOST_TEST(alice.agent().outbox().open == 0U);
  const auto items = alice.agent().history(bob.address(), 0, 10);
  BOOST_REQUIRE_EQUAL(items.size(), 1U);
  BOOST_TEST((items[0].state == DeliveryState::delivered));
  BOOST_TEST(items[0].relays == 2U);
  BOOST_TEST(alice.agent().contacts()[0].last_ack == clock.now.wall);
  settle(alice, finals[0]);
  alice.notice(MessageStored{mail[0].id, relay, 5});
  BOOST_TEST(alice.states().empty());
}

BOOST_AUTO_TEST_CASE(objections) {
  const auto objected = [&](const SendText& command) {
    alice.command(command);
    const auto errors = alice.shown_of<UserError>();
    return errors.size() == 1 && errors[0].ref == "x" && alice.agent().outbox().open == 0;
  };
  BOOST_TEST(objected({bob.address(), "", "x"}));
  BOOST_TEST(objected({bob.address(), "\xff\xfe", "x"}));
  BOOST_TEST(objected({bob.address(), std::string(kMaxTextBytes + 1, 'a'), "x"}));
  BOOST_TEST(objected({bob.address(), "hi", "x", 0}));
  BOOST_TEST(objected({bob.address(), "hi", "x", kMaxLifetimeMinutes + 1}));
  alice.command(BlockContact{bob.address(), true});
  BOOST_TEST(objected({bob.address(), "hi", "x"}));
}

BOOST_AUTO_TEST_CASE(longest_text_fits) {
  const auto mail = send(std::string(kMaxTextBytes, 'z'));
  arrive(bob, mail);
  BOOST_TEST(bob.shown_of<Received>().at(0).text.size() == kMaxTextBytes);
}

BOOST_AUTO_TEST_CASE(note_to_oneself) {
  alice.send(alice.address(), "remember");
  BOOST_TEST(alice.states() == Strings{"delivered"}, boost::test_tools::per_element());
  BOOST_TEST(alice.asked<SubmitMessage>().empty());
  BOOST_TEST(alice.agent().history(alice.address(), 0, 5).size() == 1U);
}

BOOST_AUTO_TEST_CASE(key_retry_schedule) {
  alice.send(bob.address(), "wait");
  std::vector<Millis> at;
  const Millis begin = clock.now.mono;
  while (at.size() < 13) {
    if (alice.asked<FindRecord>().size() == 1) {
      at.push_back(clock.now.mono - begin);
      alice.notice(RecordLookup{bob.address(), std::nullopt, false, 0});
    }
    clock.pass(std::max<Millis>(0, *alice.agent().next_deadline() - clock.now.mono));
    alice.time();
  }
  Millis gap = kKeyRetryMin;
  for (std::size_t i = 1; i < at.size(); ++i) {
    BOOST_TEST(at[i] - at[i - 1] == gap);
    gap = std::min(2 * gap, kKeyRetryMax);
  }
  BOOST_TEST(gap == kKeyRetryMax);
  // A new session is worth a question at once.
  alice.notice(PeersChanged{1, 1});
  bool asked_for_bob = false;
  for (const auto& find : alice.asked<FindRecord>()) asked_for_bob = asked_for_bob || find.address == bob.address();
  BOOST_TEST(asked_for_bob);
}

BOOST_AUTO_TEST_CASE(unanswered_lookup_is_repeated) {
  alice.send(bob.address(), "wait");
  alice.asked<FindRecord>();
  alice.run_for(clock, agent::kLookupLost + kKeyRetryMin);
  BOOST_TEST(alice.asked<FindRecord>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(stale_record_is_refreshed_and_used_at_last) {
  send("first");
  clock.pass(kRecordRefreshAge + kHour);
  alice.asked<SubmitMessage>();
  alice.send(bob.address(), "second");
  BOOST_TEST(alice.asked<FindRecord>().size() == 1U);
  BOOST_TEST(alice.asked<SubmitMessage>().empty());
  alice.notice(RecordLookup{bob.address(), std::nullopt, false, 3});
  auto mail = alice.asked<SubmitMessage>();
  BOOST_REQUIRE_EQUAL(mail.size(), 1U);
  arrive(bob, mail[0]);
  BOOST_TEST(bob.shown_of<Received>().size() == 1U);
  // Asked a moment ago: not again. Long after the record lists no mailbox of the week: its last one is used.
  alice.send(bob.address(), "third");
  BOOST_TEST(alice.asked<FindRecord>().empty());
  clock.pass(80 * kDay);
  alice.asked<SubmitMessage>();
  alice.send(bob.address(), "fourth");
  alice.notice(RecordLookup{bob.address(), std::nullopt, false, 0});
  mail = alice.asked<SubmitMessage>();
  BOOST_REQUIRE_EQUAL(mail.size(), 1U);
  const auto last = mailbox_id(bob.identity().mailbox(week_of(kStartWall) + kMailboxWeeksAhead).public_key());
  BOOST_TEST((header_of(mail[0]).mailbox == last));
}

BOOST_AUTO_TEST_CASE(newer_record_replaces_and_older_never) {
  const SignedRecord old = bob.published();
  send("first");
  clock.pass(kWeek);
  bob.time();
  BOOST_TEST((bob.published() != old));
  look_up(alice, bob);
  alice.notice(RecordLookup{bob.address(), old, false, 3});  // rollback
  const auto mail = send("second");
  arrive(bob, mail);
  BOOST_TEST(bob.shown_of<Received>().size() == 1U);
  const auto fresh = parse_key_record(bob.published().record).value();
  BOOST_TEST((header_of(mail).mailbox == fresh.mailboxes.front().mailbox));
  BOOST_TEST(alice.shown_of<KeyConflict>().empty());
}

BOOST_AUTO_TEST_CASE(conflicting_records_keep_the_smaller_hash) {
  send("first");
  const auto held = check_record(bob.published(), clock.now.wall).value();
  KeyRecord other = held.record;
  std::vector<std::pair<Hash, std::uint8_t>> made;
  bool smaller = false, larger = false;
  for (std::uint8_t effort = 1; effort < 24 && !(smaller && larger); ++effort) {
    other.min_effort = effort;
    const auto record = sign_record(bob.identity(), other);
    const auto checked = check_record(record, clock.now.wall).value();
    const bool wins = checked.hash < held.hash;
    if ((wins && smaller) || (!wins && larger) || (wins && !larger)) continue;
    (wins ? smaller : larger) = true;
    alice.shown();
    alice.asked<SubmitMessage>();
    alice.notice(RecordLookup{bob.address(), record, false, 3});
    BOOST_TEST(alice.shown_of<KeyConflict>().size() == (wins ? 0U : 1U));  // said once for one seq
    alice.send(bob.address(), "then");
    if (wins) continue;
    BOOST_TEST(header_of(alice.asked<SubmitMessage>().at(0)).effort == 0);
  }
  BOOST_TEST(larger);
  BOOST_TEST(smaller);
}

BOOST_AUTO_TEST_CASE(own_record_goes_along_until_acknowledged) {
  const auto first = send("one");
  BOOST_TEST(!open_as(bob, first).content.record.record.empty());
  const auto second = send("two");
  BOOST_TEST(!open_as(bob, second).content.record.record.empty());
  arrive(bob, first);
  settle(alice, bob.asked<SubmitFinal>().at(0));
  const auto third = open_as(bob, send("three")).content;
  BOOST_TEST(third.record.record.empty());
  BOOST_TEST((third.record_hash == check_record(alice.published(), clock.now.wall).value().hash));
}

BOOST_AUTO_TEST_CASE(stamp_is_mined_in_slices) {
  alice.send(bob.address(), "work");
  KeyRecord costly = parse_key_record(bob.published().record).value();
  costly.min_effort = 14;
  costly.seq += 1;
  alice.notice(RecordLookup{bob.address(), sign_record(bob.identity(), costly), false, 3});
  for (int turns = 0; turns < 1000 && *alice.agent().next_deadline() <= clock.now.mono; ++turns) alice.time();
  const auto mail = alice.asked<SubmitMessage>();
  BOOST_REQUIRE_EQUAL(mail.size(), 1U);
  BOOST_TEST(header_of(mail[0]).effort == 14);
  BOOST_TEST(check_stamp(header_of(mail[0]), mail[0].id, mail[0].item.nonce).has_value());
  arrive(bob, mail[0]);
  BOOST_TEST(bob.shown_of<Received>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_price_is_paid_once_and_within_reason) {
  const auto cheap = send("pay");
  const auto priced = [&](std::uint8_t price) {
    alice.notice(MessageRefused{cheap.id, RefuseReason::price, price});
    for (int turns = 0; turns < 1000 && *alice.agent().next_deadline() <= clock.now.mono; ++turns) alice.time();
    return alice.asked<SubmitMessage>();
  };
  alice.notice(MessageRefused{cheap.id, RefuseReason::quota, 0});
  BOOST_TEST(priced(kMaxPaidEffort + 1).empty());
  const auto paid = priced(6);
  BOOST_REQUIRE_EQUAL(paid.size(), 1U);
  BOOST_TEST(header_of(paid[0]).effort == 6);
  BOOST_TEST(header_of(paid[0]).expires == header_of(cheap).expires);
  BOOST_TEST((open_as(bob, paid[0]).content.uid == open_as(bob, cheap).content.uid));
  BOOST_TEST(priced(6).empty());
  BOOST_TEST(priced(7).size() == 1U);
  BOOST_TEST(priced(8).size() == 1U);
  BOOST_TEST(priced(9).empty());
  // The acknowledgement of one copy withdraws the others.
  arrive(bob, paid[0]);
  arrive(bob, cheap);
  BOOST_TEST(bob.shown_of<Received>().size() == 1U);
  alice.shown();
  settle(alice, bob.asked<SubmitFinal>().at(0));
  const auto withdrawn = alice.asked<SubmitFinal>();
  BOOST_TEST(withdrawn.size() == 3U);
  for (const SubmitFinal& final : withdrawn) {
    BOOST_TEST((check_final_record(final.record).value().kind == FinalKind::acknowledged));
    BOOST_TEST((alice.store().custody_of(final.id) == Custody::acknowledged));
  }
  BOOST_TEST(alice.states() == Strings{"delivered"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refused_by_the_owner_is_sealed_anew_three_times) {
  auto mail = send("again");
  const auto uid = open_as(bob, mail).content.uid;
  const auto expires = header_of(mail).expires;
  clock.pass(kMinute);
  for (int i = 0; i < kMaxReseals; ++i) {
    const auto refusal = make_refusal(bob.identity().mailbox(week_of(kStartWall)), mail.item.header, mail.item.nonce);
    settle(alice, {mail.id, refusal});
    BOOST_TEST(alice.asked<FindRecord>().size() == 1U);
    introduce();
    const auto next = alice.asked<SubmitMessage>();
    BOOST_REQUIRE_EQUAL(next.size(), 1U);
    mail = next[0];
    BOOST_TEST(header_of(mail).expires == expires);
    BOOST_TEST((open_as(bob, mail).content.uid == uid));
  }
  alice.states();
  settle(alice, {mail.id, make_refusal(bob.identity().mailbox(week_of(kStartWall)), mail.item.header, mail.item.nonce)});
  const auto shown = alice.shown_of<StateChanged>();
  BOOST_REQUIRE_EQUAL(shown.size(), 1U);
  BOOST_TEST((shown[0].state == DeliveryState::failed));
  BOOST_TEST(shown[0].detail.find("could not be opened") == 0U);
  BOOST_TEST(alice.agent().outbox().open == 0U);
  // A preimage supersedes every refusal.
  arrive(bob, mail);
  settle(alice, bob.asked<SubmitFinal>().at(0));
  BOOST_TEST(alice.states() == Strings{"delivered late"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(expired_then_acknowledged_late) {
  const auto mail = send("slow");
  arrive(bob, mail);
  clock.pass(Millis{kDefaultLifetimeMinutes} * kMinute);
  alice.notice(MessageExpired{mail.id});
  BOOST_TEST(contains(alice.states(), "expired"));
  alice.notice(MessageStored{mail.id, relay, 3});
  alice.notice(MessageExpired{mail.id});
  BOOST_TEST(alice.states().empty());
  alice.run_for(clock, kHour);
  settle(alice, bob.asked<SubmitFinal>().at(0));
  BOOST_TEST(alice.states() == Strings{"delivered late"}, boost::test_tools::per_element());
  BOOST_TEST(alice.agent().history(bob.address(), 0, 1).at(0).late);
}

BOOST_AUTO_TEST_CASE(without_a_key_the_agent_itself_notices_expiry) {
  alice.command(SendText{bob.address(), "nobody home", "", 60});
  BOOST_TEST(contains(alice.states(), "needs_key"));
  for (int i = 0; i < 61; ++i) {
    alice.run_for(clock, kMinute);
    if (!alice.asked<FindRecord>().empty()) alice.notice(RecordLookup{bob.address(), std::nullopt, false, 0});
  }
  BOOST_TEST(alice.states() == Strings{"expired"}, boost::test_tools::per_element());
  introduce();
  BOOST_TEST(alice.asked<SubmitMessage>().empty());
  // Nothing can come any more: the row goes.
  alice.run_for(clock, Millis{agent::kSettledKeptMinutes + 61} * kMinute);
  const auto uid = alice.agent().history(std::nullopt, 0, 1).at(0).uid;
  alice.command(CancelMessage{uid});
  BOOST_TEST(alice.shown_of<UserError>().size() == 1U);
  // And still the user may begin anew.
  alice.command(RetryMessage{uid});
  BOOST_TEST(contains(alice.states(), "sealed"));
  BOOST_TEST(alice.asked<SubmitMessage>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(cancel_withdraws) {
  const auto mail = send("oops");
  alice.notice(MessageStored{mail.id, relay, 1});
  const auto uid = alice.agent().history(bob.address(), 0, 1).at(0).uid;
  alice.states();
  alice.command(CancelMessage{uid});
  BOOST_TEST(alice.asked<SubmitFinal>().size() == 1U);
  BOOST_TEST(alice.states() == Strings{"failed"}, boost::test_tools::per_element());
  BOOST_TEST((alice.store().custody_of(mail.id) == Custody::acknowledged));
  BOOST_TEST(alice.agent().outbox().open == 0U);
  // The withdrawal is our own: it is no delivery, neither now nor after a restart.
  alice.restart();
  BOOST_TEST(alice.states().empty());
  BOOST_TEST((alice.agent().history(bob.address(), 0, 1).at(0).state == DeliveryState::failed));
}

BOOST_AUTO_TEST_CASE(retry_of_a_live_message_restarts_its_delivery) {
  const auto mail = send("go on");
  alice.command(RetryMessage{alice.agent().history(bob.address(), 0, 1).at(0).uid});
  const auto restarted = alice.asked<RestartDelivery>();
  BOOST_REQUIRE_EQUAL(restarted.size(), 1U);
  BOOST_TEST((restarted[0].id == mail.id));
}

BOOST_AUTO_TEST_CASE(many_messages_for_one_key) {
  for (int i = 0; i < 100; ++i) alice.send(bob.address(), "m" + std::to_string(i));
  BOOST_TEST(alice.asked<FindRecord>().size() == 1U);
  introduce();
  BOOST_TEST(alice.asked<SubmitMessage>().size() == agent::kSealsPerTurn);
  for (int turns = 0; turns < 10; ++turns) alice.time();
  BOOST_TEST(alice.asked<SubmitMessage>().size() == 100 - agent::kSealsPerTurn);
}

BOOST_AUTO_TEST_SUITE_END()
