#include "node/agent/own_keys.h"

#include "proto/base/check.h"

namespace comm::agent {
namespace {

//   prekey     = version(1) week(4) replaced(8) public(32) secret(32)
//   own record = version(1) highest-seq(8) record signature(64) nonce(8) hash(32)
//                count(4) (prekey-week(4) mailbox-week(4) until(8))*
constexpr std::uint8_t kVersion = 1;

Millis until_next_week(Millis wall) { return (Millis{week_of(wall)} + 1) * kWeek - wall; }

}  // namespace

void OwnKeys::load() {
  record_.reset();
  highest_seq_ = 0;
  kept_.clear();
  prekeys_.clear();
  const std::size_t number_at = rows_.numbered(RowKind::prekey, 0).size() - sizeof(std::uint64_t);
  rows_.each(RowKind::prekey, [&](ByteView key, ByteView row) {
    RowReader in(row);
    const bool known = in.u8() == kVersion;
    RandomPrekey prekey;
    prekey.week = in.u32();
    prekey.replaced = in.time();
    prekey.pair.public_key = in.fixed<DhKey>();
    auto secret = in.fixed<Hash>();
    prekey.pair.secret = Secret<32>(std::span<const std::uint8_t, 32>(secret.data));
    secure_zero(secret.data);
    if (known && in.ok()) prekeys_.insert_or_assign(get_be<std::uint64_t>(key.subspan(number_at)), std::move(prekey));
  });
  const auto row = rows_.get(rows_.numbered(RowKind::own_record, 0));
  if (!row) return;
  RowReader in(row->bytes);
  if (in.u8() != kVersion) return;
  highest_seq_ = in.u64();
  OwnRecord own;
  own.signed_record.record = to_bytes(in.bytes());
  own.signed_record.signature = in.fixed<Signature>();
  own.signed_record.nonce = in.fixed<StampNonce>();
  own.hash = in.fixed<Hash>();
  for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
    Kept kept;
    kept.prekey_week = in.u32();
    kept.mailbox_week = in.u32();
    kept.until = in.time();
    kept_.push_back(kept);
  }
  auto parsed = parse_key_record(own.signed_record.record);
  if (!in.ok() || !parsed) return;
  own.key_record = std::move(*parsed);
  record_ = std::move(own);
}

void OwnKeys::save_record(Effects& out) const {
  RowWriter row;
  row.u8(kVersion).u64(highest_seq_).bytes(record_->signed_record.record).fixed(record_->signed_record.signature);
  row.fixed(record_->signed_record.nonce).fixed(record_->hash).u32(static_cast<std::uint32_t>(kept_.size()));
  for (const Kept& kept : kept_) row.u32(kept.prekey_week).u32(kept.mailbox_week).time(kept.until);
  rows_.put(out, rows_.numbered(RowKind::own_record, 0), row);
}

void OwnKeys::save_prekey(std::uint64_t number, const RandomPrekey& prekey, Effects& out) const {
  RowWriter row;
  row.reserve(128).u8(kVersion).u32(prekey.week).time(prekey.replaced).fixed(prekey.pair.public_key);
  row.fixed(prekey.pair.secret);
  rows_.put(out, rows_.numbered(RowKind::prekey, number), row);
}

void OwnKeys::start(TimePoint now, Effects& out) {
  ensure(now, out);
  collect(now, out);
  publish(now, out);
  check_at_ = now.mono + std::min(until_next_week(now.wall), kHour);
}

void OwnKeys::time(TimePoint now, Effects& out) {
  if (now.mono >= check_at_) {
    waiting_for_store_ = false;
    const Hash before = record_ ? record_->hash : Hash{};
    ensure(now, out);
    if (record_hash() != before) publish(now, out);
    drop_old(now, out);
    if (week_of(now.wall) != week_) collect(now, out);
    // Hourly too: the wall clock may step over the end of the week.
    check_at_ = now.mono + std::min(until_next_week(now.wall), kHour);
  }
  if (now.mono >= publish_at_) publish(now, out);
}

void OwnKeys::store_failed(TimePoint now) {
  waiting_for_store_ = true;
  check_at_ = now.mono + kStoreRetry;
  publish_at_ = check_at_;  // a publication may be among what was lost
}

bool OwnKeys::ensure(TimePoint now, Effects& out) {
  if (record_) {
    const KeyRecord& own = record_->key_record;
    const bool of_this_week = week_of(own.created) == week_of(now.wall) && now.wall - own.created < kWeek;
    // A record from the future, after the clock went back, is refused by everybody.
    if (of_this_week && own.created <= now.wall + kRecordFuture) return true;
  }
  if (waiting_for_store_) return record_.has_value();
  make_record(now, out);
  return true;
}

