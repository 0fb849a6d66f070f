// When messages are offered, and to whom (spec 40-custody): backoff per message and peer, spreading to the region, the
// slow refresh, recovery after a restart, expiry. Everything is driven by the store's due index.
#include "node/core/core.h"
#include "node/core/prefixes.h"

namespace comm {

namespace {
constexpr std::size_t kOffersFlushed = kMaxOffersPerPacket;
constexpr std::size_t kLazySpread = 2;      // members a fetched message is offered to
constexpr std::size_t kToldAtOnce = 4;      // members, before the others
constexpr std::size_t kRefreshPeers = 2;    // holders asked again each hour
constexpr std::size_t kSpreadPeers = kMaxExchangedPeers * 3 / 4;
constexpr Millis kNoSessionMin = 2 * kSecond;
constexpr Millis kLonelyLooksPerSecond = 500;
constexpr std::size_t kRecoverPage = 256, kExpirePage = 256;
}  // namespace

void CustodyService::start() {
  core_.timers.at(core_.next_minute(), TimerKind::expiry);
  if (core_.owner != nullptr) core_.timers.at(core_.now.mono, TimerKind::recover);
  schedule();
}

void CustodyService::timer(TimerKind kind) {
  if (kind != TimerKind::expiry && core_.now.mono < disk_full_until_)  // a later timer is set
    return static_cast<void>(armed_.erase(armed_.begin(), armed_.upper_bound(core_.now.mono)));
  switch (kind) {
    case TimerKind::recover: recover_page(); break;
    case TimerKind::expiry: expire(); break;
    default:
      armed_.erase(armed_.begin(), armed_.upper_bound(core_.now.mono));
      process_due();
  }
  schedule();
}

Millis CustodyService::jitter(Millis delay) {
  const Millis span = delay * 2 * kBackoffJitterPercent / 100;
  return delay - span / 2 + static_cast<Millis>(core_.random.below(static_cast<std::uint64_t>(span) + 1));
}

Millis CustodyService::backoff(int attempts) {
  return jitter(backoff_delay(attempts, core_.config.profile.backoff_unit));
}

void CustodyService::save(const MessageId& id, const CustodyState& state, const StoredHeader& stored) {
  Millis due = state.due();
  const auto header = parse_header(stored.header);
  // An own message must be looked at when it expires, so that its writer is told.
  if (state.origin && !state.expired_told && header && (due == 0 || due > header->expires_ms()))
    due = core_.clock.suspicious() ? std::max(header->expires_ms(), core_.now.wall + kMinute) : header->expires_ms();
  if (state.origin) own_[id] = state.exchanged();
  core_.out->store(PutCustody{id, due, encode_custody(state)});
}

void CustodyService::schedule() {
  const auto due = core_.store.next_due();
  if (!due || *due == 0) return;
  const Millis at = std::max(disk_full_until_, core_.now.mono + std::max<Millis>(0, *due - core_.now.wall));
  if (!armed_.empty() && *armed_.begin() <= at) return;  // that one looks again
  armed_.insert(at);
  core_.timers.at(at, TimerKind::custody);
}

void CustodyService::process_due() {
  for (const DueItem& item : core_.store.due_page(core_.now.wall, kDuePage)) {
    const auto stored = core_.store.message(item.id);
    if (!stored) continue;
    CustodyState state = parse_custody(item.state);
    work_off(item.id, state, *stored);
    save(item.id, state, *stored);
  }
  flush_offers();
}

void CustodyService::work_off(const MessageId& id, CustodyState& state, const StoredHeader& stored) {
  const auto header = parse_header(stored.header);
  CHECK(header.has_value());
  const Millis now = core_.now.wall;
  if (header->expires_ms() <= now && core_.clock.suspicious()) {
    // By a clock in doubt nothing expires, and nothing is offered that may have: look again soon.
    for (auto& peer : state.peers)
      if (peer.next != 0) peer.next = std::max(peer.next, now + kMinute);
    if (state.spread != 0) state.spread = std::max(state.spread, now + kMinute);
    state.refresh = now + kMinute;
    return;
  }
  if (header->expires_ms() <= now) {
    if (state.origin && !state.expired_told) core_.out->now(Notice{MessageExpired{id}});
    state.expired_told = true;
    state.spread = state.refresh = 0;
    for (auto& peer : state.peers) peer.next = 0;
    return;
  }
  if (state.spread != 0 && state.spread <= now) spread(id, state, stored, header->mailbox);
  if (state.refresh != 0 && state.refresh <= now) refresh(state, stored);
  for (auto& peer : state.peers)
    if (peer.next != 0 && peer.next <= now) offer_to(id, state, peer, stored);
  if (state.origin && state.stored_by() == 0 && core_.sessions.by_node().empty() && !state.queued_told) {
    state.queued_told = true;
    core_.out->now(Notice{MessageQueued{id}});
  }
}

void CustodyService::offer_to(const MessageId& id, CustodyState& state, CustodyPeer& peer, const StoredHeader& stored) {
  const Millis now = core_.now.wall;
  Link* link = core_.sessions.ready(peer.id);
  if (link == nullptr) {
    // Attempts without a session do not count. An owner collects when it is back; others are tried ever more rarely.
    const bool gone = peer.owner || !core_.peers.reachable(peer.id);
    if (!gone) {
      await_session(peer.id, id);
      core_.peers.want_session(peer.id);
    }
    const Millis age = std::max<Millis>(0, now - stored.received);
    peer.next = peer.owner ? 0 : now + jitter(std::clamp(age / 4, kNoSessionMin, kBackoffCap));
    return;
  }
  const bool directly = state.origin && peer.attempts == 0;
  peer.exchanged = true;
  if (++peer.attempts >= kMaxOfferAttempts) peer.next = 0;
  else peer.next = now + backoff(peer.attempts);
  if (directly) {
    SealedItem item{stored.header, stored.nonce, core_.store.body(id).value_or(Bytes{})};
    // Durable first: what the network has seen of us must not be unknown to us after a crash.
    core_.out->send_durable(link->id, 0, Message{{std::move(item)}});
    return;
  }
  Offer& offer = offers_[peer.id];
  offer.items.push_back({stored.header, stored.nonce});
  if (offer.items.size() < kOffersFlushed) return;
  core_.out->send_durable(link->id, 0, std::move(offer));
  offers_.erase(peer.id);
}

void CustodyService::await_session(const NodeId& node, const MessageId& id) {
  if (awaiting_count_ >= kMaxAwaiting) {  // forgetting costs a wait of kNoSessionMin, no more
    awaiting_.clear();
    awaiting_count_ = 0;
  }
  awaiting_count_ += awaiting_[node].insert(id).second ? 1 : 0;
}

void CustodyService::offer_awaiting(const NodeId& node) {
  const auto waiting = awaiting_.extract(node);
  if (waiting.empty()) return;
  awaiting_count_ -= waiting.mapped().size();
  for (const MessageId& id : waiting.mapped()) {
    const auto stored = core_.store.message(id);
    if (!stored) continue;
    CustodyState state = parse_custody(core_.store.custody_state(id).value_or(Bytes{}));
    CustodyPeer* peer = state.find(node);
    if (peer == nullptr || peer->next == 0) continue;
    peer->next = core_.now.wall;
    save(id, state, *stored);
  }
}

void CustodyService::flush_offers() {
  for (auto& [node, offer] : offers_)
    if (Link* link = core_.sessions.ready(node)) core_.out->send_durable(link->id, 0, std::move(offer));
  offers_.clear();
}

void CustodyService::add_entry_peers(CustodyState& state, std::size_t count) {
  // Sessions at hand, relays first, in random order, one per prefix before a second of any.
  std::vector<std::pair<NodeId, const Link*>> candidates;
  for (const auto& [node, link_id] : core_.sessions.by_node())
    if (state.find(node) == nullptr) candidates.emplace_back(node, core_.sessions.find(link_id));
  core_.random.shuffle(candidates);
  Prefixes prefixes;
  std::vector<std::pair<int, NodeId>> ranked;
  for (const auto& [node, link] : candidates) {
    ranked.emplace_back((link->peer.role == Role::relay ? 0 : 2) + (prefixes.fresh(link->remote) ? 0 : 1), node);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < ranked.size() && i < count; ++i)
    if (CustodyPeer* peer = state.add(ranked[i].second)) peer->next = core_.now.wall;
}

void CustodyService::submit(const SubmitMessage& submit) {
  core_.out->store(PutMessage{submit.id, submit.item.header, submit.item.nonce, submit.item.body, NodeId{}, core_.now.wall});
  const auto header = parse_header(submit.item.header);
  CHECK(header.has_value());
  CustodyState state;
  state.origin = true;
  add_entry_peers(state, kEntryPeers);
  if (const auto* owners = core_.mailboxes.owners(header->mailbox))
    for (const NodeId& owner : *owners)
      state.add_owner(owner).next = core_.now.wall;
  state.refresh = core_.now.wall + origin_wait(0);
  if (state.peers.empty()) {
    state.queued_told = true;
    core_.out->now(Notice{MessageQueued{submit.id}});
  }
  save(submit.id, state, StoredHeader{submit.item.header, submit.item.nonce, NodeId{}, core_.now.wall, 0});
  schedule();
}

void CustodyService::restart_delivery(const MessageId& id) {
  const auto stored = core_.store.message(id);
  if (!stored) return;
  CustodyState state = parse_custody(core_.store.custody_state(id).value_or(Bytes{}));
  for (auto& peer : state.peers) {
    peer.attempts = std::min<std::uint8_t>(peer.attempts, 1);
    peer.next = core_.now.wall;
  }
  if (state.origin && state.stored_by() < kEntryPeers) add_entry_peers(state, kEntryPeers - state.stored_by());
  save(id, state, *stored);
  schedule();
}

std::size_t CustodyService::give_to(CustodyState& state, const std::vector<Contact>& members) {
  std::size_t given = 0;
  for (const Contact& contact : members) {
    if (state.lazy && given == kLazySpread) break;
    if (state.peers.size() >= kSpreadPeers) break;  // room for those who come to us
    if (contact.id == core_.config.id || state.find(contact.id) != nullptr) continue;
    state.add(contact.id)->next = core_.now.wall;
    ++given;
  }
  return given;
}

// A minute, and ever more rarely: a lonely relay must not go through all it keeps each minute. With much mail it would look
// at old messages more often than it is given new ones: so many a second and no more.
Millis CustodyService::lonely_retry(const StoredHeader& stored) {
  const Millis age = std::max<Millis>(0, core_.now.wall - stored.received);
  const Millis all = static_cast<Millis>(core_.store.totals().live) * kSecond / kLonelyLooksPerSecond;
  return core_.now.wall + jitter(std::clamp(std::max(age / 4, all), core_.scaled(kMinute), core_.scaled(kSettledReoffer)));
}

std::size_t CustodyService::spread_to(CustodyState& state, const StoredHeader& stored, std::vector<Contact> members) {
  core_.random.shuffle(members);
  state.spread = members.empty() ? lonely_retry(stored) : 0;
  // A few first: where its owner is at hand, or its acknowledgement known already, nobody else need be told.
  if (!state.lazy && !std::exchange(state.few_told, true)) {
    std::erase_if(members, [&](const Contact& contact) {
      return contact.id == core_.config.id || state.find(contact.id) != nullptr;
    });
    if (members.size() > kToldAtOnce) state.spread = core_.now.wall + core_.scaled(kLookupPatience);
    members.resize(std::min(members.size(), kToldAtOnce));
  }
  return give_to(state, members);
}

void CustodyService::spread(const MessageId& id, CustodyState& state, const StoredHeader& stored,
                            const MailboxId& mailbox) {
  if (!core_.lookups.joined()) {  // it is not known yet who keeps what
    state.spread = core_.now.wall + core_.scaled(5 * kSecond);
    return;
  }
  if (auto everyone = core_.small_region()) {
    const std::size_t given = spread_to(state, stored, *std::move(everyone));
    // A lonely entry tries again; a lazy one has its hourly refresh.
    if (given == 0 && !state.lazy && state.peers.size() < 2) state.spread = lonely_retry(stored);
    return;
  }
  // Custodians know each other: only who is told first, or stands outside, has to look the region up.
  auto known = core_.known_region(overlay_point(mailbox));
  if (known.size() >= kBucketSize && (state.lazy || !state.few_told))
    return static_cast<void>(spread_to(state, stored, std::move(known)));
  if (auto members = core_.lookups.at_hand(overlay_point(mailbox)))
    return static_cast<void>(spread_to(state, stored, *std::move(members)));
  if (!state.lazy) {
    core_.random.shuffle(known);
    known.resize(std::min(known.size(), kToldAtOnce));
    give_to(state, known);
  }
  state.spread = core_.now.wall + 2 * kLookupTimeout;  // until region_found: a crash meanwhile must not forget it
  auto& waiting = spreading_[mailbox];
  waiting.push_back(id);
  if (waiting.size() == 1) core_.lookups.find(overlay_point(mailbox), LookupFor::spread, 0);
}

void CustodyService::region_found(const MailboxId& mailbox, const std::vector<Contact>& members) {
  auto node = spreading_.extract(mailbox);
  if (node.empty()) return;
  for (const MessageId& id : node.mapped()) {
    const auto stored = core_.store.message(id);
    if (!stored) continue;
    CustodyState state = parse_custody(core_.store.custody_state(id).value_or(Bytes{}));
    spread_to(state, *stored, members);
    save(id, state, *stored);
  }
  schedule();
}

// Entries that lie are outrun: soon after the first ones another is added, then ever more rarely.
Millis CustodyService::origin_wait(Millis age) {
  return jitter(std::clamp(age, core_.scaled(kOriginRefreshFirst), core_.scaled(kOriginRefresh)));
}

void CustodyService::refresh(CustodyState& state, const StoredHeader& stored) {
  const Millis age = std::max<Millis>(0, core_.now.wall - stored.received);
  state.refresh = core_.now.wall + (state.origin ? origin_wait(age) : jitter(core_.scaled(kSettledReoffer)));
  if (state.origin) add_entry_peers(state, 1);
  else state.spread = core_.now.wall, state.lazy = true;
  // Holders asked again answer with the acknowledgement if they have it.
  std::vector<std::size_t> settled;
  for (std::size_t i = 0; i < state.peers.size(); ++i)
    if (state.peers[i].next == 0 && !state.peers[i].owner) settled.push_back(i);
  core_.random.shuffle(settled);
  std::size_t asked = 0;
  for (const std::size_t i : settled) {
    if (asked == kRefreshPeers) break;
    if (!core_.peers.reachable(state.peers[i].id)) continue;
    state.peers[i].attempts = std::max<std::uint8_t>(1, std::min<std::uint8_t>(state.peers[i].attempts, kMaxOfferAttempts - 2));
    state.peers[i].next = core_.now.wall;
    ++asked;
  }
}

std::vector<MessageId> CustodyService::owner_collected(const MailboxId& mailbox, const NodeId& owner,
                                                       std::uint64_t& cursor, std::size_t limit) {
  std::vector<MessageId> offered;
  const auto page = core_.store.mailbox_page(mailbox, cursor, limit);
  for (const MailboxItem& item : page) {
    cursor = item.sequence;
    CustodyState state = parse_custody(core_.store.custody_state(item.id).value_or(Bytes{}));
    const auto header = parse_header(item.stored.header);
    if (!header || header->expires_ms() <= core_.now.wall) continue;
    bool others = false;
    for (auto& peer : state.peers) {  // backoff starts anew where it was still trying
      if (peer.stored || peer.next == 0) continue;
      peer.attempts = 0;
      peer.next = core_.now.wall;
      others |= peer.id != owner;
    }
    CustodyPeer& peer = state.add_owner(owner);
    peer.attempts = 0;
    peer.next = core_.now.wall;
    offered.push_back(item.id);
    offer_to(item.id, state, peer, item.stored);
    if (others || state.origin) save(item.id, state, item.stored);
  }
  if (page.size() < limit) cursor = 0;
  schedule();
  return offered;
}

void CustodyService::not_taken(const std::set<MessageId>& ids, const NodeId& owner) {
  for (const MessageId& id : ids) {
    const auto stored = core_.store.message(id);
    if (!stored) continue;
    CustodyState state = parse_custody(core_.store.custody_state(id).value_or(Bytes{}));
    CustodyPeer& peer = state.add_owner(owner);
    peer.exchanged = true;
    peer.attempts = 1;  // its page's offer was the first of a new series
    peer.next = core_.now.wall;
    save(id, state, *stored);
  }
  schedule();
}

void CustodyService::session_ready(const Link& link) {
  offer_awaiting(link.node);
  // Own messages go on at once: they may lack entries, or their acknowledgement may be waiting over there.
  std::vector<MessageId> open;
  for (const auto& [id, peers] : own_) open.push_back(id);
  for (const MessageId& id : open) {
    const auto stored = core_.store.message(id);
    if (!stored) continue;
    CustodyState state = parse_custody(core_.store.custody_state(id).value_or(Bytes{}));
    CustodyPeer* peer = state.find(link.node);
    if (peer == nullptr && state.stored_by() < kEntryPeers && state.peers.size() < 2 * kEntryPeers)
      peer = state.add(link.node);
    if (peer == nullptr || state.expired_told) continue;
    peer->attempts = std::min<std::uint8_t>(peer->attempts, 1);
    peer->next = core_.now.wall;
    save(id, state, *stored);
  }
  schedule();
}

void CustodyService::recover_page() {
  // Rebuilds the list of own messages; a page a turn, while the node already serves.
  const auto page = core_.store.live_page(recover_cursor_, kRecoverPage);
  for (const MailboxItem& item : page) {
    recover_cursor_ = item.sequence;
    if (!item.stored.ingress.is_zero() && !clamping_) continue;
    CustodyState state = parse_custody(core_.store.custody_state(item.id).value_or(Bytes{}));
    if (state.expired_told) continue;
    const Millis latest = core_.now.wall + kBackoffCap + kBackoffCap / 10;
    for (auto& peer : state.peers) {
      if (state.origin) peer.next = core_.now.wall;
      else peer.next = std::min(peer.next, latest);
    }
    state.spread = std::min(state.spread, latest);
    state.refresh = std::min(state.refresh, latest);
    if (state.origin) own_[item.id] = state.exchanged();
    save(item.id, state, item.stored);
  }
  if (page.size() == kRecoverPage) core_.timers.at(core_.now.mono + 10, TimerKind::recover);
  else clamping_ = false;
}

void CustodyService::clamp() {
  // Due times are wall-clock instants: what a clock that ran ahead wrote would stay silent until the wall catches up.
  recover_cursor_ = 0;
  clamping_ = true;
  core_.timers.at(core_.now.mono, TimerKind::recover);
}

void CustodyService::expire() {
  Millis at = core_.next_minute();
  if (!core_.clock.suspicious()) {
    const auto page = core_.store.expiring_page(minute_of(core_.now.wall - kTombstoneGrace), kExpirePage);
    for (const ExpiringItem& item : page) {
      if (item.kind == Custody::live) {
        own_.erase(item.id);
        core_.out->store(EraseMessage{item.id});
      } else {
        core_.out->store(EraseTombstone{item.id});
      }
    }
    if (page.size() == kExpirePage) at = core_.now.mono + 10;
    if (next_record_sweep_ <= core_.now.mono) {
      core_.records.expire();
      next_record_sweep_ = core_.now.mono + (core_.records.sweeping() ? kMinute : kHour);
    }
  }
  core_.timers.at(std::max(at, disk_full_until_), TimerKind::expiry);
}

std::optional<NodeCore::MessageInfo> CustodyService::info(const MessageId& id) const {
  const auto stored = core_.store.message(id);
  if (!stored) return std::nullopt;
  const auto header = parse_header(stored->header);
  const CustodyState state = parse_custody(core_.store.custody_state(id).value_or(Bytes{}));
  NodeCore::MessageInfo out;
  for (const auto& peer : state.peers)
    if (peer.stored) out.stored_by.push_back(peer.id);
  out.next_try = state.due();
  out.expires = header ? header->expires : 0;
  return out;
}

}  // namespace comm
