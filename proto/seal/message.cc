#include "proto/seal/message.h"

#include "proto/base/check.h"

namespace comm {
namespace {

constexpr std::size_t kLengthBytes = 4;       // plaintext = length(4) sealed(length) zeros
constexpr std::size_t kProloguePrefix = 32;   // header bytes known before sealing: version to mailbox

tl::unexpected<Error> crypto_error(const char* reason) { return reject(Stage::crypto, Scope::count, reason); }

std::optional<std::uint8_t> smallest_class(std::size_t sealed_bytes) {
  for (std::size_t i = 0; i < kBodyClassBytes.size(); ++i)
    if (kLengthBytes + sealed_bytes + kNoiseXOverhead <= kBodyClassBytes[i]) return static_cast<std::uint8_t>(i);
  return std::nullopt;
}

WipedBytes pad(ByteView sealed, std::size_t class_bytes) {
  Bytes out;
  out.reserve(class_bytes - kNoiseXOverhead);  // no growth later: growing would leave copies of the plaintext
  put_be(out, static_cast<std::uint32_t>(sealed.size()));
  append(out, sealed);
  out.resize(class_bytes - kNoiseXOverhead);
  return WipedBytes(std::move(out));
}

std::optional<ByteView> unpad(ByteView plaintext) {
  if (plaintext.size() < kLengthBytes) return std::nullopt;
  const std::size_t length = get_be<std::uint32_t>(plaintext);
  const ByteView rest = plaintext.subspan(kLengthBytes);
  if (length > rest.size()) return std::nullopt;
  const ByteView padding = rest.subspan(length);
  if (std::any_of(padding.begin(), padding.end(), [](std::uint8_t b) { return b != 0; })) return std::nullopt;
  return rest.first(length);
}

// Binds the ciphertext to its envelope: class, expiry, effort, mailbox and the address it is meant for.
Bytes prologue_of(const HeaderBytes& header, const Address& recipient) {
  Bytes out = to_bytes(header.view().first(kProloguePrefix));
  append(out, recipient.view());
  return out;
}

AckSecret ack_of(const Secret<32>& chaining_key) {
  return AckSecret{hmac_sha256(chaining_key.view(), as_bytes("comm/1 ack")).data};
}

MessageHeader header_of(const SealRequest& request, std::uint8_t size_class) {
  MessageHeader out;
  out.size_class = size_class;
  out.expires = request.expires;
  out.lifetime = request.lifetime;
  out.effort = request.effort;
  out.mailbox = request.mailbox;
  return out;
}

Result<void> check_text(const Content& content) {
  const auto* text = std::get_if<TextContent>(&content);
  if (text == nullptr) return {};
  if (text->text.size() > kMaxTextBytes) return reject(Stage::schema, Scope::ignore, "too-large");
  if (!valid_utf8(text->text)) return reject(Stage::schema, Scope::ignore, "bad-content");
  return {};
}

Result<OpenedMessage> read_opened(const MessageHeader& header, const NoiseOpened& noise) {
  OpenedMessage out;
  out.ack = ack_of(noise.chaining_key);
  if (ack_hash(out.ack) != header.ack_hash) return crypto_error("ack-mismatch");
  const auto sealed = unpad(noise.payload.bytes);
  if (!sealed) return crypto_error("bad-padding");
  auto content = parse_sealed(*sealed);
  if (!content) return crypto_error("bad-content");
  out.content = *std::move(content);
  out.sender_dh = noise.remote_static;
  out.sender = address_of(out.content.sign_key, noise.remote_static);
  if (out.content.record.record.empty()) return out;
  const auto record = parse_key_record(out.content.record.record);
  if (!record) return crypto_error("bad-content");
  if (address_of(record->sign_key, record->dh_key) != out.sender) return crypto_error("sender-mismatch");
  return out;
}

}  // namespace

Result<SealedMessage> seal_message(const Identity& sender, const Sealed& content, const SealRequest& request,
                                   RandomSource& random) {
  CHECK(request.lifetime > 0 && request.lifetime <= kMaxLifetimeMinutes);
  if (const auto ok = check_text(content.content); !ok) return tl::make_unexpected(ok.error());
  const WipedBytes sealed(encode_sealed(content));
  const auto size_class = smallest_class(sealed.bytes.size());
  if (!size_class) return reject(Stage::schema, Scope::ignore, "too-large");

  MessageHeader header = header_of(request, *size_class);
  const Bytes prologue = prologue_of(encode_header(header), request.recipient);
  const WipedBytes plaintext = pad(sealed.bytes, header.body_bytes());
  const DhPair ephemeral = random_dh_pair(random);
  auto noise = noise_x_seal(prologue, sender.dh_pair(), ephemeral, request.prekey, plaintext.bytes);
  if (!noise) return tl::make_unexpected(noise.error());

  SealedMessage out;
  out.ack = ack_of(noise->chaining_key);
  out.body = std::move(noise->message);
  header.ack_hash = ack_hash(out.ack);
  header.body_hash = body_hash(out.body);
  out.header = encode_header(header);
  out.id = message_id(out.header);
  return out;
}

Result<OpenedMessage> open_message(const Address& self, std::span<const DhPair* const> prekeys_newest_first,
                                   const HeaderBytes& header, ByteView body) {
  const auto parsed = parse_header(header);
  if (!parsed) return tl::make_unexpected(parsed.error());
  if (body.size() != parsed->body_bytes()) return crypto_error("body-size");
  const Bytes prologue = prologue_of(header, self);
  for (const DhPair* prekey : prekeys_newest_first)
    if (const auto noise = noise_x_open(prologue, *prekey, body)) return read_opened(*parsed, *noise);
  return crypto_error("not-openable");
}

Result<void> check_body(const MessageHeader& header, ByteView body) {
  if (body.size() != header.body_bytes()) return crypto_error("body-size");
  if (body_hash(body) != header.body_hash) return crypto_error("body-hash");
  return {};
}

Result<void> check_stamp(const MessageHeader& header, const MessageId& id, const StampNonce& nonce) {
  if (!stamp_valid(id, nonce, header.effort)) return crypto_error("stamp");
  return {};
}

}  // namespace comm
