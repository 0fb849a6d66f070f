#include "tests/support/relay_links.h"

#include <algorithm>
#include <chrono>

#include "proto/base/check.h"

namespace comm::test {
namespace {

constexpr std::uint32_t kHelloRequest = 1, kPingRequest = 2;

Bytes route_of(std::size_t index) {
  Bytes out;
  put_be<std::uint32_t>(out, static_cast<std::uint32_t>(index) + 1);
  return out;
}

Millis wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

RelayLinks::RelayLinks(ZmqContext& context, const std::string& endpoint, int high_water)
    : router_(context, ZMQ_ROUTER), endpoint_("tcp://" + endpoint) {
  CHECK(router_);
  std::array<char, 41> public_key{}, secret_key{};
  CHECK(zmq_curve_keypair(public_key.data(), secret_key.data()) == 0);
  CHECK(zmq_z85_decode(curve_.data.data(), public_key.data()) != nullptr);
  router_.set(ZMQ_CURVE_SERVERKEY, network_curve("comm").public_key.view());
  router_.set(ZMQ_CURVE_PUBLICKEY, as_bytes(std::string_view(public_key.data(), public_key.size())));
  router_.set(ZMQ_CURVE_SECRETKEY, as_bytes(std::string_view(secret_key.data(), secret_key.size())));
  router_.set(ZMQ_ROUTER_MANDATORY, 1);
  router_.set(ZMQ_RECONNECT_IVL, -1);
  router_.set(ZMQ_HANDSHAKE_IVL, 0);
  router_.set(ZMQ_SNDHWM, std::max(high_water, 2));  // Auth and Ping of the handshake follow each other
  router_.set(ZMQ_RCVHWM, high_water);
}

RelayLinks::Index RelayLinks::dial(RandomSource& random, Role role) {
  const Index index = links_.size();
  Seed seed;
  random.fill(seed.mut());
  links_.push_back(Link{NodeSigningKey::from_seed(seed), {}, {}});
  Link& link = links_.back();
  router_.set(ZMQ_CONNECT_ROUTING_ID, route_of(index));
  CHECK(zmq_connect(router_.raw(), endpoint_.c_str()) == 0);
  HelloBody body;
  body.node_key = link.key.public_key();
  random.fill(body.nonce);
  body.role = role;
  body.time = wall_ms();
  link.hello = encode_hello_body(body);
  CHECK(send(index, Packet{kHelloRequest, Hello{link.hello, {}}}));
  return index;
}

bool RelayLinks::send(Index link, ByteView packet) {
  if (router_.send(route_of(link), true) != 0) return false;
  CHECK(router_.send(packet, false) == 0);
  return true;
}

bool RelayLinks::handshake(Index index, const Packet& packet) {
  Link& link = links_[index];
  if (link.phase == Phase::ready) return false;
  if (const auto* welcome = std::get_if<Welcome>(&packet.body); welcome != nullptr && link.phase == Phase::wait_welcome) {
    link.transcript = session_transcript(curve_, link.hello, welcome->raw);
    CHECK(verify(welcome->body.node_key, welcome_hash(link.transcript), welcome->signature));
    CHECK(send(index, Packet{0, Auth{link.key.sign(auth_hash(link.transcript))}}));
    // Held by the relay until it has checked our id: its answer says that the session is ready.
    CHECK(send(index, Packet{kPingRequest, Ping{}}));
    link.phase = Phase::wait_pong;
    return true;
  }
  if (std::holds_alternative<Pong>(packet.body) && link.phase == Phase::wait_pong) {
    link.phase = Phase::ready;
    ++ready_;
    return true;
  }
  return false;
}

bool RelayLinks::answer(Index index, const Packet& packet) {
  PacketBody body;
  if (std::holds_alternative<Ping>(packet.body)) body = Pong{};
  else if (std::holds_alternative<FindNode>(packet.body)) body = Nodes{};
  else if (const auto* get = std::get_if<GetRecord>(&packet.body)) body = Record{get->address, {}};
  else return false;
  static_cast<void>(send(index, Packet{packet.request_id, std::move(body)}));
  return true;
}

std::optional<RelayLinks::Arrived> RelayLinks::receive(int timeout_ms) {
  for (;;) {
    ZmqMessage route, body;
    if (!router_.receive(route)) {
      zmq_pollitem_t item{router_.raw(), 0, ZMQ_POLLIN, 0};
      if (zmq_poll(&item, 1, timeout_ms) <= 0) return std::nullopt;
      continue;
    }
    CHECK(route.more() && router_.receive(body) && route.view().size() == 4);
    const Index index = get_be<std::uint32_t>(route.view()) - 1;
    auto packet = parse_packet(body.view());
    CHECK(packet.has_value());
    if (handshake(index, *packet) || answer(index, *packet)) continue;
    return Arrived{index, *std::move(packet)};
  }
}

bool RelayLinks::wait_ready(std::size_t count, int timeout_ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (ready_ < count && std::chrono::steady_clock::now() < end) static_cast<void>(receive(100));
  return ready_ >= count;
}

}  // namespace comm::test
