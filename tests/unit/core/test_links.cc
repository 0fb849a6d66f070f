// What links cost and when they are made: who is dialled back, what goes out as soon as a dial succeeds, what a flood of
// items is charged.
#include <boost/test/unit_test.hpp>

#include "node/core/lookup.h"
#include "tests/unit/core/crafted.h"

using namespace comm;
using namespace comm::test;

BOOST_AUTO_TEST_SUITE(links)

BOOST_AUTO_TEST_CASE(an_offer_waits_for_the_session_and_no_longer) {
  Net net;
  TestNode& first = net.relay();
  TestNode& second = net.relay({&first});
  TestNode& alice = net.user("alice", {&first});
  TestNode& bob = net.user("bob", {&first});
  net.run(10 * kSecond);
  bob.crash();
  second.crash();
  alice.say(bob.address(), "x");
  BOOST_TEST(net.run_until([&] { return first.store->totals().live == 1; }, kSecond));
  // Without a session the wait grows to a quarter of the message's age.
  net.run(10 * kMinute);
  second.restart();
  BOOST_TEST(net.run_until([&] { return second.store->totals().live == 1; }, 2 * kSecond));
}

BOOST_AUTO_TEST_CASE(where_nobody_answers_is_not_dialled_again_and_again) {
  Net net;
  TestNode& first = net.relay();
  TestNode& second = net.relay({&first});
  TestNode& alice = net.user("alice", {&first});
  net.user("bob", {&first}).crash();
  net.run(10 * kSecond);
  std::size_t dials = 0;
  net.filter = [&](Party& from, Party& to, const Packet& packet) {
    dials += &from == &first && &to == &second && std::holds_alternative<Hello>(packet.body) ? 1 : 0;
    return &from != &second;  // it can be dialled and says nothing
  };
  net.drop_links(second);
  alice.say(net.nodes.back()->address(), "x");
  net.run(5 * kMinute);
  BOOST_TEST(dials <= 6u);  // after 10, 20, 40, 80, 160 s at most
}

BOOST_AUTO_TEST_CASE(whose_network_was_away_is_back_within_a_minute) {
  Net net;
  TestNode& relay = net.relay();
  TestNode& alice = net.user("alice", {&relay});
  net.run(kMinute);
  const auto cut = [&] { net.filter = [](Party&, Party&, const Packet&) { return false; }; };
  const auto is_back = [&] {
    net.filter = nullptr;
    return net.run_until([&] { return !alice.core->peers().empty(); }, kBootstrapRetryMax + 2 * kHandshakeTimeout);
  };
  cut();
  alice.crash();
  alice.config.bootstrap.clear();  // from now on she knows whom she has met, no more
  alice.restart();
  net.run(20 * kMinute);
  BOOST_TEST(is_back());
  net.run(kMinute);
  cut();
  net.drop_links(relay);
  net.run(20 * kMinute);
  BOOST_TEST(alice.core->peers().empty());
  BOOST_TEST(is_back());
}

BOOST_AUTO_TEST_CASE(who_has_no_place_in_the_table_is_not_dialled_back) {
  Net net;
  TestNode& relay = net.relay();
  std::vector<Probe*> probes;
  std::size_t dialled_back = 0;
  for (int i = 0; i < 100; ++i) {
    probes.push_back(&net.probe());
    probes.back()->connect(relay);
    net.run(500);  // below the rate that limits dial-backs in any case
  }
  for (const Probe* probe : probes)
    for (const auto& [link, session] : probe->sessions) dialled_back += session.dialled ? 0 : 1;
  const std::size_t table = relay.core->status().table;
  BOOST_TEST(table < 60u);
  BOOST_TEST(dialled_back >= table / 2);
  BOOST_TEST(dialled_back < 70u);
}

