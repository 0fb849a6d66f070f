#include <boost/test/unit_test.hpp>
#include <map>

#include "node/core/flat_map.h"
#include "proto/base/random.h"

namespace comm {

BOOST_AUTO_TEST_SUITE(flat_map)

BOOST_AUTO_TEST_CASE(it_does_what_a_tree_does) {
  Prng random(1);
  FlatMap<std::uint64_t, std::uint64_t> flat;
  std::map<std::uint64_t, std::uint64_t> tree;
  for (int i = 0; i < 5'000; ++i) {
    const std::uint64_t key = random.below(40), value = random.next();
    switch (random.below(5)) {
      case 0: BOOST_REQUIRE_EQUAL(flat.emplace(key, value).second, tree.emplace(key, value).second); break;
      case 1: flat[key] = tree[key] = value; break;
      case 2: BOOST_REQUIRE_EQUAL(flat.erase(key), tree.erase(key)); break;
      case 3:
        if (const auto at = flat.find(key); at != flat.end()) flat.erase(at);
        tree.erase(key);
        break;
      default: {
        const auto odd = [&](const auto& item) { return item.first == key || item.second % 7 == 0; };
        BOOST_REQUIRE_EQUAL(erase_if(flat, odd), std::erase_if(tree, odd));
      }
    }
    BOOST_REQUIRE(std::equal(flat.begin(), flat.end(), tree.begin(), tree.end(), [](const auto& a, const auto& b) {
      return a.first == b.first && a.second == b.second;
    }));
    BOOST_REQUIRE_EQUAL(flat.contains(key), tree.contains(key));
    const auto next = flat.lower_bound(key);
    const auto expected = tree.lower_bound(key);
    BOOST_REQUIRE_EQUAL(next == flat.end(), expected == tree.end());
    if (next != flat.end()) BOOST_REQUIRE_EQUAL(next->first, expected->first);
  }
  flat.clear();
  BOOST_TEST(flat.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
