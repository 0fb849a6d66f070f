// Byte containers shared by every room. Bytes owns, ByteView borrows (never outlives its owner),
// FixedBytes<N, Tag> is a value of exactly N bytes whose Tag makes distinct ids distinct types.
#pragma once
#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
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
// REQUIRES: in.size() >= sizeof(Int).
template <class Int>
Int get_be(ByteView in) {
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
  friend bool operator==(const FixedBytes&, const FixedBytes&) = default;
  // Eight bytes at a time: ids are compared at every step through every map of them.
  friend std::strong_ordering operator<=>(const FixedBytes& a, const FixedBytes& b) {
    std::size_t i = 0;
    for (; i + 8 <= N; i += 8) {
      const auto left = get_be<std::uint64_t>(a.view().subspan(i)), right = get_be<std::uint64_t>(b.view().subspan(i));
      if (left != right) return left <=> right;
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
