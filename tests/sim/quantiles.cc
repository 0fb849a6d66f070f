#include "tests/sim/quantiles.h"

namespace comm::sim {
namespace {

using Quantiles = std::array<std::int64_t, 65>;

constexpr Quantiles kExponential{
    1,   16,  32,  48,  65,  81,  98,  116,  134,  152,  170,  189,  208,  227,  247,  267,  288,
    309, 330, 352, 375, 398, 421, 445, 470,  495,  521,  548,  575,  604,  633,  662,  693,  725,
    758, 792, 827, 863, 901, 940, 981, 1023, 1068, 1114, 1163, 1214, 1269, 1326, 1386, 1451, 1520,
    1594, 1674, 1761, 1856, 1962, 2079, 2213, 2367, 2549, 2773, 3060, 3466, 4159, 7601};
constexpr Quantiles kLognormal{
    193,  341,  394,  433,  464,  492,  517,  541,  563,  583,  604,  623,  642,  660,  678,  696,  714,
    731,  749,  766,  783,  800,  818,  835,  853,  870,  888,  906,  924,  943,  962,  981,  1000, 1020,
    1040, 1061, 1082, 1104, 1126, 1149, 1173, 1197, 1223, 1249, 1277, 1306, 1336, 1368, 1401, 1437, 1474,
    1515, 1558, 1605, 1657, 1714, 1777, 1850, 1933, 2032, 2153, 2312, 2538, 2936, 5182};
constexpr Quantiles kWeibull608{
    0,    1,    3,    7,    11,   16,   22,   29,   36,   45,   54,   64,   75,   87,   100,  114,  129,
    145,  162,  180,  199,  219,  241,  264,  289,  315,  343,  372,  403,  436,  471,  508,  547,  589,
    634,  681,  731,  785,  842,  903,  969,  1039, 1114, 1195, 1282, 1377, 1479, 1590, 1711, 1844, 1991,
    2153, 2334, 2536, 2766, 3029, 3334, 3693, 4126, 4661, 5351, 6294, 7724, 10424, 28106};
constexpr Quantiles kWeibull500{
    0,    0,    1,    2,    4,    7,    10,   13,   18,   23,   29,   36,   43,   52,   61,   71,   83,
    95,   109,  124,  140,  158,  177,  198,  221,  245,  272,  300,  331,  364,  400,  439,  480,  525,
    574,  627,  683,  745,  811,  884,  962,  1047, 1140, 1242, 1353, 1475, 1609, 1757, 1922, 2105, 2310,
    2541, 2802, 3101, 3446, 3848, 4324, 4897, 5603, 6500, 7687, 9365, 12011, 17296, 57774};

// 6 bits choose a segment, 16 more a place in it.
Millis interpolate(const Quantiles& table, Millis scale, RandomSource& random) {
  const std::uint64_t bits = random.next();
  const auto segment = static_cast<std::size_t>(bits >> 58);
  const auto place = static_cast<std::int64_t>((bits >> 42) & 0xffff);
  const std::int64_t low = table[segment];
  const std::int64_t high = table[segment + 1];
  return (low * 65'536 + (high - low) * place) / 64 * scale / (1'024 * 1'000);
}

}  // namespace

std::optional<Shape> parse_shape(std::string_view name) {
  if (name == "constant") return Shape::constant;
  if (name == "uniform") return Shape::uniform;
  if (name == "exponential") return Shape::exponential;
  if (name == "lognormal") return Shape::lognormal;
  if (name == "weibull-0.608") return Shape::weibull_608;
  if (name == "weibull-0.5") return Shape::weibull_500;
  return std::nullopt;
}

Millis draw(Shape shape, Millis scale, RandomSource& random) {
  switch (shape) {
    case Shape::constant: return scale;
    case Shape::uniform:
      return static_cast<Millis>(random.below(2 * static_cast<std::uint64_t>(scale) + 1));
    case Shape::exponential: return interpolate(kExponential, scale, random);
    case Shape::lognormal: return interpolate(kLognormal, scale, random);
    case Shape::weibull_608: return interpolate(kWeibull608, scale, random);
    case Shape::weibull_500: return interpolate(kWeibull500, scale, random);
  }
  return scale;
}

}  // namespace comm::sim
