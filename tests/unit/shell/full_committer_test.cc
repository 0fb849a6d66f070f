// While nobody takes packets (the committer is full), a transport waits: it wakes for news and deadlines, not at once
// for what it cannot do.
#include "tests/unit/shell/transport_fixture.h"

namespace comm {
namespace {

// Waits as the reactor does. How often it woke within `duration`.
std::size_t wakeups(TestPeer& peer, Millis duration) {
  std::size_t out = 0;
  const Millis end = real_mono() + duration;
  for (Millis now = real_mono(); now < end; now = real_mono(), ++out) {
    Millis wait = end - now;
    if (peer.transport.pending(peer.accepting)) wait = 0;
    if (const auto at = peer.transport.next_deadline()) wait = std::clamp<Millis>(*at - now, 0, wait);
    pollfd fd{peer.transport.fd(), POLLIN, 0};
    poll(&fd, 1, static_cast<int>(wait));
    peer.round();
  }
  return out;
}

constexpr Millis kWatched = 500;
constexpr std::size_t kMostWakeups = 100;  // the guard's ten a second, and some news

}  // namespace

BOOST_AUTO_TEST_SUITE(full_committer)

BOOST_AUTO_TEST_CASE(a_dial_that_ends_meanwhile_is_reported_later) {
  UniqueFd deaf(socket(AF_INET, SOCK_STREAM, 0));  // accepts and never speaks
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BOOST_REQUIRE(bind(deaf.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  BOOST_REQUIRE(::listen(deaf.get(), 4) == 0);
  socklen_t size = sizeof address;
  getsockname(deaf.get(), reinterpret_cast<sockaddr*>(&address), &size);
  TestPeer client(TransportConfig{.dial_within = 100});
  const LinkId link = client.dial(loopback(ntohs(address.sin_port)));
  client.accepting = false;
  pump_for({&client}, 300);
  BOOST_CHECK_LT(wakeups(client, kWatched), kMostWakeups);
  client.accepting = true;
  BOOST_CHECK(pump({&client}, 2'000, [&] { return client.downs.contains(link); }));
}

BOOST_AUTO_TEST_CASE(a_connection_that_ends_meanwhile_leaves_its_packets) {
  Pair pair;
  pair.server.accepting = false;
  pair.client.send(pair.link, "one more");
  pump_for({&pair.server, &pair.client}, 100);
  pair.client.transport.close_link(pair.link, real_mono());
  BOOST_REQUIRE(pump({&pair.server, &pair.client}, 3'000, [&] { return pair.server.transport.inbound_connections() == 0; }));
  BOOST_CHECK_LT(wakeups(pair.server, kWatched), kMostWakeups);
  pair.server.accepting = true;
  BOOST_CHECK(pump({&pair.server}, 3'000, [&] { return pair.server.downs.contains(pair.accepted); }));
}

BOOST_AUTO_TEST_CASE(a_flood_waits_outside) {
  Pair pair;
  pair.server.accepting = false;
  for (int i = 0; i < 300; ++i) pair.client.transport.send(pair.link, Bytes(3'000, 1));
  pump_for({&pair.server, &pair.client}, 200);
  BOOST_CHECK_LT(wakeups(pair.server, kWatched), kMostWakeups);
  BOOST_CHECK_LT(wakeups(pair.client, kWatched), kMostWakeups);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
