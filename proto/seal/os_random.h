// The operating system's generator (libsodium randombytes). Production only; simulations use Prng.
#pragma once
#include "proto/base/random.h"

namespace comm {

// Must have been called once before anything else of proto/seal; aborts if libsodium cannot start.
void init_crypto();

class OsRandom final : public RandomSource {
 public:
  using RandomSource::fill;
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace comm
