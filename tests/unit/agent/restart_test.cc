// What survives: restarts, crashes between staging and commit, full disks; and what a thief of the disk learns.
#include <boost/test/unit_test.hpp>

#include "tests/unit/agent/agent_fixture.h"

using namespace comm;
using namespace comm::test;
using Strings = std::vector<std::string>;

BOOST_FIXTURE_TEST_SUITE(restart, Pair)

BOOST_AUTO_TEST_CASE(crash_before_commit_of_a_send_leaves_nothing) {
  send("known key");
  alice.shown();
  alice.hold_commits(true);
  alice.send(bob.address(), "gone");
  BOOST_TEST(alice.shown().empty());
  alice.crash();
  BOOST_TEST(alice.agent().outbox().open == 1U);
  BOOST_TEST(alice.agent().history(bob.address(), 0, 9).size() == 1U);
  BOOST_TEST(alice.shown_of<StateChanged>().empty());
}

BOOST_AUTO_TEST_CASE(waiting_for_a_key_goes_on) {
  alice.send(bob.address(), "patience");
  alice.asked<FindRecord>();
  alice.shown();
  alice.restart();
  BOOST_TEST(alice.asked<FindRecord>().size() == 1U);
  BOOST_TEST(alice.states().empty());
  introduce();
  BOOST_TEST(alice.asked<SubmitMessage>().size() == 1U);
  BOOST_TEST(alice.states() == Strings{"sealed"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(states_are_kept_and_the_ack_recognised) {
  const auto mail = send("long way");
  alice.notice(MessageStored{mail.id, relay, 2});
  alice.restart();
  alice.shown();
  BOOST_TEST(alice.asked<SubmitMessage>().empty());
  BOOST_TEST((alice.agent().history(bob.address(), 0, 1).at(0).state == DeliveryState::relayed));
  alice.notice(MessageQueued{mail.id});
  alice.notice(MessageStored{mail.id, relay, 2});
  BOOST_TEST(alice.states().empty());
  alice.notice(MessageStored{mail.id, relay, 3});
  BOOST_TEST(alice.states() == Strings{"relayed 3"}, boost::test_tools::per_element());
  arrive(bob, mail);
  settle(alice, bob.asked<SubmitFinal>().at(0));
  alice.restart();
  BOOST_TEST((alice.agent().history(bob.address(), 0, 1).at(0).state == DeliveryState::delivered));
  BOOST_TEST(alice.agent().outbox().open == 0U);
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_that_only_the_store_knows_is_finished) {
  const auto mail = send("between two writes");
  arrive(bob, mail);
  const auto final = bob.asked<SubmitFinal>().at(0);
  alice.write(PutTombstone{final.id, Custody::acknowledged, final.record, NodeId{}, false});
  alice.shown();
  alice.restart();
  BOOST_TEST(alice.states() == Strings{"delivered"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_refusal_that_only_the_store_knows_is_answered) {
  const auto mail = send("between two writes");
  const auto refusal = make_refusal(bob.identity().mailbox(week_of(kStartWall)), mail.item.header, mail.item.nonce);
  alice.write(PutTombstone{mail.id, Custody::refused, refusal, NodeId{}, false});
  alice.restart();
  introduce();
  BOOST_TEST(alice.asked<SubmitMessage>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(expired_while_away_and_late_ack_after) {
  const auto mail = send("stale");
  arrive(bob, mail);
  alice.shown();
  clock.pass(Millis{kDefaultLifetimeMinutes} * kMinute + kMinute);
  alice.restart();
  alice.time();
  BOOST_TEST(alice.states() == Strings{"expired"}, boost::test_tools::per_element());
  alice.restart();
  BOOST_TEST(alice.states().empty());
  settle(alice, bob.asked<SubmitFinal>().at(0));
  BOOST_TEST(alice.states() == Strings{"delivered late"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_doubted_clock_forgets_no_expired_message) {
  const auto mail = send("stale");
  arrive(bob, mail);
  clock.pass(Millis{kDefaultLifetimeMinutes} * kMinute + kMinute);
  alice.time();
  alice.notice(ClockDoubt{true});
  clock.now.wall += 30 * kDay;
  alice.run_for(clock, kDay);
  clock.now.wall -= 30 * kDay + kDay;
  alice.notice(ClockDoubt{false});
  alice.run_for(clock, kMinute);
  alice.shown();
  settle(alice, bob.asked<SubmitFinal>().at(0));
  BOOST_TEST(alice.states() == Strings{"delivered late"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_message_without_a_key_outlives_a_doubted_clock) {
  alice.send(bob.address(), "patience");
  alice.notice(ClockDoubt{true});
  clock.now.wall += 30 * kDay;
  introduce();  // a key comes while everything seems to have expired
  alice.run_for(clock, kHour);
  BOOST_TEST(!contains(alice.states(), "expired"));
  clock.now.wall -= 30 * kDay;
  alice.notice(ClockDoubt{false});
  BOOST_TEST(contains(alice.states(), "sealed"));
}

BOOST_AUTO_TEST_CASE(full_disk_is_said_and_forgotten) {
  send("saved");
  alice.shown();
  alice.asked<SubmitMessage>();
  alice.hold_commits(true);
  alice.send(bob.address(), "not saved", "\"r7\"");
  alice.disk_full();
  const auto errors = alice.shown_of<UserError>();
  BOOST_REQUIRE_EQUAL(errors.size(), 1U);
  BOOST_TEST(errors[0].what == "Disk full: message NOT saved.");
  BOOST_TEST(errors[0].ref == "\"r7\"");
  BOOST_TEST(alice.agent().history(bob.address(), 0, 9).size() == 1U);
  alice.asked<SubmitMessage>();
  alice.send(bob.address(), "saved now");
  alice.run_for(clock, kMinute);
  BOOST_TEST(alice.asked<SubmitMessage>().size() == 1U);
  BOOST_TEST(contains(alice.states(), "sealed"));
}

BOOST_AUTO_TEST_CASE(a_full_disk_that_takes_a_note_to_oneself_says_so) {
  const Address own = alice.address();
  alice.send(own, "fits", "\"r1\"");
  alice.shown();
  alice.hold_commits(true);
  alice.send(own, "does not", "\"r2\"");
  alice.disk_full();
  const auto errors = alice.shown_of<UserError>();
  BOOST_REQUIRE_EQUAL(errors.size(), 1U);
  BOOST_TEST(errors[0].what == "Disk full: message NOT saved.");
  BOOST_TEST(errors[0].ref == "\"r2\"");
  BOOST_TEST(alice.agent().history(own, 0, 9).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_full_disk_that_takes_back_a_command_says_so) {
  alice.command(AddContact{bob.address(), "kept"});
  alice.shown();
  alice.hold_commits(true);
  alice.command(AddContact{alice.address(), "carol"});
  alice.command(AddContact{bob.address(), "renamed"});
  alice.command(BlockContact{bob.address(), true});
  alice.command(VerifyContact{bob.address(), true});
  alice.command(MarkRead{bob.address()});                // of what is read and of drafts nothing is lost
  alice.command(SetDraft{bob.address(), "a thought"});
  alice.disk_full();
  Strings said;
  for (const UserError& error : alice.shown_of<UserError>()) said.push_back(error.what);
  const std::string digits = short_hex(bob.address().view());
  const Strings expected = {"Disk full: contact carol NOT saved. Free some space, then repeat it.",
                            "Disk full: contact renamed NOT saved. Free some space, then repeat it.",
                            "Disk full: " + digits + " NOT blocked. Free some space, then repeat it.",
                            "Disk full: " + digits + " NOT marked verified. Free some space, then repeat it."};
  BOOST_TEST(said == expected, boost::test_tools::per_element());
  BOOST_REQUIRE_EQUAL(alice.agent().contacts().size(), 1U);
  BOOST_TEST(alice.agent().contacts()[0].name == "kept");
  alice.disk_full();  // each is said once
  BOOST_TEST(alice.shown_of<UserError>().empty());
}

BOOST_AUTO_TEST_CASE(full_disk_from_the_first_write_on_does_not_spin) {
  User carol{clock, 3};
  carol.hold_commits(true);
  carol.start();
  carol.disk_full();
  BOOST_TEST(*carol.agent().next_deadline() > clock.now.mono);
  carol.send(bob.address(), "hi");
  carol.run_for(clock, kMinute);
  carol.notice(RecordLookup{bob.address(), bob.published(), false, 1});
  carol.run_for(clock, kMinute);
  BOOST_TEST(carol.asked<SubmitMessage>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(full_disk_while_receiving) {
  const auto mail = send("try again");
  bob.hold_commits(true);
  arrive(bob, mail);
  bob.disk_full();
  BOOST_TEST(bob.shown_of<Received>().empty());
  BOOST_TEST(bob.asked<SubmitFinal>().empty());
  BOOST_TEST(bob.agent().contacts().empty());
  arrive(bob, mail);
  BOOST_TEST(bob.shown_of<Received>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(contacts_survive) {
  alice.command(AddContact{bob.address(), "Bobby"});
  BOOST_TEST(alice.asked<FindRecord>().size() == 1U);
  introduce();
  alice.command(BlockContact{alice.address(), true});
  alice.restart();
  const auto all = alice.agent().contacts();
  BOOST_REQUIRE_EQUAL(all.size(), 2U);
  for (const ContactInfo& info : all) {
    const bool is_bob = info.address == bob.address();
    BOOST_TEST(info.name == (is_bob ? "Bobby" : ""));
    BOOST_TEST(info.accepted == is_bob);
    BOOST_TEST(info.blocked == !is_bob);
    BOOST_TEST(info.has_key == is_bob);
  }
  alice.send(bob.address(), "key is known");
  BOOST_TEST(alice.asked<SubmitMessage>().size() == 1U);
  alice.command(AddContact{bob.address(), "\xff"});
  BOOST_TEST(alice.shown_of<UserError>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(history_pages) {
  const Address carol = identity_of(3, true)->address();
  for (int i = 0; i < 10; ++i) {
    alice.send(bob.address(), "b" + std::to_string(i));
    alice.send(carol, "c" + std::to_string(i));
  }
  alice.restart();
  const auto texts = [](const std::vector<HistoryItem>& items) {
    Strings out;
    for (const auto& item : items) out.push_back(item.text);
    return out;
  };
  const auto last = alice.agent().history(bob.address(), 0, 3);
  BOOST_TEST(texts(last) == (Strings{"b7", "b8", "b9"}), boost::test_tools::per_element());
  const auto before = alice.agent().history(bob.address(), last.front().sequence, 2);
  BOOST_TEST(texts(before) == (Strings{"b5", "b6"}), boost::test_tools::per_element());
  const auto all = alice.agent().history(std::nullopt, 0, 3);
  BOOST_TEST(texts(all) == (Strings{"c8", "b9", "c9"}), boost::test_tools::per_element());
  BOOST_TEST(texts(alice.agent().history(bob.address(), all.front().sequence, 1)) == Strings{"b8"},
             boost::test_tools::per_element());
  BOOST_TEST(alice.agent().history(std::nullopt, 0, 100).size() == 20U);
  BOOST_TEST(alice.agent().history(std::nullopt, 1, 100).empty());
  BOOST_TEST(alice.agent().history(bob.address(), 1, 100).empty());
}

BOOST_AUTO_TEST_CASE(nothing_readable_at_rest) {
  const std::string text = "the quick brown fox, ever so secret";
  const std::string name = "Robert'); DROP TABLE";
  alice.command(AddContact{bob.address(), name});
  const auto mail = send(text);
  arrive(bob, mail);
  alice.send(identity_of(9, true)->address(), text);
  alice.notice(MessageStored{mail.id, relay, 1});
  const auto opened_uid = alice.agent().history(bob.address(), 0, 1).at(0).uid;
  const auto final = bob.asked<SubmitFinal>().at(0);
  const auto secret = parse_ack(final.record).value().ack;
  std::vector<Bytes> needles{to_bytes(as_bytes(text)), to_bytes(as_bytes(name)), to_bytes(bob.address().view()),
                             to_bytes(alice.address().view()), to_bytes(opened_uid.view()), to_bytes(mail.id.view()),
                             to_bytes(secret.view()), to_bytes(alice.identity().storage_key().view()),
                             to_bytes(bob.identity().storage_key().view()),
                             to_bytes(bob.identity().sign_pair().public_key().view()),
                             to_bytes(bob.identity().prekey(week_of(kStartWall)).secret.view()),
                             to_bytes(bob.identity().prekey(week_of(kStartWall)).public_key.view())};
  std::size_t rows = 0;
  for (User* user : {&alice, &bob})
    for (const Table table : {Table::meta, Table::contacts, Table::agent})
      for (const RowItem& item : user->store().rows(table, {}, std::nullopt, 10'000)) {
        ++rows;
        BOOST_TEST((table == Table::agent));
        for (const Bytes& needle : needles)
          for (const Bytes* hay : {&item.key, &item.value})
            BOOST_TEST((std::search(hay->begin(), hay->end(), needle.begin(), needle.end()) == hay->end()));
      }
  BOOST_TEST(rows > 15U);
}

BOOST_AUTO_TEST_CASE(a_damaged_counter_writes_over_nothing) {
  send("one");
  for (const RowItem& item : alice.store().rows(Table::agent, {}, std::nullopt, 1'000))
    if (item.key.at(8) == 'm') alice.write(PutRow{Table::agent, item.key, Bytes(60, 1)});
  alice.restart();
  send("two");
  const auto items = alice.agent().history(bob.address(), 0, 9);
  BOOST_REQUIRE_EQUAL(items.size(), 2U);
  BOOST_TEST(items[0].text == "one");
}

BOOST_AUTO_TEST_CASE(damaged_and_foreign_rows_are_passed_over) {
  send("one");
  const auto rows = alice.store().rows(Table::agent, {}, std::nullopt, 1'000);
  for (const RowItem& item : rows) {
    RowItem bad = item;
    bad.value[bad.value.size() / 2] ^= 1;
    alice.write(PutRow{Table::agent, bad.key, bad.value});
  }
  alice.restart();
  BOOST_TEST(alice.agent().contacts().empty());
  BOOST_TEST(alice.agent().outbox().open == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
