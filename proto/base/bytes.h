// Byte containers shared by every room. Bytes owns, ByteView borrows (never outlives its owner),
// FixedBytes<N, Tag> is a value of exactly N bytes whose Tag makes distinct ids distinct types.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace comm {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// Big-endian integers, the byte order of every hand-laid structure in the protocol.
template <class Int>
void put_be(Bytes& out, Int value) {
  for (std::size_t i = sizeof(Int); i-- > 0;)
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
}
// One load: a loop over single bytes stays one in g++ -O2, and ids are compared by these at every step through every map.
inline std::uint64_t load_be64(const std::uint8_t* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return std::endian::native == std::endian::big ? value : __builtin_bswap64(value);
}
inline std::uint32_t load_be32(const std::uint8_t* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return std::endian::native == std::endian::big ? value : __builtin_bswap32(value);
}
// REQUIRES: in.size() >= sizeof(Int).
template <class Int>
Int get_be(ByteView in) {
  if constexpr (sizeof(Int) == 8) return static_cast<Int>(load_be64(in.data()));
  if constexpr (sizeof(Int) == 4) return static_cast<Int>(load_be32(in.data()));
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Int); ++i) value = value << 8 | in[i];
  return static_cast<Int>(value);
}

template <std::size_t N, class Tag>
struct FixedBytes {
  static constexpr std::size_t kSize = N;
  std::array<std::uint8_t, N> data{};

  // Copies `in` if it is exactly N bytes long; nullopt otherwise.
  static std::optional<FixedBytes> from(ByteView in) {
    if (in.size() != N) return std::nullopt;
    FixedBytes out;
    std::copy(in.begin(), in.end(), out.data.begin());
    return out;
  }
  ByteView view() const { return ByteView(data); }
  bool is_zero() const {
    return std::all_of(data.begin(), data.end(), [](std::uint8_t b) { return b == 0; });
  }
  friend bool operator==(const FixedBytes& a, const FixedBytes& b) { return (a <=> b) == 0; }
  // Eight bytes at a time, inline: ids of two are mostly told apart by the first.
  friend std::strong_ordering operator<=>(const FixedBytes& a, const FixedBytes& b) {
    std::size_t i = 0;
    for (; i + 8 <= N; i += 8) {
      const std::uint64_t left = load_be64(a.data.data() + i), right = load_be64(b.data.data() + i);
      if (left != right) return left <=> right;
    }
    if constexpr (N % 8 >= 4) {
      const std::uint32_t left = load_be32(a.data.data() + i), right = load_be32(b.data.data() + i);
      if (left != right) return left <=> right;
      i += 4;
    }
    for (; i < N; ++i)
      if (a.data[i] != b.data[i]) return a.data[i] <=> b.data[i];
    return std::strong_ordering::equal;
  }
};

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView in) { return Bytes(in.begin(), in.end()); }
// Not vector::insert: g++ 12 inlines that into false -Wstringop-overflow warnings.
inline void append(Bytes& out, ByteView in) {
  const std::size_t start = out.size();
  out.resize(start + in.size());
  std::copy(in.begin(), in.end(), out.begin() + static_cast<std::ptrdiff_t>(start));
}

std::string to_hex(ByteView in);                      // lower case
std::optional<Bytes> from_hex(std::string_view text);  // either case; nullopt unless all hex and even

}  // namespace comm
