// One message, one pass, and all its accidents: real cores and agents joined by vectors.
#include <boost/test/unit_test.hpp>

#include "tests/support/pump.h"

using namespace comm;
using namespace comm::test;

namespace {

bool all_empty(const Net& net) {
  for (const auto& node : net.nodes)
    if (node->up && node->store->totals().live != 0) return false;
  return true;
}

struct Trio {  // A - R - B, where A and B know only R
  Net net;
  TestNode& relay = net.relay();
  TestNode& alice = net.user("alice", {&relay});
  TestNode& bob = net.user("bob", {&relay});
};

}  // namespace

BOOST_AUTO_TEST_SUITE(delivery)

BOOST_AUTO_TEST_CASE(both_ways_through_one_relay) {
  Trio t;
  t.net.run(5 * kSecond);
  t.alice.say(t.bob.address(), "hello bob");
  BOOST_TEST(t.net.run_until([&] { return !t.bob.received().empty(); }, 10 * kSecond));
  BOOST_TEST(t.bob.received().at(0).text == "hello bob");
  BOOST_TEST((t.bob.received().at(0).from == t.alice.address()));
  t.bob.say(t.alice.address(), "hello alice");
  BOOST_TEST(t.net.run_until([&] { return !t.alice.received().empty(); }, 10 * kSecond));
  BOOST_TEST(t.net.run_until([&] { return t.alice.last_state() == DeliveryState::delivered; }, 10 * kSecond));
  BOOST_TEST(t.net.run_until([&] { return t.bob.last_state() == DeliveryState::delivered; }, 10 * kSecond));
  t.net.run(10 * kSecond);
  BOOST_TEST(all_empty(t.net));
  BOOST_TEST(t.bob.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_user_without_peers_sleeps_and_collects_once_it_has_joined) {
  Net net;
  TestNode& alice = net.user("alice", {});
  net.run(5 * kSecond);
  const Millis end = net.now().mono + kMinute;
  std::size_t turns = 0;
  for (; turns < 100 && alice.driver->next_deadline().value_or(end) < end; ++turns)
    net.run(*alice.driver->next_deadline() - net.now().mono);
  BOOST_TEST(turns <= 10u);  // of the clock's guard and the like, nothing by the second
  TestNode& bob = net.user("bob", {&alice});
  bob.say(alice.address(), "hello");
  BOOST_TEST(net.run_until([&] { return !alice.received().empty(); }, 10 * kSecond));
  alice.say(bob.address(), "hello");
  BOOST_TEST(net.run_until([&] { return !bob.received().empty(); }, 10 * kSecond));
}

BOOST_AUTO_TEST_CASE(states_rise_one_by_one) {
  Trio t;
  t.net.run(5 * kSecond);
  t.alice.say(t.bob.address(), "x", "7");
  t.net.run(10 * kSecond);
  std::vector<DeliveryState> seen;
  for (const auto& state : t.alice.states()) {
    if (seen.empty() || seen.back() != state.state) seen.push_back(state.state);
    BOOST_TEST(state.ref == "7");
  }
  for (std::size_t i = 1; i < seen.size(); ++i) BOOST_TEST((seen[i - 1] < seen[i]));
  BOOST_TEST((seen.back() == DeliveryState::delivered));
}

BOOST_AUTO_TEST_CASE(waits_for_an_offline_recipient_across_a_crashed_relay) {
  Trio t;
  t.net.run(5 * kSecond);
  t.bob.crash();
  t.net.run(kSecond);
  t.alice.say(t.bob.address(), "while you were out");
  BOOST_TEST(t.net.run_until([&] { return t.alice.last_state() == DeliveryState::relayed; }, 10 * kSecond));
  t.alice.crash();
  t.relay.crash();
  t.net.run(kSecond);
  t.relay.restart();
  BOOST_TEST(t.relay.store->totals().live == 1u);
  t.net.run(2 * kSecond);
  t.bob.restart();
  BOOST_TEST(t.net.run_until([&] { return !t.bob.received().empty(); }, 30 * kSecond));
  BOOST_TEST(t.net.run_until([&] { return t.relay.store->totals().live == 0; }, 30 * kSecond));
  t.alice.events.clear();
  t.alice.restart();
  BOOST_TEST(t.net.run_until([&] { return !t.alice.states().empty() && t.alice.last_state() == DeliveryState::delivered; },
                             30 * kSecond));
  t.net.run(5 * kMinute);
  BOOST_TEST(t.bob.received().size() == 1u);
  BOOST_TEST(all_empty(t.net));
}

BOOST_AUTO_TEST_CASE(acknowledged_message_is_never_held_or_shown_again) {
  Trio t;
  Probe& probe = t.net.probe();
  std::optional<SealedItem> copy;
  t.net.filter = [&](Party&, Party&, const Packet& packet) {
    if (const auto* m = std::get_if<Message>(&packet.body)) copy = m->items.at(0);
    return true;
  };
  t.net.run(5 * kSecond);
  t.alice.say(t.bob.address(), "once");
  BOOST_TEST(t.net.run_until([&] { return t.alice.last_state() == DeliveryState::delivered; }, 20 * kSecond));
  t.net.run(5 * kSecond);
  BOOST_REQUIRE(copy.has_value());
  const LinkId link = probe.connect(t.relay);
  probe.send(link, 0, Offer{{{copy->header, copy->nonce}}});
  probe.send(link, 77, Message{{*copy}});
  t.net.run(kSecond);
  BOOST_REQUIRE(probe.got<Ack>().size() == 1u);  // the offer is answered with the acknowledgement
  const auto record = check_final_record(probe.got<Ack>().at(0).records.at(0));
  BOOST_REQUIRE(record.has_value());
  BOOST_TEST((record->id == message_id(copy->header)));
  const auto stored = probe.got<Stored>();
  BOOST_REQUIRE(stored.size() == 1u);
  BOOST_TEST((stored[0].items.at(0).status == StoredStatus::acknowledged));
  BOOST_TEST(t.relay.store->totals().live == 0u);
  // A replay at Bob after his restart is acknowledged and not shown.
  t.bob.crash();
  t.bob.events.clear();
  t.bob.restart();
  t.net.run(5 * kSecond);
  Probe& another = t.net.probe();
  const LinkId to_bob = another.connect(t.bob);
  another.inbox.clear();
  another.send(to_bob, 78, Message{{*copy}});
  t.net.run(5 * kSecond);
  BOOST_TEST(t.bob.received().empty());
  std::vector<StoredStatus> answers;
  for (const auto& got : another.inbox)
    if (const auto* answer = std::get_if<Stored>(&got.packet.body); answer != nullptr && got.packet.request_id == 78)
      for (const auto& item : answer->items) answers.push_back(item.status);
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST((answers[0] == StoredStatus::acknowledged));
}

BOOST_AUTO_TEST_CASE(lost_acknowledgement_is_sent_again) {
  Trio t;
  t.net.run(5 * kSecond);
  int lost = 0;
  t.net.filter = [&](Party& from, Party&, const Packet& packet) {
    // It travels as an Ack, or as the status of a message that was given directly.
    bool ack = std::holds_alternative<Ack>(packet.body);
    if (const auto* stored = std::get_if<Stored>(&packet.body))
      for (const auto& item : stored->items) ack = ack || item.status == StoredStatus::acknowledged;
    return !(&from == &t.bob && ack && ++lost <= 2);
  };
  t.alice.say(t.bob.address(), "x");
  BOOST_TEST(t.net.run_until([&] { return t.alice.last_state() == DeliveryState::delivered; }, 30 * kSecond));
  BOOST_TEST(lost > 2);  // the first two were lost, a later one arrived
  BOOST_TEST(t.bob.received().size() == 1u);
}

BOOST_AUTO_TEST_CASE(stored_is_answered_only_when_durable) {
  Trio t;
  t.net.run(5 * kSecond);
  t.bob.crash();
  t.relay.hold_commits = true;
  t.alice.say(t.bob.address(), "x");
  t.net.run(20 * kSecond);
  BOOST_TEST((t.alice.last_state() != DeliveryState::relayed));
  t.relay.crash();  // nothing was promised, nothing is kept
  t.relay.hold_commits = false;
  t.relay.restart();
  BOOST_TEST(t.relay.store->totals().live == 0u);
  BOOST_TEST(t.net.run_until([&] { return t.alice.last_state() == DeliveryState::relayed; }, 3 * kMinute));
}

BOOST_AUTO_TEST_CASE(needs_key_until_the_key_appears) {
  Net net;
  TestNode& relay = net.relay();
  TestNode& alice = net.user("alice", {&relay});
  TestNode bob_elsewhere(net, 99, "bob", {});  // never part of the network: only its address is needed
  const Address bob = bob_elsewhere.address();
  bob_elsewhere.crash();
  net.run(5 * kSecond);
  alice.say(bob, "are you there?");
  net.run(30 * kSecond);
  BOOST_TEST((alice.last_state() == DeliveryState::needs_key));
  TestNode& real_bob = net.user("bob", {&relay});
  BOOST_TEST(net.run_until([&] { return !real_bob.received().empty(); }, 3 * kMinute));
  BOOST_TEST(net.run_until([&] { return alice.last_state() == DeliveryState::delivered; }, kMinute));
}

BOOST_AUTO_TEST_CASE(expired_message_leaves_every_node_and_its_writer_is_told) {
  Trio t;
  t.net.run(5 * kSecond);
  t.bob.crash();
  t.alice.say(t.bob.address(), "x", "1", 10);
  BOOST_TEST(t.net.run_until([&] { return t.alice.last_state() == DeliveryState::relayed; }, 10 * kSecond));
  t.net.run(12 * kMinute);
  BOOST_TEST((t.alice.last_state() == DeliveryState::expired));
  t.net.run(2 * kHour + 2 * kMinute);
  BOOST_TEST(all_empty(t.net));
  t.bob.restart();
  t.net.run(kMinute);
  BOOST_TEST(t.bob.received().empty());
}

BOOST_AUTO_TEST_CASE(late_acknowledgement_turns_expired_into_delivered_late) {
  Trio t;
  t.net.run(5 * kSecond);
  bool cut = true;  // Alice hears nothing of what the others do
  t.net.filter = [&](Party& from, Party& to, const Packet& packet) {
    const bool final = std::holds_alternative<Ack>(packet.body) || std::holds_alternative<Stored>(packet.body);
    return !(cut && (&to == &t.alice) && final && &from != &t.alice);
  };
  t.alice.say(t.bob.address(), "x", "1", 10);
  BOOST_TEST(t.net.run_until([&] { return !t.bob.received().empty(); }, 10 * kSecond));
  t.net.run(15 * kMinute);
  BOOST_TEST((t.alice.last_state() == DeliveryState::expired));
  cut = false;
  // Somebody who still has the acknowledgement spreads it.
  Probe& probe = t.net.probe();
  const LinkId link = probe.connect(t.alice);
  std::optional<Bytes> record;
  for (const auto& item : t.relay.store->expiring_page(UINT32_MAX, 10)) record = t.relay.store->final_record(item.id);
  BOOST_REQUIRE(record.has_value());
  probe.send(link, 0, Ack{{*record}});
  t.net.run(kSecond);
  BOOST_TEST((t.alice.last_state() == DeliveryState::delivered));
  BOOST_TEST(t.alice.states().back().late);
}

// Bob's program is started on what was a relay: whatever lies there for him is his, however much it is.
BOOST_AUTO_TEST_CASE(all_mail_that_the_own_node_holds_is_opened) {
  constexpr std::size_t kMessages = 600;
  Trio t;
  t.net.run(5 * kSecond);
  t.alice.say(t.bob.address(), "first");
  BOOST_REQUIRE(t.net.run_until([&] { return t.alice.last_state() == DeliveryState::delivered; }, kMinute));
  t.bob.crash();
  for (std::size_t i = 0; i < kMessages; ++i) {
    t.alice.say(t.bob.address(), std::to_string(i));
    if (i % 10 == 0) t.net.run(kSecond);
  }
  BOOST_REQUIRE(t.net.run_until([&] { return t.relay.store->totals().live == kMessages; }, 10 * kMinute));
  t.alice.crash();
  t.relay.crash();
  std::swap(t.bob.store, t.relay.store);
  t.bob.events.clear();
  t.bob.restart();
  BOOST_TEST(t.net.run_until([&] { return t.bob.received().size() == kMessages; }, kMinute));
}

BOOST_AUTO_TEST_CASE(two_users_without_a_relay) {
  Net net;
  TestNode& alice = net.user("alice");
  TestNode& bob = net.user("bob", {&alice});
  net.run(5 * kSecond);
  alice.say(bob.address(), "direct");
  BOOST_TEST(net.run_until([&] { return !bob.received().empty(); }, 10 * kSecond));
  BOOST_TEST(net.run_until([&] { return alice.last_state() == DeliveryState::delivered; }, 10 * kSecond));
}

BOOST_AUTO_TEST_CASE(bootstrap_that_is_down_is_retried) {
  Net net;
  TestNode& relay = net.relay();
  relay.crash();
  TestNode& alice = net.user("alice", {&relay});
  net.run(2 * kMinute);
  BOOST_TEST(alice.core->status().sessions == 0u);
  relay.restart();
  BOOST_TEST(net.run_until([&] { return alice.core->status().sessions == 1; }, 70 * kSecond));
}

BOOST_AUTO_TEST_CASE(a_dozen_nodes_every_pair) {
  Net net(5);
  TestNode& first = net.relay();
  std::vector<TestNode*> users;
  for (int i = 0; i < 12; ++i) users.push_back(&net.user("user" + std::to_string(i), {&first}));
  net.run(30 * kSecond);
  for (auto* from : users)
    for (auto* to : users)
      if (from != to) from->say(to->address(), "from " + short_hex(from->address().view()));
  net.run(2 * kMinute);
  for (auto* user : users) BOOST_TEST(user->received().size() == users.size() - 1);
  net.run(5 * kMinute);
  BOOST_TEST(all_empty(net));
}

BOOST_AUTO_TEST_SUITE_END()
