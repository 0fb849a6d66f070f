// What strangers do to a listener (spec 10-transport): each of these once stopped a ZeroMQ program.
#include "tests/unit/shell/forged_client.h"

namespace comm {
namespace {

const CurveKey& server_key() {
  static const CurveKey key = network_curve("comm").public_key;
  return key;
}

// The server still takes a well-behaved client and its packet.
void check_serves(TestPeer& server, Millis limit = 5'000) {
  const Millis end = real_mono() + limit * kPatience;
  bool served = false;
  TestPeer client;
  while (!served && real_mono() < end) {
    const LinkId link = client.dial(server.endpoint);
    const std::string text = "ping " + std::to_string(link);
    client.send(link, text);
    served = pump({&server, &client}, 1'000,
                  [&] { return server.last_text == text || client.downs.contains(link); }) &&
             server.last_text == text;
    if (!served) pump_for({&server, &client}, 100);
  }
  BOOST_CHECK(served);
}

std::string automatic_route(std::uint32_t number) {
  Bytes out{0};
  put_be(out, number);
  return std::string(as_text(out));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(strangers)

BOOST_AUTO_TEST_CASE(garbage) {
  TestPeer server;
  server.listen();
  RawClient client(server.endpoint);
  client.write(as_bytes("GET / HTTP/1.1\r\nHost: example\r\n\r\n"));
  BOOST_CHECK(pump({&server}, 6'000, [&] { return client.ended(); }));
  BOOST_CHECK(server.ups.empty());
  check_serves(server);
}

BOOST_AUTO_TEST_CASE(nothing_at_all_is_cut) {
  TestPeer server(TransportConfig{.first_packet_within = 1'000});
  server.listen();
  RawClient client(server.endpoint);
  const Millis start = real_mono();
  BOOST_CHECK(pump({&server}, 3'000, [&] { return client.ended(); }));
  BOOST_CHECK_GE(real_mono() - start, 900);
  BOOST_CHECK(pump({&server}, 1'000, [&] { return server.transport.inbound_connections() == 0; }));
}

BOOST_AUTO_TEST_CASE(half_a_greeting) {
  TestPeer server;
  server.listen();
  RawClient client(server.endpoint);
  const Bytes half{0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3};
  client.write(half);
  check_serves(server);
  BOOST_CHECK(pump({&server}, 7'000, [&] { return client.ended(); }));
}

BOOST_AUTO_TEST_CASE(handshake_without_a_packet_is_cut) {
  TestPeer server(TransportConfig{.first_packet_within = 1'500});
  server.listen();
  CurveClient mute(ZMQ_DEALER, "", server.endpoint, server_key());
  BOOST_REQUIRE(pump({&server}, 2'000, [&] { return server.transport.inbound_connections() == 1; }));
  BOOST_CHECK(pump({&server}, 3'000, [&] { return server.transport.inbound_connections() == 0; }));
  BOOST_CHECK(server.noted("silent"));
  BOOST_CHECK(server.ups.empty());
}

BOOST_AUTO_TEST_CASE(complete_multipart_is_cut) {
  TestPeer server;
  server.listen();
  CurveClient client(ZMQ_DEALER, "", server.endpoint, server_key());
  client.send("one", true);
  client.send("two");
  BOOST_CHECK(pump({&server}, 3'000, [&] { return server.noted("multipart"); }));
  BOOST_CHECK(pump({&server}, 3'000, [&] { return server.transport.inbound_connections() == 0; }));
  BOOST_CHECK_EQUAL(server.total(), 0u);
  check_serves(server);
}

// libzmq keeps the parts of an unfinished message, counts them nowhere and shows them to nobody.
BOOST_AUTO_TEST_CASE(unfinished_multipart_is_bounded) {
  TestPeer server(TransportConfig{.first_packet_within = 60'000});
  server.listen();
  ForgedClient flood(server.endpoint, server_key());
  BOOST_REQUIRE(flood.shake_hands("", [&] { server.round(); }));
  const std::size_t before = resident_bytes();
  std::size_t sent = 0;
  const Bytes part(64'000, 9);
  while (sent < 300'000'000 && flood.send(part, true)) sent += part.size();
  BOOST_CHECK(server.noted("endless-message"));
  BOOST_CHECK_LT(sent, 100'000'000u);  // what loopback carries within one sweep
  BOOST_CHECK(pump({&server}, 3'000, [&] { return server.transport.inbound_connections() == 0; }));
  BOOST_CHECK_LT(resident_bytes(), before + (std::size_t{100} << 20));
  BOOST_CHECK_EQUAL(server.total(), 0u);
  check_serves(server);
}

BOOST_AUTO_TEST_CASE(slow_unfinished_multipart_is_cut_at_its_limit) {
  TestPeer server(TransportConfig{.first_packet_within = 60'000});
  server.listen();
  ForgedClient flood(server.endpoint, server_key());
  BOOST_REQUIRE(flood.shake_hands("", [&] { server.round(); }));
  BOOST_REQUIRE(flood.send(as_bytes("one whole packet"), false));
  BOOST_REQUIRE(pump({&server}, 2'000, [&] { return server.total() == 1; }));
  std::size_t sent = 0;
  const Bytes part(64'000, 9);
  while (sent < 20'000'000 && flood.send(part, true)) {
    sent += part.size();
    pump_for({&server}, 10);
  }
  BOOST_CHECK_GT(sent, 3'500'000u);
  BOOST_CHECK_LT(sent, 12'000'000u);
  BOOST_CHECK(pump({&server}, 3'000, [&] { return server.downs.size() == 1; }));
}

BOOST_AUTO_TEST_CASE(steady_traffic_is_not_taken_for_endless) {
  Pair pair;
  for (int i = 0; i < 200; ++i) {  // 12 MB in whole packets
    pair.client.transport.send(pair.link, Bytes(60'000, 1));
    BOOST_REQUIRE(pump({&pair.server, &pair.client}, 2'000,
                       [&] { return pair.server.total() + 10 > static_cast<std::size_t>(i); }));
  }
  pump_for({&pair.server, &pair.client}, 300);
  BOOST_CHECK(pair.server.downs.empty());
  BOOST_CHECK_EQUAL(pair.server.total(), 201u);
}

// A stranger announces the ids that ROUTER would give out next; libzmq aborts the process if it guesses right.
BOOST_AUTO_TEST_CASE(announced_routing_ids_do_not_abort) {
  TestPeer server(TransportConfig{.handshakes_per_second = 10'000});
  server.listen();
  std::vector<std::unique_ptr<ForgedClient>> forgers;
  // Where the counter of an unseeded process starts, with room for the connections of earlier tests.
  for (const std::uint32_t start : {0x6b8b4567u, 0xeb8b4567u, 0u}) {
    for (std::uint32_t i = 0; i < 16; ++i) {
      forgers.push_back(std::make_unique<ForgedClient>(server.endpoint, server_key()));
      BOOST_REQUIRE(forgers.back()->shake_hands(automatic_route(start + i), [&] { server.round(); }));
    }
  }
  std::vector<std::unique_ptr<CurveClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<CurveClient>(ZMQ_DEALER, "", server.endpoint, server_key()));
    clients.back()->send("hello");
  }
  BOOST_CHECK(pump({&server}, 10'000, [&] { return server.total() == clients.size(); }));
}

BOOST_AUTO_TEST_CASE(forged_routing_id_is_cut_when_it_speaks) {
  TestPeer server;
  server.listen();
  ForgedClient forger(server.endpoint, server_key());
  OsRandom random;
  BOOST_REQUIRE(forger.shake_hands(automatic_route(static_cast<std::uint32_t>(random.next())),
                                   [&] { server.round(); }));
  forger.send(as_bytes("I am the next one"), false);
  BOOST_CHECK(pump({&server}, 2'000, [&] { return server.noted("forged-routing-id"); }));
  BOOST_CHECK(server.ups.empty());
  BOOST_CHECK(pump({&server}, 2'000, [&] { return forger.ended(); }));
}

BOOST_AUTO_TEST_CASE(departed_peers_id_in_other_hands_is_a_new_link) {
  TestPeer server;
  server.listen();
  auto first = std::make_unique<CurveClient>(ZMQ_DEALER, "alice", server.endpoint, server_key());
  first->send("I am alice");
  BOOST_REQUIRE(pump({&server}, 3'000, [&] { return server.total() == 1; }));
  const LinkId alice = server.last_accepted;
  first.reset();
  CurveClient second(ZMQ_DEALER, "alice", server.endpoint, server_key());
  second.send("so am I");
  BOOST_REQUIRE(pump({&server}, 5'000, [&] { return server.total() == 2; }));
  BOOST_CHECK(server.last_accepted != alice);
  BOOST_CHECK_EQUAL(server.packets[alice], 1u);
  BOOST_CHECK_EQUAL(server.downs[alice], 1);
  BOOST_CHECK(server.ups[alice].client_curve != server.ups[server.last_accepted].client_curve);
}

BOOST_AUTO_TEST_CASE(living_peers_id_in_other_hands_is_ignored) {
  TestPeer server(TransportConfig{.first_packet_within = 1'000});
  server.listen();
  CurveClient first(ZMQ_DEALER, "alice", server.endpoint, server_key());
  first.send("I am alice");
  BOOST_REQUIRE(pump({&server}, 3'000, [&] { return server.total() == 1; }));
  const LinkId alice = server.last_accepted;
  CurveClient second(ZMQ_DEALER, "alice", server.endpoint, server_key());
  second.send("so am I");
  pump_for({&server}, 1'500);
  first.send("still me");
  BOOST_CHECK(pump({&server}, 3'000, [&] { return server.last_text == "still me"; }));
  BOOST_CHECK(server.downs.empty());
  BOOST_CHECK_EQUAL(server.packets[alice], 2u);
}

BOOST_AUTO_TEST_CASE(oversized_frame_of_another_make) {
  TestPeer server;
  server.listen();
  CurveClient client(ZMQ_DEALER, "", server.endpoint, server_key());
  client.send(std::string(200'000, 'x'));
  BOOST_CHECK(pump({&server}, 3'000, [&] { return server.transport.inbound_connections() == 1; }));
  BOOST_CHECK(pump({&server}, 3'000, [&] { return server.transport.inbound_connections() == 0; }));
  BOOST_CHECK_EQUAL(server.total(), 0u);
  check_serves(server);
}

BOOST_AUTO_TEST_CASE(plain_zmtp_client_is_refused) {
  TestPeer server;
  server.listen();
  ZmqContext context(8);
  ZmqSocket plain(context, ZMQ_DEALER);
  BOOST_REQUIRE_EQUAL(zmq_connect(plain.raw(), ("tcp://" + to_string(server.endpoint)).c_str()), 0);
  plain.send(as_bytes("in the clear"), false);
  pump_for({&server}, 500);
  BOOST_CHECK(server.ups.empty());
}

BOOST_AUTO_TEST_CASE(a_thousand_idle_connections) {
  raise_descriptor_limit();
  TestPeer server;
  server.listen();
  Pair other;  // an established link elsewhere keeps working through it all
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 1'000; ++i) {
    crowd.push_back(std::make_unique<RawClient>(server.endpoint));
    server.round();
  }
  check_serves(server, 10'000);
  BOOST_CHECK(server.noted("connection-refused"));
  BOOST_CHECK(pump({&server}, 10'000, [&] { return server.transport.inbound_connections() <= 2; }));
}

BOOST_AUTO_TEST_CASE(caps_fit_the_descriptors) {
  for (const std::size_t limit : {64u, 128u, 256u, 1'024u, 4'096u, 16'384u}) {
    TransportConfig config;
    fit_to_descriptors(config, limit);
    BOOST_CHECK_GE(config.max_inbound, 8u);
    BOOST_CHECK_GE(config.max_dials, 4u);
    BOOST_CHECK_LE(2 * config.max_inbound + 4 * config.max_dials + config.reserved_descriptors, limit);
  }
  TransportConfig ample;
  fit_to_descriptors(ample, 16'384);
  BOOST_CHECK_EQUAL(ample.max_inbound, TransportConfig{}.max_inbound);
  BOOST_CHECK_EQUAL(ample.max_dials, TransportConfig{}.max_dials);
}

BOOST_AUTO_TEST_CASE(dials_are_limited) {
  TestPeer server, client(TransportConfig{.max_dials = 2});
  server.listen();
  for (int i = 0; i < 3; ++i) client.send(client.dial(server.endpoint), "hello");
  BOOST_CHECK(pump({&server, &client}, 3'000, [&] { return client.downs.size() == 1 && server.total() == 2; }));
  client.transport.close_link(client.ups.begin()->first, real_mono());
  client.send(client.dial(server.endpoint), "room again");
  BOOST_CHECK(pump({&server, &client}, 3'000, [&] { return server.last_text == "room again"; }));
}

BOOST_AUTO_TEST_CASE(inbound_links_are_limited) {
  TestPeer server(TransportConfig{.max_inbound = 3});
  server.listen();
  TestPeer client;
  std::vector<LinkId> links;
  for (int i = 0; i < 5; ++i) {
    links.push_back(client.dial(server.endpoint));
    client.send(links.back(), "hello");
  }
  BOOST_CHECK(pump({&server, &client}, 3'000, [&] { return client.downs.size() == 2 && server.total() == 3; }));
  BOOST_CHECK(server.noted("inbound-links-full"));
  client.transport.close_link(
      *std::find_if(links.begin(), links.end(), [&](LinkId l) { return !client.downs.contains(l); }),
      real_mono());
  BOOST_REQUIRE(pump({&server, &client}, 3'000, [&] { return server.downs.size() == 1; }));
  const LinkId late = client.dial(server.endpoint);
  client.send(late, "now there is room");
  BOOST_CHECK(pump({&server, &client}, 3'000, [&] { return server.last_text == "now there is room"; }));
}

BOOST_AUTO_TEST_CASE(handshakes_are_limited_per_second) {
  TestPeer server(TransportConfig{.handshakes_per_second = 4});
  server.listen();
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 12; ++i) crowd.push_back(std::make_unique<RawClient>(server.endpoint));
  BOOST_CHECK(pump({&server}, 900, [&] { return server.noted("handshake-rate"); }));
  pump_for({&server}, 100);
  const auto cut = std::count_if(crowd.begin(), crowd.end(), [](auto& client) { return client->ended(); });
  BOOST_CHECK_GE(cut, 4);
  BOOST_CHECK_LE(cut, 8);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