BOOST_AUTO_TEST_CASE(a_mute_node_does_not_keep_a_record_from_being_found) {
  Net net;
  TestNode& relay = net.relay();
  TestNode& alice = net.user("alice", {&relay});
  TestNode& bob = net.user("bob", {&relay});
  net.run(10 * kSecond);
  Probe& mute = net.probe();  // a member of every region that answers no question
  mute.connect(alice);
  net.run(kSecond);
  alice.say(bob.address(), "x");
  BOOST_TEST(net.run_until([&] { return !bob.received().empty(); }, kSecond));
  BOOST_TEST(mute.got<GetRecord>().size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_finds_those_without_a_session) {
  Net net;
  TestNode& relay = net.relay();
  Probe& holder = net.probe();
  const Crafted m = craft(net, mailbox_id(some_mailbox(7).public_key()));
  holder.send(holder.connect(relay), 0, Message{{m.item}});
  net.run(kSecond);
  BOOST_TEST(relay.store->totals().live == 1u);
  net.drop_links(holder);
  net.run(kSecond);
  Probe& other = net.probe();
  other.send(other.connect(relay), 0, Ack{{encode_ack({m.item.header, m.item.nonce, m.ack})}});
  net.run(2 * kSecond);
  BOOST_TEST(holder.got<Ack>().size() == 1u);
  BOOST_TEST(relay.store->totals().live == 0u);
}

BOOST_AUTO_TEST_CASE(a_packet_is_charged_for_its_items) {
  Net net;
  TestNode& relay = net.relay();
  Probe& probe = net.probe();
  const LinkId link = probe.connect(relay);
  Want want;
  want.ids.resize(kMaxWantsPerPacket);
  for (auto& id : want.ids) net.random.fill(id);
  const int affordable = kPacketBurst / static_cast<int>(1 + kMaxWantsPerPacket / kItemsPerPacketToken);
  for (int i = 0; i < 2 * affordable; ++i) probe.send(link, static_cast<std::uint32_t>(1'000 + i), want);
  net.run(10);
  int limited = 0;
  for (const ErrorBody& error : probe.got<ErrorBody>())
    limited += error.code == static_cast<std::uint32_t>(ErrorCode::rate_limited) ? 1 : 0;
  BOOST_TEST(limited >= affordable - 1);
}

BOOST_AUTO_TEST_CASE(a_path_of_liars_uses_up_its_own_share_of_id_checks) {
  Prng random(11);
  const auto someone = [&] {
    Contact out{{}, {}, parse_endpoint("127.0.0.1:6667").value()};
    random.fill(out.id);
    random.fill(out.key);
    return out;
  };
  std::vector<Contact> start, honest, invented;
  for (std::size_t i = 0; i < kLookupPaths; ++i) start.push_back(someone());
  for (int i = 0; i < 6; ++i) honest.push_back(someone());
  OverlayPoint target;
  random.fill(target);
  Distance region;  // everybody may be asked
  region.data.fill(0xff);
  const auto among = [](const std::vector<Contact>& list, const Contact& c) { return std::find(list.begin(), list.end(), c) != list.end(); };
  Lookup lookup(someone().id, target, start, kBucketSize, region, random,
                [&](const NodeKey& key) { return std::none_of(start.begin(), start.end(), [&](const Contact& c) { return c.key == key; }); });
  std::size_t lies = 0, truths = 0;
  for (int rounds = 0; !lookup.done() && rounds < 100; ++rounds) {
    for (const Contact& asked : lookup.next()) {
      lies += among(invented, asked) ? 1 : 0;
      truths += among(honest, asked) ? 1 : 0;
      std::vector<Contact> named;
      if (asked == start[1]) named = honest;
      for (std::size_t i = 0; (asked == start[0] || among(invented, asked)) && i < kMaxContactsPerPacket; ++i)
        named.push_back(someone());
      if (asked != start[1]) invented.insert(invented.end(), named.begin(), named.end());
      lookup.answered(asked.id, named, 1);
    }
  }
  BOOST_TEST(lookup.done());
  // As many more checks as members beyond 2k answered: 10 that were there, and 13 of these.
  BOOST_TEST(lies == kLookupNodeChecks / kLookupPaths + 1);
  BOOST_TEST(truths == honest.size());
}

BOOST_AUTO_TEST_SUITE_END()
