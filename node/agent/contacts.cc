#include "node/agent/contacts.h"

namespace comm::agent {
namespace {

//   contact = version(1) address(20) name flags(1) last-ack(8) last-sequence(8) has-own-record(32)
//             last-at(8) added(8) verified(8) read-sequence(8) unread(4) troubles(4)          since version 2
//   record  = version(1) seq(8) created(8) hash(32) record signature(64)
constexpr std::uint8_t kVersion = 1, kContactVersion = 2;
constexpr std::uint8_t kAccepted = 1, kBlocked = 2, kMuted = 4, kHeard = 8;

bool is_request(const ContactInfo& info) { return !info.accepted && !info.blocked; }

std::optional<ContactEntry> decode(ByteView row) {
  RowReader in(row);
  const std::uint8_t version = in.u8();
  if (version != kVersion && version != kContactVersion) return std::nullopt;
  ContactEntry out;
  out.info.address = in.fixed<Address>();
  out.info.name = in.text();
  const std::uint8_t flags = in.u8();
  out.info.accepted = (flags & kAccepted) != 0;
  out.info.blocked = (flags & kBlocked) != 0;
  out.heard = (flags & kHeard) != 0;
  out.info.last_ack = in.time();
  out.info.muted = (flags & kMuted) != 0;
  out.info.last_sequence = in.u64();
  out.has_own_record = in.fixed<Hash>();
  out.info.read_sequence = out.info.last_sequence;
  if (version == kContactVersion) {
    out.info.last_at = in.time();
    out.info.added = in.time();
    out.info.verified = in.time();
    out.info.read_sequence = in.u64();
    out.info.unread = in.u32();
    out.info.troubles = in.u32();
  }
  if (!in.ok()) return std::nullopt;
  return out;
}

std::optional<RecordMeta> read_meta(RowReader& in) {
  if (in.u8() != kVersion) return std::nullopt;
  RecordMeta out;
  out.seq = in.u64();
  out.created = in.time();
  out.hash = in.fixed<Hash>();
  if (!in.ok()) return std::nullopt;
  return out;
}

}  // namespace

void ContactBook::load() {
  entries_.clear();
  requests_ = 0;
  rows_.each(RowKind::contact, [&](ByteView, ByteView row) {
    auto entry = decode(row);
    if (!entry) return;
    if (is_request(entry->info)) ++requests_;
    const Address address = entry->info.address;
    entries_.insert_or_assign(address, std::move(*entry));
  });
  for (auto& [address, entry] : entries_) {
    const auto row = rows_.get(rows_.named(RowKind::record, address));
    if (!row) continue;
    RowReader in(row->bytes);
    entry.record = read_meta(in);
    entry.info.has_key = entry.record.has_value();
  }
}

ContactEntry* ContactBook::find(const Address& address) {
  const auto it = entries_.find(address);
  return it == entries_.end() ? nullptr : &it->second;
}

const ContactEntry* ContactBook::find(const Address& address) const {
  const auto it = entries_.find(address);
  return it == entries_.end() ? nullptr : &it->second;
}

ContactEntry& ContactBook::ensure(const Address& address, Millis now) {
  const auto [it, added] = entries_.try_emplace(address);
  if (added) {
    it->second.info.address = address;
    it->second.info.added = now;
    ++requests_;
  }
  return it->second;
}

void ContactBook::save(const ContactEntry& entry, Effects& out) {
  RowWriter row;
  const ContactInfo& info = entry.info;
  row.u8(kContactVersion).fixed(info.address).text(info.name);
  row.u8(static_cast<std::uint8_t>((info.accepted ? kAccepted : 0) | (info.blocked ? kBlocked : 0) |
                                   (info.muted ? kMuted : 0) | (entry.heard ? kHeard : 0)));
  row.time(info.last_ack).u64(info.last_sequence).fixed(entry.has_own_record);
  row.time(info.last_at).time(info.added).time(info.verified).u64(info.read_sequence).u32(info.unread).u32(info.troubles);
  rows_.put(out, rows_.named(RowKind::contact, info.address), row);
}

ContactEntry& ContactBook::accept(const Address& address, Effects& out, Millis now) {
  ContactEntry& entry = ensure(address, now);
  if (entry.info.accepted) return entry;
  if (is_request(entry.info)) --requests_;
  entry.info.accepted = true;
  save(entry, out);
  return entry;
}

void ContactBook::set_blocked(const Address& address, bool blocked, Effects& out) {
  ContactEntry& entry = ensure(address);
  const bool was_request = is_request(entry.info);
  entry.info.blocked = blocked;
  if (was_request && blocked) --requests_;
  if (!was_request && is_request(entry.info)) ++requests_;
  save(entry, out);
}

void ContactBook::set_name(const Address& address, std::string name, Effects& out) {
  ContactEntry& entry = accept(address, out);
  entry.info.name = std::move(name);
  save(entry, out);
}

void ContactBook::set_verified(TimePoint now, const Address& address, bool verified, Effects& out) {
  ContactEntry& entry = accept(address, out, now.wall);
  entry.info.verified = verified ? now.wall : 0;
  save(entry, out);
}

void ContactBook::set_muted(const Address& address, bool muted, Effects& out) {
  ContactEntry* entry = find(address);
  if (entry == nullptr || entry->info.muted == muted) return;
  entry->info.muted = muted;
  save(*entry, out);
}

void ContactBook::mark_read(const Address& address, Effects& out) {
  ContactEntry* entry = find(address);
  if (entry == nullptr || (entry->info.unread == 0 && entry->info.read_sequence == entry->info.last_sequence)) return;
  entry->info.unread = 0;
  entry->info.read_sequence = entry->info.last_sequence;
  save(*entry, out);
}

void ContactBook::trouble(const Address& address, int by, Effects& out) {
  ContactEntry* entry = find(address);
  if (entry == nullptr || (by < 0 && entry->info.troubles == 0)) return;
  entry->info.troubles = by > 0 ? entry->info.troubles + 1 : entry->info.troubles - 1;
  save(*entry, out);
}

void ContactBook::forget(const Address& address, Effects& out) {
  const auto it = entries_.find(address);
  if (it == entries_.end()) return;
  if (is_request(it->second.info)) --requests_;
  rows_.erase(out, rows_.named(RowKind::contact, address));
  rows_.erase(out, rows_.named(RowKind::record, address));
  entries_.erase(it);
}

void ContactBook::report_conflict(ContactEntry& entry, std::uint64_t seq, Effects& out) {
  if (entry.conflict_seq == seq) return;
  entry.conflict_seq = seq;
  out.now(UserEvent{KeyConflict{entry.info.address}});
}

void ContactBook::report_conflict(const Address& address, Effects& out) {
  ContactEntry* entry = find(address);
  if (entry != nullptr && entry->record) report_conflict(*entry, entry->record->seq, out);
}

bool ContactBook::absorb(TimePoint now, const Address& address, const SignedRecord& record, Effects& out) {
  ContactEntry* entry = find(address);
  if (entry == nullptr || record.record.empty()) return false;
  const auto checked = check_record(record, now.wall);
  if (!checked || checked->address != address) return false;
  const std::uint64_t seq = checked->record.seq;
  if (entry->record) {
    const RecordMeta& held = *entry->record;
    if (seq < held.seq || (seq == held.seq && checked->hash == held.hash)) return false;
    if (seq == held.seq) report_conflict(*entry, seq, out);
    if (seq == held.seq && held.hash < checked->hash) return false;
  }
  entry->record = RecordMeta{seq, checked->hash, checked->record.created};
  entry->info.has_key = true;
  RowWriter row;
  row.u8(kVersion).u64(seq).time(checked->record.created).fixed(checked->hash);
  row.bytes(record.record).fixed(record.signature);
  rows_.put(out, rows_.named(RowKind::record, address), row);
  return true;
}

std::optional<KeyRecord> ContactBook::record(const Address& address) const {
  const auto row = rows_.get(rows_.named(RowKind::record, address));
  if (!row) return std::nullopt;
  RowReader in(row->bytes);
  if (!read_meta(in)) return std::nullopt;
  auto parsed = parse_key_record(in.bytes());
  if (!parsed) return std::nullopt;
  return std::move(*parsed);
}

std::vector<ContactInfo> ContactBook::list() const {
  std::vector<ContactInfo> out;
  out.reserve(entries_.size());
  for (const auto& [address, entry] : entries_) out.push_back(entry.info);
  return out;
}

}  // namespace comm::agent
