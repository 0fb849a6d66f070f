// The operating system's generator (libsodium randombytes). Production only; simulations use Prng.
#pragma once
#include "proto/base/random.h"

namespace comm {

// Must have been called once before anything else of proto/seal; aborts if libsodium cannot start.
void init_crypto();

// Numbers (jitter, choices) come out of blocks, because a call of the kernel for each was 2 % of a busy relay's time; keys
// and nonces, longer than a number, are fetched each for itself. One thread.
class OsRandom final : public RandomSource {
 public:
  using RandomSource::fill;
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::array<std::uint8_t, 256> block_;
  std::size_t used_ = sizeof(block_);
};

}  // namespace comm
