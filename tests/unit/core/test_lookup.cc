// Lookups over a static simulated network: every node's table is a RoutingTable that has heard of everyone.
#include <boost/test/unit_test.hpp>
#include <deque>
#include <functional>
#include <map>
#include <set>

#include "node/core/lookup.h"
#include "node/core/routing_table.h"

namespace comm {

namespace {

constexpr std::size_t k = kBucketSize;
const Endpoint kAt = parse_endpoint("127.0.0.1:6667").value();

Contact contact(const NodeId& id) {
  NodeKey key;
  std::copy(id.data.begin(), id.data.end(), key.data.begin());
  return {id, key, kAt};
}
Contact random_contact(Prng& random) {
  NodeId id;
  random.fill(id);
  return contact(id);
}
OverlayPoint random_point(Prng& random) { return overlay_point(random_contact(random).id); }

std::vector<Contact> nearest(std::vector<Contact> all, const OverlayPoint& target, std::size_t count) {
  count = std::min(count, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    [&](const Contact& a, const Contact& b) {
                      return distance(target, overlay_point(a.id)) < distance(target, overlay_point(b.id));
                    });
  all.resize(count);
  return all;
}
// factor * k / nodes of the space.
Distance radius_for(std::uint64_t nodes, std::uint64_t factor = kRegionFactor) {
  Distance out;
  const std::uint64_t share = UINT64_MAX / nodes * k * factor;
  for (std::size_t i = 0; i < 8; ++i) out.data[i] = static_cast<std::uint8_t>(share >> (56 - 8 * i));
  return out;
}

struct Network {
  std::vector<Contact> nodes;
  std::map<NodeId, RoutingTable> tables;
  std::set<NodeId> liars;
  std::vector<Contact> colluders;

