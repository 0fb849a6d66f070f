#include "proto/wire/mail_codec.h"

#include <cstring>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "proto/wire/header.h"

namespace comm::codec {
namespace {

// number << 3 | wire type; 2: length and bytes, 5: four bytes, little-endian.
constexpr std::uint8_t tag(unsigned number, unsigned type) { return static_cast<std::uint8_t>(number << 3 | type); }
constexpr std::uint8_t kRequestId = tag(1, 5), kMessage = tag(11, 2), kItem = tag(1, 2), kHeader = tag(1, 2), kNonce = tag(2, 2),
                       kBody = tag(3, 2);
constexpr std::size_t kRequestIdBytes = 5;

// --- writing ---

std::size_t varint_bytes(std::size_t value) {
  std::size_t out = 1;
  for (; value >= 0x80; value >>= 7) ++out;
  return out;
}
std::size_t field_bytes(std::size_t content) { return 1 + varint_bytes(content) + content; }

std::size_t item_bytes(const SealedItem& item) {
  return field_bytes(HeaderBytes::kSize) + field_bytes(StampNonce::kSize) +
         (item.body.empty() ? 0 : field_bytes(item.body.size()));
}

class Writer {
 public:
  explicit Writer(std::size_t bytes) { out_.reserve(bytes); }
  void byte(std::uint8_t value) { out_.push_back(value); }
  void start(std::uint8_t of, std::size_t content) {
    byte(of);
    for (; content >= 0x80; content >>= 7) byte(static_cast<std::uint8_t>(content | 0x80));
    byte(static_cast<std::uint8_t>(content));
  }
  void field(std::uint8_t of, ByteView content) {
    start(of, content.size());
    append(out_, content);
  }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

// --- reading ---

class Reader {
 public:
  explicit Reader(ByteView in) : in_(in) {}
  bool at_end() const { return in_.empty(); }
  bool is(std::uint8_t tag) const { return !in_.empty() && in_[0] == tag; }
  // The bytes of the field that is to come next; null if another one does.
  std::optional<ByteView> field(std::uint8_t of) {
    if (!is(of)) return std::nullopt;
    std::size_t size = 0, at = 1;
    for (unsigned shift = 0;; shift += 7, ++at) {
      if (at >= in_.size() || shift > 21) return std::nullopt;
      size |= std::size_t{in_[at] & 0x7fu} << shift;
      if ((in_[at] & 0x80) == 0) break;
    }
    return take(at + 1, size);
  }
  std::optional<ByteView> take(std::size_t skip, std::size_t size) {
    if (in_.size() < skip || in_.size() - skip < size) return std::nullopt;
    const ByteView out = in_.subspan(skip, size);
    in_ = in_.subspan(skip + size);
    return out;
  }

 private:
  ByteView in_;
};

template <class Fixed>
bool read_fixed(Reader& in, std::uint8_t of, Fixed& out) {
  const auto bytes = in.field(of);
  if (!bytes || bytes->size() != Fixed::kSize) return false;
  std::copy(bytes->begin(), bytes->end(), out.data.begin());
  return true;
}

bool read_item(ByteView bytes, SealedItem& out) {
  Reader in(bytes);
  if (!read_fixed(in, kHeader, out.header) || !read_fixed(in, kNonce, out.nonce)) return false;
  const auto body = in.field(kBody);
  const std::size_t size_class = out.header.data[3];
  if (!body || !in.at_end() || size_class >= kBodyClassBytes.size() || body->size() != kBodyClassBytes[size_class]) return false;
  out.body = to_bytes(*body);
  return true;
}

std::uint32_t little_endian(ByteView bytes) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) out |= std::uint32_t{bytes[i]} << (8 * i);
  return out;
}

}  // namespace

std::optional<Packet> read_mail(ByteView in) {
  Reader packet(in);
  Packet out;
  if (packet.is(kRequestId)) {
    const auto id = packet.take(1, 4);
    if (!id) return std::nullopt;
    out.request_id = little_endian(*id);
  }
  const auto message = packet.field(kMessage);
  if (!message || !packet.at_end()) return std::nullopt;
  Message mail;
  for (Reader items(*message); !items.at_end();) {
    const auto item = items.field(kItem);
    if (!item || mail.items.size() == kMaxMessagesPerPacket || !read_item(*item, mail.items.emplace_back())) return std::nullopt;
  }
  if (mail.items.empty()) return std::nullopt;
  out.body = std::move(mail);
  return out;
}

Bytes write_mail(std::uint32_t request_id, const Message& message) {
  std::size_t content = 0;
  for (const SealedItem& item : message.items) content += field_bytes(item_bytes(item));
  Writer out(kRequestIdBytes + field_bytes(content));
  if (request_id != 0) {
    out.byte(kRequestId);
    for (unsigned shift = 0; shift < 32; shift += 8) out.byte(static_cast<std::uint8_t>(request_id >> shift));
  }
  out.start(kMessage, content);
  for (const SealedItem& item : message.items) {
    out.start(kItem, item_bytes(item));
    out.field(kHeader, item.header.view());
    out.field(kNonce, item.nonce.view());
    if (!item.body.empty()) out.field(kBody, item.body);
  }
  return out.take();
}

}  // namespace comm::codec