void OwnKeys::make_record(TimePoint now, Effects& out) {
  KeyRecord next;
  next.sign_key = identity_.sign_pair().public_key();
  next.dh_key = identity_.dh_pair().public_key;
  next.created = std::max<Millis>(now.wall, 0);
  next.expires = next.created + kRecordLifetime;
  next.seq = std::max(static_cast<std::uint64_t>(next.created), highest_seq_ + 1);
  next.prekey = current_prekey(now, out);
  const std::uint32_t week = week_of(now.wall);
  for (std::uint32_t i = 0; i <= kMailboxWeeksAhead; ++i)
    next.mailboxes.push_back({week + i, mailbox_id(identity_.mailbox(week + i).public_key())});
  if (record_) keep(record_->key_record, now.wall);
  OwnRecord own;
  own.signed_record = sign_record(identity_, next);
  own.hash = tagged_hash("record", {own.signed_record.record});
  const auto nonce = mine_stamp(MessageId{own.hash.data}, kOwnRecordEffort, 0, std::uint64_t{16} << kOwnRecordEffort);
  if (nonce) own.signed_record.nonce = *nonce;
  own.key_record = std::move(next);
  highest_seq_ = own.key_record.seq;
  record_ = std::move(own);
  save_record(out);
}

DhKey OwnKeys::current_prekey(TimePoint now, Effects& out) {
  const std::uint32_t week = week_of(now.wall);
  if (identity_.derived_prekeys()) return identity_.prekey(week).public_key;
  std::uint64_t number = 0;
  if (!prekeys_.empty()) {
    auto& [last_number, last] = *prekeys_.rbegin();
    if (last.week == week) return last.pair.public_key;
    last.replaced = std::max<Millis>(now.wall, 1);
    save_prekey(last_number, last, out);
    number = last_number + 1;
  }
  RandomPrekey prekey;
  prekey.week = week;
  prekey.pair = random_dh_pair(random_);
  save_prekey(number, prekey, out);
  return prekeys_.insert_or_assign(number, std::move(prekey)).first->second.pair.public_key;
}

void OwnKeys::keep(const KeyRecord& old, Millis wall) {
  const Kept kept{week_of(old.created), old.mailboxes.back().week, wall + kPrekeyKept};
  for (Kept& known : kept_)
    if (known.prekey_week == kept.prekey_week && known.mailbox_week == kept.mailbox_week) {
      known.until = std::max(known.until, kept.until);
      return;
    }
  if (kept_.size() == kMaxKept) kept_.erase(kept_.begin());
  kept_.push_back(kept);
}

// Old keys go only after mail that waited for this start has had an hour to arrive: the owner may have been away for
// longer than they are kept. The hour also lets a clock that started wrong be set right.
void OwnKeys::drop_old(TimePoint now, Effects& out) {
  if (clock_doubted_ || !first_session_ || now.mono - *first_session_ < kCollectPoll) return;
  for (auto it = prekeys_.begin(); it != prekeys_.end();) {
    const RandomPrekey& prekey = it->second;
    if (prekey.replaced == 0 || now.wall - prekey.replaced < kPrekeyKept) {
      ++it;
      continue;
    }
    rows_.erase(out, rows_.numbered(RowKind::prekey, it->first));
    it = prekeys_.erase(it);
  }
  const auto gone = [&](const Kept& kept) { return kept.until <= now.wall; };
  if (std::none_of(kept_.begin(), kept_.end(), gone)) return;
  kept_.erase(std::remove_if(kept_.begin(), kept_.end(), gone), kept_.end());
  save_record(out);
  collect(now, out);
}

void OwnKeys::collect(TimePoint now, Effects& out) {
  week_ = week_of(now.wall);
  std::vector<std::uint32_t> weeks;
  const std::uint32_t first = week_ - std::min(week_, kMailboxWeeksBack);
  for (std::uint32_t week = first; week <= week_ + 1; ++week) weeks.push_back(week);
  // The last mailbox of a replaced record is what its readers use once its weeks are over: later weeks are not due.
  for (const Kept& kept : kept_)
    if (kept.mailbox_week < first && std::find(weeks.begin(), weeks.end(), kept.mailbox_week) == weeks.end())
      weeks.push_back(kept.mailbox_week);
  mailboxes_.clear();
  mailbox_keys_.clear();
  CollectMailboxes event;
  for (const std::uint32_t week : weeks) {
    MailboxSigningKey key = identity_.mailbox(week);
    // Senders use the current week's, or that of a clock that is a little behind.
    const bool in_use = week == week_ || week + 1 == week_;
    (in_use ? event.keys : event.seldom).push_back(key.public_key());
    mailbox_keys_.insert_or_assign(mailbox_id(key.public_key()), key.public_key());
    mailboxes_.insert_or_assign(key.public_key(), std::move(key));
  }
  for (const auto& [key, pairwise] : pairwise_) {
    (pairwise.in_use ? event.pairwise : event.past).push_back(key);
    mailbox_keys_.insert_or_assign(mailbox_id(key), key);
  }
  if (identity_.derived_prekeys()) refresh_derived(week_);
  out.now(Event{std::move(event)});
}

