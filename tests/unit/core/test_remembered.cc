#include <boost/test/unit_test.hpp>

#include "node/core/remembered.h"

namespace comm {

BOOST_AUTO_TEST_SUITE(remembered)

BOOST_AUTO_TEST_CASE(the_oldest_is_forgotten) {
  Remembered<int, int> some(3);
  BOOST_TEST(some.find(1) == nullptr);
  for (const int key : {5, 1, 9}) some.put(key, 10 * key);
  some.put(5, 51);  // known, and no younger for it
  BOOST_TEST(*some.find(5) == 51);
  BOOST_TEST(*some.find(1) == 10);
  some.put(7, 70);
  BOOST_TEST(some.size() == 3u);
  BOOST_TEST(some.find(5) == nullptr);
  some.put(0, 0);
  BOOST_TEST(some.find(1) == nullptr);
  for (const int key : {0, 7, 9}) BOOST_TEST(*some.find(key) == 10 * key);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
