#include "node/agent/outbox_row.h"

namespace comm::agent {
namespace {
//   outbox = version(1) uid(16) peer(20) sequence(8) expires(4) lifetime(2) reseals(1) paid(1) effort(1) needs-seal(1)
//            pairwise(1) fallback(4) grant(4)                                                since version 2
//            count(4) (header(96) nonce(8) ack(32) own-record(32) state(1))*
constexpr std::uint8_t kFirstVersion = 1, kVersion = 2;
constexpr std::size_t kFixedBytes = 72, kCopyBytes = 176;
}  // namespace

RowWriter encode_outbox_row(const OutboxRow& row) {
  RowWriter out;
  out.reserve(kFixedBytes + kCopyBytes * row.copies.size());
  out.u8(kVersion).fixed(row.uid).fixed(row.peer).u64(row.sequence).u32(row.expires).u16(row.lifetime);
  out.u8(row.reseals).u8(row.paid_reseals).u8(row.effort).flag(row.needs_seal);
  out.flag(row.pairwise).u32(row.fallback).u32(row.grant);
  out.u32(static_cast<std::uint32_t>(row.copies.size()));
  for (const Copy& copy : row.copies) {
    out.fixed(copy.header).fixed(copy.nonce).fixed(copy.ack).fixed(copy.own_record);
    out.u8(static_cast<std::uint8_t>(copy.state));
  }
  return out;
}

std::optional<OutboxRow> decode_outbox_row(ByteView bytes) {
  RowReader in(bytes);
  const std::uint8_t version = in.u8();
  if (version != kFirstVersion && version != kVersion) return std::nullopt;
  OutboxRow out;
  out.uid = in.fixed<MessageUid>();
  out.peer = in.fixed<Address>();
  out.sequence = in.u64();
  out.expires = in.u32();
  out.lifetime = in.u16();
  out.reseals = in.u8();
  out.paid_reseals = in.u8();
  out.effort = in.u8();
  out.needs_seal = in.flag();
  if (version == kVersion) {
    out.pairwise = in.flag();
    out.fallback = in.u32();
    out.grant = in.u32();
  }
  for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
    Copy copy;
    copy.header = in.fixed<HeaderBytes>();
    copy.nonce = in.fixed<StampNonce>();
    copy.ack = in.fixed<AckSecret>();
    copy.own_record = in.fixed<Hash>();
    copy.state = static_cast<CopyState>(in.u8());
    copy.id = message_id(copy.header);
    out.copies.push_back(copy);
  }
  if (!in.ok()) return std::nullopt;
  return out;
}

}  // namespace comm::agent
