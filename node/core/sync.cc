#include "node/core/sync.h"

#include "node/core/core.h"

namespace comm {

namespace {
constexpr Millis kSlicePause = 5;                 // between slices: others have their turn
constexpr Millis kSessionForgotten = kMinute;
constexpr Millis kAgainAfter = 20 * kSecond;      // a session that ended early is followed by another
constexpr Millis kReopenAfter = 5 * kSecond;
constexpr Millis kMeetAfter = 10 * kSecond;
constexpr Millis kBetweenRounds = 15 * kMinute;   // however many members leave
constexpr std::uint32_t kEdgeToleranceMinutes = 120;
constexpr std::size_t kRememberedPartners = 512;
constexpr std::size_t kRecordsPage = 64;
}  // namespace

// --- when and with whom --------------------------------------------------------------

bool SyncService::near(const NodeId& node) const {
  return core_.size.everyone() || inside(distance(overlay_point(core_.config.id), overlay_point(node)),
                                         core_.size.region_radius(core_.config.region_factor));
}

// Relays reconcile. A user's machine answers them, but asks for no mail of others beyond what it is given.
bool SyncService::takes_part(const Link& link) const {
  return core_.config.role == Role::relay && link.peer.role == Role::relay && near(link.node);
}

std::vector<Contact> SyncService::partners() const {
  std::vector<Contact> out;
  for (const auto& entry : core_.table.entries())
    if (entry.dialable && entry.role == Role::relay && near(entry.contact.id) &&
        !core_.sessions.by_node().contains(entry.contact.id))
      out.push_back(entry.contact);
  for (const auto& [node, id] : core_.sessions.by_node()) {
    const Link& link = core_.sessions.link(id);
    if (takes_part(link)) out.push_back({node, link.peer.node_key, link.dialled ? link.dialled_to : Endpoint{}});
  }
  return out;
}

void SyncService::join_done() {
  if (core_.config.role != Role::relay) return;
  round_at_ = core_.now.mono + core_.scaled(kMeetAfter + static_cast<Millis>(core_.random.below(3 * kMeetAfter)));
  schedule(round_at_);
}

void SyncService::session_ready(Link& link) {
  if (!takes_part(link) || !(core_.config.id < link.node)) return;  // one of the two begins
  const auto last = last_.find(link.node);
  if (last != last_.end() && core_.now.mono - last->second < core_.scaled(kSyncInterval) / 2) return;
  if (soon_.size() >= kRememberedPartners) return;
  const Millis at = core_.now.mono + core_.scaled(kMeetAfter + static_cast<Millis>(core_.random.below(2 * kMeetAfter)));
  soon_.emplace(link.node, at);
  schedule(at);
}

void SyncService::session_gone(const Link& link) {
  sessions_.erase({link.node, true});
  sessions_.erase({link.node, false});
  const bool idle = link.idle_closed || (!link.dialled && core_.now.mono - link.last_used > kSessionIdle);
  if (idle || !takes_part(link) || round_at_ == 0) return;
  // A member may have gone for good: what it alone shared with each of us must find its way round.
  const Millis at = std::max(last_round_ + core_.scaled(kBetweenRounds),
                             core_.now.mono + core_.scaled(kMinute + static_cast<Millis>(core_.random.below(4 * kMinute))));
  round_at_ = std::min(round_at_, at);
  schedule(round_at_);
}

void SyncService::round() {
  last_round_ = core_.now.mono;
  const Millis interval = core_.scaled(kSyncInterval);
  round_at_ = core_.now.mono + interval - interval / 10 +
              static_cast<Millis>(core_.random.below(static_cast<std::uint64_t>(interval / 5 + 1)));
  auto all = partners();
  core_.random.shuffle(all);
  for (std::size_t i = 0; i < all.size() && i < kSyncPartners; ++i) begin(all[i]);
  if (last_.size() > kRememberedPartners)
    erase_if(last_, [&](const auto& item) { return core_.now.mono - item.second > interval; });
}

void SyncService::begin(const Contact& contact) {
  const Key key{contact.id, true};
  if (sessions_.size() >= kMaxSyncSessions || sessions_.contains(key)) return;
  Session& session = sessions_[key];
  session.initiator = true;
  session.used = core_.now.mono;
  core_.random.fill(session.ours.nonce);
  session.ours.centre = overlay_point(core_.config.id);
  session.ours.radius = core_.size.region_radius(core_.config.region_factor);
  session.ours.after = minute_of(core_.now.wall + kSyncEdge);
  core_.peers.send(contact, Sync{session.ours, {}, false}, {RequestKind::sync, 0});
}

void SyncService::schedule(Millis at) {
  at = std::max<Millis>({1, at, core_.now.mono});
  if (scheduled_ != 0 && scheduled_ <= at) return;
  scheduled_ = at;
  core_.timers.at(at, TimerKind::sync);
}

void SyncService::timer() {
  if (scheduled_ > core_.now.mono) return;  // an older, later one
  scheduled_ = 0;
  work();
  if (round_at_ != 0 && round_at_ <= core_.now.mono) round();
  std::vector<NodeId> begun;
  for (const auto& [node, at] : soon_)
    if (at <= core_.now.mono) begun.push_back(node);
  for (const NodeId& node : begun) {
    soon_.erase(node);
    if (Link* link = core_.sessions.ready(node)) begin({node, link->peer.node_key, Endpoint{}});
  }
  std::erase_if(sessions_, [&](const auto& item) { return core_.now.mono - item.second.used > kSessionForgotten; });
  if (round_at_ != 0) schedule(round_at_);
  for (const auto& [node, at] : soon_) schedule(at);
  for (const auto& [key, session] : sessions_)
    schedule(session.todo.empty() ? session.used + kSessionForgotten + 1 : core_.now.mono + kSlicePause);
}

// --- a session -------------------------------------------------------------------------

void SyncService::refuse(Link& link, std::uint32_t request_id, ErrorCode code, const char* why) {
  core_.out->send(link.id, request_id, ErrorBody{static_cast<std::uint32_t>(code), why});
}

void SyncService::on_request(Link& link, std::uint32_t request_id, const Sync& sync) {
  if (request_id == 0) return core_.count({Stage::state, Scope::count, "unsolicited-answer"});
  const Key key{link.node, false};
  if (sync.opening) {
    const std::uint32_t edge = minute_of(core_.now.wall + kSyncEdge), after = sync.opening->after;
    if (std::max(edge, after) - std::min(edge, after) > kEdgeToleranceMinutes)
      return refuse(link, request_id, ErrorCode::refused, "sync-edge");
    if (!sessions_.contains(key) && sessions_.size() >= kMaxSyncSessions)
      return refuse(link, request_id, ErrorCode::busy, "sync");
    // A new session costs a pass over the store.
    if (const auto old = sessions_.find(key); old != sessions_.end() && core_.now.mono - old->second.opened < kReopenAfter)
      return refuse(link, request_id, ErrorCode::busy, "sync");
    Session& session = sessions_[key] = Session{};
    session.opened = core_.now.mono;
    session.theirs = *sync.opening;
    core_.random.fill(session.ours.nonce);
    session.ours.centre = overlay_point(core_.config.id);
    session.ours.radius = core_.size.region_radius(core_.config.region_factor);
    session.ours.after = after;
    session.key = sync_key(session.theirs.nonce, session.ours.nonce);
    session.open = session.greet = true;
    session.todo.push_back({{}, kSyncEnd, SyncMode::again});
  } else if (!sessions_.contains(key)) {
    return refuse(link, request_id, ErrorCode::refused, "no-sync");
  }
  Session& session = sessions_.at(key);
  if (session.answering != 0) return refuse(link, request_id, ErrorCode::busy, "sync");
  session.answering = request_id;
  session.used = core_.now.mono;
  session.judged = 0;
  for (const SyncRange& range : sync.ranges) session.todo.push_back(range);
  if (session.todo.empty()) return judged(key);
  work();
}

void SyncService::on_answer(Link& link, const Sync& sync) {
  const Key key{link.node, true};
  const auto it = sessions_.find(key);
  if (it == sessions_.end()) return;
  Session& session = it->second;
  if (!session.open) {
    if (!sync.opening || sync.opening->after != session.ours.after) return static_cast<void>(sessions_.erase(it));
    session.theirs = *sync.opening;
    session.key = sync_key(session.ours.nonce, session.theirs.nonce);
    session.open = true;
  }
  session.used = core_.now.mono;
  for (const SyncRange& range : sync.ranges) session.todo.push_back(range);
  if (session.todo.empty()) return ask_on(key);
  work();
}

void SyncService::failed(const NodeId& from) { sessions_.erase({from, true}); }

void SyncService::work() {
  std::size_t rows = kSyncRowsPerTurn;
  std::vector<Key> done;
  for (auto& [key, session] : sessions_) {
    if (session.todo.empty()) continue;
    session.used = core_.now.mono;
    while (!session.todo.empty() && judge(session, rows)) session.todo.pop_front();
    if (!session.todo.empty()) break;
    done.push_back(key);
  }
  for (const Key& key : done)
    if (sessions_.contains(key)) judged(key);
  for (const auto& [key, session] : sessions_)
    schedule(session.todo.empty() ? session.used + kSessionForgotten + 1 : core_.now.mono + kSlicePause);
}

bool SyncService::judge(Session& session, std::size_t& rows) {
  const SyncRange& range = session.todo.front();
  if (!session.digest) {
    session.theirs_only.insert(session.theirs_only.end(), range.elements.begin(), range.elements.end());
    if (range.mode == SyncMode::extra) return true;
    const bool full = session.said.size() + kSyncSplit > kMaxSyncRangesPerPacket ||
                      session.said_elements + kSyncKept > kMaxSyncElementsPerPacket || session.judged >= kSyncAsked;
    if (full && !session.initiator) {
      if (session.said.size() < kMaxSyncRangesPerPacket)
        session.said.push_back({range.lower, range.upper, SyncMode::again});
      return true;
    }
    session.digest.emplace(range.lower, range.upper);
    session.at = std::max(range.lower, SyncKey{session.ours.after + 1, {}});
    ++session.judged;
  }
  if (!read(session, rows) || !read_records(session, rows)) return false;
  say(session, answer_range(range, *session.digest));
  session.digest.reset();
  return true;
}

// Messages and tombstones from `at` on. False: to be continued.
bool SyncService::read(Session& session, std::size_t& rows) {
  const SyncKey until = std::min(session.digest->upper(), SyncKey{kSyncRecord, {}});
  const auto in_both = [&](const MailboxId& mailbox) {
    return inside(distance(overlay_point(mailbox), session.ours.centre), session.ours.radius) &&
           inside(distance(overlay_point(mailbox), session.theirs.centre), session.theirs.radius);
  };
  while (session.at < until) {
    if (rows == 0) return false;
    const ElementPage page = core_.store.elements({session.at.expires, session.at.id}, {until.expires, until.id}, in_both, rows);
    for (const Element& element : page.elements) {
      const SyncElement one{{element.place.expires, element.place.id},
                            static_cast<SyncState>(static_cast<int>(element.kind) - 1)};
      session.digest->add(one, sync_hash(session.key, one));
    }
    rows -= std::min(rows, page.next ? rows : page.elements.size() + 1);
    session.at = page.next ? SyncKey{page.next->expires, page.next->id} : until;
  }
  return true;
}

// Key records follow the messages: id = address (20) and the first 12 bytes of the record's hash.
bool SyncService::read_records(Session& session, std::size_t& rows) {
  const SyncKey until = session.digest->upper();
  while (session.at < until) {
    if (rows == 0) return false;
    // The page begins after an address: the one before that of `at`.
    Address before = *Address::from(session.at.id.view().first(Address::kSize));
    std::size_t i = Address::kSize;
    while (i > 0 && before.data[i - 1]-- == 0) --i;
    const auto page = core_.store.key_records_page(i == 0 ? std::nullopt : std::optional(before), kRecordsPage);
    rows -= std::min(rows, kRecordsPage);
    for (const KeyRecordItem& item : page) {
      SyncElement one{{kSyncRecord, {}}};
      std::copy(item.address.data.begin(), item.address.data.end(), one.key.id.data.begin());
      if (one.key >= until) break;  // and so is what follows
      const OverlayPoint region = record_region(item.address);
      if (minute_of(item.expires) <= session.ours.after || !inside(distance(region, session.ours.centre), session.ours.radius) ||
          !inside(distance(region, session.theirs.centre), session.theirs.radius))
        continue;
      const Hash hash = tagged_hash("record", {signed_part(item.record)});
      std::copy_n(hash.data.begin(), 12, one.key.id.data.begin() + 20);
      if (one.key >= session.at && one.key < until) session.digest->add(one, sync_hash(session.key, one));
    }
    if (page.size() < kRecordsPage) break;
    session.at.id = {};
    Address next = page.back().address;
    for (std::size_t n = Address::kSize; n-- > 0 && ++next.data[n] == 0;) {}
    if (next.is_zero()) break;
    std::copy(next.data.begin(), next.data.end(), session.at.id.data.begin());
  }
  session.at = until;
  return true;
}

void SyncService::say(Session& session, std::vector<SyncRange> ranges) {
  for (SyncRange& range : ranges) {
    session.said_elements += range.elements.size();
    session.said.push_back(std::move(range));
  }
}

void SyncService::learn(const NodeId& node, Session& session) {
  std::vector<SyncElement> messages;
  Link* link = core_.sessions.ready(node);
  std::size_t records = 0;
  for (const SyncElement& element : session.theirs_only) {
    if (element.key.expires != kSyncRecord) {
      messages.push_back(element);
      continue;
    }
    const Address address = *Address::from(element.key.id.view().first(Address::kSize));
    const auto held = core_.store.key_record(address);
    const Hash hash = held ? tagged_hash("record", {signed_part(*held)}) : Hash{};
    if (link == nullptr || (held && std::equal(hash.data.begin(), hash.data.begin() + 12, element.key.id.data.begin() + 20)))
      continue;
    if (++records > kRecordsPage) session.more = true;
    else core_.records.pull(*link, address);
  }
  session.theirs_only.clear();
  const auto pulled = core_.custody.pull(node, messages);
  session.learnt += pulled.asked;
  session.more |= !pulled.all || session.learnt >= kMaxSyncElementsPerPacket;
  if (!session.initiator && !pulled.all && core_.config.role == Role::relay) again_soon(node);
}

void SyncService::judged(const Key& key) {
  Session& session = sessions_.at(key);
  learn(key.first, session);
  if (!session.initiator) {
    Sync answer{session.greet ? std::optional(session.ours) : std::nullopt, std::move(session.said), true};
    std::sort(answer.ranges.begin(), answer.ranges.end(),
              [](const SyncRange& a, const SyncRange& b) { return a.lower < b.lower; });
    if (Link* link = core_.sessions.ready(key.first)) core_.out->send_durable(link->id, session.answering, std::move(answer));
    session.greet = false;
    session.answering = 0;
  } else {
    for (SyncRange& range : session.said) {
      if (session.queue.size() < kMaxSyncQueue) session.queue.emplace(range.lower, std::move(range));
      else session.more = true;
    }
  }
  session.said.clear();
  session.said_elements = 0;
  if (session.initiator) ask_on(key);
}

void SyncService::ask_on(const Key& key) {
  Session& session = sessions_.at(key);
  Link* link = core_.sessions.ready(key.first);
  const bool enough = session.learnt >= kMaxSyncElementsPerPacket || ++session.requests > kMaxSyncRounds;
  if (session.queue.empty() || enough || link == nullptr) return end(key);
  Sync sync;
  std::size_t elements = 0, asked = 0;
  for (auto it = session.queue.begin(); it != session.queue.end() && sync.ranges.size() < kMaxSyncRangesPerPacket;) {
    elements += it->second.elements.size();
    asked += it->second.mode == SyncMode::extra ? 0 : 1;
    if (elements > kMaxSyncElementsPerPacket || asked > kSyncAsked) break;
    sync.ranges.push_back(std::move(it->second));
    it = session.queue.erase(it);
  }
  core_.peers.send(*link, std::move(sync), {RequestKind::sync, 0});
}

void SyncService::end(const Key& key) {
  const bool more = sessions_.at(key).more;
  sessions_.erase(key);
  last_[key.first] = core_.now.mono;
  if (more) again_soon(key.first);
}

void SyncService::again_soon(const NodeId& node) {
  if (soon_.size() >= kRememberedPartners) return;
  const auto [it, fresh] = soon_.emplace(node, core_.now.mono + core_.scaled(kAgainAfter));
  schedule(it->second);
}

}  // namespace comm
