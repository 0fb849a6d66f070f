// What a lookup tells those it asks: the contacts that it has (RTE-029).
#include <boost/test/unit_test.hpp>
#include <map>

#include "node/core/lookup.h"
#include "node/core/routing_table.h"

namespace comm {

namespace {

constexpr std::size_t k = kBucketSize;

using Tables = std::map<NodeId, RoutingTable>;

Tables network(std::size_t size, Prng& random) {
  const Endpoint at = *parse_endpoint("127.0.0.1:6667");
  std::vector<Contact> nodes(size);
  for (Contact& node : nodes) {
    random.fill(node.id);
    node.endpoint = at;
  }
  Tables out;
  std::vector<Contact> order = nodes;
  for (const Contact& node : nodes) {
    RoutingTable& table = out.emplace(node.id, RoutingTable(node.id)).first->second;
    random.shuffle(order);
    for (const Contact& other : order) table.heard(other, Role::relay, true, at, 0);
  }
  return out;
}

struct Outcome {
  std::vector<Contact> found;
  std::size_t asked = 0, named = 0;
};

Outcome look_up(const Tables& tables, const NodeId& self, const OverlayPoint& target, std::uint64_t seed, bool leave_out) {
  Prng lots(seed), order(seed);
  Distance radius;
  radius.data[0] = 4;  // 1/64 of the space: a region of sixteen in a thousand
  Lookup lookup(self, target, tables.at(self).closest(target, 4 * k, true), k, radius, lots);
  Outcome out;
  std::vector<Contact> waiting;
  while (!lookup.done()) {
    for (const Contact& contact : lookup.next()) waiting.push_back(contact);
    BOOST_REQUIRE(!waiting.empty());
    std::swap(waiting[order.below(waiting.size())], waiting.back());
    const Contact from = waiting.back();
    waiting.pop_back();
    const auto known = lookup.known_with(from.id);
    BOOST_TEST((!known.empty() && known.size() <= kMaxKnownPerFind));
    auto contacts = tables.at(from.id).closest(target, kMaxContactsPerPacket, true);
    if (leave_out)
      std::erase_if(contacts, [&](const Contact& contact) {
        return std::find(known.begin(), known.end(), first_four(contact.id)) != known.end();
      });
    out.named += contacts.size();
    lookup.answered(from.id, contacts, 1);
  }
  out.found = lookup.result();
  out.asked = lookup.asked();
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lookup_known)

BOOST_AUTO_TEST_CASE(what_a_path_has_need_not_be_named_again) {
  // Left out or not, the lookup goes the same way; and much of what would be named is left out.
  Prng random(77);
  const Tables tables = network(1'000, random);
  auto self = tables.begin();
  for (int i = 0; i < 20; ++i, ++self) {
    OverlayPoint target;
    random.fill(target);
    const std::uint64_t seed = random.draw();
    const Outcome all = look_up(tables, self->first, target, seed, false);
    const Outcome lean = look_up(tables, self->first, target, seed, true);
    BOOST_TEST((all.found == lean.found));
    BOOST_TEST(all.asked == lean.asked);
    BOOST_TEST(lean.named * 4 < all.named * 3);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