  explicit Network(std::size_t size, std::uint64_t seed = 1) {
    Prng random(seed);
    for (std::size_t i = 0; i < size; ++i) nodes.push_back(random_contact(random));
    std::vector<Contact> order = nodes;
    for (const Contact& node : nodes) {
      RoutingTable& table = tables.emplace(node.id, RoutingTable(node.id)).first->second;
      random.shuffle(order);
      for (const Contact& other : order) table.heard(other, Role::relay, true, kAt, 0);
    }
  }
  void corrupt(std::uint64_t percent, Prng& random) {
    liars.clear();
    colluders.clear();
    for (const Contact& node : nodes) {
      if (!random.chance(percent, 100)) continue;
      liars.insert(node.id);
      colluders.push_back(node);
    }
  }
  std::vector<Contact> honest_answer(const NodeId& from, const OverlayPoint& target) const {
    return tables.at(from).closest(target, kMaxContactsPerPacket, true);
  }
};

const Network& thousand() {
  static const Network network(1'000);
  return network;
}

// nullopt: no answer.
using Answer = std::function<std::optional<std::vector<Contact>>(const Contact&)>;

// Answers arrive in random order; never more in flight than promised.
void run(Lookup& lookup, const Answer& answer, Prng& random) {
  std::vector<Contact> waiting;
  while (!lookup.done()) {
    for (const Contact& c : lookup.next()) waiting.push_back(c);
    BOOST_REQUIRE(!waiting.empty());
    BOOST_REQUIRE(waiting.size() == lookup.in_flight());
    BOOST_REQUIRE(waiting.size() <= kLookupParallelism * kLookupPaths);
    BOOST_REQUIRE(lookup.asked() <= lookup.max_asks());
    std::swap(waiting[random.below(waiting.size())], waiting.back());
    const Contact from = waiting.back();
    waiting.pop_back();
    const auto contacts = answer(from);
    if (contacts) lookup.answered(from.id, *contacts, 1);
    else lookup.failed(from.id);
  }
  BOOST_TEST(lookup.next().empty());
  BOOST_TEST(lookup.in_flight() == 0);
}

Answer honest(const Network& network, const OverlayPoint& target) {
  return [&network, target](const Contact& from) { return std::optional(network.honest_answer(from.id, target)); };
}

bool contains(const std::vector<Contact>& list, const NodeId& id) {
  return std::any_of(list.begin(), list.end(), [&](const Contact& c) { return c.id == id; });
}

Lookup from_node(const Network& network, std::size_t node, const OverlayPoint& target, const Distance& radius,
                 Prng& random) {
  const NodeId& self = network.nodes[node].id;
  return Lookup(self, target, network.tables.at(self).closest(target, 4 * k, true), k, radius, random);
}

// Lookups of `count` random targets from random honest nodes: how many found an honest one of the true k nearest, and
// the mean number of asks.
struct Score { int success = 0; std::size_t asks = 0; };
Score attacked(Network& network, std::uint64_t percent, bool adaptive, bool random_start, int count) {
  Prng random(percent * 2 + (adaptive ? 1 : 0));
  Score score;
  for (int i = 0; i < count; ++i) {
    network.corrupt(percent, random);
    const OverlayPoint target = random_point(random);
    const auto near_colluders = nearest(network.colluders, target, 64);
    std::size_t from = 0;
    do from = random.below(network.nodes.size());
    while (network.liars.contains(network.nodes[from].id));
    const NodeId& self = network.nodes[from].id;
    const RoutingTable& table = network.tables.at(self);
    auto start = random_start ? table.random(2 * k, random, true) : table.closest(target, 4 * k, true);
    Lookup lookup(self, target, std::move(start), k, radius_for(network.nodes.size()), random);
    run(lookup,
        [&](const Contact& c) {
          if (!network.liars.contains(c.id)) return std::optional(network.honest_answer(c.id, target));
          auto lie = near_colluders;
          if (adaptive) random.shuffle(lie);
          lie.resize(std::min(lie.size(), kMaxContactsPerPacket));
          return std::optional(lie);
        },
        random);
    const auto found = lookup.result();
    const auto truth = nearest(network.nodes, target, k);
    score.asks += lookup.asked();
    score.success += std::any_of(truth.begin(), truth.end(), [&](const Contact& c) {
      return !network.liars.contains(c.id) && contains(found, c.id);
    });
  }
  score.asks /= static_cast<std::size_t>(count);
  BOOST_TEST_MESSAGE(percent << " % liars" << (adaptive ? ", adaptive" : "") << (random_start ? ", random start" : "")
                             << ": " << score.success << " of " << count << ", " << score.asks << " asks");
  return score;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lookup)

BOOST_AUTO_TEST_CASE(nobody_to_ask) {
  Prng random(1);
  const NodeId self = random_contact(random).id;
  Lookup empty(self, random_point(random), {}, k, radius_for(1'000), random);
  BOOST_TEST(empty.done());
  BOOST_TEST(empty.next().empty());
  BOOST_TEST(empty.result().empty());
  Lookup alone(self, random_point(random), {contact(self)}, k, radius_for(1'000), random);
  BOOST_TEST(alone.done());
  alone.answered(self, {}, 1);
  alone.failed(self);
  alone.false_contact(self);
  BOOST_TEST(alone.result().empty());
}

BOOST_AUTO_TEST_CASE(finds_the_true_nearest) {
  Prng random(2);
  const Network& network = thousand();
  std::size_t found_of_k = 0, found_of_region = 0, in_region = 0, asks = 0, worst = 0;
  constexpr std::size_t kLookups = 200;
  for (std::size_t i = 0; i < kLookups; ++i) {
    const OverlayPoint target = random_point(random);
    const std::size_t from = random.below(1'000);
    Lookup lookup = from_node(network, from, target, radius_for(1'000), random);
    run(lookup, honest(network, target), random);
    const auto found = lookup.result();
    auto others = network.nodes;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(from));
    for (const Contact& c : nearest(others, target, k)) found_of_k += contains(found, c.id) ? 1 : 0;
    for (const Contact& c : others) {
      if (distance(target, overlay_point(c.id)) > radius_for(1'000)) continue;
      ++in_region;
      found_of_region += contains(found, c.id) ? 1 : 0;
    }
    BOOST_TEST((nearest(found, target, found.size()) == found));
    asks += lookup.asked();
    worst = std::max(worst, lookup.asked());
  }
  BOOST_TEST_MESSAGE("k nearest " << found_of_k << " of " << kLookups * k << ", region " << found_of_region << " of "
                                  << in_region << ", asks " << asks / kLookups << " mean, " << worst << " most");
  BOOST_TEST(found_of_k * 1'000 >= kLookups * k * 995);
  BOOST_TEST(found_of_region * 1'000 >= in_region * 995);
  BOOST_TEST(asks / kLookups < 40);
}

BOOST_AUTO_TEST_CASE(one_start_contact_is_enough_when_nobody_lies) {
  Prng random(3);
  const Network& network = thousand();
  std::size_t found_of_k = 0;
  for (int i = 0; i < 50; ++i) {
    const OverlayPoint target = random_point(random);
    const NodeId self = random_contact(random).id;
    Lookup lookup(self, target, {network.nodes[random.below(1'000)]}, k, radius_for(1'000), random);
    run(lookup, honest(network, target), random);
    for (const Contact& c : nearest(network.nodes, target, k)) found_of_k += contains(lookup.result(), c.id) ? 1 : 0;
  }
  BOOST_TEST(found_of_k >= 50 * k * 99 / 100);
}

BOOST_AUTO_TEST_CASE(a_region_of_everything_asks_whoever_is_named) {
  // Nobody names more than the 16 nearest to the target, so the far end of a network shows only in the tables.
  Prng random(4);
  const Network network(40, 9);
  Distance everywhere;
  everywhere.data.fill(0xff);
  for (std::size_t i = 0; i < 40; ++i) {
    const OverlayPoint target = random_point(random);
    Lookup lookup = from_node(network, i, target, everywhere, random);
    run(lookup, honest(network, target), random);
    const auto found = lookup.result();
    BOOST_TEST(found.size() >= 28);
    auto others = network.nodes;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    for (const Contact& c : nearest(others, target, 2 * k)) BOOST_TEST(contains(found, c.id));
    for (const TableEntry& e : network.tables.at(network.nodes[i].id).entries()) BOOST_TEST(contains(found, e.contact.id));
    BOOST_TEST(!contains(found, network.nodes[i].id));
  }
}

BOOST_AUTO_TEST_CASE(survives_dead_nodes_and_empty_answers) {
  Prng random(5);
  const Network& network = thousand();
  std::size_t wanted = 0, found = 0;
  for (int i = 0; i < 100; ++i) {
    const OverlayPoint target = random_point(random);
    std::set<NodeId> dead, mute;
    for (const Contact& c : network.nodes) {
      if (random.chance(20, 100)) dead.insert(c.id);
      else if (random.chance(20, 100)) mute.insert(c.id);
    }
    Lookup lookup = from_node(network, random.below(1'000), target, radius_for(1'000), random);
    run(lookup,
        [&](const Contact& c) -> std::optional<std::vector<Contact>> {
          if (dead.contains(c.id)) return std::nullopt;
          if (mute.contains(c.id)) return std::vector<Contact>{};
          auto answer = network.honest_answer(c.id, target);
          answer.resize(random.below(answer.size() + 1));  // cut short
          return answer;
        },
        random);
    const auto result = lookup.result();
    for (const Contact& c : nearest(network.nodes, target, k)) {
      BOOST_TEST((!dead.contains(c.id) || !contains(result, c.id)));
      if (dead.contains(c.id)) continue;
      ++wanted;
      found += contains(result, c.id) ? 1 : 0;
    }
  }
  BOOST_TEST_MESSAGE("live nearest found: " << found << " of " << wanted);
  BOOST_TEST(found * 100 >= wanted * 90);
}

BOOST_AUTO_TEST_CASE(colluding_liars_do_not_hide_the_honest) {
  Network network = thousand();
  BOOST_TEST(attacked(network, 20, false, false, 200).success >= 197);
  BOOST_TEST(attacked(network, 20, true, false, 200).success >= 197);
  BOOST_TEST(attacked(network, 50, true, false, 200).success >= 180);
  BOOST_TEST(attacked(network, 20, true, true, 200).success >= 190);
  BOOST_TEST(attacked(network, 50, true, true, 200).success >= 120);
}

// Authenticated ids nearest of all to the target, all of them known to everyone near it, name each other only.
static void hide_behind(int ground_ids, int trials, std::size_t least_percent) {
  Prng random(6);
  const Network& network = thousand();
  std::size_t found = 0, members = 0, hidden = 0;
  for (int i = 0; i < trials; ++i) {
    const OverlayPoint target = random_point(random);
    std::vector<Contact> ground;
    std::set<NodeId> ids;
    for (int n = 0; n < ground_ids; ++n) {
      NodeId id;
      random.fill(id);
      std::copy_n(target.data.begin(), 4, id.data.begin());
      ground.push_back(contact(id));
      ids.insert(id);
    }
    Lookup lookup = from_node(network, random.below(1'000), target, radius_for(1'000), random);
    run(lookup,
        [&](const Contact& c) {
          random.shuffle(ground);
          std::vector<Contact> answer(ground.begin(), ground.begin() + (ids.contains(c.id) ? 16 : 8));
          // Honest tables keep the old: half of an answer at least.
          if (!ids.contains(c.id))
            for (const Contact& other : network.honest_answer(c.id, target)) answer.push_back(other);
          return std::optional(answer);
        },
        random);
    std::size_t here = 0;
    for (const Contact& c : network.nodes) {
      if (distance(target, overlay_point(c.id)) > radius_for(1'000)) continue;
      ++members;
      here += contains(lookup.result(), c.id) ? 1 : 0;
    }
    found += here;
    hidden += here == 0 ? 1 : 0;
  }
  BOOST_TEST_MESSAGE(ground_ids << " ids: hidden " << hidden << " of " << trials << ", found " << found << " of " << members);
  BOOST_TEST((hidden == 0U || ground_ids > 45));
  BOOST_TEST(found * 100 > members * least_percent);
}

BOOST_AUTO_TEST_CASE(ids_ground_at_the_target_do_not_hide_the_region) { hide_behind(45, 100, 50), hide_behind(200, 60, 25); }

BOOST_AUTO_TEST_CASE(flooded_with_contacts_that_do_not_exist) {
  // Liars name 16 fresh ids at the target each: asks are bounded, and the honest are found all the same.
  Prng random(7);
  const Network& network = thousand();
  for (const bool proved_false : {false, true}) {
    int success = 0;
    for (int i = 0; i < 100; ++i) {
      const OverlayPoint target = random_point(random);
      std::set<NodeId> liars, invented;
      for (const Contact& c : network.nodes)
        if (random.chance(20, 100)) liars.insert(c.id);
      Lookup lookup = from_node(network, random.below(1'000), target, radius_for(1'000), random);
      std::deque<Contact> waiting;
      while (!lookup.done()) {
        for (const Contact& c : lookup.next()) waiting.push_back(c);
        BOOST_REQUIRE(!waiting.empty());
        BOOST_REQUIRE(lookup.asked() <= lookup.max_asks());
        const Contact from = waiting.front();
        waiting.pop_front();
        if (invented.contains(from.id)) {
          if (proved_false) lookup.false_contact(from.id);
          else lookup.failed(from.id);
          continue;
        }
        auto answer = network.honest_answer(from.id, target);
        if (liars.contains(from.id)) {
          answer.assign(16, Contact{});
          for (Contact& c : answer) {
            c = random_contact(random);
            std::copy_n(target.data.begin(), 6, c.id.data.begin());
            invented.insert(c.id);
          }
        }
        lookup.answered(from.id, answer, 1);
      }
      const auto truth = nearest(network.nodes, target, k);
      const auto found = lookup.result();
      success += std::any_of(truth.begin(), truth.end(), [&](const Contact& c) {
        return !liars.contains(c.id) && contains(found, c.id);
      });
      for (const NodeId& id : invented) BOOST_TEST(!contains(found, id));
    }
    BOOST_TEST_MESSAGE((proved_false ? "false" : "silent") << " inventions: " << success << " of 100");
    BOOST_TEST(success >= 97);
  }
}

BOOST_AUTO_TEST_CASE(a_false_contact_drops_who_named_it) {
  Prng random(8);
  const NodeId self = random_contact(random).id;
  const OverlayPoint target = random_point(random);
  const Contact liar = random_contact(random), honest_one = random_contact(random), invented = random_contact(random),
                other = random_contact(random);
  Lookup lookup(self, target, {liar, honest_one}, k, Distance{}, random);
  BOOST_TEST(lookup.next().size() == 2);
  lookup.answered(honest_one.id, {}, 1);
  lookup.answered(liar.id, std::vector<Contact>{invented}, 1);
  BOOST_TEST(lookup.answers() == 2);
  const auto asked = lookup.next();
  BOOST_REQUIRE(asked.size() == 1);
  BOOST_TEST((asked[0] == invented));
  lookup.false_contact(invented.id);
  lookup.false_contact(other.id);  // never asked
  BOOST_TEST(lookup.done());
  BOOST_TEST((lookup.result() == std::vector<Contact>{honest_one}));
  lookup.answered(liar.id, std::vector<Contact>{other}, 2);
  BOOST_TEST((lookup.result() == std::vector<Contact>{honest_one}));
  BOOST_TEST(lookup.done());
}

BOOST_AUTO_TEST_CASE(what_a_dropped_responder_named_is_not_asked_unless_another_names_it) {
  Prng random(9);
  const NodeId self = random_contact(random).id;
  const OverlayPoint target = random_point(random);
  std::vector<Contact> named;
  for (int i = 0; i < 12; ++i) named.push_back(random_contact(random));
  named = nearest(named, target, 12);
  const Contact liar = random_contact(random), other = random_contact(random);
  Lookup lookup(self, target, {liar, other}, k, Distance{}, random);
  lookup.next();
  lookup.answered(liar.id, named, 1);
  BOOST_TEST(lookup.next().size() == kLookupParallelism);
  lookup.answered(other.id, std::vector<Contact>{named[11]}, 1);
  lookup.false_contact(named[0].id);
  lookup.failed(named[1].id);
  lookup.failed(named[2].id);
  std::vector<Contact> rest = lookup.next();
  BOOST_REQUIRE(rest.size() <= 1);
  if (lookup.in_flight() > 0) lookup.answered(named[11].id, {}, 1);
  BOOST_TEST(lookup.done());
  BOOST_TEST(contains(lookup.result(), named[11].id));
  BOOST_TEST(lookup.asked() == 6);
}

BOOST_AUTO_TEST_CASE(a_wrong_endpoint_on_one_path_spoils_no_other) {
  Prng random(10);
  const NodeId self = random_contact(random).id;
  const OverlayPoint target = random_point(random);
  const Contact liar = random_contact(random), other = random_contact(random), victim = random_contact(random);
  Contact elsewhere = victim;
  elsewhere.endpoint.port = 1;
  Lookup lookup(self, target, {liar, other}, k, Distance{}, random);
  lookup.next();
  lookup.answered(liar.id, std::vector<Contact>{elsewhere}, 1);
  BOOST_TEST((lookup.next() == std::vector<Contact>{elsewhere}));
  lookup.answered(other.id, std::vector<Contact>{victim}, 1);
  BOOST_TEST(lookup.next().empty());  // one ask per id at a time
  lookup.failed(victim.id);
  BOOST_TEST((lookup.next() == std::vector<Contact>{victim}));
  lookup.answered(victim.id, {}, 1);
  BOOST_TEST(lookup.done());
  BOOST_TEST(contains(lookup.result(), victim.id));
}

BOOST_AUTO_TEST_CASE(only_what_was_asked_counts_and_only_once) {
  Prng random(11);
  const NodeId self = random_contact(random).id;
  const OverlayPoint target = random_point(random);
  const Contact first = random_contact(random), stranger = random_contact(random), named = random_contact(random);
  Lookup lookup(self, target, {first}, k, Distance{}, random);
  BOOST_TEST(!lookup.done());
  BOOST_TEST(lookup.next().size() == 1);
  BOOST_TEST(!lookup.done());
  BOOST_TEST(lookup.next().empty());
  lookup.answered(stranger.id, std::vector<Contact>{named}, 1);
  BOOST_TEST(lookup.result().empty());
  lookup.failed(first.id);
  lookup.failed(first.id);
  BOOST_TEST(lookup.done());
  lookup.answered(first.id, std::vector<Contact>{named}, 3);  // late: counts, and so does whom it names
  BOOST_TEST((lookup.result() == std::vector<Contact>{first}));
  BOOST_TEST((lookup.next() == std::vector<Contact>{named}));
  lookup.failed(named.id);
  lookup.answered(first.id, std::vector<Contact>{stranger}, 4);
  BOOST_TEST((lookup.done() && lookup.answers() == 1));
}

BOOST_AUTO_TEST_CASE(bogus_contacts_are_passed_over) {
  Prng random(12);
  const NodeId self = random_contact(random).id;
  const OverlayPoint target = random_point(random);
  const Contact first = random_contact(random);
  Contact no_port = random_contact(random), no_address = random_contact(random);
  no_port.endpoint.port = 0;
  no_address.endpoint.ip = {};
  Lookup lookup(self, target, {first}, 64, Distance{}, random);
  lookup.next();
  std::vector<Contact> answer{contact(self), first, no_port, no_address};
  for (int i = 0; i < 100; ++i) answer.push_back(random_contact(random));
  lookup.answered(first.id, answer, 1);
  std::size_t asked = 0;
  for (auto out = lookup.next(); !out.empty(); out = lookup.next())
    for (const Contact& c : out) {
      BOOST_TEST(contains({answer.begin() + 4, answer.begin() + kMaxContactsPerPacket}, c.id));
      lookup.answered(c.id, {}, 1);
      ++asked;
    }
  BOOST_TEST(asked == kMaxContactsPerPacket - 4);
}

BOOST_AUTO_TEST_CASE(each_path_asks_alpha_at_a_time) {
  Prng random(13);
  const Network& network = thousand();
  const OverlayPoint target = random_point(random);
  Lookup lookup(random_contact(random).id, target, {network.nodes[1]}, k, Distance{}, random);
  BOOST_TEST(lookup.next().size() == 1);
  lookup.answered(network.nodes[1].id, network.honest_answer(network.nodes[1].id, target), 1);
  BOOST_TEST(lookup.next().size() == kLookupParallelism);
  std::vector<Contact> start(network.nodes.begin(), network.nodes.begin() + 100);
  Lookup wide(random_contact(random).id, target, start, k, Distance{}, random);
  BOOST_TEST(wide.next().size() == kLookupParallelism * kLookupPaths);
  BOOST_TEST(wide.next().empty());
}

BOOST_AUTO_TEST_CASE(same_seed_same_lookup) {
  const Network& network = thousand();
  const auto asked = [&](std::uint64_t seed) {
    Prng random(seed);
    const OverlayPoint target = random_point(random);
    Lookup lookup = from_node(network, 5, target, radius_for(1'000), random);
    std::vector<NodeId> order;
    run(lookup,
        [&](const Contact& c) {
          order.push_back(c.id);
          return std::optional(network.honest_answer(c.id, target));
        },
        random);
    return order;
  };
  BOOST_TEST((asked(14) == asked(14)));
  BOOST_TEST((asked(14) != asked(15)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
