// From text to copies in custody: waiting for the key, sealing, stamping, handing over.
#include "node/agent/outbox.h"
#include "proto/base/check.h"

namespace comm::agent {

// Why a command cannot be carried out; null if it can.
const char* Outbox::objection(const SendText& command) const {
  if (command.text.empty()) return "An empty message is not sent.";
  if (command.text.size() > kMaxTextBytes) return "Too long: a message is at most 56 KiB of text.";
  if (!valid_utf8(command.text)) return "Not sent: the text is not valid UTF-8.";
  if (command.lifetime == 0 || command.lifetime > kMaxLifetimeMinutes)
    return "Not sent: the lifetime must be between 1 minute and 30 days.";
  const ContactEntry* contact = contacts_.find(command.to);
  if (contact != nullptr && contact->info.blocked) return "Not sent: this contact is blocked. Unblock them first.";
  return nullptr;
}

std::uint64_t Outbox::write_down(const MessageUid& uid, const SendText& command, Effects& out) {
  HistoryRow item;
  item.uid = uid;
  item.peer = command.to;
  item.outgoing = true;
  item.at = now_.wall;
  item.lifetime = command.lifetime;
  item.text = command.text;
  return history_.add(std::move(item), out);
}

void Outbox::send(TimePoint now, const SendText& command, Effects& out) {
  now_ = now;
  if (const char* why = objection(command)) {
    out.now(UserEvent{UserError{why, command.ref}});
    return;
  }
  contacts_.accept(command.to, out, now.wall);
  if (command.to == identity_.address()) return deliver_to_self(now, command, out);
  OutboxRow row;
  random_.fill(row.uid);
  row.peer = command.to;
  row.lifetime = command.lifetime;
  row.expires = minute_of(now.wall) + command.lifetime;
  row.sequence = write_down(row.uid, command, out);
  Entry& entry = remember(row);
  entry.ref = command.ref;
  entry.bytes = static_cast<std::uint32_t>(command.text.size());
  entry.announced = false;
  save(entry, row, out);
  want_seal(now, entry, out);
  pump(now, out);
  if (Entry* left = find(row.uid); left != nullptr && !left->announced) {
    StatusRow status;
    status.state = left->state;
    history_.put_status(left->sequence, status, out);
    announce(*left, status, out);
  }
}

void Outbox::grant(TimePoint now, const Address& contact, Effects& out) {
  if (now.mono < paused_until_) return;
  now_ = now;
  OutboxRow row;
  random_.fill(row.uid);
  row.peer = contact;
  row.lifetime = kDefaultLifetimeMinutes;
  row.expires = minute_of(now.wall) + row.lifetime;
  row.grant = grants_.give(now, contact, out);
  Entry& entry = remember(row);
  save(entry, row, out);
  want_seal(now, entry, out);
  pump(now, out);
}

// A note to oneself has no way to go.
void Outbox::deliver_to_self(TimePoint now, const SendText& command, Effects& out) {
  Entry entry;
  random_.fill(entry.uid);
  entry.peer = command.to;
  entry.ref = command.ref;
  entry.state = DeliveryState::delivered;
  entry.sequence = write_down(entry.uid, command, out);
  StatusRow status;
  status.state = DeliveryState::delivered;
  status.acked_at = now.wall;
  history_.put_status(entry.sequence, status, out);
  announce(entry, status, out);
}

void Outbox::want_seal(TimePoint now, Entry& entry, Effects& out) {
  const ContactEntry* contact = contacts_.find(entry.peer);
  CHECK(contact != nullptr);
  const auto& record = contact->record;
  const bool fresh = record && now.wall - record->created <= kRecordRefreshAge;
  // An answer of a moment ago would only be repeated.
  const bool just_asked = record && contact->looked_up && now.mono - *contact->looked_up < kKeyRetryMax;
  if (fresh || just_asked) {
    ready_.push_back(entry.uid);
  } else {
    lookups_.want(now, entry.peer, entry.uid, out);
  }
}

void Outbox::want_seal_anew(TimePoint now, Entry& entry, Effects& out) {
  lookups_.want(now, entry.peer, entry.uid, out);
}

void Outbox::looked_up(TimePoint now, const RecordLookup& notice, Effects& out) {
  now_ = now;
  ContactEntry* contact = contacts_.find(notice.address);
  if (contact == nullptr) return;
  if (notice.answers > 0) contact->looked_up = now.mono;
  for (const MessageUid& uid : lookups_.answered(now, notice.address, contact->record.has_value(), out))
    ready_.push_back(uid);
  pump(now, out);
}

void Outbox::record_arrived(TimePoint now, const Address& address, Effects& out) {
  now_ = now;
  for (const MessageUid& uid : lookups_.answered(now, address, true, out)) ready_.push_back(uid);
  pump(now, out);
}

void Outbox::new_session(TimePoint now, bool first, Effects& out) {
  now_ = now;
  if (first) lookups_.retry_all(now, out);
  else lookups_.retry_some(now, out);
}

void Outbox::pump(TimePoint now, Effects& out) {
  now_ = now;
  if (now.mono < paused_until_ || !busy()) return;
  if (!own_.ensure(now, out)) return;
  for (std::size_t i = 0; i < kSealsPerTurn && !ready_.empty(); ++i) {
    const MessageUid uid = ready_.front();
    ready_.pop_front();
    seal_one(now, uid, false, out);
  }
  mine(now, out);
}

void Outbox::seal_one(TimePoint now, const MessageUid& uid, bool may_mine, Effects& out) {
  Entry* entry = find(uid);
  if (entry == nullptr || !entry->needs_seal || is_final(entry->state)) return;  // cancelled or expired meanwhile
  if (entry->expires <= minute_of(now.wall)) return;                            // its timer speaks
  auto row = read_row(uid);
  if (!row) return;
  const auto record = contacts_.record(entry->peer);
  if (!record) return want_seal_anew(now, *entry, out);
  const std::uint8_t effort = std::min(std::max(record->min_effort, row->effort), kMaxStampEffort);
  if (effort > 0 && !may_mine) {
    to_mine_.push_back(uid);
    return;
  }
  const auto granted = row->pairwise ? std::nullopt : grants_.mailbox_of(entry->peer, now.wall);
  const SealRequest request{entry->peer, record->prekey, granted.value_or(mailbox_for(*record, now.wall)), row->expires,
                            row->lifetime, effort};
  auto sealed = seal_message(identity_, content_of(*row), request, random_);
  if (!sealed) return give_up(*entry, *row, sealed.error().reason, out);
  Draft draft{uid, std::move(*sealed), effort, granted.has_value(), own_.record_hash(), 0};
  if (effort == 0) return submit(std::move(draft), StampNonce{}, out);
  draft_ = std::move(draft);
}

Sealed Outbox::content_of(const OutboxRow& row) {
  Sealed out;
  out.sign_key = identity_.sign_pair().public_key();
  const ContactEntry* contact = contacts_.find(row.peer);
  if (contact->has_own_record == own_.record_hash()) {
    out.record_hash = own_.record_hash();
  } else {
    out.record = own_.record();
    out.record.nonce = StampNonce{};
  }
  out.uid = row.uid;
  if (row.grant != 0) {
    out.sent_at = now_.wall;
    out.content = grants_.content(row.peer, row.grant);
    return out;
  }
  HistoryRow item = history_.read(row.sequence).value_or(HistoryRow{});
  out.sent_at = item.at;
  out.content = TextContent{std::move(item.text)};
  return out;
}

void Outbox::mine(TimePoint now, Effects& out) {
  while (!draft_ && !to_mine_.empty()) {
    const MessageUid uid = to_mine_.front();
    to_mine_.pop_front();
    seal_one(now, uid, true, out);
  }
  if (!draft_) return;
  const auto nonce = mine_stamp(draft_->sealed.id, draft_->effort, draft_->next_nonce, kStampSlice);
  draft_->next_nonce += kStampSlice;
  if (!nonce) return;
  Draft done = std::move(*draft_);
  draft_.reset();
  submit(std::move(done), *nonce, out);
}

void Outbox::submit(Draft draft, const StampNonce& nonce, Effects& out) {
  Entry* entry = find(draft.uid);
  if (entry == nullptr || !entry->needs_seal || is_final(entry->state)) return;
  auto row = read_row(draft.uid);
  if (!row) return;
  Copy copy;
  copy.id = draft.sealed.id;
  copy.header = draft.sealed.header;
  copy.nonce = nonce;
  copy.ack = draft.sealed.ack;
  copy.own_record = draft.own_record;
  row->copies.push_back(copy);
  row->needs_seal = false;
  row->fallback = 0;
  if (draft.pairwise) {
    row->pairwise = true;
    const std::uint32_t minute = minute_of(now_.wall);
    const std::uint32_t half = row->expires > minute ? (row->expires - minute + 1) / 2 : 0;
    row->fallback = minute + std::min(half, static_cast<std::uint32_t>(kPairwiseFallback / kMinute));
  }
  ids_.insert_or_assign(copy.id, draft.uid);
  save(*entry, *row, out);
  Change change;
  change.sealed_bytes = static_cast<std::uint32_t>(kHeaderBytes + kStampNonceBytes + draft.sealed.body.size());
  out.now(Event{SubmitMessage{SealedItem{copy.header, nonce, std::move(draft.sealed.body)}, copy.id}});
  advance(*entry, DeliveryInput::sealed, out, std::move(change));
}

void Outbox::give_up(Entry& entry, OutboxRow& row, const char* detail, Effects& out) {
  row.needs_seal = false;
  save(entry, row, out);
  Change change;
  change.detail = detail;
  advance(entry, DeliveryInput::given_up, out, std::move(change));
}

}  // namespace comm::agent
