#include "node/shell/listener.h"

#include <cstring>
#include <utility>

namespace comm {
namespace {

constexpr std::size_t kDepartedKept = 2'048;
constexpr Millis kDrainWithin = kSecond;      // of what an ended connection left in our pipe
constexpr Millis kPartingDelay = 150;         // a last packet gets out before a closed link's connection is cut
constexpr std::size_t kMaxNotes = 64;
constexpr int kBacklog = 1'024;                  // a crowd is refused by us, at once, not by lost packets
constexpr std::size_t kAutomaticRouteBytes = 5;  // 0x00 and a counter of 32 bits

std::optional<CurveKey> user_id_of(ZmqMessage& message) {
  const auto bytes = from_hex(message.property("User-Id"));
  return bytes ? CurveKey::from(*bytes) : std::nullopt;
}

}  // namespace

Listener::Listener(ZmqContext& context, const TransportConfig& config, const CurvePair& server, QueueBudget& budget)
    : budget_(budget), zap_(context), router_(context, ZMQ_ROUTER), guard_(config) {
  CHECK(router_);
  configure(server, config.max_inbound);
  learn_first_route(context);
  monitor_ = SocketMonitor(context, router_, "listener");
  CHECK(monitor_);
}

void Listener::configure(const CurvePair& server, std::size_t max_inbound) {
  router_.set(ZMQ_ROUTER_MANDATORY, 1);
  router_.set(ZMQ_ROUTER_HANDOVER, 0);
  router_.set(ZMQ_CURVE_SERVER, 1);
  router_.set(ZMQ_CURVE_SECRETKEY, server.secret.view());
  router_.set(ZMQ_ZAP_DOMAIN, as_bytes("comm"));
  router_.set(ZMQ_SNDHWM, kHighWaterMark);
  router_.set(ZMQ_RCVHWM, receive_window(max_inbound));
  router_.set(ZMQ_RCVBUF, kSocketBufferBytes);
  router_.set(ZMQ_SNDBUF, kSocketBufferBytes);
  router_.set_size(ZMQ_MAXMSGSIZE, static_cast<std::int64_t>(kMaxPacketBytes) + kCurveOverheadBytes);
  router_.set(ZMQ_HANDSHAKE_IVL, 3'000);
  router_.set(ZMQ_BACKLOG, kBacklog);
  router_.set(ZMQ_TCP_KEEPALIVE, 1);
  router_.set(ZMQ_TCP_KEEPALIVE_IDLE, 60);
  router_.set(ZMQ_TCP_KEEPALIVE_INTVL, 10);
  router_.set(ZMQ_TCP_KEEPALIVE_CNT, 6);
}

// ROUTER names a peer that announces no id by 0x00 and a rising counter; libzmq aborts when that meets an id which a
// peer has announced. The counter starts at random (ZmqTransport seeds it). A connection of our own, before any
// stranger can come, tells where: ids of that form which were never given out are recognised and cut.
void Listener::learn_first_route(ZmqContext& context) {
  constexpr const char* kSelf = "inproc://listener-self";
  ZmqSocket self(context, ZMQ_DEALER);
  CHECK(self && zmq_bind(router_.raw(), kSelf) == 0 && zmq_connect(self.raw(), kSelf) == 0);
  CHECK(self.send(as_bytes("?"), false) == 0);
  zmq_pollitem_t item{router_.raw(), 0, ZMQ_POLLIN, 0};
  static_cast<void>(zmq_poll(&item, 1, 1'000));
  ZmqMessage route, body;
  if (router_.receive(route) && router_.receive(body) && route.view().size() == kAutomaticRouteBytes)
    first_route_ = get_be<std::uint32_t>(route.view().subspan(1));
  static_cast<void>(zmq_unbind(router_.raw(), kSelf));
}

bool Listener::route_is_forged(ByteView route) const {
  if (!first_route_ || route.size() != kAutomaticRouteBytes || route[0] != 0) return false;
  const std::uint32_t distance = get_be<std::uint32_t>(route.subspan(1)) - *first_route_;
  return distance == 0 || distance > accepted_;
}

int Listener::bind(const Endpoint& endpoint, Endpoint& bound) {
  router_.set(ZMQ_IPV6, endpoint.is_v4() ? 0 : 1);
  if (zmq_bind(router_.raw(), ("tcp://" + to_string(endpoint)).c_str()) != 0) return zmq_errno();
  std::array<char, 256> text{};
  std::size_t size = text.size();
  CHECK(zmq_getsockopt(router_.raw(), ZMQ_LAST_ENDPOINT, text.data(), &size) == 0);
  const std::string_view last(text.data());
  bound = endpoint;
  if (const auto colon = last.rfind(':'); colon != std::string_view::npos)
    if (const auto parsed = parse_endpoint("0.0.0.0" + std::string(last.substr(colon)))) bound.port = parsed->port;
  return 0;
}

std::vector<int> Listener::fds() const { return {router_.get(ZMQ_FD), zap_.fd(), monitor_.fd()}; }

void Listener::note(const char* code, std::string detail) {
  if (notes_.size() < kMaxNotes) notes_.push_back({Severity::debug, code, std::move(detail)});
}

void Listener::round(Millis now, TransportSink& sink) {
  // This order: a connection's ACCEPTED was queued before its ZAP request, so that what a message comes from is known.
  zap_.round();
  watch_connections(now);
  router_.process_commands();
  receive(sink);
  flush();
  last_round_ = now;
  if (now - last_sweep_ >= kGuardInterval) {
    last_sweep_ = now;
    guard_.sweep(now, [&](const char* reason) { note("connection-cut", reason); });
  }
  finish(now, sink);
}

void Listener::watch_connections(Millis now) {
  while (const auto event = monitor_.next()) {
    switch (event->event) {
      case ZMQ_EVENT_ACCEPTED:
        ++accepted_;
        if (const LinkId link = guard_.disconnected(event->value)) schedule_end(link, now + kDrainWithin);
        if (const char* reason = guard_.accepted(now, event->value)) note("connection-refused", reason);
        break;
      case ZMQ_EVENT_DISCONNECTED:
        if (const LinkId link = guard_.disconnected(event->value)) schedule_end(link, now + kDrainWithin);
        break;
      case ZMQ_EVENT_ACCEPT_FAILED:
        guard_.accept_failed();
        if (notes_.size() < kMaxNotes)
          notes_.push_back({Severity::warning, "accept-failed", std::strerror(event->value)});
        break;
      default:  // failed handshakes end in DISCONNECTED, which has the descriptor
        break;
    }
  }
}

void Listener::receive(TransportSink& sink) {
  unread_ = true;
  for (int i = 0; i < kPacketsPerRound; ++i) {
    if (!sink.accepts_packets()) return;
    if (!receive_one(sink)) {
      unread_ = false;
      return;
    }
  }
}

bool Listener::receive_one(TransportSink& sink) {
  ZmqMessage route, body;
  if (!router_.receive(route)) return false;
  if (!route.more() || !router_.receive(body)) return true;
  const int fd = body.source_fd();
  const bool multipart = body.more();
  for (bool more = multipart; more;) {
    ZmqMessage rest;
    if (!router_.receive(rest)) break;
    more = rest.more();
  }
  if (multipart) {
    cut(fd, "multipart");
    return true;
  }
  const LinkId id = link_of(route.view(), body, sink);
  if (id == 0) return true;
  const Link& link = links_.at(id);
  if (link.reported_down) return true;  // closed as soon as it was up
  if (Inbound* connection = guard_.find(link.fd, link.generation)) ConnectionGuard::packet_arrived(*connection);
  sink.packet(id, body.view());
  return true;
}

LinkId Listener::link_of(ByteView route, ZmqMessage& body, TransportSink& sink) {
  const auto user = user_id_of(body);
  if (!user) return 0;
  const Bytes key = to_bytes(route);
  if (const auto found = by_route_.find(key); found != by_route_.end()) {
    const LinkId id = found->second;
    const Link& link = links_.at(id);
    if (link.client_curve == *user) return link.reported_down ? 0 : id;
    end(id, sink);  // a stranger under the id of one who left
  }
  if (std::find(departed_.begin(), departed_.end(), Departed{key, *user}) != departed_.end()) return 0;
  if (route_is_forged(route)) {
    cut(body.source_fd(), "forged-routing-id");
    return 0;
  }
  return new_link(key, *user, body.source_fd(), sink);
}

LinkId Listener::new_link(const Bytes& route, const CurveKey& user, int fd, TransportSink& sink) {
  Inbound* connection = guard_.find(fd);
  if (connection == nullptr || connection->cut_at) return 0;  // gone or going: nobody to answer
  // A connection has one link. If it has another already, that one began with a leftover packet of an earlier
  // connection which had the same descriptor.
  if (const LinkId old = std::exchange(connection->link, 0)) end(old, sink);
  const LinkId id = ++last_link_;
  Link& link = links_.try_emplace(id, budget_, route, user).first->second;
  link.fd = fd;
  link.generation = connection->generation;
  by_route_[route] = id;
  connection->link = id;
  sink.link_up(LinkUp{id, false, user, connection->remote});
  return id;
}

void Listener::cut(int fd, const char* reason) {
  note("connection-cut", reason);
  if (Inbound* connection = guard_.find(fd)) guard_.cut(fd, *connection);
}

void Listener::schedule_end(LinkId link, Millis latest) { ending_.push_back({link, latest}); }

void Listener::end(LinkId id, TransportSink& sink) {
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  Link& link = found->second;
  if (Inbound* connection = guard_.find(link.fd, link.generation); connection != nullptr && connection->link == id) {
    connection->link = 0;
    guard_.cut(link.fd, *connection);
  }
  const bool report = !link.reported_down;
  departed_.emplace_back(link.route, link.client_curve);
  if (departed_.size() > kDepartedKept) departed_.pop_front();
  blocked_.erase(id);
  by_route_.erase(link.route);
  links_.erase(found);
  if (report) sink.link_down(id);
}

void Listener::finish(Millis now, TransportSink& sink) {
  for (const LinkId link : std::exchange(downs_, {})) sink.link_down(link);
  std::vector<Ending> later;
  for (const Ending& ending : std::exchange(ending_, {})) {
    if (unread_ && now < ending.latest) {
      later.push_back(ending);
    } else {
      end(ending.link, sink);
    }
  }
  ending_.insert(ending_.end(), later.begin(), later.end());
  for (const Note& made : std::exchange(notes_, {})) sink.note(made);
}

bool Listener::pending(bool accepts_packets) const {
  return !downs_.empty() || !ending_.empty() || !notes_.empty() || (accepts_packets && unread_);
}

std::optional<Millis> Listener::next_deadline() const {
  if (!blocked_.empty()) return last_round_ + kBlockedRetry;
  if (guard_.size() == 0) return std::nullopt;
  return last_sweep_ + kGuardInterval;
}

void Listener::send(LinkId id, Bytes packet) {
  const auto found = links_.find(id);
  if (found == links_.end() || found->second.reported_down) return;
  Link& link = found->second;
  unread_ = true;  // sending takes in libzmq's commands, news of packets among them
  switch (link.queue.send(router_, link.route, std::move(packet))) {
    case SendQueue::Outcome::sent: break;
    case SendQueue::Outcome::waiting: blocked_.insert(id); break;
    case SendQueue::Outcome::dropped: note("peer-queue-full"); break;
    case SendQueue::Outcome::unreachable: schedule_end(id, 0); break;
  }
}

bool Listener::flush() {
  for (auto it = blocked_.begin(); it != blocked_.end();) {
    Link& link = links_.at(*it);
    const std::size_t before = link.queue.bytes();
    if (link.queue.flush(router_, link.route) == SendQueue::Outcome::unreachable) {
      link.queue.clear();
      schedule_end(*it, 0);
    }
    if (link.queue.bytes() != before) unread_ = true;  // see send
    it = link.queue.empty() ? blocked_.erase(it) : std::next(it);
  }
  return blocked_.empty();
}

void Listener::close_link(LinkId id, Millis now) {
  const auto found = links_.find(id);
  if (found == links_.end() || found->second.reported_down) return;
  found->second.reported_down = true;
  downs_.push_back(id);
  if (Inbound* connection = guard_.find(found->second.fd, found->second.generation))
    connection->cut_at = now + kPartingDelay;
}

void Listener::close(int linger_ms) { router_.set(ZMQ_LINGER, linger_ms); }

}  // namespace comm
