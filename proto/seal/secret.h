// Secrets live in types that erase themselves, are never printed and compare in constant time.
// Secret<N> is inline and zeroed on destruction; LockedBox<T> puts a struct of them into locked, guarded memory
// (sodium_malloc: mlock, MADV_DONTDUMP). Move-only; copies are explicit.
#pragma once
#include <memory>
#include <utility>

#include "proto/base/bytes.h"

namespace comm {

void secure_zero(std::span<std::uint8_t> out);             // never optimised away
bool secure_equal(ByteView a, ByteView b);                 // constant time for equal lengths

template <std::size_t N>
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::span<const std::uint8_t, N> in) { std::copy(in.begin(), in.end(), data_.begin()); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : data_(other.data_) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) { data_ = other.data_; other.wipe(); }
    return *this;
  }
  ~Secret() { wipe(); }
  Secret copy() const { return Secret(std::span<const std::uint8_t, N>(data_)); }
  ByteView view() const { return data_; }
  std::span<std::uint8_t, N> mut() { return data_; }
  const std::uint8_t* data() const { return data_.data(); }
  std::uint8_t* data() { return data_.data(); }
  static constexpr std::size_t size() { return N; }
  friend bool operator==(const Secret& a, const Secret& b) { return secure_equal(a.view(), b.view()); }

 private:
  void wipe() { secure_zero(data_); }
  std::array<std::uint8_t, N> data_{};
};

// Locked memory for `bytes` bytes, aligned for any type; aborts with a sentence if the system refuses any memory at
// all. A refused mlock (RLIMIT_MEMLOCK may be small) is no failure; can_lock_memory() lets the shell say so once.
void* locked_alloc(std::size_t bytes);
void locked_free(void* memory);
bool can_lock_memory();

template <class T>
struct LockedDelete {
  void operator()(T* p) const { p->~T(); locked_free(p); }
};
template <class T>
using LockedBox = std::unique_ptr<T, LockedDelete<T>>;
template <class T, class... Args>
LockedBox<T> make_locked(Args&&... args) {
  return LockedBox<T>(::new (locked_alloc(sizeof(T))) T(std::forward<Args>(args)...));
}

// A secret of any length (the typed SECRET), in locked memory.
class SecretBytes {
 public:
  explicit SecretBytes(ByteView in);
  ~SecretBytes();
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ByteView view() const { return {data_, size_}; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

// Plaintext buffers that zero themselves when freed (heap, not locked: they may be large).
struct WipedBytes {
  Bytes bytes;
  WipedBytes() = default;
  explicit WipedBytes(Bytes b) : bytes(std::move(b)) {}
  WipedBytes(WipedBytes&&) = default;
  WipedBytes& operator=(WipedBytes&&) = default;
  ~WipedBytes() { secure_zero(bytes); }
};

}  // namespace comm
