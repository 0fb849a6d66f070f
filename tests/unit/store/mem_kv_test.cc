#include <boost/test/unit_test.hpp>
#include <map>

#include "proto/base/random.h"
#include "relay_store/mem_kv.h"

namespace comm {
namespace {

using Tree = std::map<std::string, std::string>;

// Keys that share their first sixteen bytes, end in zeros or are each other's beginnings: what a leaf cannot tell apart.
std::string random_key(Prng& random) {
  std::string key(1, static_cast<char>('A' + random.below(3)));
  key.append(random.below(20), 'x');
  for (std::uint64_t i = random.below(3); i > 0; --i) key.push_back(static_cast<char>(random.below(6)));
  return key;
}

void apply(MemKv& kv, Tree& tree, const KvWrites& writes) {
  const KvWrites* const batches[] = {&writes};
  BOOST_REQUIRE(kv.apply(batches) == CommitResult::ok);
  for (const KvWrite& write : writes) {
    if (write.erase) tree.erase(std::string(write.key));
    else tree[std::string(write.key)] = write.value;
  }
}

Tree rows_between(const MemKv& kv, const std::string& from, const std::string& until) {
  Tree out;
  std::string last;
  kv.scan(from, until, [&](std::string_view key, std::string_view value) {
    BOOST_REQUIRE(out.empty() || last < key);
    out.emplace(last = key, value);
    return true;
  });
  return out;
}

// Grows to some leaves and shrinks again, several times.
void exercise(Prng& random, MemKv& kv, Tree& tree) {
  for (int i = 0; i < 4'000; ++i) {
    const bool shrinks = i / 500 % 2 == 1;
    KvWrites writes;
    for (std::uint64_t n = random.below(4); n > 0; --n)
      writes.push_back({random_key(random), std::to_string(i), random.chance(shrinks ? 900 : 200, 1'000)});
    apply(kv, tree, writes);
    const std::string key = random_key(random), until = key + random_key(random);
    std::string value;
    const bool found = kv.get(key, value);
    BOOST_REQUIRE_EQUAL(found, tree.contains(key));
    if (found) BOOST_REQUIRE_EQUAL(value, tree.at(key));
    BOOST_REQUIRE(rows_between(kv, key, until) == Tree(tree.lower_bound(key), tree.lower_bound(until)));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mem_kv)

BOOST_AUTO_TEST_CASE(it_does_what_a_tree_does) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Prng random(seed);
    MemKv kv;
    Tree tree;
    exercise(random, kv, tree);
    BOOST_REQUIRE(rows_between(kv, "A", "Z") == tree);
  }
}

BOOST_AUTO_TEST_CASE(rows_come_at_the_end_and_go_from_the_front) {
  MemKv kv;
  Tree tree;
  for (int i = 0; i < 1'000; ++i) {
    apply(kv, tree, {{"B" + std::to_string(100'000 + i), "v", false}});
    if (i >= 300) apply(kv, tree, {{"B" + std::to_string(100'000 + i - 300), {}, true}});
  }
  BOOST_TEST(tree.size() == 300u);
  BOOST_TEST((rows_between(kv, "B", "C") == tree));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
