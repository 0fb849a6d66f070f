#include "tests/sim/network.h"

namespace comm::sim {
namespace {

constexpr std::uint16_t kListenPort = 6667;
constexpr std::uint32_t kMovedPrefix = 100u << 16;
constexpr std::uint32_t kFirstPrefix = 11u << 16;  // 11.0.0.0/24: public addresses, so that prefix caps apply

}  // namespace

const char* to_string(EventKind kind) {
  switch (kind) {
    case EventKind::control: return "control";
    case EventKind::start: return "start";
    case EventKind::leave: return "leave";
    case EventKind::come_back: return "come-back";
    case EventKind::wake: return "wake";
    case EventKind::link_up: return "link-up";
    case EventKind::link_down: return "link-down";
    case EventKind::packet: return "packet";
    case EventKind::node_id: return "node-id";
    case EventKind::commit: return "commit";
    case EventKind::send_text: return "send-text";
  }
  return "?";
}

SimNetwork::SimNetwork(NetworkOptions options, std::size_t nodes, std::uint64_t seed, SimQueue& queue)
    : options_(options), random_(seed), queue_(queue), up_(nodes), incarnations_(nodes), accepted_(nodes),
      tables_(nodes) {
  CHECK(options_.nodes_per_prefix >= 1 && options_.nodes_per_prefix <= 250);
}

Endpoint SimNetwork::endpoint_of(std::uint32_t node) const {
  if (const auto moved = moved_.find(node); moved != moved_.end()) return moved->second;
  return endpoint_in(kFirstPrefix + node / options_.nodes_per_prefix, 1 + node % options_.nodes_per_prefix);
}

void SimNetwork::move(std::uint32_t node, std::uint32_t prefix, std::uint32_t host) {
  CHECK(host < 255);
  moved_at_[moved_[node] = endpoint_in(kMovedPrefix + prefix, 1 + host)] = node;
}

Endpoint SimNetwork::endpoint_in(std::uint32_t prefix, std::uint32_t host) {
  Endpoint out;
  out.ip[10] = out.ip[11] = 0xff;
  out.ip[12] = static_cast<std::uint8_t>(prefix >> 16);
  out.ip[13] = static_cast<std::uint8_t>(prefix >> 8);
  out.ip[14] = static_cast<std::uint8_t>(prefix);
  out.ip[15] = static_cast<std::uint8_t>(host);
  out.port = kListenPort;
  return out;
}

std::optional<std::uint32_t> SimNetwork::node_at(const Endpoint& endpoint) const {
  if (const auto moved = moved_at_.find(endpoint); moved != moved_at_.end()) return moved->second;
  if (!endpoint.is_v4() || endpoint.port != kListenPort || endpoint.ip[15] == 0) return std::nullopt;
  const std::uint32_t prefix = static_cast<std::uint32_t>(endpoint.ip[12]) << 16 |
                               static_cast<std::uint32_t>(endpoint.ip[13]) << 8 | endpoint.ip[14];
  if (prefix < kFirstPrefix || endpoint.ip[15] > options_.nodes_per_prefix) return std::nullopt;
  const std::uint32_t node = (prefix - kFirstPrefix) * options_.nodes_per_prefix + endpoint.ip[15] - 1;
  if (node >= up_.size()) return std::nullopt;
  return node;
}

std::uint32_t SimNetwork::allocate() {
  if (free_.empty()) {
    links_.emplace_back();
    return static_cast<std::uint32_t>(links_.size() - 1);
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  const std::uint32_t generation = links_[slot].generation;
  links_[slot] = Link{};
  links_[slot].generation = generation;
  return slot;
}

std::optional<std::uint32_t> SimNetwork::find(std::uint32_t node, LinkId link) const {
  const Table& table = tables_[node];
  const auto it = std::lower_bound(table.begin(), table.end(), std::pair<LinkId, std::uint32_t>{link, 0});
  if (it == table.end() || it->first != link) return std::nullopt;
  return it->second;
}

void SimNetwork::forget(std::uint32_t node, LinkId link) {
  Table& table = tables_[node];
  const auto it = std::lower_bound(table.begin(), table.end(), std::pair<LinkId, std::uint32_t>{link, 0});
  if (it != table.end() && it->first == link) table.erase(it);
}

void SimNetwork::release_if_done(std::uint32_t slot) {
  Link& link = links_[slot];
  if (link.side[0].state == End::open || link.side[1].state == End::open) return;
  // A fresh acceptor never hears of a link whose dialler is gone: what is in flight goes with it.
  ++link.generation;
  free_.push_back(slot);
}

void SimNetwork::schedule_down(std::uint32_t slot, std::uint8_t side, Millis at, std::uint64_t partition) {
  SimEvent event;
  event.kind = EventKind::link_down;
  event.node = links_[slot].side[side].node;
  event.side = side;
  event.link = slot;
  event.generation = links_[slot].generation;
  event.value = partition;
  queue_.push(at, std::move(event));
}

Millis SimNetwork::delay(const Link& link) {
  return link.latency + static_cast<Millis>(random_.below(static_cast<std::uint64_t>(link.latency / 8) + 1));
}

void SimNetwork::open(std::uint32_t node, LinkId id, const Endpoint& endpoint) {
  CHECK((id & kDialledLinkBit) != 0 && !find(node, id));
  ++counts_.dialled;
  const std::uint32_t slot = allocate();
  Link& link = links_[slot];
  const auto target = node_at(endpoint);
  link.latency = std::max<Millis>(1, draw(options_.latency, options_.latency_scale, random_));
  link.ready_at = queue_.now() + link.latency * options_.setup_delays;
  link.port = static_cast<std::uint16_t>(20'000 + random_.below(40'000));
  link.side[0] = {node, id, End::open, 0};
  link.dialled = endpoint;
  SimEvent up;
  up.link = slot;
  up.generation = link.generation;
  up.kind = EventKind::link_up;
  up.node = node;
  up.value = id;
  random_.fill(up.key);
  link.key.data = up.key.data;
  if (options_.man_in_the_middle > 0 && random_.chance(options_.man_in_the_middle, 1'000)) random_.fill(link.key);
  queue_.push(queue_.now(), std::move(up));
  auto& table = tables_[node];
  table.insert(std::lower_bound(table.begin(), table.end(), std::pair<LinkId, std::uint32_t>{id, 0}), {id, slot});
  link.dead_end = !target || !up_[*target] || separated(node, *target);
  if (link.dead_end) {
    ++counts_.refused;
    schedule_down(slot, 0, queue_.now() + options_.connect_timeout);
    return;
  }
  link.side[1] = {*target, 0, End::fresh, 0};
  link.acceptor_incarnation = incarnations_[*target];
}

void SimNetwork::close(std::uint32_t node, LinkId id) {
  const auto slot = find(node, id);
  if (!slot) return;
  Link& link = links_[*slot];
  const std::uint8_t own = link.side[0].node == node && link.side[0].id == id ? 0 : 1;
  const auto other = static_cast<std::uint8_t>(1 - own);
  link.side[own].state = End::closed;
  forget(node, id);
  if (link.side[other].state == End::open) {
    const Millis told = separated(node, link.side[other].node) ? options_.keepalive_timeout : link.latency;
    schedule_down(*slot, other, std::max(queue_.now() + told, link.side[other].last_arrival));
  }
  release_if_done(*slot);
}

void SimNetwork::deliver(std::uint32_t slot, std::uint8_t to, Millis at, std::uint32_t size, Packet packet) {
  SimEvent event;
  event.kind = EventKind::packet;
  event.node = links_[slot].side[to].node;
  event.side = to;
  event.link = slot;
  event.generation = links_[slot].generation;
  event.size = size;
  event.packet = std::move(packet);
  queue_.push(at, std::move(event));
}

bool SimNetwork::send(std::uint32_t node, LinkId id, Packet packet) {
  const auto slot = find(node, id);
  if (!slot) return false;
  Link& link = links_[*slot];
  const std::uint8_t own = link.side[0].node == node && link.side[0].id == id ? 0 : 1;
  const auto to = static_cast<std::uint8_t>(1 - own);
  Side& other = link.side[to];
  const auto size = static_cast<std::uint32_t>(wire_size(packet));
  ++counts_.sent;
  counts_.bytes += size;
  if (link.dead_end || other.state == End::closed || separated(node, other.node)) {
    ++counts_.cut;
    return true;
  }
  if (options_.loss > 0 && random_.chance(options_.loss, 1'000)) {
    ++counts_.lost;
    return true;
  }
  Millis at = std::max(queue_.now(), link.ready_at) + delay(link);
  if (options_.clog > 0 && random_.chance(options_.clog, 1'000'000))
    at += draw(Shape::exponential, options_.clog_scale, random_);
  const bool overtakes = options_.reorder > 0 && random_.chance(options_.reorder, 1'000);
  if (!overtakes) other.last_arrival = at = std::max(at, other.last_arrival);
  if (options_.duplicate > 0 && random_.chance(options_.duplicate, 1'000)) {
    ++counts_.duplicated;
    deliver(*slot, to, at + delay(link), size, packet);
  }
  deliver(*slot, to, at, size, std::move(packet));
  return true;
}

void SimNetwork::node_up(std::uint32_t node) { up_[node] = true; }

void SimNetwork::node_down(std::uint32_t node, bool silent) {
  up_[node] = false;
  ++incarnations_[node];
  accepted_[node] = 0;
  const Table table = std::exchange(tables_[node], {});
  for (const auto& [id, slot] : table) {
    Link& link = links_[slot];
    const std::uint8_t own = link.side[0].node == node && link.side[0].id == id ? 0 : 1;
    const auto other = static_cast<std::uint8_t>(1 - own);
    link.side[own].state = End::closed;
    if (link.side[other].state == End::open) {
      const bool unheard = silent || separated(node, link.side[other].node);
      const Millis told = unheard ? options_.keepalive_timeout : link.latency;
      schedule_down(slot, other, std::max(queue_.now() + told, link.side[other].last_arrival));
    }
    release_if_done(slot);
  }
}

void SimNetwork::calm() {
  options_.loss = options_.duplicate = options_.reorder = options_.clog = options_.man_in_the_middle = 0;
}

void SimNetwork::partition(std::vector<std::uint8_t> groups) {
  CHECK(groups.empty() || groups.size() == up_.size());
  groups_ = std::move(groups);
  ++partition_;
  if (groups_.empty()) return;
  for (std::uint32_t slot = 0; slot < links_.size(); ++slot) {
    const Link& link = links_[slot];
    if (link.dead_end || link.side[1].state == End::closed) continue;
    if (!separated(link.side[0].node, link.side[1].node)) continue;
    for (std::uint8_t side = 0; side < 2; ++side)
      if (link.side[side].state == End::open)
        schedule_down(slot, side, queue_.now() + options_.keepalive_timeout, partition_);
  }
}

std::optional<SimNetwork::Arrival> SimNetwork::arrive(const SimEvent& event) {
  Link& link = links_[event.link];
  if (link.generation != event.generation) return std::nullopt;
  Side& side = link.side[event.side];
  if (side.state == End::closed) return std::nullopt;
  Arrival out{side.node, side.id, false, link.key, endpoint_of(link.side[0].node)};
  out.remote.port = link.port;
  if (side.state == End::open) return out;
  // The acceptor's first packet. Its process may have gone since the dial; then the dialler hears of it.
  if (!up_[side.node] || incarnations_[side.node] != link.acceptor_incarnation) {
    side.state = End::closed;
    link.dead_end = true;
    schedule_down(event.link, 0, queue_.now() + link.latency);
    return std::nullopt;
  }
  side.id = ++accepted_[side.node];
  side.state = End::open;
  auto& table = tables_[side.node];
  table.insert(std::lower_bound(table.begin(), table.end(), std::pair<LinkId, std::uint32_t>{side.id, 0}),
               {side.id, event.link});
  out.link = side.id;
  out.announce = true;
  return out;
}

std::optional<Endpoint> SimNetwork::came_up(const SimEvent& event) const {
  const Link& link = links_[event.link];
  if (link.generation != event.generation || link.side[0].state != End::open) return std::nullopt;
  return link.dialled;
}

std::optional<SimNetwork::Down> SimNetwork::went_down(const SimEvent& event) {
  Link& link = links_[event.link];
  if (link.generation != event.generation) return std::nullopt;
  Side& side = link.side[event.side];
  if (side.state != End::open) return std::nullopt;
  // Ends announced by a partition only happen if that partition still lasts.
  if (event.value != 0 && event.value != partition_) return std::nullopt;
  side.state = End::closed;
  forget(side.node, side.id);
  const Down out{side.node, side.id};
  release_if_done(event.link);
  return out;
}

}  // namespace comm::sim
