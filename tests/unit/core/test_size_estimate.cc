#include <boost/test/unit_test.hpp>

#include "node/core/size_estimate.h"
#include "proto/base/random.h"

namespace comm {

namespace {

std::vector<Contact> network(std::size_t nodes, Prng& random) {
  std::vector<Contact> out(nodes);
  for (Contact& c : out) random.fill(c.id);
  return out;
}

OverlayPoint random_point(Prng& random) {
  OverlayPoint out;
  random.fill(out);
  return out;
}

std::vector<Contact> nearest(std::vector<Contact> all, const OverlayPoint& target, std::size_t count) {
  count = std::min(count, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    [&](const Contact& a, const Contact& b) {
                      return distance(target, overlay_point(a.id)) < distance(target, overlay_point(b.id));
                    });
  all.resize(count);
  return all;
}

void observe_random(SizeEstimate& estimate, const std::vector<Contact>& others, Prng& random) {
  const OverlayPoint target = random_point(random);
  estimate.observe(target, nearest(others, target, kBucketSize));
}

// A perfectly even network seen from one target: the k-th nearest at k/others of the space.
SizeEstimate exactly(std::uint64_t wanted) {
  SizeEstimate out;
  for (std::uint8_t n = 0; n < SizeEstimate::kSamples; ++n) {
    OverlayPoint target;
    target.data[19] = n;
    Contact last;
    // share = (3k - 1) / (3 (wanted - 1)) of 2^64
    const std::uint64_t share = UINT64_MAX / (3 * (wanted - 1)) * (3 * kBucketSize - 1);
    for (std::size_t i = 0; i < 8; ++i) last.id.data[i] = static_cast<std::uint8_t>(share >> (56 - 8 * i));
    std::vector<Contact> found(kBucketSize, last);
    out.observe(target, found);
  }
  return out;
}

Distance all_ones() {
  Distance out;
  out.data.fill(0xff);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(size_estimate)

BOOST_AUTO_TEST_CASE(alone_at_first) {
  SizeEstimate estimate;
  BOOST_TEST(estimate.nodes() == 1);
  BOOST_TEST(estimate.everyone());
  BOOST_TEST((estimate.region_radius(kRegionFactor) == all_ones()));
  estimate.observe(OverlayPoint{}, {});
  BOOST_TEST(estimate.nodes() == 1);
}

BOOST_AUTO_TEST_CASE(while_lookups_find_fewer_than_k_the_known_nodes_count) {
  Prng random(3);
  SizeEstimate estimate;
  const auto others = network(5, random);
  observe_random(estimate, others, random);
  BOOST_TEST(estimate.nodes() == 6);
  estimate.observe_known(7);
  BOOST_TEST(estimate.nodes() == 8);
  estimate.observe_known(3);
  BOOST_TEST(estimate.nodes() == 6);
}

BOOST_AUTO_TEST_CASE(within_a_quarter_of_the_truth) {
  for (const std::size_t size : {100u, 1'000u, 10'000u}) {
    int good = 0;
    constexpr int kNetworks = 12;
    std::uint64_t sum = 0;
    for (int i = 0; i < kNetworks; ++i) {
      Prng random(1000 * size + static_cast<std::uint64_t>(i));
      const auto others = network(size - 1, random);
      SizeEstimate estimate;
      for (std::size_t n = 0; n < SizeEstimate::kSamples; ++n) observe_random(estimate, others, random);
      sum += estimate.nodes();
      good += estimate.nodes() * 4 >= size * 3 && estimate.nodes() * 4 <= size * 5 ? 1 : 0;
    }
    BOOST_TEST_MESSAGE("N " << size << ": mean estimate " << sum / kNetworks << ", within 25 %: " << good);
    BOOST_TEST(good >= kNetworks - 2);  // one standard deviation is 13 %
    BOOST_TEST(sum >= size * kNetworks * 9 / 10);
    BOOST_TEST(sum <= size * kNetworks * 11 / 10);
  }
}

BOOST_AUTO_TEST_CASE(seven_crowded_targets_of_fifteen_do_not_inflate_it) {
  Prng random(5);
  const auto others = network(999, random);
  SizeEstimate estimate;
  for (std::size_t n = 0; n < SizeEstimate::kSamples; ++n) {
    const OverlayPoint target = random_point(random);
    auto found = nearest(others, target, kBucketSize);
    if (n % 2 == 1)
      for (Contact& c : found) c.id.data = target.data;  // ground ids, at the target itself
    estimate.observe(target, found);
  }
  BOOST_TEST(estimate.nodes() > 700);
  BOOST_TEST(estimate.nodes() < 3'000);
}

BOOST_AUTO_TEST_CASE(one_target_counts_once) {
  Prng random(6);
  const auto others = network(999, random);
  SizeEstimate estimate;
  for (std::size_t n = 0; n < SizeEstimate::kSamples; ++n) observe_random(estimate, others, random);
  const std::uint64_t before = estimate.nodes();
  const OverlayPoint target = random_point(random);
  std::vector<Contact> ground(kBucketSize);
  for (Contact& c : ground) c.id.data = target.data;
  for (int i = 0; i < 100; ++i) estimate.observe(target, ground);
  BOOST_TEST(estimate.nodes() < 2 * before);
}

BOOST_AUTO_TEST_CASE(follows_a_network_that_grew) {
  Prng random(8);
  SizeEstimate estimate;
  const auto few = network(40, random), many = network(5'000, random);
  for (std::size_t n = 0; n < SizeEstimate::kSamples; ++n) observe_random(estimate, few, random);
  BOOST_TEST(estimate.everyone());
  for (std::size_t n = 0; n < SizeEstimate::kSamples; ++n) observe_random(estimate, many, random);
  BOOST_TEST(!estimate.everyone());
  BOOST_TEST(estimate.nodes() > 3'500);
}

BOOST_AUTO_TEST_CASE(radius_is_the_exact_share) {
  const SizeEstimate estimate = exactly(1'024);
  BOOST_TEST(estimate.nodes() == 1'024);
  Distance expected;
  expected.data[0] = 4;  // 2 * 8 / 1024 = 1/64 of 2^160
  BOOST_TEST((estimate.region_radius(2) == expected));
  expected.data[0] = 6;
  BOOST_TEST((estimate.region_radius(3) == expected));
  expected.data[0] = 0xfe;
  BOOST_TEST((estimate.region_radius(127) == expected));
  BOOST_TEST((estimate.region_radius(128) == all_ones()));
  BOOST_TEST((estimate.region_radius(UINT64_MAX) == all_ones()));
  // 16 / 1000 of 2^160, to the last bit.
  BOOST_TEST(to_hex(exactly(1'000).region_radius(2).view()) == "04189374bc6a7ef9db22d0e5604189374bc6a7ef");
}

BOOST_AUTO_TEST_CASE(everyone_up_to_the_limit) {
  const SizeEstimate small = exactly(kEveryoneCustodianUpTo), large = exactly(kEveryoneCustodianUpTo + 1);
  BOOST_TEST(small.everyone());
  BOOST_TEST((small.region_radius(kRegionFactor) == all_ones()));
  BOOST_TEST(!large.everyone());
  BOOST_TEST((large.region_radius(kRegionFactor) < all_ones()));
}

BOOST_AUTO_TEST_CASE(membership_has_hysteresis) {
  const SizeEstimate estimate = exactly(1'024);
  Distance d;
  d.data[0] = 4;
  BOOST_TEST(estimate.member(d, false));
  d.data[0] = 5;
  BOOST_TEST(!estimate.member(d, false));
  BOOST_TEST(estimate.member(d, true));
  d.data[0] = 7;
  BOOST_TEST(!estimate.member(d, true));
}

BOOST_AUTO_TEST_CASE(saturates_at_the_target) {
  SizeEstimate estimate;
  const std::vector<Contact> found(kBucketSize);
  estimate.observe(OverlayPoint{}, found);
  BOOST_TEST(estimate.nodes() == std::uint64_t{1} << 48);
  BOOST_TEST((estimate.region_radius(2) > Distance{}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
