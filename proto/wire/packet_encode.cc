// Packet -> bytes. One `write` per body; encoding cannot fail.
#include "proto/wire/codec.h"
#include "proto/wire/content.h"

namespace comm {
namespace {

using codec::string_of;

// Overload set for std::visit; a body without a `write` does not compile.
struct Writer {
  pb::Packet& out;

  void operator()(const Unknown&) const {}
  void operator()(const Hello& body) const { out.set_hello(string_of(body.raw)); }
  void operator()(const Welcome& body) const {
    out.mutable_welcome()->set_body(string_of(body.raw));
    out.mutable_welcome()->set_signature(string_of(body.signature.view()));
  }
  void operator()(const Auth& body) const { out.mutable_auth()->set_signature(string_of(body.signature.view())); }
  void operator()(const Ping&) const { out.mutable_ping(); }
  void operator()(const Pong&) const { out.mutable_pong(); }
  void operator()(const FindNode& body) const {
    out.mutable_find_node()->set_target(string_of(body.target.view()));
    Bytes known;
    for (const std::uint32_t start : body.known) put_be(known, start);
    out.mutable_find_node()->set_known(string_of(known));
  }
  void operator()(const Nodes& body) const {
    out.mutable_nodes();
    for (const Contact& contact : body.contacts) {
      pb::Contact& to = *out.mutable_nodes()->add_contacts();
      to.set_node_id(string_of(contact.id.view()));
      to.set_node_key(string_of(contact.key.view()));
      to.set_endpoint(codec::endpoint_string(contact.endpoint));
    }
  }
  void operator()(const Offer& body) const {
    out.mutable_offer();
    for (const OfferItem& item : body.items) {
      pb::OfferItem& to = *out.mutable_offer()->add_items();
      to.set_header(string_of(item.header.view()));
      to.set_nonce(string_of(item.nonce.view()));
    }
  }
  void operator()(const Want& body) const {
    out.mutable_want();
    for (const MessageId& id : body.ids) out.mutable_want()->add_ids(string_of(id.view()));
  }
  void operator()(const Message& body) const {
    out.mutable_message();
    for (const SealedItem& item : body.items) {
      pb::SealedItem& to = *out.mutable_message()->add_items();
      to.set_header(string_of(item.header.view()));
      to.set_nonce(string_of(item.nonce.view()));
      to.set_body(string_of(item.body));
    }
  }
  void operator()(const Stored& body) const {
    out.mutable_stored();
    for (const StoredItem& item : body.items) {
      pb::StoredItem& to = *out.mutable_stored()->add_items();
      to.set_id(string_of(item.id.view()));
      to.set_status(static_cast<std::uint32_t>(item.status));
      to.set_reason(static_cast<std::uint32_t>(item.reason));
      to.set_price(item.price);
      to.set_ack(string_of(item.ack));
    }
  }
  void operator()(const Ack& body) const {
    out.mutable_ack();
    for (const Bytes& record : body.records) out.mutable_ack()->add_records(string_of(record));
  }
  void operator()(const Collect& body) const {
    out.mutable_collect()->set_mailbox_key(string_of(body.mailbox_key.view()));
    out.mutable_collect()->set_signature(string_of(body.signature.view()));
  }
  void operator()(const Collected& body) const {
    out.mutable_collected()->set_status(static_cast<std::uint32_t>(body.status));
    out.mutable_collected()->set_waiting(body.waiting);
  }
  void operator()(const PutRecord& body) const { codec::write_signed_record(body.record, *out.mutable_put_record()); }
  void operator()(const GetRecord& body) const {
    out.mutable_get_record()->set_address(string_of(body.address.view()));
  }
  void operator()(const Record& body) const {
    out.mutable_record()->set_address(string_of(body.address.view()));
    codec::write_signed_record(body.record, *out.mutable_record());
  }
  void operator()(const ErrorBody& body) const {
    const std::string_view text = std::string_view(body.text).substr(0, kMaxErrorTextBytes);
    out.mutable_error()->set_code(body.code);
    out.mutable_error()->set_text(std::string(text.substr(0, valid_utf8_prefix(text))));
  }
  void operator()(const Sync& body) const { codec::write_sync(body, *out.mutable_sync()); }
};

// Sizes below count every tag and length at its longest (protobuf encoding: 1-byte tags up to field 15, 2 above;
// a length is 1 byte up to 127, 2 up to 16,383, else 3), so they never fall short of the encoded size.
constexpr std::size_t field(std::size_t payload) { return 2 + (payload < 128 ? 1 : payload < 16'384 ? 2 : 3) + payload; }

std::size_t record_size(const SignedRecord& record) {
  return record.record.empty() ? 0 : field(record.record.size()) + field(64) + field(8);
}

struct Sizer {
  std::size_t operator()(const Unknown&) const { return 0; }
  std::size_t operator()(const Hello& body) const { return field(body.raw.size()); }
  std::size_t operator()(const Welcome& body) const { return field(field(body.raw.size()) + field(64)); }
  std::size_t operator()(const Auth&) const { return field(field(64)); }
  std::size_t operator()(const Ping&) const { return field(0); }
  std::size_t operator()(const Pong&) const { return field(0); }
  std::size_t operator()(const FindNode& body) const {
    return field(field(20) + (body.known.empty() ? 0 : field(4 * body.known.size())));
  }
  std::size_t operator()(const Nodes& body) const {
    return field(body.contacts.size() * field(field(20) + field(32) + field(codec::kEndpointBytes)));
  }
  std::size_t operator()(const Offer& body) const { return field(body.items.size() * wire_size(OfferItem{})); }
  std::size_t operator()(const Want& body) const { return field(body.ids.size() * field(32)); }
  std::size_t operator()(const Message& body) const {
    std::size_t sum = 0;
    for (const SealedItem& item : body.items) sum += wire_size(item);
    return field(sum);
  }
  std::size_t operator()(const Stored& body) const {
    constexpr std::size_t kStatusReasonPrice = 2 + 2 + 3;
    std::size_t sum = 0;
    for (const StoredItem& item : body.items) sum += field(field(32) + kStatusReasonPrice + field(item.ack.size()));
    return field(sum);
  }
  std::size_t operator()(const Ack& body) const {
    std::size_t sum = 0;
    for (const Bytes& record : body.records) sum += field(record.size());
    return field(sum);
  }
  std::size_t operator()(const Collect&) const { return field(field(32) + field(64)); }
  std::size_t operator()(const Collected&) const { return field(8); }
  std::size_t operator()(const PutRecord& body) const { return field(record_size(body.record)); }
  std::size_t operator()(const GetRecord&) const { return field(field(20)); }
  std::size_t operator()(const Record& body) const { return field(field(20) + record_size(body.record)); }
  std::size_t operator()(const ErrorBody& body) const {
    return field(6 + field(std::min(body.text.size(), kMaxErrorTextBytes)));
  }
  std::size_t operator()(const Sync& body) const {
    std::size_t sum = body.opening ? field(SyncNonce::kSize) + 2 * field(20) + 8 : 2;
    for (const SyncRange& range : body.ranges) sum += wire_size(range);
    return field(sum);
  }
};

}  // namespace

Bytes encode_packet(const Packet& packet) {
  pb::Packet out;
  out.set_request_id(packet.request_id);
  std::visit(Writer{out}, packet.body);
  return codec::encode_pb(out);
}

std::size_t wire_size(const OfferItem&) { return field(field(kHeaderBytes) + field(kStampNonceBytes)); }

std::size_t wire_size(const SealedItem& item) {
  return field(field(kHeaderBytes) + field(kStampNonceBytes) + field(item.body.size()));
}

std::size_t wire_size(const SyncRange& range) {
  const std::size_t content = range.mode == SyncMode::fingerprint ? SyncFingerprint::kSize
                                                                  : codec::kSyncElementBytes * range.elements.size();
  return field(2 * field(codec::kSyncKeyBytes) + 2 + field(content));
}

std::size_t wire_size(const Packet& packet) {
  constexpr std::size_t kRequestIdBytes = 5;
  return kRequestIdBytes + std::visit(Sizer{}, packet.body);
}

const char* packet_name(const PacketBody& body) {
  static constexpr std::array<const char*, 20> kNames{
      "unknown", "hello",  "welcome", "auth", "ping",    "pong",      "find-node",  "nodes",      "offer", "want",
      "message", "stored", "ack",     "collect", "collected", "put-record", "get-record", "record", "error", "sync"};
  static_assert(kNames.size() == std::variant_size_v<PacketBody>);
  return kNames[body.index()];
}

}  // namespace comm