void OwnKeys::set_pairwise(std::vector<Pairwise> keys) {
  pairwise_.clear();
  for (Pairwise& one : keys) pairwise_.insert_or_assign(one.key.public_key(), std::move(one));
}

void OwnKeys::refresh_derived(std::uint32_t week) {
  derived_.clear();
  for (std::uint32_t w = week - std::min(week, kPrekeyWeeksBack); w <= week + 1; ++w)
    derived_.insert_or_assign(w, identity_.prekey(w));
  for (const Kept& kept : kept_)
    if (!derived_.contains(kept.prekey_week))
      derived_.insert_or_assign(kept.prekey_week, identity_.prekey(kept.prekey_week));
}

std::vector<const DhPair*> OwnKeys::openers() const {
  std::vector<const DhPair*> out;
  for (auto it = prekeys_.rbegin(); it != prekeys_.rend(); ++it) out.push_back(&it->second.pair);
  // Next week's is only used by a machine whose clock is ahead: last, to spare all other mail one key agreement.
  for (auto it = derived_.rbegin(); it != derived_.rend(); ++it)
    if (it->first <= week_) out.push_back(&it->second);
  for (const auto& [week, pair] : derived_)
    if (week > week_) out.push_back(&pair);
  return out;
}

const MailboxSigningKey* OwnKeys::mailbox(const MailboxKey& key) const {
  if (const auto it = mailboxes_.find(key); it != mailboxes_.end()) return &it->second;
  const auto it = pairwise_.find(key);
  return it == pairwise_.end() ? nullptr : &it->second.key;
}

bool OwnKeys::is_pairwise(const MailboxId& id) const {
  const auto it = mailbox_keys_.find(id);
  return it != mailbox_keys_.end() && pairwise_.contains(it->second);
}

const MailboxSigningKey* OwnKeys::mailbox(const MailboxId& id) const {
  const auto it = mailbox_keys_.find(id);
  return it == mailbox_keys_.end() ? nullptr : mailbox(it->second);
}

// --- publishing -----------------------------------------------------------------

void OwnKeys::publish(TimePoint now, Effects& out) {
  publish_at_ = now.mono + kRecordRepublish;
  if (!record_) return;
  out.durable(Event{PublishRecord{identity_.address(), record_->signed_record}});
  // The record that others see must be ours: whoever else has this secret is found this way.
  if (sessions_ > 0) out.now(Event{FindRecord{identity_.address()}});
}

void OwnKeys::peers(TimePoint now, std::uint32_t sessions, Effects& out) {
  const bool first = sessions_ == 0 && sessions > 0;
  sessions_ = sessions;
  if (!first) return;
  if (!first_session_) first_session_ = now.mono;
  publish_backoff_ = 0;
  publish(now, out);
}

void OwnKeys::published(TimePoint now, const RecordPublished& notice) {
  if (notice.holders > 0) {
    publish_backoff_ = 0;
    publish_at_ = now.mono + kRecordRepublish;
    return;
  }
  publish_backoff_ = publish_backoff_ == 0 ? scaled(kKeyRetryMin) : std::min(2 * publish_backoff_, scaled(kKeyRetryMax));
  publish_at_ = now.mono + publish_backoff_;
}

void OwnKeys::seen(TimePoint now, const SignedRecord& record, Effects& out) {
  const auto checked = check_record(record, now.wall);
  if (!checked || checked->address != identity_.address() || !record_) return;
  if (record.record == record_->signed_record.record) return;
  if (checked->record.seq < record_->key_record.seq) {
    // Our own of an earlier time, maybe from another machine that is off now: its readers' mail is collected too.
    const std::size_t before = kept_.size();
    keep(checked->record, now.wall);
    if (kept_.size() == before || waiting_for_store_) return;
    save_record(out);
    collect(now, out);
    return;
  }
  highest_seq_ = std::max(highest_seq_, checked->record.seq);
  if (last_conflict_ && now.mono - *last_conflict_ < kConflictPause) return;
  last_conflict_ = now.mono;
  out.now(UserEvent{KeyConflict{identity_.address()}});
  out.now(UserEvent{UserError{"Your secret is in use on another machine: messages may arrive there instead. "
                              "Use one machine at a time.", ""}});
  if (waiting_for_store_) return;
  keep(checked->record, now.wall);
  make_record(now, out);
  collect(now, out);
  publish(now, out);
}

}  // namespace comm::agent
