// Bytes -> Packet. One `read` per body; each either returns the body or names the first rule it breaks.
#include "proto/wire/codec.h"
#include "proto/wire/content.h"

namespace comm {
namespace {

using codec::bad_schema;
using codec::read_fixed;

// Bounds of a repeated field, from limits.h. An empty list would be a packet that says nothing.
template <class List>
bool count_ok(const List& list, std::size_t max) {
  return list.size() > 0 && static_cast<std::size_t>(list.size()) <= max;
}

bool final_record_size(std::size_t size) { return size == kAckRecordBytes || size == kRefusalRecordBytes; }

Result<PacketBody> read_hello(const std::string& raw) {
  auto body = parse_hello_body(as_bytes(raw));
  if (!body) return tl::make_unexpected(body.error());
  return PacketBody(Hello{codec::bytes_of(raw), *std::move(body)});
}

Result<PacketBody> read(const pb::Welcome& in) {
  auto body = parse_hello_body(as_bytes(in.body()));
  if (!body) return tl::make_unexpected(body.error());
  Welcome out{codec::bytes_of(in.body()), *std::move(body), {}};
  if (!read_fixed(in.signature(), out.signature)) return bad_schema("welcome-signature");
  return PacketBody(std::move(out));
}

Result<PacketBody> read(const pb::Auth& in) {
  Auth out;
  if (!read_fixed(in.signature(), out.signature)) return bad_schema("auth-signature");
  return PacketBody(out);
}

Result<PacketBody> read(const pb::FindNode& in) {
  FindNode out;
  if (!read_fixed(in.target(), out.target)) return bad_schema("find-node-target");
  const ByteView known = as_bytes(in.known());
  if (known.size() % 4 != 0 || known.size() / 4 > kMaxKnownPerFind) return bad_schema("find-node-known");
  for (std::size_t i = 0; i < known.size(); i += 4) out.known.push_back(get_be<std::uint32_t>(known.subspan(i)));
  return PacketBody(std::move(out));
}

Result<PacketBody> read(const pb::Nodes& in) {
  Nodes out;  // may be empty: nobody is known
  if (static_cast<std::size_t>(in.contacts_size()) > kMaxContactsPerPacket) return bad_schema("nodes-count");
  for (const pb::Contact& contact : in.contacts()) {
    Contact& to = out.contacts.emplace_back();
    if (!read_fixed(contact.node_id(), to.id)) return bad_schema("nodes-id");
    if (!read_fixed(contact.node_key(), to.key)) return bad_schema("nodes-key");
    if (!codec::read_endpoint(contact.endpoint(), to.endpoint)) return bad_schema("nodes-endpoint");
    if (to.endpoint.port == 0) return bad_schema("nodes-endpoint");
  }
  return PacketBody(std::move(out));
}

// The header's own fields are judged per message (parse_header): one strange header must not discard the others.
Result<PacketBody> read(const pb::Offer& in) {
  if (!count_ok(in.items(), kMaxOffersPerPacket)) return bad_schema("offer-count");
  Offer out;
  for (const pb::OfferItem& item : in.items()) {
    OfferItem& to = out.items.emplace_back();
    if (!read_fixed(item.header(), to.header)) return bad_schema("offer-header");
    if (!read_fixed(item.nonce(), to.nonce)) return bad_schema("offer-nonce");
  }
  return PacketBody(std::move(out));
}

Result<PacketBody> read(const pb::Want& in) {
  if (!count_ok(in.ids(), kMaxWantsPerPacket)) return bad_schema("want-count");
  Want out;
  for (const std::string& id : in.ids())
    if (!read_fixed(id, out.ids.emplace_back())) return bad_schema("want-id");
  return PacketBody(std::move(out));
}

Result<PacketBody> read(const pb::Message& in) {
  if (!count_ok(in.items(), kMaxMessagesPerPacket)) return bad_schema("message-count");
  Message out;
  for (const pb::SealedItem& item : in.items()) {
    SealedItem& to = out.items.emplace_back();
    if (!read_fixed(item.header(), to.header)) return bad_schema("message-header");
    if (!read_fixed(item.nonce(), to.nonce)) return bad_schema("message-nonce");
    const std::size_t size_class = to.header.data[3];
    if (size_class >= kBodyClassBytes.size() || item.body().size() != kBodyClassBytes[size_class])
      return bad_schema("message-body-size");
    to.body = codec::bytes_of(item.body());
  }
  return PacketBody(std::move(out));
}

Result<StoredItem> read_item(const pb::StoredItem& in) {
  StoredItem out;
  if (!read_fixed(in.id(), out.id)) return bad_schema("stored-id");
  if (in.status() < 1 || in.status() > static_cast<std::uint32_t>(StoredStatus::evicted))
    return bad_schema("stored-status");
  out.status = static_cast<StoredStatus>(in.status());
  if (in.reason() > static_cast<std::uint32_t>(RefuseReason::disk)) return bad_schema("stored-reason");
  out.reason = static_cast<RefuseReason>(in.reason());
  if (out.status == StoredStatus::refused && out.reason == RefuseReason::none) return bad_schema("stored-reason");
  if (in.price() > UINT8_MAX) return bad_schema("stored-price");
  out.price = static_cast<std::uint8_t>(in.price());
  const bool acknowledged = out.status == StoredStatus::acknowledged;
  if (acknowledged ? !final_record_size(in.ack().size()) : !in.ack().empty()) return bad_schema("stored-ack");
  out.ack = codec::bytes_of(in.ack());
  return out;
}

Result<PacketBody> read(const pb::Stored& in) {
  if (!count_ok(in.items(), kMaxStoredPerPacket)) return bad_schema("stored-count");
  Stored out;
  for (const pb::StoredItem& item : in.items()) {
    auto read = read_item(item);
    if (!read) return tl::make_unexpected(read.error());
    out.items.push_back(*std::move(read));
  }
  return PacketBody(std::move(out));
}

Result<PacketBody> read(const pb::Ack& in) {
  if (!count_ok(in.records(), kMaxAcksPerPacket)) return bad_schema("ack-count");
  Ack out;
  for (const std::string& record : in.records()) {
    if (!final_record_size(record.size())) return bad_schema("ack-size");
    out.records.push_back(codec::bytes_of(record));
  }
  return PacketBody(std::move(out));
}

Result<PacketBody> read(const pb::Collect& in) {
  Collect out;
  if (!read_fixed(in.mailbox_key(), out.mailbox_key)) return bad_schema("collect-key");
  if (!read_fixed(in.signature(), out.signature)) return bad_schema("collect-signature");
  return PacketBody(out);
}

Result<PacketBody> read(const pb::Collected& in) {
  if (in.status() != 1 && in.status() != 2) return bad_schema("collected-status");
  return PacketBody(Collected{static_cast<CollectStatus>(in.status()), in.waiting()});
}

Result<PacketBody> read(const pb::PutRecord& in) {
  PutRecord out;
  if (!codec::read_signed_record(in, out.record) || out.record.record.empty())
    return bad_schema("put-record-record");
  return PacketBody(std::move(out));
}

Result<PacketBody> read(const pb::GetRecord& in) {
  GetRecord out;
  if (!read_fixed(in.address(), out.address)) return bad_schema("get-record-address");
  return PacketBody(out);
}

Result<PacketBody> read(const pb::Record& in) {
  Record out;
  if (!read_fixed(in.address(), out.address)) return bad_schema("record-address");
  if (!codec::read_signed_record(in, out.record)) return bad_schema("record-record");
  return PacketBody(std::move(out));
}

Result<PacketBody> read(const pb::Error& in) {
  const std::string_view text = std::string_view(in.text()).substr(0, kMaxErrorTextBytes);
  return PacketBody(ErrorBody{in.code(), std::string(text.substr(0, valid_utf8_prefix(text)))});
}

Result<PacketBody> read(const pb::Sync& in) {
  auto sync = codec::read_sync(in);
  if (!sync) return tl::make_unexpected(sync.error());
  return PacketBody(*std::move(sync));
}

Result<PacketBody> read_body(const pb::Packet& in) {
  switch (in.body_case()) {
    case pb::Packet::kHello: return read_hello(in.hello());
    case pb::Packet::kWelcome: return read(in.welcome());
    case pb::Packet::kAuth: return read(in.auth());
    case pb::Packet::kPing: return PacketBody(Ping{});
    case pb::Packet::kPong: return PacketBody(Pong{});
    case pb::Packet::kFindNode: return read(in.find_node());
    case pb::Packet::kNodes: return read(in.nodes());
    case pb::Packet::kOffer: return read(in.offer());
    case pb::Packet::kWant: return read(in.want());
    case pb::Packet::kMessage: return read(in.message());
    case pb::Packet::kStored: return read(in.stored());
    case pb::Packet::kAck: return read(in.ack());
    case pb::Packet::kCollect: return read(in.collect());
    case pb::Packet::kCollected: return read(in.collected());
    case pb::Packet::kPutRecord: return read(in.put_record());
    case pb::Packet::kGetRecord: return read(in.get_record());
    case pb::Packet::kRecord: return read(in.record());
    case pb::Packet::kSync: return read(in.sync());
    case pb::Packet::kError: return read(in.error());
    case pb::Packet::BODY_NOT_SET: break;
  }
  return PacketBody(Unknown{});
}

}  // namespace

Result<Packet> parse_packet(ByteView in) {
  if (in.empty()) return reject(Stage::frame, Scope::count, "packet-empty");
  if (in.size() > kMaxPacketBytes) return reject(Stage::frame, Scope::disconnect, "packet-oversize");
  pb::Packet pb;
  if (!codec::parse_pb(in, pb)) return reject(Stage::decode, Scope::count, "packet-decode");
  auto body = read_body(pb);
  if (!body) return tl::make_unexpected(body.error());
  return Packet{pb.request_id(), *std::move(body)};
}

}  // namespace comm
