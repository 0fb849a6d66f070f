#include "node/core/node_core.h"

#include "node/core/core.h"

namespace comm {

namespace {
constexpr std::uint32_t kFaultsAllowed = 64;
const std::string_view kClockRow = "clock-max";
constexpr std::initializer_list<RequestKind> kAnyRequest{RequestKind::ping, RequestKind::find_node,
                                                         RequestKind::get_record, RequestKind::put_record,
                                                         RequestKind::collect, RequestKind::want, RequestKind::sync};

// What a packet takes of its session's rate: each item costs a look into the store.
std::int64_t cost(const PacketBody& body) {
  const std::size_t items = std::visit(
      [](const auto& b) -> std::size_t {
        using T = std::decay_t<decltype(b)>;
        if constexpr (std::is_same_v<T, Want>) return b.ids.size();
        else if constexpr (std::is_same_v<T, Offer> || std::is_same_v<T, Message> || std::is_same_v<T, Stored>) return b.items.size();
        else return 0;
      },
      body);
  return static_cast<std::int64_t>(1 + items / kItemsPerPacketToken);
}

// What may be answered by an Error; an answer or a push never is.
bool is_request(const Packet& packet) {
  if (const auto* sync = std::get_if<Sync>(&packet.body)) return packet.request_id != 0 && !sync->answer;
  return packet.request_id != 0 &&
         (std::holds_alternative<Ping>(packet.body) || std::holds_alternative<FindNode>(packet.body) ||
          std::holds_alternative<Want>(packet.body) || std::holds_alternative<Collect>(packet.body) ||
          std::holds_alternative<PutRecord>(packet.body) || std::holds_alternative<GetRecord>(packet.body));
}
}  // namespace

Core::Core(CoreConfig config_in, const NodeSigningKey& key_in, const StoreView& store_in, RandomSource& random_in,
           const MailboxOwner* owner_in)
    : config(std::move(config_in)), key(key_in), store(store_in), random(random_in), owner(owner_in),
      table(config.id), sessions(*this), peers(*this), lookups(*this), custody(*this), mailboxes(*this), records(*this), sync(*this) {}

void Core::count(const Error& error) {
  ++counted.rejected[static_cast<std::size_t>(error.stage)];
  ++counted.rejected_reasons[error.reason];  // reasons are static strings: bounded
}

void Core::fault(Link& link, const Error& error) {
  count(error);
  if (error.scope == Scope::ignore || error.scope == Scope::drop_message) return;
  if (error.scope == Scope::disconnect || ++link.faults > kFaultsAllowed) {
    out->note(Severity::debug, "peer-cut", error.reason);
    sessions.close(link.id, ErrorCode::malformed);
  }
}

std::optional<std::vector<Contact>> Core::small_region() const {
  if (!size.everyone()) return std::nullopt;
  std::vector<Contact> all;
  for (const auto& entry : table.entries())
    if (entry.dialable && !sessions.by_node().contains(entry.contact.id)) all.push_back(entry.contact);
  // Sessions too: buckets of k do not hold everyone, and who cannot be dialled is reached by its own link.
  for (const auto& [node, link] : sessions.by_node()) {
    const Link& session = sessions.link(link);
    all.push_back({node, session.peer.node_key, session.dialled ? session.dialled_to : Endpoint{}});
  }
  return all;
}

std::vector<Contact> Core::known_region(const OverlayPoint& target) const {
  std::vector<Contact> known = table.within(target, size.region_radius(config.region_factor), true);
  std::erase_if(known, [&](const Contact& contact) { return sessions.by_node().contains(contact.id); });
  // Of sessions only nodes that others can reach too: who fetches from a custodian has to find it. A relay's sessions are
  // users' for the most part, thousands of them: they are not gone through for each message.
  std::vector<NodeId> reachable;
  for (const auto& [node, id] : sessions.serving()) reachable.push_back(node);
  for (const NodeId& node : table.all_dialable())
    if (sessions.by_node().contains(node) && !sessions.serving().contains(node)) reachable.push_back(node);
  std::sort(reachable.begin(), reachable.end());
  for (const NodeId& node : reachable)
    if (in_region(node, target)) known.push_back({node, sessions.link(sessions.by_node().at(node)).peer.node_key, Endpoint{}});
  return known;
}

bool Core::in_region(const NodeId& node, const OverlayPoint& target) const {
  return size.everyone() || inside(distance(overlay_point(node), target), size.region_radius(config.region_factor));
}

void Core::packet(LinkId link_id, const Packet& packet) {
  Link* link = sessions.find(link_id);
  if (link == nullptr) return;
  if (!sessions.admit(*link, packet)) return;
  // Acknowledgements are never starved: they only shrink what everyone holds.
  const std::int64_t tokens = cost(packet.body);
  if (!std::holds_alternative<Ack>(packet.body) &&
      !(prefix_rates.take(link->remote, now.mono, tokens) && link->packets.take(now.mono, tokens))) {
    count({Stage::policy, Scope::count, "packet-rate"});
    if (is_request(packet))
      out->send(link_id, packet.request_id, ErrorBody{static_cast<std::uint32_t>(ErrorCode::rate_limited), "too many packets"});
    return;
  }
  dispatch(*link, packet);
}

void Core::dispatch(Link& link, const Packet& packet) {
  const std::uint32_t id = packet.request_id;
  table.answered(link.node, now.mono);
  if (!std::holds_alternative<Ping>(packet.body) && !std::holds_alternative<Pong>(packet.body)) link.last_used = now.mono;
  const auto answer = [&](RequestKind kind) -> std::optional<std::uint64_t> {
    const Request request = peers.take_answer(link, id, {kind});
    if (request.kind == kind) return request.key;
    count({Stage::state, Scope::count, "unsolicited-answer"});
    return std::nullopt;
  };
  std::visit(
      [&](const auto& body) {
        using T = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<T, Ping>) out->send(link.id, id, Pong{});
        else if constexpr (std::is_same_v<T, Pong>) peers.take_answer(link, id, {RequestKind::ping});
        else if constexpr (std::is_same_v<T, FindNode>) lookups.asked(link, id, body);
        else if constexpr (std::is_same_v<T, Nodes>) { if (auto key_ = answer(RequestKind::find_node)) lookups.answered(*key_, link.node, body); }
        else if constexpr (std::is_same_v<T, Offer>) custody.on_offer(link, body);
        else if constexpr (std::is_same_v<T, Want>) custody.on_want(link, id, body);
        else if constexpr (std::is_same_v<T, Message>) custody.on_message(link, id, body);
        else if constexpr (std::is_same_v<T, Stored>) custody.on_stored(link, body);
        else if constexpr (std::is_same_v<T, Ack>) custody.on_ack(link, body);
        else if constexpr (std::is_same_v<T, Collect>) mailboxes.on_collect(link, id, body);
        else if constexpr (std::is_same_v<T, Collected>) { if (auto key_ = answer(RequestKind::collect)) mailboxes.on_collected(link, *key_, body); }
        else if constexpr (std::is_same_v<T, PutRecord>) records.on_put(link, id, body);
        else if constexpr (std::is_same_v<T, GetRecord>) records.on_get(link, id, body);
        else if constexpr (std::is_same_v<T, Record>) {
          const Request request = peers.take_answer(link, id, {RequestKind::get_record, RequestKind::put_record});
          if (request.kind != RequestKind::none) records.on_record(request.key, body);
          else count({Stage::state, Scope::count, "unsolicited-answer"});
        } else if constexpr (std::is_same_v<T, Sync>) {
          if (!body.answer) sync.on_request(link, id, body);
          else if (answer(RequestKind::sync)) sync.on_answer(link, body);
        } else if constexpr (std::is_same_v<T, ErrorBody>) {
          const Request request = peers.take_answer(link, id, kAnyRequest);
          if (request.kind != RequestKind::none) answer_failed(request, link.node);
          if (body.code == static_cast<std::uint32_t>(ErrorCode::no_session)) sessions.close(link.id, ErrorCode{0});
        } else {
          count({Stage::decode, Scope::ignore, "unknown-body"});
          if (id != 0) out->send(link.id, id, ErrorBody{static_cast<std::uint32_t>(ErrorCode::unsupported), "unknown packet"});
        }
      },
      packet.body);
}

