#include <boost/test/unit_test.hpp>

#include "node/core/rate_limit.h"

namespace comm {

BOOST_AUTO_TEST_SUITE(rate_limit)

BOOST_AUTO_TEST_CASE(starts_full_and_takes_all_or_none) {
  TokenBucket bucket(32, 4);
  BOOST_TEST(bucket.available(1'000'000) == 32);
  BOOST_TEST(!bucket.take(1'000'000, 33));
  BOOST_TEST(bucket.take(1'000'000, 30));
  BOOST_TEST(!bucket.take(1'000'000, 3));
  BOOST_TEST(bucket.take(1'000'000, 2));
  BOOST_TEST(!bucket.take(1'000'000));
  BOOST_TEST(bucket.take(1'000'000, 0));
}

BOOST_AUTO_TEST_CASE(refills_to_the_burst_at_its_rate) {
  TokenBucket bucket(32, 4);
  BOOST_TEST(bucket.take(0, 32));
  BOOST_TEST(bucket.available(249) == 0);
  BOOST_TEST(bucket.available(250) == 1);
  BOOST_TEST(bucket.take(250));
  BOOST_TEST(!bucket.take(499));
  BOOST_TEST(bucket.take(500));
  BOOST_TEST(bucket.available(500 + 8 * kSecond) == 32);
  BOOST_TEST(bucket.available(1000 * kDay) == 32);
}

BOOST_AUTO_TEST_CASE(does_not_drift_however_often_it_is_asked) {
  TokenBucket bucket(10, 3);  // a token every 333.3 ms
  BOOST_TEST(bucket.take(0, 10));
  std::int64_t taken = 0;
  for (Millis now = 1; now <= 100 * kSecond; ++now) taken += bucket.take(now) ? 1 : 0;
  BOOST_TEST(taken == 300);
}

BOOST_AUTO_TEST_CASE(any_origin_and_no_way_back) {
  TokenBucket early(5, 1);
  BOOST_TEST(early.take(-1'000'000, 5));
  BOOST_TEST(early.available(-999'000) == 1);
  TokenBucket bucket(5, 1);
  BOOST_TEST(bucket.take(10'000, 5));
  BOOST_TEST(!bucket.take(5'000));
  BOOST_TEST(!bucket.take(10'999));
  BOOST_TEST(bucket.take(11'000));
}

BOOST_AUTO_TEST_CASE(extremes) {
  TokenBucket none(0, 0);
  BOOST_TEST(!none.take(INT64_MAX));
  TokenBucket still(3, 0);
  BOOST_TEST(still.take(0, 3));
  BOOST_TEST(!still.take(kDay * 10'000));
  TokenBucket huge(1'000'000'000, 1'000'000'000);
  BOOST_TEST(huge.take(0, 1'000'000'000));
  BOOST_TEST(huge.available(INT64_MAX) == 1'000'000'000);
  BOOST_TEST(!huge.take(INT64_MAX, INT64_MAX));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
