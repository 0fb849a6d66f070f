#include <boost/test/unit_test.hpp>

#include <set>

#include "node/core/timers.h"

namespace comm {

BOOST_AUTO_TEST_SUITE(timers)

BOOST_AUTO_TEST_CASE(a_line_sets_one_timer_and_none_for_what_is_settled) {
  WaitingLine<int> line;
  std::set<int> settled;
  const auto is_settled = [&](int key) { return settled.contains(key); };
  BOOST_TEST(line.add(10, 1));
  BOOST_TEST(!line.add(11, 2));
  BOOST_TEST(!line.add(11, 3));
  BOOST_TEST(!line.add(20, 4));
  settled = {1, 3};
  std::vector<int> late;
  BOOST_TEST((line.due(10, is_settled, late) == std::optional<Millis>(11)));
  BOOST_TEST(late.empty());
  BOOST_TEST(!line.add(21, 5));  // the timer for 11 is set
  settled.insert(4);
  BOOST_TEST((line.due(11, is_settled, late) == std::optional<Millis>(21)));
  BOOST_TEST((late == std::vector<int>{2}));
  settled.insert(5);
  BOOST_TEST(!line.due(21, is_settled, late));
  BOOST_TEST(late.size() == 1u);
  BOOST_TEST(line.add(30, 6));  // nothing waited: a new timer
  BOOST_TEST(!line.due(40, is_settled, late));
  BOOST_TEST((late == std::vector<int>{2, 6}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