void Core::answer_failed(const Request& request, const NodeId& from) {
  switch (request.kind) {
    case RequestKind::find_node: lookups.failed(request.key, from); break;
    case RequestKind::get_record:
    case RequestKind::put_record: records.failed(request.key); break;
    case RequestKind::collect: mailboxes.collect_failed(request.key); break;
    case RequestKind::want: custody.want_failed(request.key, from); break;
    case RequestKind::sync: sync.failed(from); break;
    case RequestKind::none:
    case RequestKind::ping:
    case RequestKind::message: break;
  }
}

void Core::session_ready(Link& link) {
  const LinkId id = link.id;
  clock.peer_time(link.node, link.peer.time, now);
  out->note(Severity::debug, "session", short_hex(link.node.view()) + (link.dialled ? " dialled " : " accepted ") + to_string(link.remote));
  peers.session_ready(link);
  if (Link* still = sessions.find(id)) custody.session_ready(*still);
  if (lookups.joined()) greet(id);
  lookups.session_ready();
  out->now(Notice{PeersChanged{static_cast<std::uint32_t>(sessions.by_node().size()), sessions.relays()}});
}

void Core::greet(LinkId id) {
  if (Link* link = sessions.find(id)) mailboxes.session_ready(*link);
  if (Link* link = sessions.find(id)) records.session_ready(*link);
  if (Link* link = sessions.find(id)) sync.session_ready(*link);
}

