#include <boost/test/unit_test.hpp>

#include <map>
#include <ostream>

#include "node/core/routing_table.h"

namespace comm {

namespace {

using Heard = RoutingTable::Offer;

Endpoint endpoint(const std::string& text) { return parse_endpoint(text).value(); }
const Endpoint kLocal = endpoint("127.0.0.1:6667");

// The first byte given, the rest from n: shares what the byte says with an own id of zeros.
NodeId node_id(std::uint8_t first, std::uint8_t n = 0) {
  NodeId id;
  id.data[0] = first;
  id.data[19] = n;
  return id;
}
Contact contact(const NodeId& id, const Endpoint& at = kLocal) {
  NodeKey key;
  std::copy(id.data.begin(), id.data.end(), key.data.begin());
  return {id, key, at};
}
Contact random_contact(Prng& random) {
  NodeId id;
  random.fill(id);
  return contact(id);
}
Endpoint public_address(std::uint8_t net, std::uint8_t host) {
  return endpoint("8.8." + std::to_string(net) + "." + std::to_string(host) + ":6667");
}

const NodeId kSelf{};

// Dialled and seen at its own address.
Heard dialled(RoutingTable& table, const NodeId& id, Millis mono = 0, const Endpoint& at = kLocal) {
  return table.heard(contact(id, at), Role::relay, true, at, mono);
}
Heard came(RoutingTable& table, const NodeId& id, Millis mono = 0, const Endpoint& at = kLocal) {
  return table.heard(contact(id, at), Role::client, false, at, mono);
}
void goes_bad(RoutingTable& table, const NodeId& id) {
  for (int i = 0; i < kBadAfterUnanswered; ++i) table.unanswered(id);
}
// The half of the space without the own id holds kBucketSize tested nodes, heard at 0, 1, 2, ...; so does its other
// half, which made it split.
RoutingTable full_far_bucket(bool dialable = true) {
  RoutingTable table(kSelf);
  for (std::uint8_t n = 0; n < kBucketSize; ++n) {
    BOOST_TEST((dialable ? dialled(table, node_id(0x80, n), n) : came(table, node_id(0x80, n), n)) == Heard::added);
    table.answered(node_id(0x80, n), n);
  }
  BOOST_TEST(dialled(table, node_id(0x40)) == Heard::added);
  return table;
}

std::vector<Contact> brute_closest(std::vector<Contact> all, const OverlayPoint& target, std::size_t count) {
  std::sort(all.begin(), all.end(), [&](const Contact& a, const Contact& b) {
    return distance(target, overlay_point(a.id)) < distance(target, overlay_point(b.id));
  });
  all.resize(std::min(count, all.size()));
  return all;
}

}  // namespace

// Named for Boost's messages.
std::ostream& boost_test_print_type(std::ostream& out, const Heard& offer) {
  static const char* const kNames[] = {"added", "updated", "pending", "rejected"};
  return out << kNames[static_cast<int>(offer)];
}

BOOST_AUTO_TEST_SUITE(routing_table)

BOOST_AUTO_TEST_CASE(adds_updates_and_finds) {
  RoutingTable table(kSelf);
  BOOST_TEST(dialled(table, kSelf) == Heard::rejected);
  BOOST_TEST(dialled(table, node_id(1), 5) == Heard::added);
  BOOST_TEST(dialled(table, node_id(1), 7) == Heard::updated);
  BOOST_TEST(table.size() == 1);
  const TableEntry* entry = table.find(node_id(1));
  BOOST_REQUIRE(entry != nullptr);
  BOOST_TEST(entry->last_heard == 7);
  BOOST_TEST(!entry->tested);
  table.answered(node_id(1), 9);
  BOOST_TEST(table.find(node_id(1))->tested);
  BOOST_TEST(table.find(node_id(1))->last_heard == 9);
  BOOST_TEST(table.find(node_id(2)) == nullptr);
  table.removed(node_id(1));
  BOOST_TEST(table.size() == 0);
  table.answered(node_id(1), 10);
  table.unanswered(node_id(1));
  table.removed(node_id(1));
}

BOOST_AUTO_TEST_CASE(another_key_under_a_known_id_is_rejected) {
  RoutingTable table(kSelf);
  dialled(table, node_id(1));
  Contact other = contact(node_id(1));
  other.key.data[31] = 1;
  BOOST_TEST(table.heard(other, Role::relay, true, kLocal, 1) == Heard::rejected);
  BOOST_TEST((table.find(node_id(1))->contact == contact(node_id(1))));
}

BOOST_AUTO_TEST_CASE(the_bucket_that_covers_the_own_id_splits_and_others_do_not) {
  RoutingTable table(kSelf);
  for (std::uint8_t n = 0; n < kBucketSize; ++n) BOOST_TEST(dialled(table, node_id(0x80, n)) == Heard::added);
  BOOST_TEST(dialled(table, node_id(0x80, 100)) == Heard::pending);
  for (std::uint8_t n = 0; n < kBucketSize; ++n) BOOST_TEST(dialled(table, node_id(0x40, n)) == Heard::added);
  BOOST_TEST(dialled(table, node_id(0x40, 100)) == Heard::pending);
  for (std::uint8_t n = 1; n <= kBucketSize; ++n) BOOST_TEST(dialled(table, node_id(0, n)) == Heard::added);
  BOOST_TEST(table.size() == 3 * kBucketSize);
}

BOOST_AUTO_TEST_CASE(ids_beside_our_own_fill_a_bounded_number_of_buckets) {
  RoutingTable table(kSelf);
  Prng random(1);
  for (int round = 0; round < 40; ++round) {
    for (std::size_t bit = 0; bit < 160; ++bit) {
      NodeId id;
      random.fill(id);
      for (std::size_t i = 0; i < bit; ++i) id.data[i / 8] &= static_cast<std::uint8_t>(~(0x80 >> i % 8));
      dialled(table, id, round);
    }
  }
  BOOST_TEST(table.size() <= 160 * kBucketSize);
  BOOST_TEST(table.size() > 150 * kBucketSize);
  RoutingTable twin(kSelf);
  NodeId neighbour;
  neighbour.data[19] = 1;
  BOOST_TEST(dialled(twin, neighbour) == Heard::added);
}

BOOST_AUTO_TEST_CASE(good_questionable_bad) {
  RoutingTable table(kSelf);
  dialled(table, node_id(1), 1'000);
  const auto judge = [&](Millis mono) { return table.liveness(*table.find(node_id(1)), mono); };
  BOOST_TEST((judge(1'000 + kQuestionableAfter - 1) == Liveness::good));
  BOOST_TEST((judge(1'000 + kQuestionableAfter) == Liveness::questionable));
  for (int i = 0; i < kBadAfterUnanswered - 1; ++i) table.unanswered(node_id(1));
  BOOST_TEST((judge(1'001) == Liveness::good));
  table.unanswered(node_id(1));
  BOOST_TEST((judge(1'001) == Liveness::bad));
  BOOST_TEST(table.closest(OverlayPoint{}, 8, false).empty());
  BOOST_TEST(table.entries().size() == 1);  // kept while nobody takes its place
  table.answered(node_id(1), 2'000);
  BOOST_TEST((judge(2'000) == Liveness::good));
  BOOST_TEST(table.closest(OverlayPoint{}, 8, false).size() == 1);
}

BOOST_AUTO_TEST_CASE(a_full_bucket_pings_its_questionable_and_replaces_bad_ones) {
  RoutingTable table = full_far_bucket();
  BOOST_TEST(table.to_ping(100, 8).empty());
  const Millis later = kQuestionableAfter + 3;
  dialled(table, node_id(0x40), later);
  dialled(table, node_id(0x80, 3), later);
  BOOST_TEST(dialled(table, node_id(0x80, 100), later) == Heard::pending);
  const auto ping = table.to_ping(later, 8);  // 0, 1, 2: longest silent first
  BOOST_REQUIRE(ping.size() == 3);
  for (std::uint8_t n = 0; n < 3; ++n) BOOST_TEST((ping[n] == node_id(0x80, n)));
  BOOST_TEST(table.to_ping(later, 2).size() == 2);
  table.answered(node_id(0x80, 0), later);
  goes_bad(table, node_id(0x80, 1));
  BOOST_TEST(table.find(node_id(0x80, 1)) == nullptr);
  BOOST_TEST(table.find(node_id(0x80, 100)) != nullptr);
  BOOST_TEST(table.size() == kBucketSize + 1);
}

BOOST_AUTO_TEST_CASE(buckets_with_waiting_replacements_are_pinged_first) {
  RoutingTable table = full_far_bucket();
  const Millis later = 2 * kQuestionableAfter;
  BOOST_TEST((table.to_ping(later, 1) == std::vector<NodeId>{node_id(0x40)}));  // equally silent, smaller id
  BOOST_TEST(dialled(table, node_id(0x80, 100), later) == Heard::pending);
  const auto ping = table.to_ping(later, 100);
  BOOST_REQUIRE(ping.size() == kBucketSize + 1);
  BOOST_TEST((ping.back() == node_id(0x40)));
}

BOOST_AUTO_TEST_CASE(the_best_replacement_takes_the_place) {
  RoutingTable table = full_far_bucket();
  BOOST_TEST(came(table, node_id(0x80, 100), 50) == Heard::pending);
  BOOST_TEST(dialled(table, node_id(0x80, 101), 10) == Heard::pending);
  BOOST_TEST(dialled(table, node_id(0x80, 102), 20) == Heard::pending);
  table.removed(node_id(0x80, 0));
  BOOST_TEST(table.find(node_id(0x80, 102)) != nullptr);  // dialable, and heard last
  table.answered(node_id(0x80, 100), 60);
  table.removed(node_id(0x80, 1));
  BOOST_TEST(table.find(node_id(0x80, 101)) != nullptr);
  table.removed(node_id(0x80, 2));
  BOOST_TEST(table.find(node_id(0x80, 100)) != nullptr);
  BOOST_TEST(table.find(node_id(0x80, 100))->tested);
  table.removed(node_id(0x80, 3));
  BOOST_TEST(table.size() == kBucketSize);
}

BOOST_AUTO_TEST_CASE(replacements_are_bounded_and_the_silent_ones_leave) {
  RoutingTable table = full_far_bucket();
  for (std::uint8_t n = 0; n < kReplacementsPerBucket; ++n)
    BOOST_TEST(dialled(table, node_id(0x80, static_cast<std::uint8_t>(100 + n)), n) == Heard::pending);
  BOOST_TEST(came(table, node_id(0x80, 200), 1'000) == Heard::rejected);     // worse than all
  BOOST_TEST(dialled(table, node_id(0x80, 201), 1'000) == Heard::pending);   // for the oldest
  goes_bad(table, node_id(0x80, 201));                                       // silent while it waits
  table.removed(node_id(0x80, 0));
  BOOST_TEST(table.find(node_id(0x80, 107)) != nullptr);
  for (std::uint8_t n = 1; n < kBucketSize; ++n) table.removed(node_id(0x80, n));
  BOOST_TEST(table.find(node_id(0x80, 100)) == nullptr);
  BOOST_TEST(table.size() == kReplacementsPerBucket - 1 + 1);
}

BOOST_AUTO_TEST_CASE(a_bad_node_gives_way_when_somebody_comes_later) {
  RoutingTable table = full_far_bucket();
  goes_bad(table, node_id(0x80, 2));
  goes_bad(table, node_id(0x80, 5));
  BOOST_TEST(table.size() == kBucketSize + 1);
  BOOST_TEST(came(table, node_id(0x80, 100), 20) == Heard::added);
  BOOST_TEST(table.find(node_id(0x80, 2)) == nullptr);
  BOOST_TEST(table.find(node_id(0x80, 5)) != nullptr);
}

BOOST_AUTO_TEST_CASE(the_unsolicited_never_displace_the_tested) {
  RoutingTable table = full_far_bucket();
  const Millis later = kQuestionableAfter * 4;  // all questionable: still not theirs
  for (std::uint8_t n = 100; n < 200; ++n) {
    const Heard offer = came(table, node_id(0x80, n), later + n);
    BOOST_TEST((offer == Heard::pending || offer == Heard::rejected));
    table.answered(node_id(0x80, n), later + n);
  }
  for (std::uint8_t n = 0; n < kBucketSize; ++n) BOOST_TEST(table.find(node_id(0x80, n)) != nullptr);
}

BOOST_AUTO_TEST_CASE(a_dialable_node_displaces_one_that_cannot_be_dialled) {
  RoutingTable table = full_far_bucket(false);
  BOOST_TEST(came(table, node_id(0x80, 100), 100) == Heard::pending);
  BOOST_TEST(dialled(table, node_id(0x80, 101), 100) == Heard::added);
  BOOST_TEST(table.find(node_id(0x80, 0)) == nullptr);  // the longest silent
  table.set_dialable(node_id(0x80, 100), endpoint("127.0.0.1:7000"));  // waits; its dial-back succeeded
  const TableEntry* promoted = table.find(node_id(0x80, 100));
  BOOST_REQUIRE(promoted != nullptr);
  BOOST_TEST(promoted->dialable);
  BOOST_TEST(promoted->contact.endpoint.port == 7000);
  BOOST_TEST(table.find(node_id(0x80, 1)) == nullptr);
  BOOST_TEST(table.size() == kBucketSize + 1);
}

BOOST_AUTO_TEST_CASE(two_of_a_public_prefix_in_a_bucket_and_any_number_of_local_ones) {
  RoutingTable table(kSelf);
  BOOST_TEST(dialled(table, node_id(0x80, 1), 0, public_address(1, 1)) == Heard::added);
  BOOST_TEST(dialled(table, node_id(0x80, 2), 0, public_address(1, 2)) == Heard::added);
  BOOST_TEST(dialled(table, node_id(0x80, 3), 0, public_address(1, 3)) == Heard::rejected);
  BOOST_TEST(dialled(table, node_id(0x80, 3), 0, public_address(2, 3)) == Heard::added);
  BOOST_TEST(dialled(table, node_id(0x80, 4), 0, endpoint("[2001:db8:1::1]:1")) == Heard::added);
  BOOST_TEST(dialled(table, node_id(0x80, 5), 0, endpoint("[2001:db8:1:ffff::1]:1")) == Heard::added);
  BOOST_TEST(dialled(table, node_id(0x80, 6), 0, endpoint("[2001:db8:1:2::1]:1")) == Heard::rejected);
  BOOST_TEST(dialled(table, node_id(0x80, 6), 0, endpoint("[2001:db8:2::1]:1")) == Heard::added);
  // The half of our own id is another bucket once they split.
  for (std::uint8_t n = 1; n < 4; ++n) dialled(table, node_id(0, n), 0, endpoint("10.0.0.1:1"));
  BOOST_TEST(dialled(table, node_id(0, 10), 0, public_address(5, 4)) == Heard::added);
  BOOST_TEST(dialled(table, node_id(0, 11), 0, public_address(5, 5)) == Heard::added);
  BOOST_TEST(dialled(table, node_id(0, 12), 0, public_address(5, 6)) == Heard::rejected);
  RoutingTable home(kSelf);
  for (std::uint8_t n = 0; n < kBucketSize; ++n)
    BOOST_TEST(dialled(home, node_id(0x80, n), 0, endpoint("192.168.1." + std::to_string(n + 1) + ":1")) ==
               Heard::added);
}

BOOST_AUTO_TEST_CASE(three_of_a_public_prefix_in_the_table_a_bad_one_makes_room_in_any_bucket) {
  RoutingTable table = full_far_bucket();
  for (const std::uint8_t first : {std::uint8_t{0x20}, std::uint8_t{0x10}})  // they split
    for (std::uint8_t n = 1; n < kBucketSize; ++n) dialled(table, node_id(first, n));
  const auto far = [&](std::uint8_t n) { return dialled(table, node_id(n, 100), 0, public_address(100, n)); };
  BOOST_TEST((far(0x40) == Heard::added && far(0x20) == Heard::added && far(0x10) == Heard::added));
  BOOST_TEST(far(0x08) == Heard::rejected);
  goes_bad(table, node_id(0x40, 100));
  BOOST_TEST((far(0x08) == Heard::added && far(0x04) == Heard::rejected && table.find(node_id(0x40, 100)) == nullptr));
}

BOOST_AUTO_TEST_CASE(the_cap_counts_where_packets_come_from) {
  RoutingTable table(kSelf);
  for (std::uint8_t n = 0; n < 3; ++n) {
    const Contact claimed = contact(node_id(0x80, n), public_address(static_cast<std::uint8_t>(10 + n), 1));
    const Heard offer = table.heard(claimed, Role::relay, false, public_address(1, n), 0);
    BOOST_TEST(offer == (n < 2 ? Heard::added : Heard::rejected));
  }
  // Nor does it move in later under an id that came from elsewhere.
  BOOST_TEST(dialled(table, node_id(0x80, 7), 1, public_address(2, 1)) == Heard::added);
  BOOST_TEST(dialled(table, node_id(0x80, 7), 2, public_address(1, 9)) == Heard::rejected);
  BOOST_TEST((table.find(node_id(0x80, 7))->contact.endpoint == public_address(2, 1)));
  BOOST_TEST(table.find(node_id(0x80, 7))->last_heard == 2);
}

BOOST_AUTO_TEST_CASE(a_bad_node_gives_its_place_to_its_own_prefix) {
  RoutingTable table(kSelf);
  dialled(table, node_id(0x80, 1), 0, public_address(1, 1));
  dialled(table, node_id(0x80, 2), 0, public_address(1, 2));
  goes_bad(table, node_id(0x80, 2));
  BOOST_TEST(dialled(table, node_id(0x80, 3), 0, public_address(1, 3)) == Heard::added);
  BOOST_TEST(table.find(node_id(0x80, 2)) == nullptr);
}

BOOST_AUTO_TEST_CASE(the_cache_has_the_cap_too_and_promotion_keeps_it) {
  RoutingTable table(kSelf);
  for (std::uint8_t n = 0; n < kBucketSize; ++n) dialled(table, node_id(0x80, n), n, public_address(n, 1));
  dialled(table, node_id(0x40));
  BOOST_TEST(dialled(table, node_id(0x80, 100), 10, public_address(1, 2)) == Heard::pending);
  BOOST_TEST(dialled(table, node_id(0x80, 101), 11, public_address(1, 3)) == Heard::pending);
  BOOST_TEST(dialled(table, node_id(0x80, 102), 12, public_address(1, 4)) == Heard::rejected);
  BOOST_TEST(dialled(table, node_id(0x80, 103), 5, public_address(50, 1)) == Heard::pending);
  table.removed(node_id(0x80, 5));
  table.removed(node_id(0x80, 6));
  BOOST_TEST(table.find(node_id(0x80, 101)) != nullptr);  // the second of its prefix
  BOOST_TEST(table.find(node_id(0x80, 100)) == nullptr);  // would be the third
  BOOST_TEST(table.find(node_id(0x80, 103)) != nullptr);
}

BOOST_AUTO_TEST_CASE(a_proved_endpoint_outlives_a_claimed_one) {
  RoutingTable table(kSelf);
  dialled(table, node_id(1), 0, endpoint("127.0.0.1:1"));
  came(table, node_id(1), 1, endpoint("127.0.0.1:2"));
  BOOST_TEST(table.find(node_id(1))->contact.endpoint.port == 1);
  BOOST_TEST(table.find(node_id(1))->dialable);
  dialled(table, node_id(1), 2, endpoint("127.0.0.1:3"));
  BOOST_TEST(table.find(node_id(1))->contact.endpoint.port == 3);
  goes_bad(table, node_id(1));
  came(table, node_id(1), 3, endpoint("127.0.0.1:4"));  // it moved
  BOOST_TEST(table.find(node_id(1))->contact.endpoint.port == 4);
  BOOST_TEST(!table.find(node_id(1))->dialable);
  table.set_dialable(node_id(1), endpoint("127.0.0.1:5"));
  BOOST_TEST(table.find(node_id(1))->contact.endpoint.port == 5);
  BOOST_TEST(table.find(node_id(1))->dialable);
}

BOOST_AUTO_TEST_CASE(closest_and_within_agree_with_brute_force) {
  Prng random(42);
  const NodeId self = random_contact(random).id;
  RoutingTable table(self);
  for (int i = 0; i < 1'000; ++i) {
    const Contact c = random_contact(random);
    table.heard(c, Role::relay, random.chance(1, 2), kLocal, i);
    if (random.chance(1, 10)) goes_bad(table, c.id);
  }
  std::vector<Contact> all, dialable;
  for (const TableEntry& e : table.entries()) {
    if (e.unanswered >= kBadAfterUnanswered) continue;
    all.push_back(e.contact);
    if (e.dialable) dialable.push_back(e.contact);
  }
  BOOST_TEST(all.size() > 50);
  for (int i = 0; i < 1'000; ++i) {
    const OverlayPoint target = overlay_point(random_contact(random).id);
    const std::size_t count = random.below(40);
    BOOST_TEST((table.closest(target, count, false) == brute_closest(all, target, count)));
    BOOST_TEST((table.closest(target, count, true) == brute_closest(dialable, target, count)));
    Distance radius;
    random.fill(radius);
    radius.data[0] = static_cast<std::uint8_t>(radius.data[0] >> random.below(8));
    std::vector<Contact> expected = brute_closest(all, target, all.size());
    std::erase_if(expected, [&](const Contact& c) { return distance(target, overlay_point(c.id)) > radius; });
    BOOST_TEST((table.within(target, radius, false) == expected));
    std::erase_if(expected, [&](const Contact& c) { return !table.find(c.id)->dialable; });
    BOOST_TEST((table.within(target, radius, true) == expected));
  }
}

BOOST_AUTO_TEST_CASE(knows_the_nearest_to_itself) {
  Prng random(43);
  const NodeId self = random_contact(random).id;
  RoutingTable table(self);
  std::vector<Contact> all;
  for (int i = 0; i < 1'000; ++i) all.push_back(random_contact(random));
  for (const Contact& c : all) table.heard(c, Role::relay, true, kLocal, 0);
  const auto nearest = brute_closest(all, overlay_point(self), 4);
  BOOST_TEST((table.closest(overlay_point(self), 4, true) == nearest));
}

BOOST_AUTO_TEST_CASE(refresh_targets_lie_in_buckets_that_lack_nodes_until_touched) {
  Prng random(44);
  const NodeId self = random_contact(random).id;
  RoutingTable table(self);
  std::vector<NodeId> heard;
  for (int i = 0; i < 1'000; ++i) {
    heard.push_back(random_contact(random).id);
    Contact contact;
    contact.id = heard.back();
    table.heard(contact, Role::relay, true, kLocal, 0);
  }
  const auto bucket = [&](const OverlayPoint& point) {
    return leading_zeros(distance(overlay_point(self), point).view());
  };
  const auto targets = table.refresh_targets(0, random);
  BOOST_TEST((!targets.empty() && targets.size() < 5u));  // the few near buckets; the far ones are full
  for (const OverlayPoint& target : targets) BOOST_TEST(bucket(target) >= 5);
  // One that no longer serves is one that is lacking.
  const auto far = std::find_if(heard.begin(), heard.end(), [&](const NodeId& id) {
    return bucket(overlay_point(id)) == 0 && table.find(id) != nullptr;
  });
  for (int i = 0; i < kBadAfterUnanswered; ++i) table.unanswered(*far);
  const auto more = table.refresh_targets(0, random);
  const bool replaced = table.find(*far) == nullptr;  // by one that waited
  BOOST_TEST(more.size() == targets.size() + (replaced ? 0 : 1));
  for (const OverlayPoint& target : more) table.touched(target, 100);
  BOOST_TEST(table.refresh_targets(99 + kTableRefresh, random).empty());
  BOOST_TEST(table.refresh_targets(100 + kTableRefresh, random).size() == more.size());
}

BOOST_AUTO_TEST_CASE(who_has_been_there_for_long_is_asked_rarely) {
  RoutingTable table(kSelf);
  dialled(table, node_id(1), 1'000);
  const auto judge = [&](Millis mono) { return table.liveness(*table.find(node_id(1)), mono); };
  table.answered(node_id(1), 1'000 + kHour);
  BOOST_TEST((judge(1'000 + 2 * kHour - 1) == Liveness::good));
  BOOST_TEST((judge(1'000 + 2 * kHour) == Liveness::questionable));
  table.answered(node_id(1), 1'000 + kDay);
  BOOST_TEST((judge(1'000 + kDay + kQuestionableMost - 1) == Liveness::good));
  BOOST_TEST((judge(1'000 + kDay + kQuestionableMost) == Liveness::questionable));
  // Who was away begins anew.
  for (int i = 0; i < kBadAfterUnanswered; ++i) table.unanswered(node_id(1));
  table.answered(node_id(1), 2 * kDay);
  BOOST_TEST((judge(2 * kDay + kQuestionableAfter) == Liveness::questionable));
}

BOOST_AUTO_TEST_CASE(random_contacts_prefer_distinct_prefixes) {
  RoutingTable table = full_far_bucket();  // for the split: the cap is per bucket
  for (const TableEntry& e : table.entries()) table.removed(e.contact.id);
  for (std::uint8_t n = 0; n < 4; ++n) {
    dialled(table, node_id(0x80, n), 0, public_address(static_cast<std::uint8_t>(n / 2), n));
    if (n % 2 == 0) dialled(table, node_id(0x40, n), 0, public_address(static_cast<std::uint8_t>(n / 2), n));
  }
  came(table, node_id(0x20, 9), 0, public_address(9, 9));
  goes_bad(table, node_id(0x80, 3));
  Prng random(45);
  std::array<int, 3> first{};
  for (int i = 0; i < 300; ++i) {
    const auto two = table.random(2, random, true);
    BOOST_REQUIRE(two.size() == 2);
    BOOST_TEST((two[0].endpoint.prefix() != two[1].endpoint.prefix()));
    ++first[two[0].endpoint.ip[14]];
    BOOST_TEST(table.random(100, random, true).size() == 5);
    BOOST_TEST(table.random(100, random, false).size() == 6);
  }
  BOOST_TEST(first[0] > 100);
  BOOST_TEST(first[1] > 80);
  BOOST_TEST(RoutingTable(kSelf).random(3, random, false).empty());
}

BOOST_AUTO_TEST_CASE(after_an_outage_random_returns_the_bad) {
  RoutingTable table = full_far_bucket();
  Prng random(47);
  for (const TableEntry& e : table.entries()) goes_bad(table, e.contact.id);
  BOOST_TEST(table.closest(OverlayPoint{}, 100, false).empty());
  BOOST_TEST(table.random(100, random, true).size() == kBucketSize + 1);
  table.answered(node_id(0x80, 3), 1);
  BOOST_TEST(table.random(100, random, true).size() == 1);
}

BOOST_AUTO_TEST_CASE(the_same_events_make_the_same_table) {
  const auto run = [] {
    Prng random(46);
    RoutingTable table(kSelf);
    std::vector<NodeId> ids;
    for (int i = 0; i < 5'000; ++i) {
      const Contact c = random_contact(random);
      const Endpoint at = public_address(static_cast<std::uint8_t>(random.below(200)), 1);
      table.heard(c, Role::relay, random.chance(1, 2), at, i);
      ids.push_back(c.id);
      const NodeId& some = ids[random.below(ids.size())];
      switch (random.below(5)) {
        case 0: table.unanswered(some); break;
        case 1: goes_bad(table, some); break;
        case 2: table.answered(some, i); break;
        case 3: table.removed(some); break;
        default: table.set_dialable(some, at); break;
      }
      // Never more than fits, and the caps hold in every bucket and in all.
      std::map<std::pair<int, std::array<std::uint8_t, 16>>, std::size_t> prefixes;
      if (i % 50 != 0) continue;
      for (const TableEntry& e : table.entries()) {
        BOOST_TEST((++prefixes[{std::min(4, leading_zeros(e.contact.id.view())), e.observed.prefix()}]) <=
                   (leading_zeros(e.contact.id.view()) < 4 ? kMaxPerPrefixPerBucket : kMaxPerPrefixInTable));
        BOOST_TEST((++prefixes[{-1, e.observed.prefix()}]) <= kMaxPerPrefixInTable);
      }
    }
    std::vector<NodeId> out;
    for (const TableEntry& e : table.entries()) out.push_back(e.contact.id);
    for (const NodeId& id : table.to_ping(10'000'000, 1'000)) out.push_back(id);
    for (const Contact& c : table.random(1'000, random, false)) out.push_back(c.id);
    return out;
  };
  const auto first = run();
  BOOST_TEST(first.size() > 100);
  BOOST_TEST((first == run()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
