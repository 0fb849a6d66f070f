// Room in custody (spec 40-custody, Quotas): refusals, evictions, and what they do to the delivery of a message.
#include "node/core/core.h"

namespace comm {

bool CustodyService::disk_full() const { return core_.now.mono < disk_full_until_; }

StoredItem CustodyService::keep_if_room(const MessageId& id, const MessageHeader& header, const SealedItem& item,
                                        const NodeId& from, bool entry) {
  Room::Place place = room_.find(id, header, from);
  if (place.refusal) return std::move(*place.refusal);
  for (const Rival& rival : place.evict) evict(rival);
  keep(id, header, item, from, entry);
  return {.id = id, .status = StoredStatus::stored};
}

std::optional<StoredItem> CustodyService::refusal_of(const MessageId& id, const MessageHeader& header,
                                                     const NodeId& from) {
  if (core_.mailboxes.is_own(header.mailbox)) return std::nullopt;
  return room_.find(id, header, from).refusal;
}

// Busy promises nothing and goes at once: it is said when the disk is behind. All else waits for what it states.
void CustodyService::tell(LinkId link, std::uint32_t request_id, Stored stored) {
  const auto busy = std::stable_partition(stored.items.begin(), stored.items.end(), [](const StoredItem& item) {
    return item.status != StoredStatus::busy;
  });
  Stored at_once{{busy, stored.items.end()}};
  stored.items.erase(busy, stored.items.end());
  if (!at_once.items.empty()) core_.out->send(link, request_id, std::move(at_once));
  if (!stored.items.empty()) core_.out->send_durable(link, request_id, std::move(stored));
}

// The disk was full: whoever waits for an answer hears that now, and of what is held what is so without the writes.
void CustodyService::answer_anew(const UnsaidAnswer& unsaid) {
  Stored answer;
  for (const StoredItem& item : unsaid.stored.items) {
    const Custody held = core_.store.custody_of(item.id);
    if (item.status == StoredStatus::refused) answer.items.push_back(item);
    else if (item.status == StoredStatus::evicted) continue;  // it is still here
    else if (held == Custody::live) answer.items.push_back({.id = item.id, .status = StoredStatus::duplicate});
    else if (held != Custody::absent && item.status == StoredStatus::acknowledged) answer.items.push_back(item);
    else answer.items.push_back({.id = item.id, .status = StoredStatus::refused, .reason = RefuseReason::disk});
  }
  if (!answer.items.empty()) core_.out->send_durable(unsaid.link, unsaid.request_id, std::move(answer));
}

void CustodyService::evict(const Rival& rival) {
  const CustodyState state = parse_custody(core_.store.custody_state(rival.id).value_or(Bytes{}));
  for (const NodeId& node : state.exchanged()) {
    Stored& told = evicted_[node];
    if (told.items.size() < kMaxStoredPerPacket) told.items.push_back({.id = rival.id, .status = StoredStatus::evicted});
  }
  core_.out->store(EraseMessage{rival.id});
  room_.evicted(rival);
}

void CustodyService::tell_evicted() {
  for (auto& [node, told] : evicted_)
    if (Link* link = core_.sessions.ready(node)) core_.out->send_durable(link->id, 0, std::move(told));
  evicted_.clear();
}

// Foreign final records have a share of their own, in which the least Work gives way.
bool CustodyService::room_for_foreign(const FinalRecord& record, const NodeId& from) {
  if (record.header.effort < core_.config.min_effort)
    return core_.count({Stage::policy, Scope::ignore, "foreign-ack-effort"}), false;
  const std::uint64_t share = core_.config.store_quota * kForeignAckQuotaPercent / 100;
  const auto full = [&] { return core_.count({Stage::policy, Scope::ignore, "foreign-ack-quota"}), false; };
  if ((core_.store.totals().foreign + 1) * kTombstoneCostBytes <= share) {
    const auto rivals = room_.find_for_record(work_of(record.header), from);
    if (!rivals) return full();
    for (const Rival& rival : *rivals) evict(rival);
    return true;
  }
  const auto least = core_.store.least_foreign(1);
  if (least.empty() || least[0].work >= work_key(work_of(record.header)))
    return full();
  core_.out->store(EraseTombstone{least[0].id});
  return true;
}

void CustodyService::on_status(const StoredItem& item, const NodeId& from) {
  const auto message = core_.store.message(item.id);
  if (!message) return;
  CustodyState state = parse_custody(core_.store.custody_state(item.id).value_or(Bytes{}));
  CustodyPeer* peer = state.find(from);
  const auto header = parse_header(message->header);
  if ((peer == nullptr || !peer->exchanged) && header && core_.mailboxes.owned_by(header->mailbox, from)) {
    peer = &state.add_owner(from);  // its page's offers are not written down
    peer->exchanged = true;
  }
  if (peer == nullptr || !peer->exchanged) return core_.count({Stage::state, Scope::count, "unsolicited-stored"});
  const bool origin = own_.contains(item.id);
  switch (item.status) {
    case StoredStatus::acknowledged: return;
    case StoredStatus::stored:
    case StoredStatus::duplicate: {
      const bool news = !peer->stored;
      peer->stored = true;
      peer->disk_full = false;
      if (!peer->owner) peer->next = 0;  // settled; the hourly refresh goes on
      if (!news) return;
      if (origin) core_.out->now(Notice{MessageStored{item.id, from, state.stored_by()}});
      break;
    }
    case StoredStatus::refused: {
      // Not here; the origin finds another entry. A full disk passes: there the backoff goes on, and tells it once.
      const bool full = item.reason == RefuseReason::disk, known = std::exchange(peer->disk_full, full);
      const bool news = peer->next != 0 && !peer->stored && !(full && known);
      if (!full) peer->next = 0;
      if (origin && news) {
        add_entry_peers(state, 1);
        core_.out->now(Notice{MessageRefused{item.id, item.reason, item.price}});
      }
      break;
    }
    case StoredStatus::evicted:
      // No holder any more. The origin offers again: the answer is what it would take now.
      if (origin && peer->stored) {
        peer->attempts = std::min<std::uint8_t>(peer->attempts, 1);
        peer->next = core_.now.wall + backoff(peer->attempts);
        add_entry_peers(state, 1);
      }
      peer->stored = false;
      break;
    case StoredStatus::busy: break;  // the backoff goes on
  }
  save(item.id, state, *message);
}

CustodyService::Pulled CustodyService::pull(const NodeId& from, const std::vector<SyncElement>& elements) {
  std::vector<MessageId> ask_for;
  bool all = true;
  for (const SyncElement& element : elements) {
    const MessageId& id = element.key.id;
    const Custody held = core_.store.custody_of(id);
    // States of the wire are those of the store less one, absent being none.
    if (static_cast<int>(held) > static_cast<int>(element.state) || Millis{element.key.expires} * kMinute <= core_.now.wall)
      continue;
    if (held == Custody::absent && core_.config.role != Role::relay) continue;  // a user's machine keeps what it is given
    if (held == Custody::absent && room_.refused_ids().contains(id, core_.now.mono)) continue;
    all &= want(id, 0, from, ask_for);
  }
  ask(from, ask_for);
  return {ask_for.size(), all};
}

}  // namespace comm
