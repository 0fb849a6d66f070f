// Pairwise mailboxes: granted to who is known and has answered, written to until their end, replaced in time, and never
// the only way.
#include <boost/test/unit_test.hpp>

#include "node/agent/outbox_row.h"
#include "tests/unit/agent/agent_fixture.h"

using namespace comm;
using namespace comm::test;

namespace {

MessageHeader header_of(const SubmitMessage& mail) { return parse_header(mail.item.header).value(); }

struct Friends : Pair {
  std::vector<SubmitMessage> by_alice, by_bob;  // everything sealed
  CollectMailboxes alices, bobs;                // the last sets asked for

  // One turn of the post: what either has submitted reaches the other, finals come back, keys are found.
  bool carry(User& from, User& to, std::vector<SubmitMessage>& sealed, CollectMailboxes& collected) {
    bool moved = false;
    for (const FindRecord& find : from.asked<FindRecord>())
      if (find.address == to.address()) look_up(from, to);
    for (auto& set : from.asked<CollectMailboxes>()) collected = std::move(set);
    for (SubmitMessage& mail : from.asked<SubmitMessage>()) {
      arrive(to, mail);
      sealed.push_back(std::move(mail));
      moved = true;
    }
    for (const SubmitFinal& final : from.asked<SubmitFinal>()) {
      settle(to, final);
      moved = true;
    }
    return moved;
  }
  void exchange() {
    for (int rounds = 0;; ++rounds) {
      BOOST_REQUIRE_MESSAGE(rounds < 50, "the post never rests");
      const bool there = carry(alice, bob, by_alice, alices), back = carry(bob, alice, by_bob, bobs);
      if (!there && !back) return;
    }
  }
  // Days in which both are at home.
  void live(Millis time) {
    for (const Millis end = clock.now.wall + time; clock.now.wall < end;) {
      clock.pass(std::min(6 * kHour, end - clock.now.wall));
      for (User* user : {&alice, &bob})
        for (int turns = 0; turns < 20; ++turns) user->time();
      exchange();
    }
  }
  void befriend() {
    alice.send(bob.address(), "hello");
    exchange();
    bob.send(alice.address(), "hello to you");
    exchange();
  }
  // Alice's text, sealed and left lying.
  SubmitMessage write(const std::string& text, std::uint16_t lifetime = kDefaultLifetimeMinutes) {
    exchange();
    alice.command(SendText{bob.address(), text, "", lifetime});
    for (const FindRecord& find : alice.asked<FindRecord>())
      if (find.address == bob.address()) look_up(alice, bob);
    auto sent = alice.asked<SubmitMessage>();
    BOOST_REQUIRE(!sent.empty());  // a grant that is due may follow it
    return sent.front();
  }
  static bool has(const std::vector<MailboxKey>& keys, const MailboxId& mailbox) {
    return std::any_of(keys.begin(), keys.end(), [&](const MailboxKey& key) { return mailbox_id(key) == mailbox; });
  }
  bool pairwise(const SubmitMessage& mail) const { return has(bobs.pairwise, header_of(mail).mailbox); }
  bool to_public(const SubmitMessage& mail) {
    const auto record = parse_key_record(bob.published().record).value();
    return header_of(mail).mailbox == mailbox_for(record, clock.now.wall);
  }
  // A grant that Bob's program would never make.
  void forge(const MailboxGrant& grant, std::uint8_t uid, User* from = nullptr) {
    Prng random(uid);
    Sealed sealed;
    const Identity& writer = (from == nullptr ? bob : *from).identity();
    sealed.sign_key = writer.sign_pair().public_key();
    sealed.uid.data[0] = uid;
    sealed.record_hash.data[0] = 1;
    sealed.content = grant;
    const SealRequest request{alice.address(), alice.identity().prekey(week_of(clock.now.wall)).public_key,
                              mailbox_id(alice.identity().mailbox(week_of(clock.now.wall)).public_key()),
                              minute_of(clock.now.wall) + 600, 600, 0};
    const auto made = seal_message(writer, sealed, request, random).value();
    arrive(alice, {{made.header, made.nonce, made.body}, made.id});
    BOOST_TEST(!alice.asked<SubmitFinal>().empty());  // acknowledged, whatever it says
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(grants, Friends)

BOOST_AUTO_TEST_CASE(granted_once_both_have_answered_and_used_from_then_on) {
  alice.send(bob.address(), "one");
  exchange();
  BOOST_REQUIRE_EQUAL(by_alice.size(), 2U);  // and her grant, for he has acknowledged
  BOOST_TEST(to_public(by_alice[0]));
  BOOST_TEST(by_bob.empty());                // a stranger is granted nothing
  BOOST_TEST(to_public(write("two")));
  bob.send(alice.address(), "answer");
  exchange();
  BOOST_REQUIRE_EQUAL(by_bob.size(), 2U);
  BOOST_TEST(has(alices.pairwise, header_of(by_bob[0]).mailbox));
  const auto three = write("three");
  BOOST_TEST(pairwise(three));
  BOOST_TEST(!to_public(three));
  arrive(bob, three);
  exchange();
  BOOST_TEST(alice.agent().outbox().open == 1U);  // "two" was left lying
  std::vector<std::string> texts;
  for (const auto& item : bob.agent().history(alice.address(), 0, 9)) texts.push_back(item.text);
  BOOST_TEST(texts == (std::vector<std::string>{"one", "answer", "three"}), boost::test_tools::per_element());
  for (const auto& event : alice.shown_of<StateChanged>()) BOOST_TEST(event.sequence != 0U);
  for (const auto& event : bob.shown_of<Received>()) BOOST_TEST(!event.text.empty());
  BOOST_TEST(by_bob.size() == 2U);
}

BOOST_AUTO_TEST_CASE(nothing_is_granted_before_an_answer) {
  alice.command(AddContact{bob.address(), "Bob"});
  alice.asked<FindRecord>();
  introduce();
  alice.run_for(clock, 2 * kHour);
  BOOST_TEST(alice.asked<SubmitMessage>().empty());
}

BOOST_AUTO_TEST_CASE(an_unanswered_message_falls_back_to_the_public_mailbox_once) {
  befriend();
  const auto first = write("are you there?");
  BOOST_REQUIRE(pairwise(first));
  alice.run_for(clock, kPairwiseFallback - 2 * kMinute);
  BOOST_TEST(alice.asked<SubmitMessage>().empty());
  alice.restart();
  alice.run_for(clock, 3 * kMinute);
  const auto copies = alice.asked<SubmitMessage>();
  BOOST_REQUIRE_EQUAL(copies.size(), 1U);
  BOOST_TEST(to_public(copies[0]));
  BOOST_TEST(header_of(copies[0]).expires == header_of(first).expires);
  alice.run_for(clock, 2 * kDay);
  BOOST_TEST(alice.asked<SubmitMessage>().empty());
  // Bob, from whom the grant was stolen, gets the second; the first would be shown no more.
  alice.asked<SubmitFinal>();
  arrive(bob, copies[0]);
  arrive(bob, first);
  std::size_t shown = 0;
  for (const auto& event : bob.shown_of<Received>()) shown += event.text == "are you there?" ? 1 : 0;
  BOOST_TEST(shown == 1U);
  settle(alice, bob.asked<SubmitFinal>().at(0));
  BOOST_TEST(contains(alice.states(), "delivered"));
  const auto withdrawn = alice.asked<SubmitFinal>();
  BOOST_REQUIRE_EQUAL(withdrawn.size(), 1U);
  BOOST_TEST((withdrawn[0].id == first.id));
}

BOOST_AUTO_TEST_CASE(a_short_life_falls_back_at_half) {
  befriend();
  BOOST_REQUIRE(pairwise(write("quick", 60)));
  alice.run_for(clock, 28 * kMinute);
  BOOST_TEST(alice.asked<SubmitMessage>().empty());
  alice.run_for(clock, 3 * kMinute);
  const auto copies = alice.asked<SubmitMessage>();
  BOOST_REQUIRE_EQUAL(copies.size(), 1U);
  BOOST_TEST(to_public(copies[0]));
}

BOOST_AUTO_TEST_CASE(after_a_refusal_the_public_mailbox_is_used) {
  befriend();
  const auto first = write("sealed to a key of old");
  BOOST_REQUIRE(pairwise(first));
  const Address& a = alice.address();
  const auto period = static_cast<std::uint32_t>((clock.now.wall + bob.identity().pairwise_phase(a)) / kPairwisePeriod);
  const auto key = bob.identity().pairwise_mailbox(a, period);
  settle(alice, {first.id, make_refusal(key, first.item.header, first.item.nonce)});
  introduce();
  const auto copies = alice.asked<SubmitMessage>();
  BOOST_REQUIRE_EQUAL(copies.size(), 1U);
  BOOST_TEST(to_public(copies[0]));
}

BOOST_AUTO_TEST_CASE(a_successor_comes_in_time_and_the_old_one_is_collected_on) {
  befriend();
  const MailboxId first = header_of(write("now")).mailbox;
  MailboxId second = first;
  int days = 0;
  for (; second == first && days < 90; ++days) {
    live(kDay);
    const auto mail = write("day");
    second = header_of(mail).mailbox;
    BOOST_TEST(pairwise(mail));
    arrive(bob, mail);
  }
  BOOST_TEST(days <= 61);
  BOOST_REQUIRE(second != first);
  BOOST_TEST(has(bobs.past, first));  // acknowledged by both: only for what is on its way
  for (int week = 0; week < 10 && has(bobs.past, first); ++week) {
    live(kWeek);
    arrive(bob, write("week"));
  }
  BOOST_TEST(!has(bobs.past, first));
  BOOST_TEST(has(bobs.past, second));
}

BOOST_AUTO_TEST_CASE(silence_lets_a_grant_lapse) {
  befriend();
  exchange();
  for (Millis day = 0; day < (kPairwisePeriod + kPairwiseLifetime) / kDay; ++day) live(kDay);
  const auto late = write("after five months");
  BOOST_TEST(to_public(late));
  BOOST_TEST(bobs.pairwise.empty());
  arrive(bob, late);
  exchange();
  BOOST_TEST(pairwise(write("and again")));
}

BOOST_AUTO_TEST_CASE(grants_survive_restarts) {
  befriend();
  alice.restart();
  bob.restart();
  exchange();
  BOOST_TEST(bobs.pairwise.size() == 1U);
  const std::size_t before = by_bob.size();
  BOOST_TEST(pairwise(write("still")));
  live(6 * kHour);
  BOOST_TEST(by_bob.size() == before);  // nothing is granted twice
}

BOOST_AUTO_TEST_CASE(who_is_blocked_is_not_collected) {
  befriend();
  const MailboxId mailbox = header_of(write("before")).mailbox;
  bob.command(BlockContact{alice.address(), true});
  exchange();
  BOOST_TEST(bobs.pairwise.empty());
  BOOST_TEST(bobs.past.empty());
  bob.command(BlockContact{alice.address(), false});
  exchange();
  BOOST_TEST(has(bobs.pairwise, mailbox));
}

BOOST_AUTO_TEST_CASE(grants_that_must_have_no_effect) {
  befriend();
  const MailboxId good = header_of(write("first")).mailbox;
  const Millis now = clock.now.wall;
  const MailboxKey other = bob.identity().mailbox(7).public_key();
  forge({MailboxKey{}, now + 89 * kDay}, 1);
  forge({other, now - 1}, 2);
  forge({other, now + kPairwiseLifetime + kRecordFuture + 1}, 3);
  forge({other, kMaxTimestamp}, 4);
  forge({alice.identity().mailbox(week_of(now)).public_key(), now + kPairwiseLifetime}, 5);
  forge({other, now + kDay}, 6);  // ends before the one that is held: an old one that was held back
  BOOST_TEST((header_of(write("then")).mailbox == good));
  // What Carol was granted cannot be granted by Bob.
  User carol{clock, 3};
  carol.start();
  alice.command(AddContact{carol.address(), "Carol"});
  forge({other, now + kPairwiseLifetime}, 7, &carol);
  forge({other, now + kPairwiseLifetime}, 8);
  BOOST_TEST((header_of(write("still")).mailbox == good));
  // A good one counts.
  const MailboxKey next = bob.identity().mailbox(8).public_key();
  forge({next, now + kPairwiseLifetime}, 9);
  BOOST_TEST((header_of(write("at last")).mailbox == mailbox_id(next)));
  BOOST_TEST(bob.agent().history(alice.address(), 0, 9).size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_unknown_sender_of_a_grant_is_no_request) {
  User carol{clock, 3};
  carol.start();
  forge({carol.identity().mailbox(7).public_key(), clock.now.wall + kDay}, 1, &carol);
  BOOST_TEST(alice.agent().contacts().empty());
}

BOOST_AUTO_TEST_CASE(a_new_machine_with_the_same_secret_finds_them_again) {
  befriend();
  const auto waiting = write("to the old machine");
  BOOST_REQUIRE(pairwise(waiting));
  User fresh{clock, 2};
  fresh.start();
  fresh.notice(RecordLookup{alice.address(), alice.published(), false, 3});
  auto sets = fresh.asked<CollectMailboxes>();
  BOOST_TEST(!has(sets.back().pairwise, header_of(waiting).mailbox));
  look_up(alice, fresh);  // the new machine's key record
  alice.run_for(clock, kPairwiseFallback + kMinute);
  const auto copies = alice.asked<SubmitMessage>();
  BOOST_REQUIRE_EQUAL(copies.size(), 1U);
  arrive(fresh, copies[0]);
  BOOST_TEST(fresh.shown_of<Received>().size() == 1U);
  fresh.send(alice.address(), "I am here now");
  look_up(fresh, alice);
  sets = fresh.asked<CollectMailboxes>();
  BOOST_REQUIRE(!sets.empty());
  BOOST_TEST(has(sets.back().pairwise, header_of(waiting).mailbox));
  BOOST_TEST(fresh.asked<SubmitMessage>().size() == 2U);  // the answer and the grant
}

BOOST_AUTO_TEST_CASE(a_writer_that_lost_its_grant_gets_it_once_more) {
  befriend();
  clock.pass(2 * kDay);
  const std::size_t before = by_bob.size();
  User fresh{clock, 1};  // Alice on a new machine
  fresh.start();
  for (int i = 0; i < 9; ++i) fresh.send(fresh.address(), "note");  // its chance is not hers: other uids
  fresh.send(bob.address(), "new machine");
  look_up(fresh, bob);
  const auto mail = fresh.asked<SubmitMessage>().at(0);
  BOOST_TEST(to_public(mail));
  arrive(bob, mail);
  BOOST_TEST(bob.asked<SubmitMessage>().size() == 1U);
  arrive(bob, mail);
  BOOST_TEST(bob.asked<SubmitMessage>().empty());
  BOOST_TEST(by_bob.size() == before);
}

BOOST_AUTO_TEST_CASE(only_so_many_hold_a_grant) {
  for (std::uint32_t i = 0; i < kMaxPairwise + 6; ++i) {
    const auto other = identity_of(static_cast<std::uint8_t>(10 + i), true);
    Prng random(i);
    const auto made = seal_message(*other, text_by(*other, bob.published(), "hi"), request_to(bob), random).value();
    arrive(bob, {{made.header, made.nonce, made.body}, made.id});
    bob.command(AddContact{other->address(), "friend"});
  }
  BOOST_TEST(bob.asked<CollectMailboxes>().back().pairwise.size() == kMaxPairwise);
  BOOST_TEST(bob.asked<SubmitMessage>().size() == kMaxPairwise);
}

BOOST_AUTO_TEST_CASE(outbox_rows_of_the_first_version_are_read) {
  agent::OutboxRow row;
  row.expires = 7;
  row.lifetime = 8;
  row.pairwise = true;
  row.fallback = row.grant = 9;
  row.copies.resize(1);
  Bytes bytes = to_bytes(agent::encode_outbox_row(row).view());
  BOOST_TEST((agent::decode_outbox_row(bytes).value().grant == 9U));
  constexpr std::ptrdiff_t kAdded = 55;  // pairwise, fallback and grant came in there
  bytes[0] = 1;
  bytes.erase(bytes.begin() + kAdded, bytes.begin() + kAdded + 9);
  const auto old = agent::decode_outbox_row(bytes);
  BOOST_REQUIRE(old.has_value());
  BOOST_TEST(old->expires == 7U);
  BOOST_TEST(old->copies.size() == 1U);
  BOOST_TEST(!old->pairwise);
  BOOST_TEST(old->grant == 0U);
}

BOOST_AUTO_TEST_CASE(a_full_disk_gives_no_half_grant) {
  alice.send(bob.address(), "one");
  exchange();
  bob.hold_commits(true);
  bob.send(alice.address(), "answer");
  bob.disk_full();
  BOOST_TEST(bob.shown_of<UserError>().size() == 1U);  // of the text, not of the grant
  bob.asked<SubmitMessage>();
  BOOST_TEST(bob.asked<CollectMailboxes>().back().pairwise.empty());
  bob.run_for(clock, kMinute);
  bob.send(alice.address(), "answer");
  exchange();
  BOOST_TEST(bobs.pairwise.size() == 1U);
  BOOST_TEST(pairwise(write("two")));
}

BOOST_AUTO_TEST_SUITE_END()
