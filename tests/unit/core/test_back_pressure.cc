// A disk that hangs: what waits for it is bounded, and so is what comes in meanwhile. One that is full: who waits is told.
#include "tests/unit/core/crafted.h"

using namespace comm;
using namespace comm::test;

BOOST_AUTO_TEST_SUITE(back_pressure)

BOOST_AUTO_TEST_CASE(answers_that_wait_for_the_disk_are_bounded) {
  Net net;
  TestNode& relay = net.relay();
  TestNode& alice = net.user("alice", {&relay});
  TestNode& bob = net.user("bob", {&relay});
  Probe& asker = net.probe();
  net.run(5 * kSecond);
  alice.say(bob.address(), "so that Bob's key is known");
  net.run(10 * kSecond);
  const LinkId link = asker.connect(relay);
  relay.hold_commits = true;
  alice.say(bob.address(), "a write");
  net.run(kSecond);
  BOOST_REQUIRE(!relay.submitted.empty());
  BOOST_TEST(relay.driver->has_room());
  // Questions that write nothing: their answers wait for that write.
  std::size_t asked = 0;
  while (relay.driver->has_room() && asked < 4 * kMaxHeldEffects) {
    for (int i = 0; i < 500; ++i, ++asked) asker.send(link, static_cast<std::uint32_t>(asked + 1), GetRecord{alice.address()});
    net.run(kSecond);
  }
  BOOST_TEST(!relay.driver->has_room());
  relay.hold_commits = false;
  alice.say(bob.address(), "the disk is back");
  BOOST_TEST(net.run_until([&] { return relay.driver->has_room(); }, kMinute));
  BOOST_TEST(net.run_until([&] { return bob.received().size() == 3; }, kMinute));
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_write_that_fails_is_told) {
  Pair p;
  const Crafted held = craft(p.net, p.box), ended = craft(p.net, p.box), fresh = craft(p.net, p.box), late = craft(p.net, p.box);
  for (const Crafted* m : {&held, &ended}) BOOST_TEST((p.give(m->item).status == StoredStatus::stored));
  p.relay.hold_commits = true;
  p.probe.inbox.clear();
  p.probe.send(p.link, 0, Ack{{encode_ack({ended.item.header, ended.item.nonce, ended.ack})}});
  p.probe.send(p.link, 500, Message{{fresh.item, held.item, ended.item}});
  p.probe.send(p.link, 501, Message{{fresh.item}});
  p.net.run(100);
  BOOST_TEST(p.probe.got<Stored>().empty());
  p.relay.submitted.clear();
  p.relay.hold_commits = false;
  p.relay.driver->commit_failed(p.net.now());
  p.net.run(100);
  const auto answers = p.probe.got<Stored>();
  BOOST_REQUIRE_EQUAL(answers.size(), 2u);
  BOOST_REQUIRE_EQUAL(answers[0].items.size(), 3u);
  const auto refused = [](const StoredItem& item) {
    return item.status == StoredStatus::refused && item.reason == RefuseReason::disk;
  };
  BOOST_TEST((answers[0].items[0].id == fresh.id && refused(answers[0].items[0])));
  BOOST_TEST((answers[0].items[1].id == held.id && answers[0].items[1].status == StoredStatus::duplicate));
  // Its acknowledgement is lost with the rest, and comes again as the answer to an offer.
  BOOST_TEST((answers[0].items[2].id == ended.id && answers[0].items[2].status == StoredStatus::duplicate));
  BOOST_TEST(refused(answers[1].items.at(0)));
  BOOST_TEST(refused(p.give(late.item)));
  p.net.run(10 * kSecond);
  for (const Crafted* m : {&late, &fresh}) BOOST_TEST((p.give(m->item).status == StoredStatus::stored));
}

// CUS-018, whichever attempt it answers.
BOOST_AUTO_TEST_CASE(of_a_full_disk_the_origin_turns_to_another_once) {
  Net net;
  TestNode& node = net.relay();
  std::map<Probe*, LinkId> entries;
  for (int i = 0; i < 6; ++i) {
    Probe& probe = net.probe();
    entries[&probe] = probe.connect(node);
  }
  net.run(10 * kSecond);
  for (const auto& [probe, link] : entries) probe->inbox.clear();
  const Crafted m = craft(net, mailbox_id(some_mailbox(7).public_key()));
  node.driver->event(net.now(), SubmitMessage{m.item, m.id});
  const auto told = [&] {
    return std::count_if(entries.begin(), entries.end(), [](const auto& entry) { return !entry.first->template got<Message>().empty(); });
  };
  const auto offers = [&] {
    return std::find_if(entries.begin(), entries.end(), [](const auto& entry) { return !entry.first->template got<Offer>().empty(); });
  };
  BOOST_TEST(net.run_until([&] { return offers() != entries.end(); }, 10 * kSecond));  // nobody has answered
  BOOST_TEST(told() == 3);
  const auto [full, link] = *offers();
  for (int again = 0; again < 2; ++again) {
    full->send(link, 0, Stored{{{.id = m.id, .status = StoredStatus::refused, .reason = RefuseReason::disk}}});
    net.run(kSecond);
    BOOST_TEST(told() == 4);
  }
}

BOOST_AUTO_TEST_SUITE_END()
