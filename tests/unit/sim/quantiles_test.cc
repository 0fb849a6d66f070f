#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "tests/sim/quantiles.h"
#include "tests/sim/trace.h"

namespace comm::sim {
namespace {

std::vector<Millis> sample(Shape shape, Millis scale) {
  Prng random(42);
  std::vector<Millis> out;
  for (int i = 0; i < 20'000; ++i) out.push_back(draw(shape, scale, random));
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantiles)

BOOST_AUTO_TEST_CASE(medians_are_those_of_the_distributions) {
  const struct { Shape shape; Millis median; } rows[] = {
      {Shape::constant, 10'000}, {Shape::uniform, 10'000}, {Shape::exponential, 6'931},
      {Shape::lognormal, 10'000}, {Shape::weibull_608, 5'473}, {Shape::weibull_500, 4'805}};
  for (const auto& row : rows) {
    const auto values = sample(row.shape, 10'000);
    BOOST_TEST_CONTEXT("shape " << static_cast<int>(row.shape)) {
      BOOST_TEST(values.front() >= 0);
      BOOST_TEST(std::abs(values[10'000] - row.median) <= row.median / 20);
    }
  }
}

BOOST_AUTO_TEST_CASE(heavy_tails_have_their_means) {
  // Mean of Weibull(k, 1): gamma(1 + 1/k) = 1.479 for 0.608, 2 for 0.5; the cut tails cost a little.
  const auto mean = [](Shape shape) {
    Millis sum = 0;
    for (const Millis value : sample(shape, 1'000'000)) sum += value / 1'000;
    return sum / 20'000;
  };
  BOOST_TEST(std::abs(mean(Shape::weibull_608) - 1'479) < 150);
  BOOST_TEST(std::abs(mean(Shape::weibull_500) - 2'000) < 300);
  BOOST_TEST(std::abs(mean(Shape::exponential) - 1'000) < 40);
}

BOOST_AUTO_TEST_CASE(the_sequence_of_a_seed_is_fixed) {
  // The same on every compiler: a change here changes every trace.
  Trace trace;
  for (const Shape shape : {Shape::uniform, Shape::exponential, Shape::lognormal, Shape::weibull_608, Shape::weibull_500})
    for (const Millis value : sample(shape, 12'345)) trace.mix(static_cast<std::uint64_t>(value));
  BOOST_TEST(trace.hex() == "c484433d784c864e");
}

BOOST_AUTO_TEST_CASE(names_are_those_of_scenario_files) {
  BOOST_TEST((parse_shape("weibull-0.608") == Shape::weibull_608));
  BOOST_TEST((parse_shape("lognormal") == Shape::lognormal));
  BOOST_TEST(!parse_shape("gauss").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm::sim
