// Transports joined over loopback, and the strangers that trouble them. Every wait is bounded.
#pragma once
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <map>

#include "node/shell/clock.h"
#include "node/shell/zmq_transport.h"
#include "proto/seal/os_random.h"

namespace comm {

inline Endpoint loopback(std::uint16_t port) {
  Endpoint out = *parse_endpoint("127.0.0.1:1");
  out.port = port;
  return out;
}

// A transport that remembers what it reported.
class TestPeer final : public TransportSink {
 public:
  explicit TestPeer(TransportConfig config = {}) : transport(std::move(config), random_) {}

  void listen() { BOOST_REQUIRE_EQUAL(transport.bind(loopback(0), endpoint), 0); }
  LinkId dial(const Endpoint& to) {
    const LinkId link = kDialledLinkBit | ++dials_;
    transport.dial(link, to, real_mono());
    return link;
  }
  void round() { transport.round(real_mono(), *this); }
  void send(LinkId link, std::string_view text) { transport.send(link, to_bytes(as_bytes(text))); }

  void link_up(const LinkUp& up) override {
    BOOST_CHECK(!ups.contains(up.link));
    ups[up.link] = up;
    if (!up.dialled) last_accepted = up.link;
    if (close_at_once) transport.close_link(up.link, real_mono());
  }
  void link_down(LinkId link) override {
    BOOST_CHECK(ups.contains(link));
    BOOST_CHECK_MESSAGE(++downs[link] == 1, "a link goes down once");
  }
  void packet(LinkId link, ByteView bytes) override {
    BOOST_CHECK(ups.contains(link) && !downs.contains(link));
    ++packets[link];
    received_bytes += bytes.size();
    last_text = std::string(as_text(bytes));
    if (echo) transport.send(link, to_bytes(bytes));
  }
  void note(const Note& note) override { notes[note.code + std::string(" ") + note.detail]++; }
  bool accepts_packets() override { return accepting; }

  std::size_t total() const {
    std::size_t out = 0;
    for (const auto& [link, count] : packets) out += count;
    return out;
  }
  bool noted(const std::string& text) const {
    for (const auto& [key, count] : notes)
      if (key.find(text) != std::string::npos) return true;
    return false;
  }

  std::map<LinkId, LinkUp> ups;
  std::map<LinkId, int> downs;
  std::map<LinkId, std::size_t> packets;
  std::map<std::string, int> notes;
  std::string last_text;
  std::size_t received_bytes = 0;
  LinkId last_accepted = 0;
  bool echo = false;
  bool close_at_once = false;
  bool accepting = true;
  Endpoint endpoint;

 private:
  OsRandom random_;
  std::uint64_t dials_ = 0;

 public:
  ZmqTransport transport;
};

// Runs the peers until `done`, at most `limit` milliseconds on an idle machine. False: it never was.
inline constexpr Millis kPatience = 4;  // builds and sanitizers on the same cores
template <class Done>
bool pump(const std::vector<TestPeer*>& peers, Millis limit, Done done) {
  const Millis end = real_mono() + limit * kPatience;
  for (;;) {
    bool pending = false;
    std::vector<pollfd> fds;
    for (TestPeer* peer : peers) {
      peer->round();
      pending = pending || peer->transport.pending(peer->accepting);
      fds.push_back({peer->transport.fd(), POLLIN, 0});
    }
    if (done()) return true;
    if (real_mono() >= end) return false;
    poll(fds.data(), fds.size(), pending ? 0 : 5);
  }
}
inline void pump_for(const std::vector<TestPeer*>& peers, Millis duration) {
  const Millis end = real_mono() + duration;
  pump(peers, duration, [end] { return real_mono() >= end; });
}

// A TCP client without any manners.
class RawClient {
 public:
  explicit RawClient(const Endpoint& to) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  bool connected = false;
  void write(ByteView bytes) { static_cast<void>(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL)); }
  // All of it, running `idle` while the other side does not take more. False: it has gone, or takes nothing for 3 s.
  bool write_all(ByteView bytes, const std::function<void()>& idle) {
    const Millis end = real_mono() + 10'000;
    while (!bytes.empty()) {
      const ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size > 0) bytes = bytes.subspan(static_cast<std::size_t>(size));
      else if (errno != EAGAIN || real_mono() > end) return false;
      idle();
    }
    return true;
  }
  std::optional<Bytes> read_exactly(std::size_t size, const std::function<void()>& idle) {
    const Millis end = real_mono() + 10'000;
    Bytes out;
    while (out.size() < size) {
      Bytes part(size - out.size());
      const ssize_t got = recv(fd_.get(), part.data(), part.size(), MSG_DONTWAIT);
      if (got > 0) append(out, ByteView(part).first(static_cast<std::size_t>(got)));
      else if (got == 0 || errno != EAGAIN || real_mono() > end) return std::nullopt;
      idle();
    }
    return out;
  }
  // True once the other side has ended the connection; what it sent is thrown away.
  bool ended() {
    std::array<char, 4'096> buffer;
    for (;;) {
      const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size == 0) return true;
      if (size < 0) return errno != EAGAIN && errno != EWOULDBLOCK;
    }
  }

 private:
  UniqueFd fd_;
};

// A CURVE client of another make: any socket type, any routing id, any frames.
class CurveClient {
 public:
  CurveClient(int type, const std::string& routing_id, const Endpoint& to, const CurveKey& server)
      : context_(64), socket_(context_, type) {
    std::array<char, 41> public_key{}, secret_key{};
    zmq_curve_keypair(public_key.data(), secret_key.data());
    socket_.set(ZMQ_CURVE_SERVERKEY, server.view());
    socket_.set(ZMQ_CURVE_PUBLICKEY, as_bytes(std::string_view(public_key.data(), public_key.size())));
    socket_.set(ZMQ_CURVE_SECRETKEY, as_bytes(std::string_view(secret_key.data(), secret_key.size())));
    socket_.set(ZMQ_RECONNECT_IVL, -1);
    if (!routing_id.empty()) socket_.set(ZMQ_ROUTING_ID, as_bytes(routing_id));
    BOOST_REQUIRE_EQUAL(zmq_connect(socket_.raw(), ("tcp://" + to_string(to)).c_str()), 0);
  }
  void send(std::string_view text, bool more = false) { socket_.send(as_bytes(text), more); }
  std::optional<std::string> receive() {
    ZmqMessage message;
    if (!socket_.receive(message)) return std::nullopt;
    return std::string(as_text(message.view()));
  }
  ZmqSocket& socket() { return socket_; }

 private:
  ZmqContext context_;
  ZmqSocket socket_;
};

// A listener and a dialler with one link between them, both ends up.
struct Pair {
  Pair() : Pair(TransportConfig{}) {}
  explicit Pair(const TransportConfig& config) : server(config) {
    server.listen();
    link = client.dial(server.endpoint);
    client.send(link, "hello");
    BOOST_REQUIRE(pump({&server, &client}, 3'000, [&] { return server.total() == 1; }));
    accepted = server.last_accepted;
  }
  TestPeer server;
  TestPeer client;
  LinkId link = 0;
  LinkId accepted = 0;
};

// Resident memory of this process, bytes. Zero under AddressSanitizer, which keeps what was freed.
std::size_t resident_bytes();

}  // namespace comm
