#include "node/shell/dialler.h"

#include <utility>

namespace comm {
namespace {

constexpr int kClosingLingerMs = 1'000;  // a parting packet gets out
constexpr std::size_t kMaxNotes = 64;
constexpr std::size_t kZ85KeyBytes = 40;

CurveKey decode_z85_key(const char* text) {
  CurveKey out;
  CHECK(zmq_z85_decode(out.data.data(), text) != nullptr);
  return out;
}

}  // namespace

Dialler::Dialler(ZmqContext& context, const TransportConfig& config, const CurveKey& server, QueueBudget& budget,
                 Watcher watcher)
    : context_(context), config_(config), server_(server), budget_(budget), watcher_(std::move(watcher)) {}

Dialler::~Dialler() = default;

void Dialler::configure(Dial& dial) {
  std::array<char, kZ85KeyBytes + 1> public_key{}, secret_key{};
  CHECK(zmq_curve_keypair(public_key.data(), secret_key.data()) == 0);
  dial.up.client_curve = decode_z85_key(public_key.data());
  dial.route.clear();
  put_be<std::uint64_t>(dial.route, dial.up.link);

  ZmqSocket& router = dial.router;
  router.set(ZMQ_CURVE_SERVERKEY, server_.view());
  router.set(ZMQ_CURVE_PUBLICKEY, ByteView(as_bytes(std::string_view(public_key.data(), public_key.size()))));
  router.set(ZMQ_CURVE_SECRETKEY, ByteView(as_bytes(std::string_view(secret_key.data(), secret_key.size()))));
  secure_zero({reinterpret_cast<std::uint8_t*>(secret_key.data()), secret_key.size()});
  router.set(ZMQ_ROUTER_MANDATORY, 1);
  router.set(ZMQ_CONNECT_ROUTING_ID, dial.route);
  router.set(ZMQ_RECONNECT_IVL, -1);
  router.set(ZMQ_CONNECT_TIMEOUT, static_cast<int>(config_.dial_within));
  router.set(ZMQ_HANDSHAKE_IVL, 3'000);
  router.set(ZMQ_SNDHWM, kHighWaterMark);
  router.set(ZMQ_RCVHWM, kHighWaterMark);
  router.set(ZMQ_RCVBUF, kSocketBufferBytes);
  router.set(ZMQ_SNDBUF, kSocketBufferBytes);
  router.set_size(ZMQ_MAXMSGSIZE, static_cast<std::int64_t>(kMaxPacketBytes) + kCurveOverheadBytes);
  router.set(ZMQ_TCP_KEEPALIVE, 1);
  router.set(ZMQ_TCP_KEEPALIVE_IDLE, 60);
  router.set(ZMQ_TCP_KEEPALIVE_INTVL, 10);
  router.set(ZMQ_TCP_KEEPALIVE_CNT, 6);
  router.set(ZMQ_IPV6, dial.up.remote.is_v4() ? 0 : 1);
}

bool Dialler::open(Dial& dial, const Endpoint& endpoint) {
  dial.router = ZmqSocket(context_, ZMQ_ROUTER);
  if (!dial.router) return false;
  configure(dial);
  dial.monitor = SocketMonitor(context_, dial.router, "dial-" + std::to_string(dial.token));
  if (!dial.monitor) return false;
  if (zmq_connect(dial.router.raw(), ("tcp://" + to_string(endpoint)).c_str()) != 0) return false;
  watcher_.watch(dial.router.get(ZMQ_FD), dial.token);
  watcher_.watch(dial.monitor.fd(), dial.token);
  return true;
}

void Dialler::dial(LinkId link, const Endpoint& endpoint, Millis now) {
  CHECK((link & kDialledLinkBit) != 0 && !dials_.contains(link));
  Dial& dial = dials_.try_emplace(link, budget_).first->second;
  dial.up = LinkUp{link, true, {}, endpoint};
  dial.token = ++last_token_;
  dial.give_up = now + config_.dial_within;
  by_token_[dial.token] = link;
  connecting_.insert(link);
  if (dials_.size() > config_.max_dials || !open(dial, endpoint)) {
    dial.monitor.stop();
    dial.router.close();
    dial.ended = true;
  }
  ready_.insert(dial.token);  // LinkUp is reported by the next round
}

void Dialler::round(Millis now, TransportSink& sink) {
  check_timers(now);
  if (sink.accepts_packets()) ready_.merge(unread_);
  for (const std::uint64_t token : std::exchange(ready_, {})) {
    const auto found = by_token_.find(token);
    if (found != by_token_.end()) serve(found->second, sink);
  }
  for (const LinkId link : std::exchange(downs_, {})) sink.link_down(link);
  for (const Note& made : std::exchange(notes_, {})) sink.note(made);
}

void Dialler::check_timers(Millis now) {
  if (now - last_retry_ >= kBlockedRetry) {
    last_retry_ = now;
    for (const LinkId link : blocked_) ready_.insert(dials_.at(link).token);
  }
  for (const LinkId link : connecting_) {
    Dial& dial = dials_.at(link);
    if (now < dial.give_up) continue;
    dial.ended = true;
    ready_.insert(dial.token);
  }
}

void Dialler::serve(LinkId link, TransportSink& sink) {
  if (Dial& dial = dials_.at(link); !std::exchange(dial.reported_up, true)) sink.link_up(LinkUp(dial.up));
  // The sink may have closed it meanwhile, here as below.
  if (const auto dial = dials_.find(link); dial != dials_.end()) watch_connection(dial->second);
  const bool drained = receive(link, sink);
  const auto found = dials_.find(link);
  if (found == dials_.end()) return;
  flush(found->second);
  // What arrived before the end is still delivered.
  if (found->second.ended && drained) end(link, sink);
}

void Dialler::watch_connection(Dial& dial) {
  if (!dial.monitor) return;
  while (const auto event = dial.monitor.next()) {
    switch (event->event) {
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        dial.established = true;
        connecting_.erase(dial.up.link);
        break;
      case ZMQ_EVENT_CLOSED:  // refused, unreachable, or not in time
      case ZMQ_EVENT_DISCONNECTED:
      case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        dial.ended = true;
        break;
      default:
        break;
    }
  }
}

// True if libzmq has no more packets for us.
bool Dialler::receive(LinkId link, TransportSink& sink) {
  const auto opened = dials_.find(link);
  if (opened == dials_.end() || !opened->second.router) return true;
  const std::uint64_t token = opened->second.token;
  opened->second.router.process_commands();
  for (int i = 0; i < kPacketsPerRound; ++i) {
    const auto found = dials_.find(link);
    if (found == dials_.end()) return true;
    Dial& dial = found->second;
    if (!sink.accepts_packets()) {
      unread_.insert(token);
      return false;
    }
    ZmqMessage route, body;
    if (!dial.router.receive(route)) return true;
    if (!route.more() || !dial.router.receive(body)) continue;
    if (body.more()) {  // never sent by a node: the router's rest of it goes with the socket
      dial.ended = true;
      return true;
    }
    sink.packet(link, body.view());
  }
  ready_.insert(token);
  return false;
}

void Dialler::end(LinkId link, TransportSink& sink) {
  close_link(link);
  downs_.pop_back();
  sink.link_down(link);
}

bool Dialler::pending(bool accepts_packets) const {
  return !ready_.empty() || !downs_.empty() || !notes_.empty() || (accepts_packets && !unread_.empty());
}

std::optional<Millis> Dialler::next_deadline() const {
  std::optional<Millis> out;
  if (!blocked_.empty()) out = last_retry_ + kBlockedRetry;
  for (const LinkId link : connecting_)
    if (const Millis at = dials_.at(link).give_up; !out || at < *out) out = at;
  return out;
}

void Dialler::send(LinkId link, Bytes packet) {
  const auto found = dials_.find(link);
  if (found == dials_.end() || found->second.ended) return;
  Dial& dial = found->second;
  ready_.insert(dial.token);  // sending takes in libzmq's commands, news of packets among them
  switch (dial.queue.send(dial.router, dial.route, std::move(packet))) {
    case SendQueue::Outcome::sent: break;
    case SendQueue::Outcome::waiting: blocked_.insert(link); break;
    case SendQueue::Outcome::dropped:
      if (notes_.size() < kMaxNotes) notes_.push_back({Severity::debug, "peer-queue-full", {}});
      break;
    case SendQueue::Outcome::unreachable:
      dial.ended = true;
      blocked_.erase(link);
      break;
  }
}

void Dialler::flush(Dial& dial) {
  if (dial.queue.empty() || dial.ended) return;
  const std::size_t before = dial.queue.bytes();
  if (dial.queue.flush(dial.router, dial.route) == SendQueue::Outcome::unreachable) dial.ended = true;
  if (dial.queue.bytes() != before || dial.ended) ready_.insert(dial.token);  // see send
  if (dial.queue.empty() || dial.ended) blocked_.erase(dial.up.link);
}

bool Dialler::flush() {
  for (auto& [link, dial] : dials_) flush(dial);
  return blocked_.empty();
}

void Dialler::close_link(LinkId link) {
  const auto found = dials_.find(link);
  if (found == dials_.end()) return;
  Dial& dial = found->second;
  if (dial.router) {
    watcher_.unwatch(dial.router.get(ZMQ_FD));
    watcher_.unwatch(dial.monitor.fd());
    dial.router.set(ZMQ_LINGER, dial.established && !dial.ended ? kClosingLingerMs : 0);
  }
  const bool report = dial.reported_up;
  by_token_.erase(dial.token);
  ready_.erase(dial.token);
  unread_.erase(dial.token);
  connecting_.erase(link);
  blocked_.erase(link);
  dials_.erase(found);
  if (report) downs_.push_back(link);
}

void Dialler::close(int linger_ms) {
  for (auto& [link, dial] : dials_)
    if (dial.router) dial.router.set(ZMQ_LINGER, dial.established && !dial.ended ? linger_ms : 0);
}

}  // namespace comm
