#include "node/core/peers.h"

#include "node/core/core.h"
#include "node/core/kept_network.h"

namespace comm {

namespace {
constexpr Millis kDialBackAgain = kHour;
constexpr std::size_t kAnchorsDialled = 3;
constexpr std::uint64_t kAnchors = UINT64_MAX;  // of a bootstrap's timer: not one of these, but the anchors
constexpr Millis kQuietFirst = 10 * kSecond, kQuietMost = 5 * kMinute;
constexpr std::size_t kRememberedDialBacks = 4096;
}  // namespace

void Peers::start() {
  for (const auto& bootstrap : core_.config.bootstrap) add_bootstrap(bootstrap);
  dial_anchors();
}

// By contacts of earlier runs a node that reboots under attack, or whose network was away, finds its way back.
void Peers::dial_anchors() {
  if (!core_.sessions.by_node().empty()) return;
  std::vector<KeptContact> anchors = kept_contacts(core_.store, core_.config.profile.cheap_node_ids);
  if (anchors.empty()) return;
  core_.random.shuffle(anchors);
  for (std::size_t i = 0; i < anchors.size() && i < kAnchorsDialled; ++i)
    core_.sessions.dial(anchors[i].contact.endpoint, anchors[i].contact.id, std::nullopt, false);
  dial_anchors_after(anchor_delay_ + kHandshakeTimeout);
  anchor_delay_ = std::min(kBootstrapRetryMax, 2 * anchor_delay_);
}

void Peers::dial_anchors_after(Millis delay) {
  if (std::exchange(anchors_due_, true)) return;
  core_.timers.at(core_.now.mono + delay, TimerKind::bootstrap, kAnchors);
}

void Peers::keep(const Link& link, const Endpoint& endpoint) {
  PutRow row = contact_row({{link.node, link.peer.node_key, endpoint}, link.peer.role}, core_.config.profile.cheap_node_ids);
  const auto known = core_.store.row(Table::contacts, row.key);
  if (known == row.value) return;
  // Counted once: rows come and go only here.
  if (!known && !kept_) kept_ = core_.store.rows(Table::contacts, {}, std::nullopt, kKeptContacts).size();
  if (!known && *kept_ >= kKeptContacts) {
    // Each is a write to the disk: who passes by takes nobody's place, and others only now and then.
    if (core_.table.find(link.node) == nullptr || core_.now.mono < next_exchange_) return;
    next_exchange_ = core_.now.mono + kMinute;
    core_.out->store(EraseRow{Table::contacts, least_worth_keeping()});
  } else if (!known) {
    ++*kept_;
  }
  core_.out->store(std::move(row));
}

// Any that the table does not hold before one that it does.
Bytes Peers::least_worth_keeping() {
  auto rows = core_.store.rows(Table::contacts, {}, std::nullopt, kKeptContacts);
  core_.random.shuffle(rows);
  const auto in_table = [&](const RowItem& row) {
    const auto id = NodeId::from(row.key);
    return id && core_.table.find(*id) != nullptr;
  };
  const auto passer_by = std::find_if_not(rows.begin(), rows.end(), in_table);
  return passer_by != rows.end() ? passer_by->key : rows.front().key;
}

void Peers::add_bootstrap(const Bootstrap& bootstrap) {
  bootstraps_.emplace_back();
  bootstraps_.back().bootstrap = bootstrap;
  dial_bootstrap(bootstraps_.size() - 1);
}

void Peers::schedule_bootstrap(std::size_t index, Millis delay) {
  BootstrapState& state = bootstraps_[index];
  const Millis at = core_.now.mono + delay;
  if (state.scheduled != 0 && state.scheduled <= at) return;
  state.scheduled = std::max<Millis>(1, at);
  core_.timers.at(state.scheduled, TimerKind::bootstrap, index);
}

void Peers::dial_bootstrap(std::size_t index) {
  BootstrapState& state = bootstraps_[index];
  if (state.scheduled > core_.now.mono) return;
  state.scheduled = 0;
  if (state.self || state.link != 0) return;
  if (state.node && core_.sessions.ready(*state.node) != nullptr)  // its own link to us serves as well
    return schedule_bootstrap(index, kBootstrapRetryMax);
  state.link = core_.sessions.dial(state.bootstrap.endpoint, state.bootstrap.pin, index, false);
  schedule_bootstrap(index, state.delay + kHandshakeTimeout);
  state.delay = std::min(kBootstrapRetryMax, 2 * state.delay);
}

void Peers::timer(TimerKind kind, std::uint64_t key) {
  if (kind != TimerKind::bootstrap) return expire_requests();
  if (key != kAnchors) return dial_bootstrap(static_cast<std::size_t>(key));
  anchors_due_ = false;
  dial_anchors();
}

void Peers::expire_requests() {
  std::vector<RequestAt> late;
  const auto next = deadlines_.due(core_.now.mono, [&](const RequestAt& at) { return !requests_.contains(at); }, late);
  if (next) core_.timers.at(*next, TimerKind::request);
  for (const RequestAt& at : late) {
    const auto it = requests_.find(at);
    if (it == requests_.end()) continue;  // an earlier one of them ended its link
    const Request request = it->second;
    requests_.erase(it);
    const Link* link = core_.sessions.find(at.first);
    if (link == nullptr) continue;
    const NodeId node = link->node;
    if (request.kind != RequestKind::ping) core_.table.unanswered(node);
    core_.answer_failed(request, node);
  }
}

std::uint32_t Peers::send(Link& link, PacketBody body, Request request) {
  const std::uint32_t id = request.kind == RequestKind::none ? 0 : link.next_request++;
  if (id != 0) {
    requests_[{link.id, id}] = request;
    const Millis deadline = core_.now.mono + kRequestTimeout;
    if (deadlines_.add(deadline, {link.id, id})) core_.timers.at(deadline, TimerKind::request);
  }
  if (request.kind != RequestKind::ping) link.last_used = core_.now.mono;
  core_.out->send(link.id, id, std::move(body));
  return id;
}

void Peers::send(const Contact& to, PacketBody body, Request request) {
  if (Link* link = core_.sessions.ready(to.id)) {
    send(*link, std::move(body), request);
    return;
  }
  Contact contact = to;
  // An endpoint we dialled ourselves counts more than one that somebody names.
  if (const auto* entry = core_.table.find(to.id); contact.endpoint.port == 0 || (entry != nullptr && entry->dialable))
    contact = known_contact(to.id);
  const std::size_t bytes = wire_size(Packet{0, body});
  const auto it = waiting_.find(to.id);
  const bool room = it == waiting_.end() ? waiting_.size() < kMaxWaitingPeers
                                         : it->second.queue.size() < kMaxQueuedPerPeer &&
                                               it->second.bytes + bytes <= kMaxQueuedBytesPerPeer;
  LinkId dial = it == waiting_.end() ? 0 : it->second.dial;
  if (room && dial == 0 && to.id != core_.config.id)
    dial = core_.sessions.dial(contact.endpoint, contact.id, std::nullopt, false);
  if (!room || dial == 0) return core_.answer_failed(request, to.id);
  Waiting& waiting = waiting_[to.id];
  waiting.dial = dial;
  waiting.bytes += bytes;
  waiting.queue.emplace_back(std::move(body), request);
}

void Peers::want_session(const NodeId& node) {
  if (core_.sessions.ready(node) != nullptr || waiting_.contains(node) || waiting_.size() >= kMaxWaitingPeers) return;
  const LinkId dial = core_.sessions.dial(known_contact(node).endpoint, node, std::nullopt, false);
  if (dial != 0) waiting_[node].dial = dial;
}

bool Peers::reachable(const NodeId& node) {
  return core_.sessions.ready(node) != nullptr || known_contact(node).endpoint.port != 0;
}

bool Peers::quiet(const Endpoint& endpoint) const {
  if (core_.sessions.by_node().empty()) return false;  // it may be our own network that is silent
  const auto it = quiet_.find(endpoint);
  return it != quiet_.end() && core_.now.mono < it->second.until;
}

void Peers::nobody_there(const Endpoint& endpoint) {
  if (quiet_.size() >= kQuietEndpoints)
    std::erase_if(quiet_, [&](const auto& item) { return item.second.until <= core_.now.mono; });
  if (quiet_.size() >= kQuietEndpoints) quiet_.clear();  // forgetting costs dials
  Quiet& quiet = quiet_[endpoint];
  quiet.pause = std::clamp(2 * quiet.pause, core_.scaled(kQuietFirst), core_.scaled(kQuietMost));
  quiet.until = core_.now.mono + quiet.pause;
}

Contact Peers::known_contact(const NodeId& node) const {
  const auto* entry = core_.table.find(node);
  if (entry != nullptr && entry->dialable) return entry->contact;
  if (const Endpoint* met = met_.find(node)) return {node, {}, *met};
  return entry != nullptr ? entry->contact : Contact{node, {}, {}};
}

Request Peers::take_answer(const Link& link, std::uint32_t request_id, std::initializer_list<RequestKind> kinds) {
  const auto it = requests_.find({link.id, request_id});
  if (request_id == 0 || it == requests_.end()) return {};
  if (std::find(kinds.begin(), kinds.end(), it->second.kind) == kinds.end()) return {};
  const Request request = it->second;
  requests_.erase(it);
  return request;
}

void Peers::consider_dial_back(Link& link) {
  // Only the observed source address is dialled: a claim cannot aim us at a third party.
  if (link.peer.endpoints.empty()) return;
  if (dial_backs_.size() >= kRememberedDialBacks) prune_dial_backs();
  // Who found no place in the table is named to nobody: whether it can be dialled does not matter.
  const auto* entry = core_.table.find(link.node);
  if (entry == nullptr || entry->dialable) return;
  auto& last = dial_backs_[link.node];
  if (last != 0 && core_.now.mono - last < kDialBackAgain) return;
  if (!dial_back_tokens_.take(core_.now.mono)) return;
  last = std::max<Millis>(1, core_.now.mono);
  Endpoint endpoint = link.remote;
  endpoint.port = link.peer.endpoints.front().port;
  core_.sessions.dial(endpoint, link.node, std::nullopt, true);
}

void Peers::prune_dial_backs() {
  erase_if(dial_backs_, [&](const auto& item) { return core_.now.mono - item.second >= kDialBackAgain; });
  if (dial_backs_.size() >= kRememberedDialBacks) dial_backs_.clear();  // forgetting costs a dial, refusing a peer
}

void Peers::session_ready(Link& link) {
  const Endpoint endpoint = link.dialled ? link.dialled_to : [&] {
    Endpoint guess = link.remote;
    guess.port = link.peer.endpoints.empty() ? 0 : link.peer.endpoints.front().port;
    return guess;
  }();
  if (endpoint.port != 0) met_.put(link.node, endpoint);
  quiet_.erase(endpoint);
  core_.table.heard(Contact{link.node, link.peer.node_key, endpoint}, link.peer.role, link.dialled, link.remote,
                    core_.now.mono);
  core_.table.answered(link.node, core_.now.mono);
  if (link.dialled) keep(link, link.dialled_to);
  else consider_dial_back(link);
  anchor_delay_ = kBootstrapRetryMin;
  for (auto& state : bootstraps_)
    if (state.link == link.id) state.delay = kBootstrapRetryMin, state.node = link.node;
  const auto it = waiting_.find(link.node);
  if (it == waiting_.end()) return;
  Waiting waiting = std::move(it->second);
  waiting_.erase(it);
  for (auto& [body, request] : waiting.queue) send(link, std::move(body), request);
}

void Peers::fail_waiting(const NodeId& node, bool false_id) {
  const auto it = waiting_.find(node);
  if (it == waiting_.end()) return;
  Waiting waiting = std::move(it->second);
  waiting_.erase(it);
  for (const auto& [body, request] : waiting.queue) {
    if (false_id && request.kind == RequestKind::find_node) core_.lookups.false_contact(request.key, node);
    else core_.answer_failed(request, node);
  }
}

void Peers::session_gone(Link& link) {
  if (link.bootstrap) {
    BootstrapState& state = bootstraps_[*link.bootstrap];
    state.self = state.self || link.to_self;
    if (state.link == link.id) {
      state.link = 0;
      state.scheduled = 0;
      schedule_bootstrap(*link.bootstrap, state.delay);
    }
  }
  if (core_.sessions.by_node().empty()) dial_anchors_after(anchor_delay_);
  std::vector<Request> failed;
  for (auto it = requests_.lower_bound({link.id, 0}); it != requests_.end() && it->first.first == link.id;) {
    failed.push_back(it->second);
    it = requests_.erase(it);
  }
  for (const Request& request : failed) core_.answer_failed(request, link.node);
  if (link.phase == LinkPhase::wait_welcome && link.dialled) nobody_there(link.dialled_to);
  if (!link.expected) return;
  const auto waiting = waiting_.find(*link.expected);
  if (waiting != waiting_.end() && waiting->second.dial == link.id && core_.sessions.ready(*link.expected) == nullptr) {
    // Only the endpoint that we know to be its own says something about the node itself.
    const auto* entry = core_.table.find(*link.expected);
    if (entry != nullptr && entry->contact.endpoint == link.dialled_to) core_.table.unanswered(*link.expected);
    fail_waiting(*link.expected, link.false_id);
  }
}

}  // namespace comm
