#include "node/agent/grants.h"

namespace comm::agent {
namespace {

//   grant = version(1) address(20) mailbox-key(32) expires(8) period(4) acknowledged(4) given-at(8)
constexpr std::uint8_t kVersion = 1;
// After its end the last message for it may still be on its way.
constexpr Millis kOnItsWay = Millis{kMaxLifetimeMinutes} * kMinute + kTombstoneGrace;
constexpr std::uint32_t kPeriodsBack = 2;  // of which mail may be on its way

}  // namespace

void Grants::load() {
  entries_.clear();
  under_way_.clear();
  rows_.each(RowKind::grant, [&](ByteView, ByteView row) {
    RowReader in(row);
    if (in.u8() != kVersion) return;
    const Address contact = in.fixed<Address>();
    Entry entry;
    entry.mailbox = in.fixed<MailboxKey>();
    entry.expires = in.time();
    entry.period = in.u32();
    entry.acknowledged = in.u32();
    entry.given_at = in.time();
    if (in.ok()) entries_.insert_or_assign(contact, entry);
  });
}

void Grants::save(const Address& contact, const Entry& entry, Effects& out) const {
  RowWriter row;
  row.u8(kVersion).fixed(contact).fixed(entry.mailbox).time(entry.expires).u32(entry.period).u32(entry.acknowledged);
  rows_.put(out, rows_.named(RowKind::grant, contact), row.time(entry.given_at));
}

void Grants::forget(const Address& contact, Effects& out) {
  if (entries_.erase(contact) > 0) rows_.erase(out, rows_.named(RowKind::grant, contact));
}

// --- theirs -----------------------------------------------------------------------

std::optional<MailboxId> Grants::mailbox_of(const Address& contact, Millis wall) const {
  const auto it = entries_.find(contact);
  if (it == entries_.end() || it->second.expires <= wall) return std::nullopt;
  return mailbox_id(it->second.mailbox);
}

const char* Grants::take(TimePoint now, const Address& contact, const MailboxGrant& grant, Effects& out) {
  if (const auto checked = check_grant(grant, now.wall); !checked) return checked.error().reason;
  if (own_.mailbox(grant.mailbox_key) != nullptr) return "grant-taken";
  for (const auto& [other, entry] : entries_)
    if (other != contact && entry.expires != 0 && entry.mailbox == grant.mailbox_key) return "grant-taken";
  Entry& entry = entries_[contact];
  if (grant.expires <= entry.expires) return "grant-older";
  entry.mailbox = grant.mailbox_key;
  entry.expires = grant.expires;
  save(contact, entry, out);
  return nullptr;
}

// --- ours -------------------------------------------------------------------------

std::uint32_t Grants::period_at(const Address& contact, Millis wall) const {
  return static_cast<std::uint32_t>((std::max<Millis>(wall, 0) + identity_.pairwise_phase(contact)) / kPairwisePeriod);
}

Millis Grants::end_of(const Address& contact, std::uint32_t period) const {
  return period * kPairwisePeriod - identity_.pairwise_phase(contact) + kPairwiseLifetime;
}

bool Grants::in_force(const Address& contact, const Entry& entry, Millis wall) const {
  return entry.period != 0 && end_of(contact, entry.period) > wall;
}

std::size_t Grants::count_in_force(Millis wall) const {
  return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), [&](const auto& item) {
    return welcome(item.first) && in_force(item.first, item.second, wall);
  }));
}

bool Grants::welcome(const Address& contact) const {
  const ContactEntry* known = contacts_.find(contact);
  return known != nullptr && known->info.accepted && !known->info.blocked && (known->heard || known->info.last_ack != 0);
}

bool Grants::wanted(TimePoint now, const Address& contact, bool wrote_to_public) const {
  if (clock_doubted_ || !welcome(contact) || under_way_.contains(contact)) return false;
  const auto it = entries_.find(contact);
  const Entry entry = it == entries_.end() ? Entry{} : it->second;
  const std::uint32_t period = period_at(contact, now.wall);
  if (entry.period > period) return false;  // the clock has been ahead
  if (!in_force(contact, entry, now.wall) && count_in_force(now.wall) >= kMaxPairwise) return false;
  if (entry.period < period) return true;
  const bool pausing = now.wall - entry.given_at < kPairwiseRegrant && entry.given_at <= now.wall;
  return !pausing && (wrote_to_public || entry.acknowledged < period);
}

std::vector<Address> Grants::due(TimePoint now, Effects& out) {
  std::vector<Address> successors;
  if (now.mono < check_at_) return successors;
  check_at_ = now.mono + kGrantCheck;
  if (clock_doubted_) return successors;
  for (auto it = entries_.begin(); it != entries_.end();) {
    const auto& [contact, entry] = *it;
    if (entry.expires <= now.wall && (entry.period == 0 || end_of(contact, entry.period) + kOnItsWay <= now.wall)) {
      rows_.erase(out, rows_.named(RowKind::grant, contact));
      it = entries_.erase(it);
      continue;
    }
    ++it;
    if (!in_force(contact, entry, now.wall) || entry.period >= period_at(contact, now.wall)) continue;
    const ContactEntry* known = contacts_.find(contact);
    const Millis begun = end_of(contact, entry.period) - kPairwiseLifetime;
    if (known == nullptr || known->info.last_at < begun) continue;  // messages count, grants would go on for ever
    if (wanted(now, contact, false)) successors.push_back(contact);
  }
  return successors;
}

std::uint32_t Grants::give(TimePoint now, const Address& contact, Effects& out) {
  Entry& entry = entries_[contact];
  entry.period = period_at(contact, now.wall);
  entry.given_at = now.wall;
  save(contact, entry, out);
  return entry.period;
}

MailboxGrant Grants::content(const Address& contact, std::uint32_t period) const {
  return {identity_.pairwise_mailbox(contact, period).public_key(), end_of(contact, period)};
}

void Grants::acknowledged(const Address& contact, std::uint32_t period, Effects& out) {
  const auto it = entries_.find(contact);
  if (it == entries_.end() || it->second.acknowledged >= period) return;
  it->second.acknowledged = period;
  save(contact, it->second, out);
}

void Grants::under_way(const Address& contact, bool yes) {
  if (yes) under_way_.insert(contact);
  else under_way_.erase(contact);
}

// In use until its end: the newest they have acknowledged, which they still write to, and the newest they were granted.
// Older ones for what is on its way; the one before, too, that another machine of ours may have granted.
bool Grants::refresh(TimePoint now) {
  std::vector<Collected> all;
  for (const auto& [contact, entry] : entries_) {
    const ContactEntry* known = contacts_.find(contact);
    if (entry.period == 0 || (known != nullptr && known->info.blocked)) continue;
    for (std::uint32_t back = 0; back <= std::min(kPeriodsBack, entry.period); ++back) {
      const std::uint32_t period = entry.period - back;
      const Millis end = end_of(contact, period);
      if (end + kOnItsWay <= now.wall) break;
      const bool newest = back == 0 || period == entry.acknowledged;
      all.push_back({contact, period, newest && end > now.wall});
    }
  }
  if (all == collected_) return false;
  std::vector<OwnKeys::Pairwise> keys;
  for (const Collected& one : all) keys.push_back({identity_.pairwise_mailbox(one.contact, one.period), one.in_use});
  own_.set_pairwise(std::move(keys));
  collected_ = std::move(all);
  return true;
}

}  // namespace comm::agent
