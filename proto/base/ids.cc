#include "proto/base/ids.h"

#include <bit>
#include <charconv>

namespace comm {

int leading_zeros(ByteView bytes) {
  int zeros = 0;
  for (std::uint8_t b : bytes) {
    if (b != 0) return zeros + std::countl_zero(b);
    zeros += 8;
  }
  return zeros;
}

std::string short_hex(ByteView bytes) {
  const std::string hex = to_hex(bytes);
  return hex.size() <= 10 ? hex : hex.substr(0, 4) + ".." + hex.substr(hex.size() - 4);
}

bool Endpoint::is_v4() const {
  for (std::size_t i = 0; i < 10; ++i)
    if (ip[i] != 0) return false;
  return ip[10] == 0xff && ip[11] == 0xff;
}

bool Endpoint::is_unspecified() const {
  const std::size_t from = is_v4() ? 12 : 0;
  return std::all_of(ip.begin() + static_cast<std::ptrdiff_t>(from), ip.end(),
                     [](std::uint8_t b) { return b == 0; });
}

bool Endpoint::is_local() const {
  if (is_v4()) {
    const std::uint8_t a = ip[12], b = ip[13];
    return a == 127 || a == 10 || (a == 172 && b >= 16 && b < 32) || (a == 192 && b == 168) ||
           (a == 169 && b == 254);
  }
  if ((ip[0] & 0xfe) == 0xfc) return true;                   // fc00::/7
  if (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) return true;  // fe80::/10
  return std::all_of(ip.begin(), ip.end() - 1, [](std::uint8_t b) { return b == 0; }) && ip[15] == 1;
}

std::array<std::uint8_t, 16> Endpoint::prefix() const {
  std::array<std::uint8_t, 16> out{};
  const std::size_t keep = is_v4() ? 15 : 6;
  std::copy_n(ip.begin(), keep, out.begin());
  return out;
}

// By words: tables ask it of every entry.
bool Endpoint::same_prefix(const Endpoint& other) const {
  const std::uint64_t high = load_be64(ip.data()) ^ load_be64(other.ip.data());
  const std::uint64_t low = load_be64(ip.data() + 8) ^ load_be64(other.ip.data() + 8);
  if (is_v4()) return high == 0 && low >> 8 == 0;
  return high >> 16 == 0 && !other.is_v4();
}

namespace {

std::string v6_text(const std::array<std::uint8_t, 16>& ip) {
  // RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups becomes "::".
  std::array<unsigned, 8> group{};
  for (std::size_t i = 0; i < 8; ++i) group[i] = static_cast<unsigned>(ip[2 * i] << 8 | ip[2 * i + 1]);
  std::size_t best = 8, best_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t length = 0;
    while (i + length < 8 && group[i + length] == 0) ++length;
    if (length > best_length) best = i, best_length = length;
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    char text[5];
    const auto end = std::to_chars(text, text + 4, group[i], 16).ptr;
    out.append(text, end);
  }
  return out;
}

template <class Int>
bool parse_number(std::string_view text, Int& out, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool parse_v4(std::string_view text, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    const auto dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return false;
    const std::string_view part = text.substr(0, dot);
    if (part.size() > 1 && part[0] == '0') return false;
    if (!parse_number(part, out[i])) return false;
    text = i == 3 ? std::string_view{} : text.substr(dot + 1);
  }
  return true;
}

bool parse_v6(std::string_view text, std::array<std::uint8_t, 16>& out) {
  std::array<std::vector<std::uint8_t>, 2> half;  // before and after "::"
  const auto gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  const std::array<std::string_view, 2> texts{text.substr(0, gap),
                                              has_gap ? text.substr(gap + 2) : std::string_view{}};
  for (std::size_t side = 0; side < 2; ++side) {
    std::string_view rest = texts[side];
    while (!rest.empty()) {
      const auto colon = rest.find(':');
      const std::string_view part = rest.substr(0, colon);
      if (colon == std::string_view::npos && part.find('.') != std::string_view::npos) {
        std::uint8_t v4[4];
        if (!parse_v4(part, v4)) return false;
        half[side].insert(half[side].end(), v4, v4 + 4);
        break;
      }
      std::uint16_t group = 0;
      if (part.size() > 4 || !parse_number(part, group, 16)) return false;
      half[side].push_back(static_cast<std::uint8_t>(group >> 8));
      half[side].push_back(static_cast<std::uint8_t>(group & 255));
      if (colon == std::string_view::npos) break;
      rest = rest.substr(colon + 1);
      if (rest.empty()) return false;
    }
  }
  const std::size_t used = half[0].size() + half[1].size();
  if (has_gap ? used > 14 : used != 16) return false;
  out.fill(0);
  std::copy(half[0].begin(), half[0].end(), out.begin());
  std::copy(half[1].begin(), half[1].end(), out.end() - static_cast<std::ptrdiff_t>(half[1].size()));
  return true;
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  const std::string port = std::to_string(endpoint.port);
  if (!endpoint.is_v4()) return "[" + v6_text(endpoint.ip) + "]:" + port;
  std::string out;
  for (std::size_t i = 12; i < 16; ++i) out += (i == 12 ? "" : ".") + std::to_string(endpoint.ip[i]);
  return out + ":" + port;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Endpoint out;
  const std::string_view port = text.substr(colon + 1);
  std::string_view host = text.substr(0, colon);
  if (port.size() > 5 || !parse_number(port, out.port)) return std::nullopt;
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    if (!parse_v6(host.substr(1, host.size() - 2), out.ip)) return std::nullopt;
    return out;
  }
  out.ip[10] = out.ip[11] = 0xff;
  if (!parse_v4(host, out.ip.data() + 12)) return std::nullopt;
  return out;
}

}  // namespace comm
