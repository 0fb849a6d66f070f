#include "node/agent/outbox.h"

namespace comm::agent {
namespace {
constexpr std::string_view kCancelled = "cancelled";

// What the user has to look at: what they cancelled themselves is no trouble.
bool in_trouble(const StatusRow& status) {
  return status.state == DeliveryState::expired ||
         (status.state == DeliveryState::failed && !status.detail.starts_with(kCancelled));
}
}  // namespace

Outbox::Outbox(const Identity& identity, const Profile& profile, const StoreView& store, RandomSource& random,
               const Rows& rows, ContactBook& contacts, History& history, OwnKeys& own,
               Grants& grants)
    : identity_(identity),
      store_(store),
      random_(random),
      rows_(rows),
      contacts_(contacts),
      history_(history),
      own_(own),
      grants_(grants),
      lookups_(kKeyRetryMin * profile.backoff_unit / kSecond, kKeyRetryMax * profile.backoff_unit / kSecond) {}

// --- entries and rows -------------------------------------------------------------

Outbox::Entry* Outbox::find(const MessageUid& uid) {
  const auto it = entries_.find(uid);
  return it == entries_.end() ? nullptr : &it->second;
}

std::optional<OutboxRow> Outbox::read_row(const MessageUid& uid) const {
  const auto row = rows_.get(rows_.named(RowKind::outbox, uid));
  if (!row) return std::nullopt;
  return decode_outbox_row(row->bytes);
}

std::optional<std::pair<Outbox::Entry*, OutboxRow>> Outbox::load_row(const MessageId& id) {
  const auto it = ids_.find(id);
  if (it == ids_.end()) return std::nullopt;
  Entry* entry = find(it->second);
  auto row = read_row(it->second);
  if (entry == nullptr || !row) return std::nullopt;
  return std::pair(entry, std::move(*row));
}

Outbox::Entry& Outbox::remember(const OutboxRow& row) {
  Entry& entry = entries_[row.uid];
  entry.uid = row.uid;
  entry.peer = row.peer;
  entry.sequence = row.sequence;
  entry.expires = row.expires;
  entry.needs_seal = row.needs_seal;
  entry.fallback = row.fallback;
  entry.grant = row.grant;
  if (row.grant != 0) grants_.under_way(row.peer, true);
  for (const Copy& copy : row.copies) ids_.insert_or_assign(copy.id, row.uid);
  contacts_.ensure(row.peer);
  return entry;
}

void Outbox::save(Entry& entry, const OutboxRow& row, Effects& out) {
  entry.needs_seal = row.needs_seal;
  entry.expires = row.expires;
  entry.fallback = row.fallback;
  rows_.put(out, rows_.named(RowKind::outbox, row.uid), encode_outbox_row(row));
  set_timer(entry);
}

void Outbox::drop(MessageUid uid, Effects& out) {
  Entry* entry = find(uid);
  if (entry == nullptr) return;
  if (const auto row = read_row(uid))
    for (const Copy& copy : row->copies) ids_.erase(copy.id);
  rows_.erase(out, rows_.named(RowKind::outbox, uid));
  if (entry->timer != 0) timers_.erase({entry->timer, uid});
  lookups_.forget(entry->peer, uid);
  if (entry->grant != 0) grants_.under_way(entry->peer, false);
  entries_.erase(uid);
}

// Open messages fall back and expire, settled ones wait for a late acknowledgement.
void Outbox::set_timer(Entry& entry) {
  std::uint32_t minute = entry.fallback != 0 ? std::min(entry.fallback, entry.expires) : entry.expires;
  if (is_final(entry.state)) minute = entry.expires + kSettledKeptMinutes;
  if (minute == entry.timer) return;
  if (entry.timer != 0) timers_.erase({entry.timer, entry.uid});
  timers_.insert({minute, entry.uid});
  entry.timer = minute;
}

bool Outbox::advance(Entry& entry, DeliveryInput input, Effects& out, Change change) {
  const auto step = next_delivery(entry.state, input);
  if (!step) return false;
  if (step->next == entry.state && change.relays <= entry.relays) return false;
  entry.state = step->next;
  entry.relays = std::max(entry.relays, change.relays);
  if (entry.grant != 0) {  // nobody is told
    set_timer(entry);
    return true;
  }
  StatusRow status = history_.status(entry.sequence);
  const bool was_trouble = in_trouble(status);
  status.state = entry.state;
  status.relays = entry.relays;
  status.late = step->late;
  status.detail = std::move(change.detail);
  status.ack = std::move(change.ack);
  if (change.sealed_bytes != 0) {
    status.sealed_at = now_.wall;
    status.sealed_bytes = change.sealed_bytes;
  }
  if (change.holder && status.holders.size() < kMaxHoldersKept) status.holders.push_back({*change.holder, now_.wall});
  if (entry.state == DeliveryState::delivered) status.acked_at = now_.wall;
  if (input == DeliveryInput::retried) status.holders.clear();
  if (was_trouble != in_trouble(status)) contacts_.trouble(entry.peer, was_trouble ? -1 : 1, out);
  history_.put_status(entry.sequence, status, out);
  set_timer(entry);
  announce(entry, status, out);
  return true;
}

// Only what is durable is shown: a state must not fall back after a crash.
void Outbox::announce(Entry& entry, const StatusRow& status, Effects& out) {
  StateChanged event;
  event.uid = entry.uid;
  event.peer = entry.peer;
  event.ref = entry.ref;
  event.state = status.state;
  event.relays = status.relays;
  event.late = status.late;
  event.detail = status.detail;
  event.sequence = entry.sequence;
  entry.announced = true;
  out.durable(UserEvent{std::move(event)});
}

// --- start, time, failure -----------------------------------------------------------

void Outbox::load(TimePoint now) {
  now_ = now;
  entries_.clear();
  ids_.clear();
  timers_.clear();
  lookups_.clear();
  ready_.clear();
  to_mine_.clear();
  draft_.reset();
  rows_.each(RowKind::outbox, [&](ByteView, ByteView bytes) {
    const auto row = decode_outbox_row(bytes);
    if (!row) return;
    Entry& entry = remember(*row);
    if (entry.grant != 0) {
      if (!row->copies.empty()) entry.state = DeliveryState::sealed;
      return set_timer(entry);
    }
    const StatusRow status = history_.status(row->sequence);
    entry.state = status.state;
    entry.relays = status.relays;
    if (const auto item = history_.read(row->sequence)) entry.bytes = static_cast<std::uint32_t>(item->text.size());
    set_timer(entry);
  });
}

void Outbox::start(TimePoint now, Effects& out) {
  std::vector<MessageUid> uids;
  for (const auto& [uid, entry] : entries_) uids.push_back(uid);
  for (const MessageUid& uid : uids)
    if (Entry* entry = find(uid)) resume(now, *entry, out);
  pump(now, out);
}

void Outbox::resume(TimePoint now, Entry& entry, Effects& out) {
  auto row = read_row(entry.uid);
  if (!row) return;
  // The run before this one may have ended between the core's tombstone and our own rows.
  for (const Copy& copy : row->copies)
    if (store_.custody_of(copy.id) == Custody::acknowledged)
      return delivered(now, entry, *row, copy.id, store_.final_record(copy.id).value_or(Bytes{}), out);
  for (const Copy& copy : row->copies)
    if (copy.state == CopyState::live && store_.custody_of(copy.id) == Custody::refused)
      return refused_by_owner(now, entry, *row, copy.id, out);
  // What has expired is left to its timer: whether the clock is to be believed is not known before the first turn.
  if (!is_final(entry.state) && entry.needs_seal) want_seal(now, entry, out);
}

void Outbox::time(TimePoint now, Effects& out) {
  now_ = now;
  lookups_.retry_due(now, out);
  if (now.mono < paused_until_) return;
  run_timers(now, out);
  pump(now, out);
}

void Outbox::doubt_clock(TimePoint now, bool doubted, Effects& out) {
  clock_doubted_ = doubted;
  if (doubted) return;
  for (auto& [uid, entry] : entries_)
    if (entry.needs_seal && !is_final(entry.state)) want_seal(now, entry, out);
  pump(now, out);
}

void Outbox::run_timers(TimePoint now, Effects& out) {
  if (clock_doubted_) return;
  const std::uint32_t minute = minute_of(now.wall);
  for (std::size_t i = 0; i < kTimersPerTurn && !timers_.empty() && timers_.begin()->first <= minute; ++i) {
    const MessageUid uid = timers_.begin()->second;
    Entry& entry = *find(uid);
    if (is_final(entry.state)) drop(uid, out);
    else if (entry.expires > minute) fall_back(now, entry, out);
    else expire(entry, out);
  }
}

void Outbox::expire(Entry& entry, Effects& out) {
  if (auto row = read_row(entry.uid)) {
    row->needs_seal = false;
    save(entry, *row, out);
  }
  entry.needs_seal = false;
  lookups_.forget(entry.peer, entry.uid);
  advance(entry, DeliveryInput::expired, out);
}

// Whoever was granted a mailbox may have lost it since, or be deafened there: the public one is tried beside it.
void Outbox::fall_back(TimePoint now, Entry& entry, Effects& out) {
  auto row = read_row(entry.uid);
  if (row) {
    row->fallback = 0;
    row->needs_seal = true;
    save(entry, *row, out);
    return want_seal(now, entry, out);
  }
  entry.fallback = 0;
  set_timer(entry);
}

void Outbox::store_failed(TimePoint now) {
  std::map<MessageUid, std::string> refs;
  for (auto& [uid, entry] : entries_)
    if (entry.grant == 0) refs.emplace(uid, std::move(entry.ref));
  load(now);
  for (auto& [uid, ref] : refs)
    if (Entry* entry = find(uid)) entry->ref = std::move(ref);
  paused_until_ = now.mono + kStoreRetry;
  for (auto& [uid, entry] : entries_)
    if (entry.needs_seal && !is_final(entry.state)) ready_.push_back(uid);
}

std::optional<Millis> Outbox::next_deadline() const {
  std::optional<Millis> out = lookups_.next_deadline();
  const auto sooner = [&](Millis at) {
    at = std::max(at, paused_until_);
    if (!out || at < *out) out = at;
  };
  if (busy()) sooner(now_.mono);
  if (!timers_.empty() && !clock_doubted_) {
    const Millis left = Millis{timers_.begin()->first} * kMinute - now_.wall;
    sooner(now_.mono + std::min(std::max<Millis>(left, 0), kHour));  // hourly too: the wall clock may step
  }
  return out;
}

Agent::Outbox Outbox::counts() const {
  Agent::Outbox out;
  for (const auto& [uid, entry] : entries_) {
    if (is_final(entry.state) || entry.grant != 0) continue;
    ++out.open;
    if (entry.relays == 0) ++out.unstored;
    out.bytes += entry.bytes;
  }
  return out;
}

std::vector<std::uint64_t> Outbox::open_sequences() const {
  std::vector<std::uint64_t> out;
  for (const auto& [uid, entry] : entries_)
    if (!is_final(entry.state) && entry.grant == 0) out.push_back(entry.sequence);
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<MessageDetail> Outbox::detail(std::uint64_t sequence) const {
  const auto item = history_.read(sequence);
  if (!item || !item->outgoing) return std::nullopt;
  StatusRow status = history_.status(sequence);
  MessageDetail out;
  out.sealed_at = status.sealed_at;
  out.sealed_bytes = status.sealed_bytes;
  out.acked_at = status.acked_at;
  out.holders = std::move(status.holders);
  if (const auto row = read_row(item->uid)) {
    if (!is_final(status.state)) out.expires = Millis{row->expires} * kMinute;
    for (const Copy& copy : row->copies)
      if (copy.state == CopyState::live) out.copies.push_back(copy.id);
  }
  return out;
}

// --- commands about one message --------------------------------------------------------

void Outbox::cancel(TimePoint now, const MessageUid& uid, Effects& out) {
  now_ = now;
  Entry* entry = find(uid);
  const auto row = read_row(uid);
  if (entry == nullptr || !row || is_final(entry->state)) {
    out.now(UserEvent{UserError{"Nothing to cancel: this message is settled.", ""}});
    return;
  }
  for (const Copy& copy : row->copies)
    if (copy.state == CopyState::live) withdraw(copy, out);
  Change change;
  change.detail = kCancelled;
  if (entry->relays != 0) change.detail += "; what was already received cannot be recalled";
  advance(*entry, DeliveryInput::given_up, out, std::move(change));
  drop(uid, out);  // an acknowledgement could now be our own: none is believed
}

void Outbox::retry(TimePoint now, const MessageUid& uid, Effects& out) {
  now_ = now;
  Entry* entry = find(uid);
  if (entry != nullptr && !is_final(entry->state)) {
    if (entry->needs_seal) return lookups_.retry_all(now, out);
    if (const auto row = read_row(uid))
      for (const Copy& copy : row->copies)
        if (copy.state == CopyState::live) out.now(Event{RestartDelivery{copy.id}});
    return;
  }
  if (const auto row = revive(now, uid, out)) {
    Entry& revived = *find(uid);
    advance(revived, DeliveryInput::retried, out);
    save(revived, *row, out);
    want_seal(now, revived, out);
    pump(now, out);
    return;
  }
  out.now(UserEvent{UserError{"Nothing to retry: no such message, or it was delivered.", ""}});
}

void Outbox::forget(TimePoint now, const MessageUid& uid, Effects& out) {
  now_ = now;
  const auto sequence = history_.sequence_of(uid);
  if (!sequence) return;
  if (Entry* entry = find(uid)) {
    if (const auto row = read_row(uid); row && !is_final(entry->state))
      for (const Copy& copy : row->copies)
        if (copy.state == CopyState::live) withdraw(copy, out);
    drop(uid, out);
  }
  if (const auto item = history_.read(*sequence); item && !item->forgotten && in_trouble(history_.status(*sequence)))
    contacts_.trouble(item->peer, -1, out);
  history_.forget(*sequence, out);
}

// The row of an expired or failed message for another life: same uid, so that it is shown once even if the first copy
// was received after all.
std::optional<OutboxRow> Outbox::revive(TimePoint now, const MessageUid& uid, Effects& out) {
  auto row = read_row(uid);
  if (!row) {
    const auto sequence = history_.sequence_of(uid);
    const auto item = sequence ? history_.read(*sequence) : std::nullopt;
    if (!item) return std::nullopt;
    row.emplace();
    row->uid = uid;
    row->peer = item->peer;
    row->sequence = *sequence;
    row->lifetime = item->lifetime;
  }
  const StatusRow status = history_.status(row->sequence);
  if (!next_delivery(status.state, DeliveryInput::retried)) return std::nullopt;
  row->expires = minute_of(now.wall) + row->lifetime;
  row->reseals = row->paid_reseals = 0;
  row->pairwise = false;
  row->fallback = 0;
  row->needs_seal = true;
  Entry& entry = remember(*row);
  entry.state = status.state;
  entry.relays = 0;
  if (const auto item = history_.read(row->sequence)) entry.bytes = static_cast<std::uint32_t>(item->text.size());
  save(entry, *row, out);
  return row;
}

}  // namespace comm::agent
