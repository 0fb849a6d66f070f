// What a node keeps of the network over restarts (RTE-007, RTE-033).
#include "node/core/kept_network.h"

#include <boost/test/unit_test.hpp>

#include "node/core/routing_table.h"
#include "tests/unit/core/crafted.h"

using namespace comm;
using namespace comm::test;

namespace {

Contact contact_of(std::uint8_t n) {
  Contact out;
  out.id.data[0] = 0x80;
  out.id.data[19] = n;
  out.endpoint = *parse_endpoint("10.0." + std::to_string(n) + ".1:6667");
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kept_network)

BOOST_AUTO_TEST_CASE(who_was_known_has_its_place_before_others_come) {
  RoutingTable table(NodeId{});
  const Millis now = kDay;
  for (std::uint8_t n = 0; n < kBucketSize; ++n) table.restore(contact_of(n), Role::relay, now);
  BOOST_TEST(table.size() == kBucketSize);
  // They are the start of what is looked up, but named to nobody, and looked after at once.
  BOOST_TEST(table.closest(OverlayPoint{}, kBucketSize, true).size() == kBucketSize);
  BOOST_TEST(table.closest_answering(OverlayPoint{}, kBucketSize).empty());
  BOOST_TEST(table.to_ping(now, kBucketSize).size() == kBucketSize);
  const Contact late = contact_of(200);
  BOOST_TEST((table.heard(late, Role::relay, true, late.endpoint, now) == RoutingTable::Offer::pending));
  const NodeId first = contact_of(0).id;
  table.answered(first, now + 1);
  BOOST_TEST((table.closest_answering(overlay_point(late.id), 1).front().id == first));
  // Who is gone gives way in the end.
  for (int i = 1; i < kBadAfterUnanswered; ++i) table.unanswered(contact_of(3).id);
  BOOST_TEST(table.find(contact_of(3).id) == nullptr);
  BOOST_TEST(table.find(late.id) != nullptr);
}

BOOST_AUTO_TEST_CASE(of_those_near_the_own_id_the_newcomers_go_first) {
  NodeId self;
  RoutingTable table(self);
  const Millis now = kDay;
  const auto near = [](std::uint8_t n) {
    Contact out = contact_of(n);
    out.id.data = {};
    out.id.data[1] = 1;
    out.id.data[19] = n;
    return out;
  };
  for (std::uint8_t n = 0; n < 4; ++n) table.restore(near(n), Role::relay, now);
  for (std::uint8_t n = 4; n < 8; ++n) table.heard(near(n), Role::relay, true, near(n).endpoint, now);
  BOOST_TEST(table.size() == 8u);
  table.expect(100);
  BOOST_TEST(table.size() < 4u);
  for (const TableEntry& entry : table.entries()) BOOST_TEST(int{entry.contact.id.data[19]} < 4);
}

BOOST_AUTO_TEST_CASE(estimates_of_an_earlier_run_are_samples) {
  SizeEstimate estimate;
  estimate.restore({});
  BOOST_TEST(!estimate.restored());
  const std::vector<std::uint64_t> earlier{900, 1100, 1000};
  estimate.restore(earlier);
  BOOST_TEST(estimate.restored());
  BOOST_TEST(estimate.nodes() == 1000u);
  OverlayPoint target;
  target.data[0] = 1;
  estimate.observe(target, {});  // a lookup that found nobody: one of four
  BOOST_TEST(estimate.nodes() == 900u);
  BOOST_TEST((estimate.sizes() == std::vector<std::uint64_t>{900, 1100, 1000, 1}));
}

BOOST_AUTO_TEST_CASE(a_node_comes_back_to_the_network_it_knew) {
  Net net;
  TestNode& first = net.relay();
  std::vector<TestNode*> others;
  for (int i = 0; i < 12; ++i) others.push_back(&net.relay({&first}));
  TestNode& back = net.relay({&first});
  net.run(30 * kMinute);
  const std::size_t kept = kept_contacts(*back.store, back.config.profile.cheap_node_ids).size();
  BOOST_TEST(kept > 3u);
  BOOST_TEST(!kept_sizes(*back.store).empty());
  back.crash();
  back.config.bootstrap.clear();
  back.restart();
  // Those it knew are in its table before anybody has answered.
  BOOST_TEST(back.core->peers().empty());
  BOOST_TEST(back.core->status().table > 3u);
  BOOST_TEST(back.core->status().size_estimate > 3u);
}

BOOST_AUTO_TEST_CASE(rows_that_make_no_sense_are_left_out) {
  Net net;
  TestNode& node = net.relay();
  const auto put = [&](PutRow row) {
    const StoreOp op = std::move(row);
    node.store->stage(1'000, {&op, 1});
  };
  PutRow good = contact_row({contact_of(1), Role::relay}, true);
  PutRow short_one = contact_row({contact_of(2), Role::relay}, true);
  short_one.value.pop_back();
  PutRow no_role = contact_row({contact_of(3), static_cast<Role>(5)}, true);
  PutRow other_profile = contact_row({contact_of(4), Role::relay}, false);
  for (PutRow& row : std::vector<PutRow>{good, short_one, no_role, other_profile}) put(std::move(row));
  const auto kept = kept_contacts(*node.store, true);
  BOOST_REQUIRE(kept.size() == 1u);
  BOOST_TEST((kept[0].contact.id == contact_of(1).id));
  BOOST_TEST((kept[0].contact.endpoint == contact_of(1).endpoint));
  PutRow sizes = sizes_row(std::vector<std::uint64_t>{1, 2, 3, 4, 5});
  BOOST_TEST(sizes.value.size() == 8 * kKeptSizes);
  sizes.value.pop_back();
  put(std::move(sizes));
  BOOST_TEST(kept_sizes(*node.store).empty());
}

BOOST_AUTO_TEST_SUITE_END()
