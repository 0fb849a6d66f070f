// Randomness comes in from outside. `RandomSource` is what pure code draws keys, nonces and jitter from:
// the operating system's generator in production (proto/seal/os_random.h), a seeded Prng in the simulator.
#pragma once
#include "proto/base/bytes.h"

namespace comm {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;

  std::uint64_t next();                               // 64 uniform bits
  std::uint64_t below(std::uint64_t bound);           // uniform in [0, bound), bound > 0, no modulo bias
  bool chance(std::uint64_t num, std::uint64_t den) { return below(den) < num; }
  template <std::size_t N, class Tag>
  void fill(FixedBytes<N, Tag>& out) { fill(std::span<std::uint8_t>(out.data)); }
  // Fisher-Yates; std::shuffle is implementation-defined and banned in pure rooms.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      const auto j = static_cast<std::size_t>(below(i));
      if (j != i - 1) std::swap(items[i - 1], items[j]);
    }
  }
};

// xoshiro256** (Blackman and Vigna, 2018), seeded by splitmix64: same sequence on every compiler. Not for secrets
// outside simulations.
class Prng final : public RandomSource {
 public:
  explicit Prng(std::uint64_t seed);
  using RandomSource::fill;
  void fill(std::span<std::uint8_t> out) override;
  std::uint64_t draw();

 private:
  std::array<std::uint64_t, 4> s_;
};

}  // namespace comm
