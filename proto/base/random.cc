#include "proto/base/random.h"

#include <bit>
#include <cstring>

namespace comm {

std::uint64_t RandomSource::next() {
  std::array<std::uint8_t, 8> raw;
  fill(std::span<std::uint8_t>(raw));
  return get_be<std::uint64_t>(raw);
}

std::uint64_t RandomSource::below(std::uint64_t bound) {
  // Lemire (2019) would need 128-bit products; rejection from the top is as exact and portable.
  const std::uint64_t limit = UINT64_MAX - (UINT64_MAX % bound + 1) % bound;
  for (;;) {
    const std::uint64_t value = next();
    if (value <= limit) return value % bound;
  }
}

Prng::Prng(std::uint64_t seed) {
  for (auto& word : s_) {
    seed += 0x9e3779b97f4a7c15u;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    word = z ^ (z >> 31);
  }
}

std::uint64_t Prng::draw() {
  const std::uint64_t result = std::rotl(s_[1] * 5, 7) * 9;
  const std::uint64_t t = s_[1] << 17;
  s_[2] ^= s_[0];
  s_[3] ^= s_[1];
  s_[1] ^= s_[2];
  s_[0] ^= s_[3];
  s_[2] ^= t;
  s_[3] = std::rotl(s_[3], 45);
  return result;
}

void Prng::fill(std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size(); i += 8) {
    const std::uint64_t word = draw();
    for (std::size_t j = 0; j < 8 && i + j < out.size(); ++j)
      out[i + j] = static_cast<std::uint8_t>(word >> (56 - 8 * j));
  }
}

}  // namespace comm
