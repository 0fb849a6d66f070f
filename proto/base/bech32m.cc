#include "proto/base/bech32m.h"

namespace comm {
namespace {

// BIP-350: text = hrp "1" data-characters checksum(6), at most 90 characters; 5 bits per character.
constexpr std::string_view kCharset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::uint32_t kBech32mConstant = 0x2bc8'30a3;
constexpr std::size_t kChecksumCharacters = 6;
constexpr std::size_t kMaxBech32mCharacters = 90;
constexpr std::string_view kAddressPrefix = "comm";

tl::unexpected<Error> bad_text(const char* reason) { return reject(Stage::schema, Scope::ignore, reason); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

// The BCH code over GF(32) of BIP-173, one character at a time.
class Polymod {
 public:
  explicit Polymod(std::string_view hrp) {
    for (const char c : hrp) add(static_cast<std::uint8_t>(c) >> 5);
    add(0);
    for (const char c : hrp) add(static_cast<std::uint8_t>(c) & 31);
  }
  void add(unsigned value) {
    static constexpr std::array<std::uint32_t, 5> kGenerator{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                                             0x2a1462b3};
    const std::uint32_t top = state_ >> 25;
    state_ = (state_ & 0x1ff'ffff) << 5 ^ value;
    for (std::size_t i = 0; i < kGenerator.size(); ++i)
      if ((top >> i & 1) != 0) state_ ^= kGenerator[i];
  }
  std::uint32_t state() const { return state_; }

 private:
  std::uint32_t state_ = 1;
};

std::vector<std::uint8_t> to_groups(ByteView data) {
  std::vector<std::uint8_t> out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const std::uint8_t byte : data) {
    held = (held << 8 | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) out.push_back(static_cast<std::uint8_t>(held >> (bits - 5) & 31));
  }
  if (bits > 0) out.push_back(static_cast<std::uint8_t>(held << (5 - bits) & 31));
  return out;
}

// nullopt unless the bits beyond the last whole byte are fewer than five and zero.
std::optional<Bytes> from_groups(std::span<const std::uint8_t> groups) {
  Bytes out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const std::uint8_t group : groups) {
    held = (held << 5 | group) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<std::uint8_t>(held >> bits & 0xff));
  }
  if (bits >= 5 || (held & ((1u << bits) - 1)) != 0) return std::nullopt;
  return out;
}

bool mixed_case(std::string_view text) {
  const bool has_lower = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  const bool has_upper = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return has_lower && has_upper;
}

}  // namespace

std::string encode_bech32m(std::string_view hrp, ByteView data) {
  std::string out = lower(hrp);
  Polymod checksum(out);
  out.push_back('1');
  for (const std::uint8_t group : to_groups(data)) {
    checksum.add(group);
    out.push_back(kCharset[group]);
  }
  for (std::size_t i = 0; i < kChecksumCharacters; ++i) checksum.add(0);
  const std::uint32_t sum = checksum.state() ^ kBech32mConstant;
  for (std::size_t i = 0; i < kChecksumCharacters; ++i) out.push_back(kCharset[sum >> 5 * (5 - i) & 31]);
  return out;
}

Result<Bytes> parse_bech32m(std::string_view hrp, std::string_view text) {
  if (text.size() > kMaxBech32mCharacters) return bad_text("bech32m-length");
  if (mixed_case(text)) return bad_text("bech32m-case");
  const std::string plain = lower(text);
  const std::size_t separator = plain.rfind('1');
  if (separator == std::string::npos || separator == 0) return bad_text("bech32m-separator");
  if (std::string_view(plain).substr(0, separator) != lower(hrp)) return bad_text("bech32m-prefix");
  const std::string_view rest = std::string_view(plain).substr(separator + 1);
  if (rest.size() < kChecksumCharacters) return bad_text("bech32m-length");

  Polymod checksum(std::string_view(plain).substr(0, separator));
  std::vector<std::uint8_t> groups;
  for (const char c : rest) {
    const std::size_t value = kCharset.find(c);
    if (value == std::string_view::npos) return bad_text("bech32m-character");
    groups.push_back(static_cast<std::uint8_t>(value));
    checksum.add(groups.back());
  }
  if (checksum.state() != kBech32mConstant) return bad_text("bech32m-checksum");
  auto data = from_groups(std::span(groups).first(groups.size() - kChecksumCharacters));
  if (!data) return bad_text("bech32m-padding");
  return *std::move(data);
}

std::string address_hex(const Address& address) { return to_hex(address.view()); }

std::string address_bech32m(const Address& address) { return encode_bech32m(kAddressPrefix, address.view()); }

Result<Address> parse_address(std::string_view text) {
  const std::string_view start = text.substr(0, kAddressPrefix.size() + 1);
  if (lower(start) == std::string(kAddressPrefix) + "1") {
    const auto data = parse_bech32m(kAddressPrefix, text);
    const auto address = data ? Address::from(*data) : std::nullopt;
    if (!address) return bad_text("address-checksum");
    return *address;
  }
  const bool all_hex = !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (!all_hex) return bad_text("address-form");
  if (text.size() != 2 * Address::kSize) return bad_text("address-length");
  return *Address::from(*from_hex(text));
}

}  // namespace comm
