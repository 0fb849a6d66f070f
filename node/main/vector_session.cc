#include <algorithm>

#include "node/main/vector_ops.h"
#include "proto/seal/sign.h"

namespace comm::vectors {
namespace {

Hash transcript_of(const Json& in) {
  return session_transcript(fixed<CurveKey>(in, "client_key"), hex(in, "hello"), hex(in, "welcome_body"));
}

Result<Json> transcript(const Json& in) { return Json{{"transcript", to_hex(transcript_of(in).view())}}; }

Json signature_of(const Json& in, const Hash& hash) {
  const auto key = NodeSigningKey::from_seed(secret<32>(in, "node_seed"));
  return {{"signature", to_hex(key.sign(hash).view())}};
}

Result<Json> sign_welcome(const Json& in) { return signature_of(in, welcome_hash(transcript_of(in))); }
Result<Json> sign_auth(const Json& in) { return signature_of(in, auth_hash(transcript_of(in))); }

Result<Json> sign_collect(const Json& in) {
  const auto mailbox = MailboxSigningKey::from_seed(secret<32>(in, "mailbox_seed"));
  const Hash hash = collect_hash(transcript_of(in), mailbox.public_key());
  return Json{{"mailbox_key", to_hex(mailbox.public_key().view())}, {"signature", to_hex(mailbox.sign(hash).view())}};
}

// The node key that signed stands in the Hello body of the side that did.
Result<Json> check_node(const Json& in, const char* body, const Hash& hash, const char* reason) {
  const auto hello = parse_hello_body(hex(in, body));
  if (!hello) return tl::make_unexpected(hello.error());
  const auto signature = Signature::from(hex(in, "signature"));
  if (!signature || !verify(hello->node_key, hash, *signature)) return reject(Stage::crypto, Scope::disconnect, reason);
  return Json::object();
}

Result<Json> check_welcome(const Json& in) {
  return check_node(in, "welcome_body", welcome_hash(transcript_of(in)), "welcome-signature");
}
Result<Json> check_auth(const Json& in) { return check_node(in, "hello", auth_hash(transcript_of(in)), "auth-signature"); }

Result<Json> check_collect(const Json& in) {
  const auto key = fixed<MailboxKey>(in, "mailbox_key");
  const auto signature = Signature::from(hex(in, "signature"));
  if (!signature || !verify(key, collect_hash(transcript_of(in), key), *signature))
    return reject(Stage::crypto, Scope::count, "collect-signature");
  return Json{{"mailbox", to_hex(mailbox_id(key).view())}};
}

Result<Json> decode_packet(const Json& in) {
  const auto packet = parse_packet(hex(in, "bytes"));
  if (!packet) return tl::make_unexpected(packet.error());
  if (std::holds_alternative<Unknown>(packet->body)) return reject(Stage::decode, Scope::ignore, "unknown-body");
  std::string kind = packet_name(packet->body);
  std::replace(kind.begin(), kind.end(), '-', '_');  // as the schema spells it
  return Json{{"request_id", packet->request_id},
              {"kind", kind},
              {"canonical", to_hex(encode_packet(*packet))}};
}

Result<Json> decode_hello(const Json& in) {
  return parse_hello_body(hex(in, "bytes")).map([](const HelloBody& body) {
    return Json{{"canonical", to_hex(encode_hello_body(body))}};
  });
}

Result<Json> error_text(const Json& in) {
  const auto packet = parse_packet(hex(in, "bytes"));
  if (!packet) return tl::make_unexpected(packet.error());
  if (std::holds_alternative<Unknown>(packet->body)) return reject(Stage::decode, Scope::ignore, "unknown-body");
  const auto* error = std::get_if<ErrorBody>(&packet->body);
  if (error == nullptr) return reject(Stage::state, Scope::ignore, "not-an-error");
  return Json{{"code", error->code}, {"text", error->text}};
}

}  // namespace

const Operations& session_operations() {
  static const Operations all{{"transcript", transcript},       {"sign-welcome", sign_welcome},
                              {"sign-auth", sign_auth},         {"sign-collect", sign_collect},
                              {"check-welcome", check_welcome}, {"check-auth", check_auth},
                              {"check-collect", check_collect}, {"decode-packet", decode_packet},
                              {"decode-hello", decode_hello},   {"error-text", error_text}};
  return all;
}

}  // namespace comm::vectors
