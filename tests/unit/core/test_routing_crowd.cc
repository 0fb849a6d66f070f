// Of nodes near its own id a table holds no more than chance would put there (spec 70-routing): ids ground next to it
// do not fill the buckets that honest nodes never fill.
#include <boost/test/unit_test.hpp>

#include "node/core/routing_table.h"

namespace comm {

namespace {

using Heard = RoutingTable::Offer;
constexpr std::uint64_t kNodes = 128;

const NodeId kSelf{};

// Shares exactly `bits` bits with an own id of zeros.
NodeId sharing(int bits, std::uint8_t n) {
  NodeId id;
  id.data[static_cast<std::size_t>(bits / 8)] = static_cast<std::uint8_t>(0x80 >> bits % 8);
  id.data[19] = n;
  return id;
}
Heard dialled(RoutingTable& table, const NodeId& id, Millis mono = 0, bool dialable = true) {
  NodeKey key;
  std::copy(id.data.begin(), id.data.end(), key.data.begin());
  const Endpoint at = parse_endpoint("127.0.0.1:6667").value();
  return table.heard({id, key, at}, Role::relay, dialable, at, mono);
}
std::size_t added(RoutingTable& table, int bits, std::uint8_t ids, Millis mono = 0) {
  std::size_t out = 0;
  for (std::uint8_t n = 1; n <= ids; ++n) out += dialled(table, sharing(bits, n), mono) == Heard::added ? 1 : 0;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(routing_crowd)

BOOST_AUTO_TEST_CASE(as_many_as_chance_puts_there_and_some_more) {
  RoutingTable table(kSelf);
  table.expect(kNodes);
  BOOST_TEST(added(table, 30, 100) == kNearNodesBase);  // of 128 nodes none shares 30 bits
  BOOST_TEST(added(table, 8, 100) == 1u);               // 2 + 2 * 1/2 share 8 and more
  BOOST_TEST(added(table, 6, 100) == 3u);               // 2 + 2 * 2 share 6 and more
  BOOST_TEST(added(table, 1, 100) == kBucketSize);
  BOOST_TEST(added(table, 0, 100) == kBucketSize);
}

BOOST_AUTO_TEST_CASE(a_bad_one_makes_room) {
  RoutingTable table(kSelf);
  table.expect(kNodes);
  BOOST_TEST(added(table, 30, 2) == 2u);
  for (int i = 0; i < kBadAfterUnanswered; ++i) table.unanswered(sharing(30, 1));
  BOOST_TEST((dialled(table, sharing(40, 9)) == Heard::added));
  BOOST_TEST(table.find(sharing(30, 1)) == nullptr);
  BOOST_TEST((dialled(table, sharing(41, 9)) == Heard::rejected));
}

BOOST_AUTO_TEST_CASE(one_that_cannot_be_dialled_makes_room_for_one_that_can) {
  RoutingTable table(kSelf);
  table.expect(kNodes);
  for (const std::uint8_t n : {std::uint8_t{1}, std::uint8_t{2}}) BOOST_TEST((dialled(table, sharing(30, n), 0, false) == Heard::added));
  BOOST_TEST((dialled(table, sharing(30, 3), 0, false) == Heard::rejected));
  BOOST_TEST((dialled(table, sharing(31, 4)) == Heard::added));
  BOOST_TEST(table.size() == kNearNodesBase);
  BOOST_TEST((dialled(table, sharing(31, 5)) == Heard::added && dialled(table, sharing(31, 6)) == Heard::rejected));
}

BOOST_AUTO_TEST_CASE(the_newest_go_when_the_size_of_the_network_is_known) {
  RoutingTable table(kSelf);
  BOOST_TEST(added(table, 30, 6, 5) == 6u);  // everyone is a custodian of everything: no bound
  BOOST_TEST(added(table, 31, 2, 1) == 2u);
  table.expect(kEveryoneCustodianUpTo);
  BOOST_TEST(table.size() == 8u);
  table.expect(1'000'000'000);
  BOOST_TEST(table.size() == 3u);
  table.expect(kNodes);
  BOOST_TEST(table.size() == kNearNodesBase);
  BOOST_TEST((table.find(sharing(31, 1)) != nullptr && table.find(sharing(31, 2)) != nullptr));
}

// By an estimate a quarter too low.
BOOST_AUTO_TEST_CASE(of_honest_nodes_hardly_any_is_left_out) {
  Prng random(7);
  std::size_t kept = 0, all = 0;
  for (int table = 0; table < 200; ++table) {
    RoutingTable bounded(kSelf), free(kSelf);
    bounded.expect(96);
    for (std::uint64_t n = 0; n < kNodes; ++n) {
      NodeId id;
      random.fill(id);
      dialled(bounded, id);
      dialled(free, id);
    }
    kept += bounded.size();
    all += free.size();
  }
  BOOST_TEST(kept * 100 >= all * 99);
  BOOST_TEST(kept < all);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
