// Reconciliation of real nodes: two relays end with one set, whatever each had; bounds against a stranger.
#include <set>

#include "node/core/range_set.h"
#include "tests/unit/core/crafted.h"

using namespace comm;
using namespace comm::test;

namespace {

using Set = std::map<SyncKey, Custody>;

Set set_of(const TestNode& node) {
  Set out;
  const auto all = [](const MailboxId&) { return true; };
  for (const Element& one : node.store->elements({}, {UINT32_MAX, {}}, all, 100'000).elements)
    out.emplace(SyncKey{one.place.expires, one.place.id}, one.kind);
  return out;
}

struct Two {
  Net net;
  TestNode& a = net.relay();
  TestNode& b = net.relay();
  Probe& probe = net.probe();
  LinkId to_a = probe.connect(a), to_b = probe.connect(b);
  MailboxId box = mailbox_id(some_mailbox(7).public_key());

  Two() { net.run(2 * kMinute); }  // both think themselves alone
  Crafted make() { return craft(net, box); }
  void give(LinkId to, const Crafted& m) {
    probe.send(to, 0, Message{{m.item}});
    net.run(5);
  }
  void acknowledge(LinkId at, const Crafted& m) {
    probe.send(at, 0, Ack{{encode_ack({m.item.header, m.item.nonce, m.ack})}});
    net.run(5);
  }
  void meet() { b.driver->connect(net.now(), Bootstrap{a.endpoint, {}}); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(reconciliation)

BOOST_AUTO_TEST_CASE(two_relays_end_with_one_set_of_messages_and_tombstones) {
  Two t;
  for (int i = 0; i < 120; ++i) {
    const Crafted m = t.make();
    if (i % 3 != 1) t.give(t.to_a, m);
    if (i % 3 != 0) t.give(t.to_b, m);
    if (i % 5 == 0) t.acknowledge(i % 2 == 0 ? t.to_a : t.to_b, m);
  }
  BOOST_TEST((set_of(t.a) != set_of(t.b)));
  t.meet();
  t.net.run(3 * kMinute);
  BOOST_TEST((set_of(t.a) == set_of(t.b)));
  BOOST_TEST(set_of(t.a).size() == 120u);
  BOOST_TEST(t.a.sent["sync"] + t.b.sent["sync"] > 0u);
  BOOST_TEST(t.a.store->totals().acknowledged == 24u);
  BOOST_TEST(t.a.store->verify() == "");
}

BOOST_AUTO_TEST_CASE(equal_relays_exchange_two_packets_an_hour) {
  Two t;
  for (int i = 0; i < 50; ++i) {
    const Crafted m = t.make();
    t.give(t.to_a, m);
    t.give(t.to_b, m);
    t.acknowledge(t.to_a, m);
    t.acknowledge(t.to_b, m);
  }
  t.meet();
  t.net.run(10 * kMinute);
  const std::size_t before = t.a.sent["sync"] + t.b.sent["sync"];
  t.net.run(2 * kHour);
  const std::size_t sessions = (t.a.sent["sync"] + t.b.sent["sync"] - before) / 2;
  BOOST_TEST((sessions >= 2u && sessions <= 6u));  // each side begins one an hour
  BOOST_TEST((t.a.sent["sync"] + t.b.sent["sync"] - before) % 2 == 0u);
}

BOOST_AUTO_TEST_CASE(a_message_near_its_end_is_left_alone) {
  Two t;
  const Crafted m = craft(t.net, t.box, 230);
  t.give(t.to_a, m);
  t.acknowledge(t.to_a, m);
  t.meet();
  t.net.run(5 * kMinute);
  BOOST_TEST(set_of(t.b).empty());
}

BOOST_AUTO_TEST_CASE(a_session_cut_short_is_begun_again) {
  Two t;
  for (int i = 0; i < 400; ++i) {
    const Crafted m = t.make();
    t.give(t.to_a, m);
    t.acknowledge(t.to_a, m);  // only reconciliation carries tombstones to those who know nothing of the message
  }
  std::size_t passed = 0;
  t.net.filter = [&](Party&, Party&, const Packet& packet) {
    return !std::holds_alternative<Sync>(packet.body) || ++passed <= 3;
  };
  t.meet();
  t.net.run(5 * kMinute);
  BOOST_TEST(passed > 3u);
  BOOST_TEST(set_of(t.b).size() < 400u);
  t.net.filter = nullptr;
  t.net.run(80 * kMinute);
  BOOST_TEST((set_of(t.a) == set_of(t.b)));
}

BOOST_AUTO_TEST_CASE(thousands_of_differences_come_across_in_pieces) {
  Two t;
  for (int i = 0; i < 2'500; ++i) {
    const Crafted m = t.make();
    t.probe.send(t.to_a, 0, Message{{m.item}});
    t.probe.send(t.to_a, 0, Ack{{encode_ack({m.item.header, m.item.nonce, m.ack})}});
    if (i % 50 == 0) t.net.run(100);
  }
  t.net.run(kSecond);
  BOOST_TEST(set_of(t.a).size() == 2'500u);
  std::size_t largest = 0;
  t.net.filter = [&](Party&, Party&, const Packet& packet) {
    if (std::holds_alternative<Sync>(packet.body)) largest = std::max(largest, encode_packet(packet).size());
    return true;
  };
  t.meet();
  t.net.run(6 * kMinute);
  BOOST_TEST((set_of(t.a) == set_of(t.b)));
  BOOST_TEST(largest <= kMaxPacketBytes);
}

BOOST_AUTO_TEST_CASE(what_was_refused_for_want_of_room_is_not_asked_for_again_that_day) {
  Two t;
  t.b.crash();
  t.b.config.store_quota = 1;
  t.b.restart();
  std::set<MessageId> ids;
  for (int i = 0; i < 5; ++i) {
    const Crafted m = t.make();
    t.give(t.to_a, m);
    ids.insert(m.id);
  }
  std::size_t asked = 0;
  t.net.filter = [&](Party& from, Party&, const Packet& packet) {
    if (const auto* want = std::get_if<Want>(&packet.body); want != nullptr && &from == &t.b)
      for (const MessageId& id : want->ids) asked += ids.contains(id) ? 1 : 0;
    return true;
  };
  t.meet();
  t.net.run(8 * kHour);
  BOOST_TEST(set_of(t.b).empty());
  BOOST_TEST(asked <= 5u);
}

BOOST_AUTO_TEST_CASE(strangers_are_answered_within_bounds) {
  Two t;
  const Crafted m = t.make();
  t.give(t.to_a, m);
  t.probe.inbox.clear();
  t.probe.send(t.to_a, 7, Sync{std::nullopt, {}, false});  // no session
  t.net.run(50);
  BOOST_REQUIRE(t.probe.got<ErrorBody>().size() == 1u);
  SyncOpening opening;
  t.net.random.fill(opening.nonce);
  opening.radius.data.fill(0xff);
  opening.after = minute_of(t.net.now().wall + kSyncEdge) + 600;
  t.probe.send(t.to_a, 8, Sync{opening, {}, false});  // another clock
  t.net.run(50);
  BOOST_TEST(t.probe.got<ErrorBody>().size() == 2u);
  opening.after -= 600;
  t.probe.send(t.to_a, 9, Sync{opening, {}, false});
  t.net.run(50);
  BOOST_REQUIRE(t.probe.got<Sync>().size() == 1u);
  const Sync answer = t.probe.got<Sync>()[0];
  BOOST_REQUIRE((answer.opening && answer.answer && answer.ranges.size() == 1u));
  const Hash key = sync_key(opening.nonce, answer.opening->nonce);
  const SyncElement held{{parse_header(m.item.header)->expires, m.id}, SyncState::live};
  BOOST_TEST((answer.ranges[0].fingerprint == sync_hash(key, held)));
  t.probe.send(t.to_a, 10, Sync{opening, {}, false});  // at once again
  t.net.run(50);
  BOOST_TEST(t.probe.got<ErrorBody>().size() == 3u);
  // An empty list of everything: what is ours comes as extra.
  t.probe.send(t.to_a, 11, Sync{std::nullopt, {{{}, kSyncEnd, SyncMode::list}}, false});
  t.net.run(50);
  BOOST_REQUIRE(t.probe.got<Sync>().size() == 2u);
  const Sync extra = t.probe.got<Sync>()[1];
  BOOST_REQUIRE((extra.ranges.size() == 1u && extra.ranges[0].mode == SyncMode::extra));
  BOOST_TEST((extra.ranges[0].elements == std::vector<SyncElement>{held}));
  // Outside the region both keep there is nothing.
  Probe& far = t.net.probe();
  const LinkId link = far.connect(t.a);
  opening.radius = {};
  far.send(link, 1, Sync{opening, {}, false});
  t.net.run(50);
  BOOST_REQUIRE(far.got<Sync>().size() == 1u);
  BOOST_TEST((far.got<Sync>()[0].ranges.at(0).fingerprint == SyncFingerprint{}));
}

BOOST_AUTO_TEST_SUITE_END()
