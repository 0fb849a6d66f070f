// Random distributions of the simulator as tables of 65 integer quantiles (thousandths of the scale), drawn by linear
// interpolation: equal on every compiler, which std::*_distribution and floating point are not.
// The tails are cut at 0.05 % and 99.95 %.
#pragma once
#include <array>
#include <optional>
#include <string_view>

#include "proto/base/random.h"
#include "proto/base/time.h"

namespace comm::sim {

enum class Shape : std::uint8_t {
  constant,
  uniform,       // 0 to twice the scale
  exponential,   // mean = scale
  lognormal,     // median = scale, sigma 0.5
  weibull_608,   // sessions of IPFS in 2022: shape 0.608, scale parameter = scale
  weibull_500,   // sessions of KAD: shape 0.5
};
std::optional<Shape> parse_shape(std::string_view name);  // "constant", "uniform", ..., "weibull-0.608"

// A duration drawn from `shape` scaled to `scale`, in milliseconds, never negative.
Millis draw(Shape shape, Millis scale, RandomSource& random);

}  // namespace comm::sim
