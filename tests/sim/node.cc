#include "tests/sim/node.h"

#include "proto/seal/hash.h"
#include "proto/wire/header.h"

namespace comm::sim {
namespace {

constexpr Millis kHashTime = 17;           // Argon2id of a node id; one hasher thread per node
constexpr Millis kMonoOrigin = 1'000'000;  // a booted machine's monotonic clock starts anew
constexpr std::uint32_t kMaxHurriedWakes = 10'000;

Seed random_seed(RandomSource& random) {
  Seed out;
  random.fill(out.mut());
  return out;
}

}  // namespace

struct SimNode::Process {
  std::unique_ptr<Agent> agent;
  std::unique_ptr<NodeCore> core;
  std::unique_ptr<Driver> driver;
};

NodeId sim_node_id(const NodeKey& key) {
  Trace mixed;
  NodeId out;
  for (std::size_t i = 0; i < 32; i += 8) mixed.mix(key.view().subspan(i, 8));
  for (std::size_t i = 0; i < out.data.size(); ++i) {
    if (i % 8 == 0) mixed.mix(i);
    out.data[i] = static_cast<std::uint8_t>(mixed.value() >> (8 * (i % 8)));
  }
  return out;
}

SimNode::SimNode(World& world, std::uint32_t index, std::uint64_t seed, bool user, Millis skew)
    : world_(world), index_(index), random_(seed), identity_seed_(random_seed(random_)),
      key_(NodeSigningKey::from_seed(random_seed(random_))), id_(sim_node_id(key_.public_key())), user_(user),
      skew_(skew), store_(index, world.time, world.oracle, world.measures) {
  if (user_) address_ = identity()->address();
}

SimNode::~SimNode() = default;

NodeId World::id_of(const NodeKey& key) const {
  const auto ground = coven.ground.find(key);
  return ground == coven.ground.end() ? sim_node_id(key) : ground->second;
}

void SimNode::corrupt(const AdversaryPlan& plan, std::optional<NodeId> id) {
  Coven& coven = world_.coven;
  if (id) coven.ground[key()] = id_ = *id;
  coven.keys[key()] = static_cast<std::uint32_t>(coven.members.size());
  coven.members.push_back({{id_, key(), world_.network.endpoint_of(index_)}, index_, false});
  adversary_ = std::make_unique<Adversary>(plan, coven, random_.next(), [this](LinkId link, Packet packet) {
    transmit(link, std::move(packet));
  });
}

void SimNode::tick() {
  if (!up()) return;
  check_bounds();
  if (adversary_) adversary_->tick(world_.time.now, world_.time.wall);
}

LockedBox<Identity> SimNode::identity() const {
  // Both kinds of identity take part: typed secrets (derived prekeys) and files (random prekeys).
  return Identity::from_seed(identity_seed_, index_ % 2 == 0);
}

std::vector<MailboxId> SimNode::mailboxes(std::uint32_t first_week, std::uint32_t last_week) const {
  std::vector<MailboxId> out;
  const auto own = identity();
  for (std::uint32_t week = first_week; week <= last_week; ++week)
    out.push_back(mailbox_id(own->mailbox(week).public_key()));
  return out;
}

std::vector<MailboxId> SimNode::pairwise_mailboxes(const Address& contact, Millis first, Millis last) const {
  std::vector<MailboxId> out;
  const auto own = identity();
  const Millis phase = own->pairwise_phase(contact);
  const auto period = [&](Millis wall) { return static_cast<std::uint32_t>((wall + phase) / kPairwisePeriod); };
  for (std::uint32_t i = period(first); i <= period(last); ++i)
    out.push_back(mailbox_id(own->pairwise_mailbox(contact, i).public_key()));
  return out;
}

TimePoint SimNode::now() const {
  return {world_.time.now - booted_ + kMonoOrigin, world_.time.wall + skew_ + step_};
}

SimEvent SimNode::event_for_me(EventKind kind) const {
  SimEvent out;
  out.kind = kind;
  out.node = index_;
  out.incarnation = incarnation_;
  return out;
}

void SimNode::start() {
  CHECK(!up());
  ++incarnation_;
  booted_ = world_.time.now;
  armed_ = -1;
  hasher_free_ = 0;
  hurried_wakes_ = 0;
  store_.check_promises();
  CoreConfig config;
  config.id = id_;
  config.role = Role::relay;
  config.listen = {world_.network.endpoint_of(index_)};
  for (const std::uint32_t node : bootstraps_) config.bootstrap.push_back({world_.network.endpoint_of(node), {}});
  config.store_quota = world_.scenario.store_quota;
  const ProtocolKnobs& knobs = world_.scenario.protocol;
  config.lookup_paths = knobs.lookup_paths;
  config.region_factor = knobs.region_factor;
  config.id_checks_per_second = knobs.id_checks_per_second;
  config.mailbox_quota = knobs.mailbox_quota;
  config.ingress_quota = knobs.ingress_quota;
  process_ = std::make_unique<Process>();
  if (user_) process_->agent = std::make_unique<Agent>(AgentConfig{}, identity(), store_, random_);
  process_->core = std::make_unique<NodeCore>(std::move(config), key_, store_, random_, process_->agent.get());
  process_->driver = std::make_unique<Driver>(*process_->core, process_->agent.get(), store_, *this);
  world_.network.node_up(index_);
  world_.measures.up(index_, world_.time.now);
  if (adversary_) world_.coven.members[world_.coven.keys.at(key())].up = true;
  process_->driver->start(now());
  rearm();
}

void SimNode::stop(Stop how) {
  CHECK(up());
  if (how == Stop::graceful && !disk_full_) {
    // What a flush releases may stage more; the reactor's shutdown waits for that too.
    for (int rounds = 0; rounds < 8 && !disk_queue_.empty(); ++rounds) {
      in_flight_ = disk_queue_.size();
      commit_now();
    }
  }
  process_.reset();
  world_.measures.down(index_, world_.time.now);
  store_.failed();
  disk_queue_.clear();
  in_flight_ = 0;
  ++disk_epoch_;
  world_.network.node_down(index_, how == Stop::power);
  world_.audience.sends_lost(index_);
}

void SimNode::rearm() {
  const auto deadline = process_->driver->next_deadline();
  if (!deadline) return;
  const Millis wanted = *deadline - kMonoOrigin + booted_;
  // A deadline that is due already is served a millisecond later: virtual time must move.
  if (wanted > world_.time.now) hurried_wakes_ = 0;
  else if (++hurried_wakes_ == kMaxHurriedWakes) world_.oracle.over_bound(index_, world_.time.now, "its timer spins");
  const Millis at = std::max(wanted, world_.time.now + 1);
  if (armed_ >= 0 && armed_ <= at) return;  // the earlier wake looks again
  armed_ = at;
  world_.queue.push(at, event_for_me(EventKind::wake));
}

bool SimNode::on_wake() {
  if (armed_ != world_.time.now) return false;  // replaced by an earlier one
  armed_ = -1;
  const auto deadline = process_->driver->next_deadline();
  const bool due = deadline && *deadline <= now().mono;
  if (due) process_->driver->time_passed(now());
  rearm();
  return due;
}

bool SimNode::on_link_up(const SimEvent& event) {
  const auto remote = world_.network.came_up(event);
  if (!remote) return false;
  LinkUp up;
  up.link = event.value;
  up.dialled = true;
  up.client_curve.data = event.key.data;
  up.remote = *remote;
  process_->driver->event(now(), up);
  rearm();
  return true;
}

bool SimNode::on_link_down(const SimNetwork::Down& down) {
  if (!up()) return false;
  if (adversary_) adversary_->link_down(down.link);
  process_->driver->event(now(), LinkDown{down.link});
  rearm();
  return true;
}

bool SimNode::on_packet(const SimNetwork::Arrival& arrival, SimEvent& event) {
  if (!up()) return false;
  if (arrival.announce) process_->driver->event(now(), LinkUp{arrival.link, false, arrival.key, arrival.remote});
  const bool passes =
      !adversary_ || adversary_->comes(world_.time.now, world_.time.wall, arrival.link, event.packet);
  if (user_) arrived(event.packet);
  if (passes) process_->driver->event(now(), PacketArrived{arrival.link, std::move(event.packet)});
  rearm();
  return true;
}

bool SimNode::on_node_id(const SimEvent& event) {
  NodeIdComputed computed;
  computed.key.data = event.key.data;
  computed.id = world_.id_of(computed.key);
  process_->driver->event(now(), computed);
  rearm();
  return true;
}

void SimNode::send_text(std::uint32_t message, const TrackedMessage& what, std::uint16_t lifetime) {
  SendText command;
  command.to = world_.oracle.address(what.to);
  command.text = what.text;
  command.ref = std::to_string(message);
  command.lifetime = lifetime;
  process_->driver->command(now(), command);
  rearm();
}

void SimNode::submit(std::unique_ptr<WriteSet> set) {
  disk_queue_.push_back(std::move(set));
  if (in_flight_ == 0) begin_commit();
}

void SimNode::begin_commit() {
  in_flight_ = disk_queue_.size();
  SimEvent event = event_for_me(EventKind::commit);
  event.value = disk_epoch_;
  const auto span = static_cast<std::uint64_t>(world_.scenario.fsync_max - world_.scenario.fsync_min) + 1;
  world_.queue.push(world_.time.now + world_.scenario.fsync_min + static_cast<Millis>(random_.below(span)),
                    std::move(event));
}

void SimNode::commit_now() {
  const std::span<const std::unique_ptr<WriteSet>> sets(disk_queue_.data(), in_flight_);
  const Ticket ticket = sets.back()->last_ticket();
  CHECK(store_.commit(sets) == CommitResult::ok);
  disk_queue_.erase(disk_queue_.begin(), disk_queue_.begin() + static_cast<std::ptrdiff_t>(in_flight_));
  in_flight_ = 0;
  ++disk_epoch_;
  process_->driver->committed(now(), ticket);
}

bool SimNode::on_commit(const SimEvent& event) {
  if (event.value != disk_epoch_ || in_flight_ == 0) return false;
  if (disk_full_) {
    disk_queue_.clear();
    in_flight_ = 0;
    ++disk_epoch_;
    process_->driver->commit_failed(now());
    world_.audience.sends_lost(index_);
  } else {
    commit_now();
    if (in_flight_ == 0 && !disk_queue_.empty()) begin_commit();
  }
  rearm();
  return true;
}

void SimNode::compute_node_id(const NodeKey& key) {
  hasher_free_ = std::max(hasher_free_, world_.time.now) + kHashTime;
  SimEvent event = event_for_me(EventKind::node_id);
  event.key.data = key.data;
  world_.queue.push(hasher_free_, std::move(event));
}

void SimNode::arrived(const Packet& packet) {
  const auto* message = std::get_if<Message>(&packet.body);
  if (message == nullptr) return;
  for (const SealedItem& item : message->items)
    if (const auto header = parse_header(item.header); header && world_.oracle.mailbox_owner(header->mailbox) == index_)
      world_.measures.body_arrived(message_id(item.header));
}

void SimNode::measure(const Packet& packet) {
  if (const auto* offer = std::get_if<Offer>(&packet.body))
    for (const OfferItem& item : offer->items) world_.measures.relayed(message_id(item.header), world_.time.now);
  if (const auto* message = std::get_if<Message>(&packet.body))
    for (const SealedItem& item : message->items) world_.measures.relayed(message_id(item.header), world_.time.now);
}

void SimNode::send(LinkId link, Packet packet) {
  if (!adversary_) return transmit(link, std::move(packet));
  if (adversary_->leaves(world_.time.now, world_.time.wall, link, packet)) transmit(link, std::move(packet));
}

void SimNode::transmit(LinkId link, Packet packet) {
  if (adversary_) {
    ++world_.coven.packets;
    world_.coven.bytes += wire_size(packet);
  } else {
    auto& count = world_.packets[packet.body.index()];
    ++count.packets;
    count.bytes += wire_size(packet);
    measure(packet);
  }
  if (const auto* stored = std::get_if<Stored>(&packet.body))
    for (const StoredItem& item : stored->items)
      if (!adversary_ && (item.status == StoredStatus::stored || item.status == StoredStatus::duplicate))
        store_.promise(item.id);
  // Hello and Welcome are made as bytes: the body is what the other side parses from them.
  const bool greeting = std::holds_alternative<Hello>(packet.body) || std::holds_alternative<Welcome>(packet.body);
  if (world_.scenario.codec || greeting) {
    auto parsed = parse_packet(encode_packet(packet));
    if (!parsed)
      return world_.oracle.violation(index_, world_.time.now,
                                     std::string("sends a ") + packet_name(packet.body) +
                                         " that no node can parse: " + parsed.error().reason);
    packet = std::move(*parsed);
  }
  world_.network.send(index_, link, std::move(packet));
}

void SimNode::user(const UserEvent& event) {
  const auto message = world_.oracle.user_event(index_, world_.time.now, event);
  world_.trace.mix(event.index() << 32 | index_);
  if (const auto* state = std::get_if<StateChanged>(&event)) {
    world_.trace.mix(static_cast<std::uint64_t>(state->state));
    if (message) world_.audience.state_shown(index_, *message);
  } else if (message) {
    world_.audience.send_refused(index_, *message);
  }
}

const NodeCore* SimNode::core() const { return process_ ? process_->core.get() : nullptr; }
const Agent* SimNode::agent() const { return process_ ? process_->agent.get() : nullptr; }

void SimNode::check_bounds() {
  const Totals totals = store_.totals();
  if (!adversary_) world_.measures.stored(index_, totals.bytes);
  // One message may be taken at the very edge of the quota.
  if (totals.bytes > world_.scenario.store_quota + kBodyClassBytes.back() + kHeaderBytes)
    world_.oracle.over_bound(index_, world_.time.now, "its store holds " + std::to_string(totals.bytes) + " bytes");
  if (world_.network.links_of(index_) > kMaxSessions + kMaxInboundLinks)
    world_.oracle.over_bound(index_, world_.time.now, "it has " + std::to_string(world_.network.links_of(index_)) + " links");
}

}  // namespace comm::sim
