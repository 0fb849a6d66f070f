#include "proto/wire/header.h"

#include <bit>

#include "proto/base/check.h"

namespace comm {
namespace {

tl::unexpected<Error> bad_header(const char* reason) { return reject(Stage::schema, Scope::count, reason); }

// Reads consecutive fields of one hand-laid structure. REQUIRES: enough bytes left for every read.
class Reader {
 public:
  explicit Reader(ByteView in) : in_(in) {}
  template <class Int>
  Int integer() { return get_be<Int>(take(sizeof(Int))); }
  template <class Fixed>
  void fixed(Fixed& out) {
    const ByteView bytes = take(Fixed::kSize);
    std::copy(bytes.begin(), bytes.end(), out.data.begin());
  }

 private:
  ByteView take(std::size_t size) {
    CHECK(in_.size() >= size);
    const ByteView out = in_.first(size);
    in_ = in_.subspan(size);
    return out;
  }
  ByteView in_;
};

}  // namespace

HeaderBytes encode_header(const MessageHeader& header) {
  Bytes out{header.version, header.suite, header.kind, header.size_class};
  put_be(out, header.expires);
  put_be(out, header.lifetime);
  out.push_back(header.effort);
  out.push_back(0);  // reserved
  append(out, header.mailbox.view());
  append(out, header.ack_hash.view());
  append(out, header.body_hash.view());
  return *HeaderBytes::from(out);
}

Result<MessageHeader> parse_header(const HeaderBytes& bytes) {
  Reader in(bytes.view());
  MessageHeader out;
  out.version = in.integer<std::uint8_t>();
  out.suite = in.integer<std::uint8_t>();
  out.kind = in.integer<std::uint8_t>();
  out.size_class = in.integer<std::uint8_t>();
  out.expires = in.integer<std::uint32_t>();
  out.lifetime = in.integer<std::uint16_t>();
  out.effort = in.integer<std::uint8_t>();
  const auto reserved = in.integer<std::uint8_t>();
  in.fixed(out.mailbox);
  in.fixed(out.ack_hash);
  in.fixed(out.body_hash);
  if (out.version != 1) return bad_header("header-version");
  if (out.suite != 1) return bad_header("header-suite");
  if (out.kind != 0) return bad_header("header-kind");
  if (out.size_class >= kBodyClassBytes.size()) return bad_header("header-class");
  if (out.lifetime == 0 || out.lifetime > kMaxLifetimeMinutes) return bad_header("header-lifetime");
  if (reserved != 0) return bad_header("header-reserved");
  return out;
}

Result<void> check_lifetime(const MessageHeader& header, Millis wall) {
  if (header.expires_ms() <= wall) return reject(Stage::policy, Scope::ignore, "expired");
  const Millis start = header.expires_ms() - Millis{header.lifetime} * kMinute;
  if (start > wall + Millis{kFutureSkewMinutes} * kMinute)
    return reject(Stage::policy, Scope::ignore, "from-the-future");
  return {};
}

Result<void> check_ack_age(const MessageHeader& header, Millis wall) {
  if (header.expires_ms() + kTombstoneGrace <= wall) return reject(Stage::policy, Scope::ignore, "ack-expired");
  return {};
}

Work work_of(const MessageHeader& header) {
  // Nobody computes 2^63 hashes; a larger claim ranks no higher.
  const unsigned bits = std::min<unsigned>(header.effort, 63);
  return {std::uint64_t{1} << bits, std::uint64_t{header.body_bytes()} * (header.lifetime + kFutureSkewMinutes)};
}

bool less_work(const Work& a, const Work& b) {
  __extension__ using Wide = unsigned __int128;  // the products reach 96 bits
  return Wide{a.numerator} * b.denominator < Wide{b.numerator} * a.denominator;
}

//   key = bits(7) mantissa(57)     bits: of quotient = floor(2^64 numerator / denominator), leading one left out
//
// Denominators stay below 2^32 and share the factor 1024, so two works that differ do so by more than 2^-23 of
// themselves, and a quotient has 33 bits or more: rounding down never makes them equal nor turns them round.
std::uint64_t work_key(const Work& work) {
  __extension__ using Wide = unsigned __int128;
  constexpr unsigned kMantissaBits = 57;
  const Wide quotient = (Wide{work.numerator} << 64) / work.denominator;
  const auto high = static_cast<std::uint64_t>(quotient >> 64), low = static_cast<std::uint64_t>(quotient);
  const auto bits = static_cast<unsigned>(high != 0 ? 64 + std::bit_width(high) : std::bit_width(low));
  const Wide aligned = bits > kMantissaBits ? quotient >> (bits - 1 - kMantissaBits)
                                            : quotient << (kMantissaBits + 1 - bits);
  const auto mantissa = static_cast<std::uint64_t>(aligned) & ((std::uint64_t{1} << kMantissaBits) - 1);
  return std::uint64_t{bits} << kMantissaBits | mantissa;
}

Bytes encode_ack(const AckRecord& record) {
  Bytes out = to_bytes(record.header.view());
  append(out, record.nonce.view());
  append(out, record.ack.view());
  return out;
}

Bytes encode_refusal(const RefusalRecord& record) {
  Bytes out = to_bytes(record.header.view());
  append(out, record.nonce.view());
  append(out, record.mailbox_key.view());
  append(out, record.signature.view());
  return out;
}

std::optional<AckRecord> parse_ack(ByteView bytes) {
  if (bytes.size() != kAckRecordBytes) return std::nullopt;
  Reader in(bytes);
  AckRecord out;
  in.fixed(out.header);
  in.fixed(out.nonce);
  in.fixed(out.ack);
  return out;
}

std::optional<RefusalRecord> parse_refusal(ByteView bytes) {
  if (bytes.size() != kRefusalRecordBytes) return std::nullopt;
  Reader in(bytes);
  RefusalRecord out;
  in.fixed(out.header);
  in.fixed(out.nonce);
  in.fixed(out.mailbox_key);
  in.fixed(out.signature);
  return out;
}

}  // namespace comm
