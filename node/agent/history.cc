#include "node/agent/history.h"

#include "proto/base/check.h"

namespace comm::agent {
namespace {

//   history = version(1) uid(16) peer(20) flags(1) at(8) lifetime(2) previous(8) text
//   status  = version(1) state(1) relays(4) late(1) detail ack
//             sealed-at(8) sealed-bytes(4) acked-at(8) count(4) (node(20) since(8))*      since version 2
//   uid     = version(1) sequence(8)            meta 0 = version(1) next-sequence(8)
constexpr std::uint8_t kVersion = 1, kStatusVersion = 2;
constexpr std::uint8_t kOutgoing = 1, kRequest = 2, kUnknownContent = 4, kForgotten = 8;
constexpr std::uint64_t kNextSequence = 0;  // meta row

std::optional<std::uint64_t> number_in(const std::optional<WipedBytes>& row) {
  if (!row) return std::nullopt;
  RowReader in(row->bytes);
  const bool known = in.u8() == kVersion;
  const std::uint64_t out = in.u64();
  if (!known || !in.ok()) return std::nullopt;
  return out;
}

}  // namespace

void History::load() {
  const auto known = number_in(rows_.get(rows_.numbered(RowKind::meta, kNextSequence)));
  next_ = known.value_or(1);
  if (known) return;
  // New, or the counter's row is damaged: what is there must not be written over.
  const std::size_t number_at = rows_.numbered(RowKind::history, 0).size() - sizeof(std::uint64_t);
  rows_.each(RowKind::history,
             [&](ByteView key, ByteView) { next_ = get_be<std::uint64_t>(key.subspan(number_at)) + 1; });
}

std::uint64_t History::add(HistoryRow item, Effects& out) {
  ContactEntry* contact = contacts_.find(item.peer);
  CHECK(contact != nullptr);
  const std::uint64_t sequence = next_++;
  ContactInfo& info = contact->info;
  item.previous = info.last_sequence;
  write(sequence, item, out);
  rows_.put(out, rows_.numbered(RowKind::meta, kNextSequence), RowWriter().u8(kVersion).u64(next_));
  if (item.outgoing) {
    rows_.put(out, rows_.named(RowKind::uid, item.uid), RowWriter().u8(kVersion).u64(sequence));
    if (info.unread == 0) info.read_sequence = sequence;
  } else {
    ++info.unread;
  }
  info.last_sequence = sequence;
  info.last_at = item.at;
  contacts_.save(*contact, out);
  secure_zero({reinterpret_cast<std::uint8_t*>(item.text.data()), item.text.size()});
  return sequence;
}

void History::write(std::uint64_t sequence, const HistoryRow& item, Effects& out) {
  const int flags = (item.outgoing ? kOutgoing : 0) | (item.request ? kRequest : 0) |
                    (item.unknown_content ? kUnknownContent : 0) | (item.forgotten ? kForgotten : 0);
  RowWriter row;
  row.reserve(64 + item.text.size());
  row.u8(kVersion).fixed(item.uid).fixed(item.peer).u8(static_cast<std::uint8_t>(flags)).time(item.at);
  row.u16(item.lifetime).u64(item.previous).text(item.text);
  rows_.put(out, rows_.numbered(RowKind::history, sequence), row);
}

void History::forget(std::uint64_t sequence, Effects& out) {
  auto item = read(sequence);
  if (!item || item->forgotten) return;
  item->forgotten = true;
  item->text.clear();
  write(sequence, *item, out);
  rows_.erase(out, rows_.numbered(RowKind::status, sequence));
}

std::optional<HistoryRow> History::read(std::uint64_t sequence) const {
  const auto row = rows_.get(rows_.numbered(RowKind::history, sequence));
  if (!row) return std::nullopt;
  RowReader in(row->bytes);
  if (in.u8() != kVersion) return std::nullopt;
  HistoryRow out;
  out.uid = in.fixed<MessageUid>();
  out.peer = in.fixed<Address>();
  const std::uint8_t flags = in.u8();
  out.outgoing = (flags & kOutgoing) != 0;
  out.request = (flags & kRequest) != 0;
  out.unknown_content = (flags & kUnknownContent) != 0;
  out.forgotten = (flags & kForgotten) != 0;
  out.at = in.time();
  out.lifetime = in.u16();
  out.previous = in.u64();
  out.text = in.text();
  if (!in.ok()) return std::nullopt;
  return out;
}

StatusRow History::status(std::uint64_t sequence) const {
  StatusRow out;
  const auto row = rows_.get(rows_.numbered(RowKind::status, sequence));
  if (!row) return out;
  RowReader in(row->bytes);
  const std::uint8_t version = in.u8();
  if (version != kVersion && version != kStatusVersion) return out;
  const std::uint8_t state = in.u8();
  if (state > static_cast<std::uint8_t>(DeliveryState::failed)) return out;
  out.state = static_cast<DeliveryState>(state);
  out.relays = in.u32();
  out.late = in.flag();
  out.detail = in.text();
  out.ack = to_bytes(in.bytes());
  if (version != kStatusVersion) return out;
  out.sealed_at = in.time();
  out.sealed_bytes = in.u32();
  out.acked_at = in.time();
  const std::size_t holders = std::min<std::size_t>(in.u32(), kMaxHoldersKept);
  for (std::size_t i = 0; i < holders; ++i) {
    const NodeId node = in.fixed<NodeId>();
    out.holders.push_back({node, in.time()});
  }
  if (!in.ok()) out.holders.clear();
  return out;
}

void History::put_status(std::uint64_t sequence, const StatusRow& status, Effects& out) {
  RowWriter row;
  row.u8(kStatusVersion).u8(static_cast<std::uint8_t>(status.state)).u32(status.relays).flag(status.late);
  row.text(status.detail).bytes(status.ack).time(status.sealed_at).u32(status.sealed_bytes).time(status.acked_at);
  row.u32(static_cast<std::uint32_t>(status.holders.size()));
  for (const auto& holder : status.holders) row.fixed(holder.node).time(holder.since);
  rows_.put(out, rows_.numbered(RowKind::status, sequence), row);
}

std::optional<std::uint64_t> History::sequence_of(const MessageUid& uid) const {
  return number_in(rows_.get(rows_.named(RowKind::uid, uid)));
}

Bytes History::seen_key(const Address& sender, const MessageUid& uid) const {
  Bytes name = to_bytes(sender.view());
  append(name, uid.view());
  return rows_.named(RowKind::seen, ByteView(name));
}

bool History::seen(const Address& sender, const MessageUid& uid) const { return rows_.has(seen_key(sender, uid)); }

void History::mark_seen(const Address& sender, const MessageUid& uid, Effects& out) {
  rows_.put(out, seen_key(sender, uid), RowWriter().u8(kVersion));
}

// The newest item with `peer` below `before` (0 = no bound).
std::uint64_t History::newest_of(const Address& peer, std::uint64_t before) const {
  const ContactEntry* contact = contacts_.find(peer);
  if (contact == nullptr) return 0;
  const std::uint64_t last = contact->info.last_sequence;
  if (before == 0 || before > last) return last;
  // A page's cursor is an item of that peer: its chain goes on from there.
  if (const auto item = read(before); item && item->peer == peer) return item->previous;
  std::uint64_t sequence = last;
  while (sequence >= before) {
    const auto item = read(sequence);
    if (!item) return 0;
    sequence = item->previous;
  }
  return sequence;
}

std::vector<HistoryItem> History::page(const std::optional<Address>& peer, std::uint64_t before,
                                       std::size_t limit) const {
  std::vector<HistoryItem> out;
  std::uint64_t sequence = before == 0 || before > next_ ? next_ - 1 : before - 1;
  if (peer) sequence = newest_of(*peer, before);
  while (sequence != 0 && out.size() < limit) {
    auto row = read(sequence);
    if (!row && peer) break;  // the chain is broken: a damaged row
    if (!row) {
      --sequence;
      continue;
    }
    const std::uint64_t next = peer ? row->previous : sequence - 1;
    if (!row->forgotten) out.push_back(shown(sequence, std::move(*row)));
    sequence = next;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

// Rows are chained backwards only: forwards, everybody's are looked at.
std::vector<HistoryItem> History::page_after(const Address& peer, std::uint64_t after, std::size_t limit) const {
  std::vector<HistoryItem> out;
  const ContactEntry* contact = contacts_.find(peer);
  const std::uint64_t last = contact == nullptr ? 0 : contact->info.last_sequence;
  for (std::uint64_t sequence = after + 1; sequence <= last && out.size() < limit; ++sequence) {
    auto row = read(sequence);
    if (row && row->peer == peer && !row->forgotten) out.push_back(shown(sequence, std::move(*row)));
  }
  return out;
}

std::optional<HistoryItem> History::item(std::uint64_t sequence) const {
  auto row = read(sequence);
  if (!row || row->forgotten) return std::nullopt;
  return shown(sequence, std::move(*row));
}

HistoryItem History::shown(std::uint64_t sequence, HistoryRow row) const {
  HistoryItem item;
  item.sequence = sequence;
  item.uid = row.uid;
  item.peer = row.peer;
  item.outgoing = row.outgoing;
  item.text = std::move(row.text);
  item.at = row.at;
  item.request = row.request;
  item.unknown_content = row.unknown_content;
  item.lifetime = row.lifetime;
  if (!item.outgoing) return item;
  StatusRow known = status(sequence);
  item.state = known.state;
  item.relays = known.relays;
  item.late = known.late;
  item.detail = std::move(known.detail);
  item.acked_at = known.acked_at;
  return item;
}

}  // namespace comm::agent
