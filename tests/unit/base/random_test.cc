#include "proto/base/random.h"

#include <boost/test/unit_test.hpp>

using namespace comm;

BOOST_AUTO_TEST_SUITE(random_source)

// Values of an independent implementation of xoshiro256** seeded by splitmix64.
BOOST_AUTO_TEST_CASE(known_sequence) {
  Prng one(1);
  BOOST_TEST(one.draw() == 0xb3f2af6d0fc710c5u);
  BOOST_TEST(one.draw() == 0x853b559647364ceau);
  BOOST_TEST(one.draw() == 0x92f89756082a4514u);
  BOOST_TEST(Prng(0).draw() == 0x99ec5f36cb75f2b4u);
}

BOOST_AUTO_TEST_CASE(fill_is_big_endian_draws) {
  Prng bytes(1), words(1);
  std::array<std::uint8_t, 11> out{};
  bytes.fill(std::span<std::uint8_t>(out));
  BOOST_TEST(get_be<std::uint64_t>(out) == words.draw());
  BOOST_TEST(get_be<std::uint16_t>(ByteView(out).subspan(8)) == words.draw() >> 48);
}

BOOST_AUTO_TEST_CASE(below_stays_below_and_reaches_everything) {
  Prng random(7);
  std::array<int, 5> seen{};
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = random.below(5);
    BOOST_REQUIRE(value < 5u);
    ++seen[value];
  }
  for (const int count : seen) BOOST_TEST(count > 150);
  BOOST_TEST(random.below(1) == 0u);
}

BOOST_AUTO_TEST_CASE(below_accepts_bounds_that_do_not_divide_the_range) {
  Prng random(8);
  constexpr std::uint64_t kBound = (std::uint64_t{1} << 63) + 1;  // rejects almost half of all draws
  for (int i = 0; i < 200; ++i) BOOST_TEST(random.below(kBound) < kBound);
}

BOOST_AUTO_TEST_CASE(shuffle_keeps_the_elements) {
  Prng random(9);
  std::vector<int> items{1, 2, 3, 4, 5, 6, 7, 8};
  random.shuffle(items);
  std::vector<int> sorted = items;
  std::sort(sorted.begin(), sorted.end());
  BOOST_TEST(sorted == std::vector<int>({1, 2, 3, 4, 5, 6, 7, 8}), boost::test_tools::per_element());
  std::vector<int> none;
  random.shuffle(none);
  BOOST_TEST(none.empty());
}

BOOST_AUTO_TEST_SUITE_END()
