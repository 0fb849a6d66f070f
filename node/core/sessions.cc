#include "node/core/sessions.h"

#include <utility>

#include "node/core/core.h"

namespace comm {

namespace {
// Two links that came up within this time crossed each other; an older one was replaced on purpose.
constexpr Millis kCrossing = 2 * kHandshakeTimeout;

bool is_handshake(const PacketBody& body) {
  return std::holds_alternative<Hello>(body) || std::holds_alternative<Welcome>(body) ||
         std::holds_alternative<Auth>(body);
}
}  // namespace

Sessions::Sessions(Core& core)
    : core_(core),
      id_checks_(std::max(kIdCheckBurst, core.config.id_checks_per_second), core.config.id_checks_per_second) {}

HelloBody Sessions::own_hello() {
  HelloBody body;
  body.node_key = core_.key.public_key();
  core_.random.fill(body.nonce);
  body.endpoints = core_.config.listen;
  body.role = core_.config.role;
  body.time = core_.now.wall;
  return body;
}

LinkId Sessions::dial(const Endpoint& endpoint, std::optional<NodeId> expected, std::optional<std::size_t> bootstrap,
                      bool dial_back) {
  if (links_.size() >= core_.config.max_sessions || endpoint.port == 0 || endpoint.is_unspecified()) return 0;
  if (!bootstrap && core_.peers.quiet(endpoint)) return 0;
  Link link;
  link.id = kDialledLinkBit | ++next_dial_;
  link.dialled = true;
  link.dial_back = dial_back;
  link.phase = LinkPhase::wait_welcome;
  link.dialled_to = endpoint;
  link.expected = expected;
  link.bootstrap = bootstrap;
  link.since = link.last_heard = link.last_used = core_.now.mono;
  const LinkId id = link.id;
  links_.emplace(id, Kept{std::make_unique<Link>(std::move(link))});
  await_handshake(id);
  core_.out->now(OpenLink{id, endpoint});
  return id;
}

void Sessions::link_up(const LinkUp& event) {
  if (event.dialled) {
    Link* link = find(event.link);
    if (link == nullptr) return core_.out->now(CloseLink{event.link});  // given up meanwhile
    link->curve = event.client_curve;
    link->remote = link->dialled_to;
    link->hello_raw = encode_hello_body(own_hello());
    Hello hello{link->hello_raw, {}};
    core_.out->send(link->id, link->next_request++, std::move(hello));
    return;
  }
  if (links_.size() >= core_.config.max_sessions || links_.contains(event.link)) return core_.out->now(CloseLink{event.link});
  Link link;
  link.id = event.link;
  link.curve = event.client_curve;
  link.remote = event.remote;
  link.since = link.last_heard = link.last_used = core_.now.mono;
  links_.emplace(event.link, Kept{std::make_unique<Link>(std::move(link))});
  await_handshake(event.link);
}

Link* Sessions::find(LinkId link) {
  const auto it = links_.find(link);
  return it == links_.end() ? nullptr : it->second.link.get();
}

Link* Sessions::ready(const NodeId& node) {
  const auto it = by_node_.find(node);
  return it == by_node_.end() ? nullptr : find(it->second);
}

bool Sessions::admit(Link& link, const Packet& packet) {
  link.last_heard = core_.now.mono;
  link.unanswered_pings = 0;
  if (link.phase == LinkPhase::ready && !is_handshake(packet.body)) return true;
  if (const auto* hello = std::get_if<Hello>(&packet.body); hello != nullptr && link.phase == LinkPhase::wait_hello) {
    on_hello(link, packet.request_id, *hello);
  } else if (const auto* welcome = std::get_if<Welcome>(&packet.body);
             welcome != nullptr && link.phase == LinkPhase::wait_welcome) {
    on_welcome(link, *welcome);
  } else if (const auto* auth = std::get_if<Auth>(&packet.body);
             auth != nullptr && link.phase == LinkPhase::wait_auth) {
    on_auth(link, *auth);
  } else if (link.phase == LinkPhase::wait_id && !is_handshake(packet.body)) {
    const std::size_t bytes = wire_size(packet);
    if (link.held.size() >= kHeldPackets || link.held_bytes + bytes > kHeldBytes) return false;
    if (held_bytes_ + bytes > kHeldBytesInAll) return false;  // sent again by whoever needs an answer
    link.held_bytes += bytes;
    held_bytes_ += bytes;
    link.held.push_back(packet);
  } else if (const auto* error = std::get_if<ErrorBody>(&packet.body)) {
    link.to_self = link.dialled && error->code == static_cast<std::uint32_t>(ErrorCode::self_connect);
    if (link.dialled) drop(link.id);  // the other side does not want this handshake
  } else {
    core_.count({Stage::state, Scope::count, is_handshake(packet.body) ? "handshake-order" : "no-session"});
    if (++link.faults > 16) return close(link.id, ErrorCode::no_session), false;
    core_.out->send(link.id, packet.request_id,
                    ErrorBody{static_cast<std::uint32_t>(ErrorCode::no_session), "no session on this link"});
  }
  return false;
}

void Sessions::on_hello(Link& link, std::uint32_t request_id, const Hello& hello) {
  if (hello.body.version != kProtocolVersion) return close(link.id, ErrorCode::version);
  if (hello.body.node_key == core_.key.public_key()) return close(link.id, ErrorCode::self_connect);
  link.hello_raw = hello.raw;
  link.peer = hello.body;
  Welcome welcome;
  welcome.raw = encode_hello_body(own_hello());
  link.transcript = session_transcript(link.curve, link.hello_raw, welcome.raw);
  welcome.signature = core_.key.sign(welcome_hash(link.transcript));
  link.hello_raw = {};
  link.phase = LinkPhase::wait_auth;
  core_.out->send(link.id, request_id, std::move(welcome));
}

void Sessions::on_welcome(Link& link, const Welcome& welcome) {
  link.transcript = session_transcript(link.curve, std::exchange(link.hello_raw, {}), welcome.raw);
  if (!verify(welcome.body.node_key, welcome_hash(link.transcript), welcome.signature)) {
    core_.count({Stage::crypto, Scope::disconnect, "welcome-signature"});
    return close(link.id, ErrorCode::refused);
  }
  link.peer = welcome.body;
  link.to_self = welcome.body.node_key == core_.key.public_key();
  if (link.to_self) return close(link.id, ErrorCode::self_connect);
  if (welcome.body.version != kProtocolVersion) return close(link.id, ErrorCode::version);
  if (!link.dial_back) core_.out->send(link.id, 0, Auth{core_.key.sign(auth_hash(link.transcript))});
  check_id(link);
}

void Sessions::on_auth(Link& link, const Auth& auth) {
  if (!verify(link.peer.node_key, auth_hash(link.transcript), auth.signature)) {
    core_.count({Stage::crypto, Scope::disconnect, "auth-signature"});
    return close(link.id, ErrorCode::refused);
  }
  check_id(link);
}

void Sessions::check_id(Link& link) {
  link.phase = LinkPhase::wait_id;
  if (const NodeId* known = known_ids_.find(link.peer.node_key)) return identified(link, NodeId(*known));
  id_waiting_[link.peer.node_key].push_back(link.id);
  const auto pending = id_pending_.find(link.peer.node_key);
  const bool with_hasher = pending != id_pending_.end() && core_.now.mono - pending->second < kIdCheckLost;
  if (!with_hasher &&
      std::find(id_queue_.begin(), id_queue_.end(), link.peer.node_key) == id_queue_.end())
    queue_id_check(link);
  drain_id_checks();
}

void Sessions::queue_id_check(const Link& link) {
  // Who we dialled ourselves goes first: strangers at the door cannot keep us from reaching others.
  if (link.dialled) id_queue_.push_front(link.peer.node_key);
  else id_queue_.push_back(link.peer.node_key);
}

void Sessions::drain_id_checks() {
  while (!id_queue_.empty()) {
    const NodeKey key = id_queue_.front();
    // A stranger that hung up meanwhile costs nobody a token.
    const bool waited = id_waiting_.contains(key);
    if (waited && !id_checks_.take(core_.now.mono)) break;
    id_queue_.pop_front();
    if (!waited) continue;
    core_.out->now(ComputeNodeId{key});
    id_pending_[key] = core_.now.mono;
  }
  if (id_pending_.size() > kKnownIds)
    std::erase_if(id_pending_, [&](const auto& item) { return core_.now.mono - item.second >= kIdCheckLost; });
  if (id_queue_.empty() || drain_scheduled_) return;
  drain_scheduled_ = true;  // one timer, however many links wait
  core_.timers.at(core_.now.mono + std::max<Millis>(1, kSecond / core_.config.id_checks_per_second), TimerKind::id_check);
}

void Sessions::id_computed(const NodeIdComputed& event) {
  id_pending_.erase(event.key);
  remember_id(event.key, event.id);
  const auto waiting = id_waiting_.extract(event.key);
  if (waiting.empty()) return;
  for (LinkId id : waiting.mapped())
    if (Link* link = find(id); link != nullptr && link->phase == LinkPhase::wait_id) identified(*link, event.id);
}

bool Sessions::wins_over(const Link& fresh, const Link& old) const {
  if (fresh.dialled == old.dialled || fresh.since - old.since > kCrossing) return true;
  // Both sides dialled at once: the link dialled by the lower NodeId stays, on both sides alike.
  const bool we_are_lower = core_.config.id < fresh.node;
  return fresh.dialled == we_are_lower;
}

void Sessions::identified(Link& link, const NodeId& id) {
  link.node = id;
  if (link.dial_back) {
    if (link.expected == id) core_.table.set_dialable(id, link.dialled_to);
    return drop(link.id);
  }
  if (link.expected && *link.expected != id) {
    core_.count({Stage::crypto, Scope::disconnect, "node-id-mismatch"});
    // Whoever named this endpoint lied or is out of date. The node itself stays where it is, unless the endpoint is
    // the one we had proved: then it has moved.
    const auto* entry = core_.table.find(*link.expected);
    if (entry != nullptr && entry->contact.endpoint == link.dialled_to && ready(*link.expected) == nullptr)
      core_.table.removed(*link.expected);
    link.false_id = true;
    return close(link.id, ErrorCode::refused);
  }
  if (Link* old = ready(id); old != nullptr && old != &link) {
    if (!wins_over(link, *old)) return close(link.id, ErrorCode::duplicate_link);
    const LinkId loser = old->id;
    close(loser, ErrorCode::duplicate_link);
  }
  link.phase = LinkPhase::ready;
  link.last_heard = core_.now.mono;
  by_node_[id] = link.id;
  if (link.dialled || link.peer.role == Role::relay) serving_[id] = link.id;
  relays_ += link.peer.role == Role::relay ? 1 : 0;
  watch(link, kPingInterval);
  core_.session_ready(link);
  std::vector<Packet> held = std::move(link.held);
  held_bytes_ -= std::exchange(link.held_bytes, 0);
  const LinkId link_id = link.id;  // `link` may go away while its packets are handled
  for (const Packet& packet : held) core_.packet(link_id, packet);
}

void Sessions::await_handshake(LinkId id) {
  const Millis until = core_.now.mono + kHandshakeTimeout;
  if (handshakes_.add(until, id)) core_.timers.at(until, TimerKind::handshake);
}

void Sessions::expire_handshakes() {
  std::vector<LinkId> late;
  const auto settled = [&](LinkId id) {
    const Link* link = find(id);
    return link == nullptr || link->phase == LinkPhase::ready;
  };
  if (const auto next = handshakes_.due(core_.now.mono, settled, late)) core_.timers.at(*next, TimerKind::handshake);
  for (const LinkId id : late) {
    const Link* link = find(id);
    if (link == nullptr) continue;
    if (link->phase == LinkPhase::wait_id && core_.now.mono - link->since < 12 * kHandshakeTimeout) {
      await_handshake(id);  // our own queue, not its fault
      continue;
    }
    core_.count({Stage::state, Scope::disconnect, "handshake-timeout"});
    drop(id);
  }
}

void Sessions::timer(TimerKind kind) {
  if (kind == TimerKind::handshake) return expire_handshakes();
  if (kind == TimerKind::keepalive) return sweep();
  drain_scheduled_ = false;
  drain_id_checks();
}

void Sessions::watch(Link& link, Millis delay) {
  const Millis at = links_.find(link.id)->second.look_at = core_.now.mono + delay;
  if (next_sweep_ != 0 && next_sweep_ <= at) return;
  next_sweep_ = at;
  core_.timers.at(next_sweep_, TimerKind::keepalive);
}

void Sessions::sweep() {
  if (next_sweep_ == 0 || next_sweep_ > core_.now.mono) return;  // another one was set for an earlier time
  std::vector<LinkId> due;
  Millis next = 0;
  for (const auto& [id, kept] : links_) {
    if (kept.look_at == 0) continue;
    if (kept.look_at <= core_.now.mono) due.push_back(id);
    else if (next == 0 || kept.look_at < next) next = kept.look_at;
  }
  next_sweep_ = next == 0 ? 0 : std::max(next, core_.now.mono + kSweep);
  if (next_sweep_ != 0) core_.timers.at(next_sweep_, TimerKind::keepalive);
  for (const LinkId id : due)
    if (Link* link = find(id)) keepalive(*link);
}

void Sessions::keepalive(Link& link) {
  const Millis idle = core_.now.mono - link.last_heard;
  if (!link.dialled) {  // the dialler pings; who accepted only notices its silence
    if (idle <= 3 * kPingInterval) return watch(link, 3 * kPingInterval - idle + 1);
    // It may hear us and have nothing to say: ask once.
    if (link.unanswered_pings > 0) return drop(link.id);
    return ping(link);
  }
  if (link.unanswered_pings >= 2) {
    core_.table.unanswered(link.node);
    return drop(link.id);
  }
  const bool wanted = link.bootstrap || by_node_.size() <= kIdleSessionsKept || core_.mailboxes.keeps(link.node);
  const Millis unused = core_.now.mono - link.last_used;
  if (!wanted && unused > kSessionIdle) {
    link.idle_closed = true;
    return drop(link.id);
  }
  if (idle + kSecond < kPingInterval && link.unanswered_pings == 0)
    return watch(link, std::min(kPingInterval - idle, std::max(kSweep, kSessionIdle - unused)));
  ping(link);
}

void Sessions::ping(Link& link) {
  ++link.unanswered_pings;  // any packet of theirs sets it back to zero
  core_.peers.send(link, Ping{}, {RequestKind::ping, 0});
  static_assert(kSweep >= kRequestTimeout);
  watch(link, kSweep);
}

void Sessions::close(LinkId id, ErrorCode code) {
  if (code != ErrorCode{0})
    core_.out->send(id, 0, ErrorBody{static_cast<std::uint32_t>(code), "link closed"});
  drop(id);
}

void Sessions::drop(LinkId id) {
  core_.out->now(CloseLink{id});
  link_down(id);
}

void Sessions::link_down(LinkId id) {
  const auto it = links_.find(id);
  if (it == links_.end()) return;
  const std::unique_ptr<Link> gone = std::move(it->second.link);
  links_.erase(it);
  Link& link = *gone;
  if (const auto waiting = id_waiting_.find(link.peer.node_key); waiting != id_waiting_.end()) {
    std::erase(waiting->second, id);
    if (waiting->second.empty()) id_waiting_.erase(waiting);
  }
  held_bytes_ -= link.held_bytes;
  const auto by_node = by_node_.find(link.node);
  const bool was_ready = link.phase == LinkPhase::ready && by_node != by_node_.end() && by_node->second == id;
  if (was_ready) by_node_.erase(by_node);
  if (was_ready) serving_.erase(link.node);
  if (was_ready && link.peer.role == Role::relay) --relays_;
  core_.peers.session_gone(link);
  if (was_ready) core_.session_gone(link);
}

}  // namespace comm
