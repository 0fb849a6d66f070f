// Full relays on the wire: prices, evictions and who is told, the three quotas, foreign records, overload.
#include "tests/unit/core/crafted.h"

using namespace comm;
using namespace comm::test;

namespace {

constexpr std::uint64_t kCost = 1'024 + 96;

struct Full : Pair {
  template <class Change>
  explicit Full(Change change) {
    relay.crash();
    change(relay.config);
    relay.restart();
    link = probe.connect(relay);
  }
  StoredItem give(const SealedItem& item) { return give_from(probe, link, item); }
  StoredItem give_from(Probe& who, LinkId via, const SealedItem& item) {
    who.inbox.clear();
    who.send(via, 500, Message{{item}});
    net.run(100);
    for (const Stored& answer : who.got<Stored>())
      for (const StoredItem& one : answer.items)
        if (one.id == message_id(item.header) && one.status != StoredStatus::evicted) return one;
    BOOST_FAIL("no answer");
    return {};
  }
  bool holds(const Crafted& m) const { return relay.store->custody_of(m.id) == Custody::live; }
};

std::vector<MessageId> evicted(const Probe& probe) {
  std::vector<MessageId> out;
  for (const Stored& answer : probe.got<Stored>())
    for (const StoredItem& item : answer.items)
      if (item.status == StoredStatus::evicted) out.push_back(item.id);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(eviction)

BOOST_AUTO_TEST_CASE(more_work_takes_the_place_of_the_least_and_its_giver_is_told) {
  Full p([](CoreConfig& config) { config.store_quota = 3 * kCost; });
  const Crafted weak = craft(p.net, p.box, 600, 1), middle = craft(p.net, p.box, 600, 2), strong = craft(p.net, p.box, 600, 6);
  for (const Crafted* m : {&middle, &weak, &strong}) BOOST_TEST((p.give(m->item).status == StoredStatus::stored));
  Probe& other = p.net.probe();
  const LinkId link = other.connect(p.relay);
  p.probe.inbox.clear();
  const Crafted fresh = craft(p.net, p.box, 600, 4);
  BOOST_TEST((p.give_from(other, link, fresh.item).status == StoredStatus::stored));
  BOOST_TEST(!p.holds(weak));
  BOOST_TEST((p.holds(middle) && p.holds(strong) && p.holds(fresh)));
  BOOST_TEST((evicted(p.probe) == std::vector<MessageId>{weak.id}));
  BOOST_TEST(evicted(other).empty());
}

BOOST_AUTO_TEST_CASE(the_price_named_is_the_price) {
  Full p([](CoreConfig& config) { config.store_quota = 2 * kCost; });
  const Crafted held[2] = {craft(p.net, p.box, 600, 3), craft(p.net, p.box, 600, 5)};
  for (const Crafted& m : held) p.give(m.item);
  const StoredItem refused = p.give(craft(p.net, p.box, 600, 1).item);
  BOOST_TEST((refused.status == StoredStatus::refused && refused.reason == RefuseReason::price));
  BOOST_TEST(int{refused.price} == 4);
  BOOST_TEST((p.holds(held[0]) && p.holds(held[1])));
  BOOST_TEST((p.give(craft(p.net, p.box, 600, 3).item).status == StoredStatus::refused));
  BOOST_TEST((p.give(craft(p.net, p.box, 600, 4).item).status == StoredStatus::stored));
  BOOST_TEST((!p.holds(held[0]) && p.holds(held[1])));
}

BOOST_AUTO_TEST_CASE(an_offer_hears_the_price_before_the_body_moves) {
  Full p([](CoreConfig& config) { config.store_quota = kCost; });
  p.give(craft(p.net, p.box, 600, 3).item);
  p.probe.inbox.clear();
  const Crafted weak = craft(p.net, p.box, 600, 0), strong = craft(p.net, p.box, 600, 4);
  p.probe.send(p.link, 0, Offer{{{weak.item.header, weak.item.nonce}, {strong.item.header, strong.item.nonce}}});
  p.net.run(100);
  const auto answers = p.probe.got<Stored>();
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST((answers[0].items.at(0).id == weak.id && int{answers[0].items[0].price} == 4));
  BOOST_REQUIRE(p.probe.got<Want>().size() == 1u);
  BOOST_TEST((p.probe.got<Want>()[0].ids == std::vector<MessageId>{strong.id}));
}

BOOST_AUTO_TEST_CASE(a_large_newcomer_takes_many_places_or_none) {
  Full p([](CoreConfig& config) { config.store_quota = 5 * kCost; });
  for (int i = 0; i < 4; ++i) p.give(craft(p.net, p.box, 600, 1).item);
  const Crafted strong = craft(p.net, p.box, 600, 9);
  p.give(strong.item);
  // 4,192 bytes: four of the small ones have to go, for which 2^n / 4 must be above 2.
  const StoredItem refused = p.give(craft(p.net, p.box, 600, 3, 1).item);
  BOOST_TEST((refused.status == StoredStatus::refused));
  BOOST_TEST(int{refused.price} == 4);
  BOOST_TEST(p.relay.store->totals().live == 5u);
  BOOST_TEST((p.give(craft(p.net, p.box, 600, 4, 1).item).status == StoredStatus::stored));
  BOOST_TEST(p.holds(strong));
  BOOST_TEST(p.relay.store->totals().live == 2u);
}

BOOST_AUTO_TEST_CASE(a_full_mailbox_gives_way_to_more_work_and_leaves_the_others_alone) {
  Full p([](CoreConfig& config) { config.mailbox_quota = 2 * kCost; });
  const Crafted elsewhere = craft(p.net, mailbox_id(some_mailbox(8).public_key()));
  p.give(elsewhere.item);
  Probe& flooder = p.net.probe();
  const LinkId via = flooder.connect(p.relay);
  const Crafted junk[2] = {craft(p.net, p.box), craft(p.net, p.box)};
  for (const Crafted& m : junk) p.give_from(flooder, via, m.item);
  const StoredItem refused = p.give_from(flooder, via, craft(p.net, p.box).item);
  BOOST_TEST((refused.reason == RefuseReason::price && int{refused.price} == 1));
  const Crafted first = craft(p.net, p.box, 600, 1), second = craft(p.net, p.box, 600, 2);
  BOOST_TEST((p.give(first.item).status == StoredStatus::stored));
  BOOST_TEST((p.give(second.item).status == StoredStatus::stored));
  BOOST_TEST((p.holds(first) && p.holds(second) && p.holds(elsewhere)));
  BOOST_TEST((!p.holds(junk[0]) && !p.holds(junk[1])));
  BOOST_TEST(int{p.give_from(flooder, via, craft(p.net, p.box).item).price} == 2);
}

BOOST_AUTO_TEST_CASE(an_ingress_peer_pays_with_its_own) {
  Full p([](CoreConfig& config) { config.ingress_quota = 2 * kCost; });
  Probe& other = p.net.probe();
  const LinkId via = other.connect(p.relay);
  const Crafted others = craft(p.net, p.box);
  p.give_from(other, via, others.item);
  const Crafted weak = craft(p.net, p.box, 600, 1), strong = craft(p.net, p.box, 600, 5);
  p.give(strong.item);
  p.give(weak.item);
  BOOST_TEST((p.give(craft(p.net, p.box, 600, 1).item).status == StoredStatus::refused));
  BOOST_TEST((p.give(craft(p.net, p.box, 600, 2).item).status == StoredStatus::stored));
  BOOST_TEST((!p.holds(weak) && p.holds(strong) && p.holds(others)));
}

BOOST_AUTO_TEST_CASE(among_equals_who_uses_most_gives_way_until_shares_are_even) {
  Full p([](CoreConfig& config) { config.store_quota = 4 * kCost; });
  for (int i = 0; i < 4; ++i) p.give(craft(p.net, p.box).item);
  Probe& other = p.net.probe();
  const LinkId via = other.connect(p.relay);
  BOOST_TEST((p.give_from(other, via, craft(p.net, p.box).item).status == StoredStatus::stored));
  BOOST_TEST((p.give_from(other, via, craft(p.net, p.box).item).status == StoredStatus::stored));
  BOOST_TEST((p.give_from(other, via, craft(p.net, p.box).item).status == StoredStatus::refused));
  BOOST_TEST((p.give(craft(p.net, p.box).item).status == StoredStatus::refused));
  BOOST_TEST(p.relay.store->ingress_bytes(p.probe.id) == 2 * kCost);
}

BOOST_AUTO_TEST_CASE(tombstones_stay_whatever_is_paid) {
  Full p([](CoreConfig& config) { config.store_quota = 3'000; });
  std::vector<Crafted> ended;
  for (int i = 0; i < 8; ++i) {
    ended.push_back(craft(p.net, p.box));
    p.give(ended.back().item);
    p.probe.send(p.link, 0, Ack{{encode_ack({ended.back().item.header, ended.back().item.nonce, ended.back().ack})}});
    p.net.run(100);
  }
  BOOST_TEST(p.relay.store->totals().bytes == 8 * kTombstoneCostBytes);
  const StoredItem refused = p.give(craft(p.net, p.box, 600, 10).item);
  BOOST_TEST((refused.status == StoredStatus::refused && refused.reason == RefuseReason::quota));
  BOOST_TEST(int{refused.price} == 0);
  for (const Crafted& m : ended) BOOST_TEST((p.relay.store->custody_of(m.id) == Custody::acknowledged));
}

BOOST_AUTO_TEST_CASE(foreign_acks_have_a_share_in_which_more_work_counts) {
  Full p([](CoreConfig& config) { config.store_quota = 40 * kTombstoneCostBytes; });  // 5 %: two of them
  const auto ack = [&](std::uint8_t effort) {
    const Crafted m = craft(p.net, p.box, 600, effort);
    p.probe.send(p.link, 0, Ack{{encode_ack({m.item.header, m.item.nonce, m.ack})}});
    p.net.run(100);
    return m.id;
  };
  const auto known = [&](const MessageId& id) { return p.relay.store->custody_of(id) == Custody::acknowledged; };
  const MessageId first = ack(1), second = ack(2), equal = ack(1), better = ack(3);
  BOOST_TEST((!known(first) && known(second) && !known(equal) && known(better)));
  BOOST_TEST(p.relay.store->totals().foreign == 2u);
  BOOST_TEST(p.reason("foreign-ack-quota") == 1u);
  BOOST_TEST(p.relay.store->verify() == "");
}

BOOST_AUTO_TEST_CASE(a_full_store_keeps_a_foreign_ack_only_in_the_place_of_less_work) {
  constexpr std::uint64_t kQuota = 20 * kCost;  // 5 %: four foreign acks
  Full p([](CoreConfig& config) { config.store_quota = kQuota; });
  const Crafted weak = craft(p.net, p.box, 600, 2);
  p.give(weak.item);
  for (int i = 0; i < 19; ++i) p.give(craft(p.net, p.box, 600, 5).item);
  BOOST_TEST(p.relay.store->totals().bytes == kQuota);
  const auto taken = [&](std::uint8_t effort) {
    const Crafted m = craft(p.net, p.box, 600, effort);
    p.probe.inbox.clear();
    p.probe.send(p.link, 0, Ack{{encode_ack({m.item.header, m.item.nonce, m.ack})}});
    p.net.run(100);
    BOOST_TEST(p.relay.store->totals().bytes <= kQuota);
    return p.relay.store->custody_of(m.id) == Custody::acknowledged;
  };
  BOOST_TEST((!taken(1) && p.holds(weak)));
  BOOST_TEST(p.reason("foreign-ack-quota") == 1u);
  BOOST_TEST((taken(3) && !p.holds(weak)));
  BOOST_TEST((evicted(p.probe) == std::vector<MessageId>{weak.id}));
}

BOOST_AUTO_TEST_CASE(a_minimum_stamp_is_asked_of_messages_and_foreign_acks) {
  Full p([](CoreConfig& config) { config.min_effort = 3; });
  const StoredItem refused = p.give(craft(p.net, p.box, 600, 2).item);
  BOOST_TEST((refused.reason == RefuseReason::price && int{refused.price} == 3));
  BOOST_TEST((p.give(craft(p.net, p.box, 600, 3).item).status == StoredStatus::stored));
  const Crafted m = craft(p.net, p.box, 600, 2);
  p.probe.send(p.link, 0, Ack{{encode_ack({m.item.header, m.item.nonce, m.ack})}});
  p.net.run(100);
  BOOST_TEST((p.relay.store->custody_of(m.id) == Custody::absent));
  BOOST_TEST(p.reason("foreign-ack-effort") == 1u);
}

BOOST_AUTO_TEST_CASE(overload_answers_busy_and_loses_nothing_accepted) {
  Full p([](CoreConfig& config) { config.staged_limit = 20 * kCost; });
  p.relay.hold_commits = true;
  std::vector<Crafted> given;
  for (int i = 0; i < 40; ++i) {
    given.push_back(craft(p.net, p.box));
    p.probe.send(p.link, 500, Message{{given.back().item}});
  }
  p.net.run(100);
  // Nothing is answered before it is durable; acknowledgements go on being taken.
  BOOST_TEST(p.probe.got<Stored>().size() >= 20u);
  for (const Stored& answer : p.probe.got<Stored>()) BOOST_TEST((answer.items[0].status == StoredStatus::busy));
  const std::uint64_t live = p.relay.store->totals().live;
  BOOST_TEST((live > 0u && live < 21u));
  p.probe.send(p.link, 0, Ack{{encode_ack({given[0].item.header, given[0].item.nonce, given[0].ack})}});
  p.net.run(100);
  BOOST_TEST((p.relay.store->custody_of(given[0].id) == Custody::acknowledged));
}

BOOST_AUTO_TEST_CASE(many_sessions_of_one_prefix_share_one_rate) {
  PrefixRates rates;
  const Endpoint here = *parse_endpoint("203.0.113.7:1"), there = *parse_endpoint("203.0.114.7:1"),
                 local = *parse_endpoint("10.0.0.1:1");
  Endpoint neighbour = here;
  neighbour.ip[15] = 200;
  std::int64_t taken = 0;
  for (std::int64_t i = 0; i < 2 * kPrefixPacketBurst; ++i) {
    taken += rates.take(i % 2 == 0 ? here : neighbour, 1'000) ? 1 : 0;
    BOOST_TEST_REQUIRE(rates.take(local, 1'000));
  }
  BOOST_TEST(taken == kPrefixPacketBurst);
  BOOST_TEST(rates.take(there, 1'000, kPrefixPacketBurst));  // items count
  BOOST_TEST(!rates.take(there, 1'000));
  BOOST_TEST(rates.take(here, 2'000));
  for (std::size_t i = 0; i < 3 * PrefixRates::kMostPrefixes; ++i) {
    Endpoint one = here;
    one.ip[13] = static_cast<std::uint8_t>(i >> 8);
    one.ip[14] = static_cast<std::uint8_t>(i);
    rates.take(one, 2'000);
  }
  BOOST_TEST(rates.size() <= PrefixRates::kMostPrefixes);
}

BOOST_AUTO_TEST_SUITE_END()
