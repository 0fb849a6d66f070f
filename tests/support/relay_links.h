// Many sessions with one relay, spoken by hand over real CURVE links: the protocol's client side for benchmarks and load
// tests. One ROUTER dials once per link; each link is a node of its own, with Hello, Welcome and Auth. Keep-alive and
// questions that a node must answer are answered here; everything else is handed to the caller. One thread; bounded by
// the number of links asked for.
#pragma once
#include <optional>
#include <string>

#include "node/shell/zmq_handle.h"
#include "proto/base/random.h"
#include "proto/seal/sign.h"

namespace comm::test {

class RelayLinks {
 public:
  using Index = std::size_t;

  // `high_water`: packets that libzmq takes in for each link before anybody receives them.
  RelayLinks(ZmqContext& context, const std::string& endpoint, int high_water = 10'000);

  // Dials with a fresh node key drawn from `random`. The session forms while receive() is called.
  Index dial(RandomSource& random, Role role = Role::relay);
  bool ready(Index link) const { return links_[link].phase == Phase::ready; }
  std::size_t ready() const { return ready_; }
  std::size_t size() const { return links_.size(); }
  const Hash& transcript(Index link) const { return links_[link].transcript; }

  // False if libzmq's queue is full (receive first) or the relay has cut the link.
  bool send(Index link, ByteView packet);
  bool send(Index link, const Packet& packet) { return send(link, encode_packet(packet)); }

  struct Arrived {
    Index link;
    Packet packet;
  };
  // The next packet that is the caller's affair; nullopt after `timeout_ms` without one.
  std::optional<Arrived> receive(int timeout_ms);
  // Until `count` sessions are ready; false after `timeout_ms`.
  bool wait_ready(std::size_t count, int timeout_ms);

 private:
  enum class Phase : std::uint8_t { wait_welcome, wait_pong, ready };
  struct Link {
    NodeSigningKey key;
    Bytes hello;
    Hash transcript;
    Phase phase = Phase::wait_welcome;
  };

  bool handshake(Index index, const Packet& packet);  // true if it ends here
  bool answer(Index index, const Packet& packet);     // likewise

  ZmqSocket router_;
  std::string endpoint_;
  CurveKey curve_;
  std::vector<Link> links_;
  std::size_t ready_ = 0;
};

}  // namespace comm::test
