#include "proto/seal/secret.h"

#include <sodium.h>

#include <cstdio>
#include <cstdlib>

namespace comm {

void secure_zero(std::span<std::uint8_t> out) { sodium_memzero(out.data(), out.size()); }

bool secure_equal(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void* locked_alloc(std::size_t bytes) {
  // sodium_malloc aligns the END of the block to a page, so that overruns hit the guard page: the beginning is
  // aligned only if the size is a multiple of the alignment.
  constexpr std::size_t kAlign = alignof(std::max_align_t);
  const std::size_t rounded = std::max(kAlign, (bytes + kAlign - 1) / kAlign * kAlign);
  void* const memory = sodium_malloc(rounded);
  if (memory == nullptr) {
    std::fputs("comm: the system refuses memory for secret keys; free some memory and start again\n", stderr);
    std::abort();
  }
  return memory;
}

void locked_free(void* memory) { sodium_free(memory); }

bool can_lock_memory() {
  void* const probe = locked_alloc(1);
  const bool locked = sodium_mlock(probe, 1) == 0;
  locked_free(probe);
  return locked;
}

SecretBytes::SecretBytes(ByteView in)
    : data_(static_cast<std::uint8_t*>(locked_alloc(in.size()))), size_(in.size()) {
  std::copy(in.begin(), in.end(), data_);
}

SecretBytes::~SecretBytes() { locked_free(data_); }

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace comm