void Core::join_done() {
  // Until now the size estimate said "everyone keeps everything"; only from here on regions mean something.
  if (lookups.joined()) return;
  lookups.join_done();
  std::vector<LinkId> links;
  for (const auto& [node, id] : sessions.by_node()) links.push_back(id);
  for (LinkId id : links) greet(id);
  mailboxes.join_done();
  records.join_done();
  sync.join_done();
}

void Core::session_gone(Link& link) {
  clock.peer_gone(link.node);
  mailboxes.session_gone(link.node);
  custody.source_gone(link.node);
  sync.session_gone(link);
  out->now(Notice{PeersChanged{static_cast<std::uint32_t>(sessions.by_node().size()), sessions.relays()}});
}

void Core::lookup_done(LookupFor purpose, std::uint64_t job, const OverlayPoint& target,
                       const std::vector<Contact>& found) {
  switch (purpose) {
    case LookupFor::join: join_done(); break;
    case LookupFor::refresh:
    case LookupFor::estimate: break;
    case LookupFor::spread: custody.region_found(MailboxId{target.data}, found); break;
    case LookupFor::collect: mailboxes.region_found(MailboxId{target.data}, found); break;
    case LookupFor::find_record:
    case LookupFor::put_record: records.region_found(job, found); break;
  }
}

// At the start of every turn: what is decided for age, here and by the user's side, goes by the standing of this turn.
void Core::look_at_clock() {
  clock.tick(now);
  if (clock.suspicious() == clock_doubted) return;
  clock_doubted = clock.suspicious();
  out->note(Severity::warning, clock_doubted ? "clock-suspicious" : "clock-confirmed");
  out->now(Notice{ClockDoubt{clock_doubted}});
  custody.clamp();
}

void Core::fire(const TimerQueue::Timer& timer) {
  switch (timer.kind) {
    case TimerKind::handshake:
    case TimerKind::id_check:
    case TimerKind::keepalive: sessions.timer(timer.kind); break;
    case TimerKind::request:
    case TimerKind::bootstrap: peers.timer(timer.kind, timer.key); break;
    case TimerKind::lookup: lookups.timer(timer.key); break;
    case TimerKind::table: lookups.table_timer(); break;
    case TimerKind::custody:
    case TimerKind::expiry:
    case TimerKind::recover: custody.timer(timer.kind); break;
    case TimerKind::republish: records.timer(); break;
    case TimerKind::find_record: records.lose_patience(timer.key); break;
    case TimerKind::want: custody.lose_patience(timer.key); break;
    case TimerKind::sync: sync.timer(); break;
    case TimerKind::collect: mailboxes.timer(); break;
    case TimerKind::collect_page: mailboxes.page_timer(timer.key); break;
    case TimerKind::held_page: mailboxes.held_timer(); break;
    case TimerKind::clock:
      if (const auto wall = clock.max_to_persist(now)) {
        Bytes value;
        put_be<std::int64_t>(value, *wall);
        out->store(PutRow{Table::meta, to_bytes(as_bytes(kClockRow)), std::move(value)});
      }
      timers.at(next_minute(), TimerKind::clock);
      break;
  }
}

struct NodeCore::Impl : Core {
  using Core::Core;
  struct Turn {
    Core& core;
    Turn(Core& c, TimePoint now, Effects& out) : core(c) {
      core.now = now;
      core.out = &out;
      core.look_at_clock();
    }
    ~Turn() { core.out = nullptr; }
  };
};

