#include <boost/test/unit_test.hpp>

#include "proto/base/random.h"
#include "tests/sim/event_queue.h"

namespace comm::sim {

BOOST_AUTO_TEST_SUITE(event_queue)

BOOST_AUTO_TEST_CASE(pops_by_time_and_then_in_order_of_insertion) {
  EventQueue<int> queue;
  queue.push(20, 1);
  queue.push(10, 2);
  queue.push(20, 3);
  queue.push(10, 4);
  std::vector<int> order;
  while (!queue.empty()) order.push_back(queue.pop());
  BOOST_TEST(order == (std::vector<int>{2, 4, 1, 3}), boost::test_tools::per_element());
  BOOST_TEST(queue.now() == 20);
}

BOOST_AUTO_TEST_CASE(agrees_with_a_sorted_list_while_slots_are_used_again) {
  EventQueue<std::uint64_t> queue;
  Prng random(7);
  std::vector<std::pair<Millis, std::uint64_t>> expected;
  std::uint64_t next = 0;
  for (int round = 0; round < 2'000; ++round) {
    for (std::uint64_t i = random.below(4); i > 0; --i) {
      const Millis at = queue.now() + static_cast<Millis>(random.below(5));
      queue.push(at, next);
      expected.emplace_back(at, next++);
    }
    if (queue.empty()) continue;
    const auto first = std::min_element(expected.begin(), expected.end());
    BOOST_TEST_REQUIRE(queue.next_time() == first->first);
    BOOST_TEST_REQUIRE(queue.pop() == first->second);
    expected.erase(first);
  }
  BOOST_TEST(queue.size() == expected.size());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm::sim