NodeCore::NodeCore(CoreConfig config, const NodeSigningKey& key, const StoreView& store, RandomSource& random,
                   const MailboxOwner* owner)
    : impl_(std::make_unique<Impl>(std::move(config), key, store, random, owner)) {}
NodeCore::~NodeCore() = default;

void NodeCore::start(TimePoint now, Effects& out) {
  std::optional<Millis> newest;
  if (const auto row = impl_->store.row(Table::meta, as_bytes(kClockRow)); row && row->size() == 8)
    newest = get_be<std::int64_t>(*row);
  impl_->clock.start(now, newest);
  Impl::Turn turn(*impl_, now, out);
  impl_->lookups.restore();
  impl_->peers.start();
  impl_->custody.start();
  impl_->timers.at(now.mono, TimerKind::clock);
}

void NodeCore::handle(TimePoint now, const Event& event, Effects& out) {
  Impl::Turn turn(*impl_, now, out);
  Core& core = *impl_;
  std::visit(
      [&](const auto& e) {
        using T = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<T, LinkUp>) core.sessions.link_up(e);
        else if constexpr (std::is_same_v<T, LinkDown>) core.sessions.link_down(e.link);
        else if constexpr (std::is_same_v<T, PacketArrived>) core.packet(e.link, e.packet);
        else if constexpr (std::is_same_v<T, PacketRejected>) {
          if (Link* link = core.sessions.find(e.link)) core.fault(*link, e.error);
          else core.count(e.error);
        } else if constexpr (std::is_same_v<T, NodeIdComputed>) core.sessions.id_computed(e);
        else if constexpr (std::is_same_v<T, StoreFailed>) core.custody.store_failed(e.unsaid);
        else if constexpr (std::is_same_v<T, SubmitMessage>) core.custody.submit(e);
        else if constexpr (std::is_same_v<T, SubmitFinal>) core.custody.submit_final(e);
        else if constexpr (std::is_same_v<T, DeclineMail>) core.custody.decline(e);
        else if constexpr (std::is_same_v<T, CollectMailboxes>) core.mailboxes.set_own(e);
        else if constexpr (std::is_same_v<T, FindRecord>) core.records.find(e.address);
        else if constexpr (std::is_same_v<T, PublishRecord>) core.records.publish(e);
        else if constexpr (std::is_same_v<T, TellFinal>) core.peers.send(Contact{e.to, {}, {}}, Ack{{e.record}}, {});
        else if constexpr (std::is_same_v<T, RestartDelivery>) core.custody.restart_delivery(e.id);
      },
      event);
  // Timers that fell due before this turn; one made due by another in the same turn waits for the next.
  constexpr int kTimersPerTurn = 64;
  const std::uint64_t newest = core.timers.order();
  for (int i = 0; i < kTimersPerTurn && core.timers.due_before(now.mono, newest); ++i) core.fire(core.timers.pop());
}

std::optional<Millis> NodeCore::next_deadline() const {
  if (impl_->timers.empty()) return std::nullopt;
  return impl_->timers.next();
}

CoreStatus NodeCore::status() const {
  CoreStatus out = impl_->counted;
  out.links = impl_->sessions.links();
  out.sessions = impl_->sessions.by_node().size();
  out.relays = impl_->sessions.relays();
  out.timers = impl_->timers.size();
  out.table = impl_->table.size();
  out.size_estimate = impl_->size.nodes();
  return out;
}

std::vector<NodeCore::PeerInfo> NodeCore::peers() const {
  std::vector<PeerInfo> out;
  for (const auto& [node, id] : impl_->sessions.by_node()) {
    const Link& link = impl_->sessions.link(id);
    out.push_back({node, link.remote, link.peer.role, link.dialled});
  }
  return out;
}

std::vector<Contact> NodeCore::table() const {
  std::vector<Contact> out;
  for (const TableEntry& entry : impl_->table.entries()) out.push_back(entry.contact);
  return out;
}

const NodeId& NodeCore::id() const { return impl_->config.id; }

std::optional<NodeCore::MessageInfo> NodeCore::message_info(const MessageId& id) const { return impl_->custody.info(id); }

void NodeCore::add_bootstrap(TimePoint now, const Bootstrap& bootstrap, Effects& out) {
  Impl::Turn turn(*impl_, now, out);
  impl_->peers.add_bootstrap(bootstrap);
}

}  // namespace comm
