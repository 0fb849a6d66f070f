// Network faults without nodes: links joined to a queue, packets that carry their number as request id.
#include <boost/test/unit_test.hpp>

#include "tests/sim/network.h"

namespace comm::sim {
namespace {

constexpr LinkId kDial = kDialledLinkBit | 1;

NetworkOptions steady() {
  NetworkOptions out;
  out.latency = Shape::constant;
  out.latency_scale = 50;
  return out;
}

struct Net {
  explicit Net(NetworkOptions options = steady(), std::size_t nodes = 4) : network(options, nodes, 1, queue) {
    for (std::uint32_t i = 0; i < nodes; ++i) network.node_up(i);
  }
  void dial(std::uint32_t from, std::uint32_t to, LinkId link = kDial) {
    network.open(from, link, network.endpoint_of(to));
  }
  // Everything that happens until the queue is empty.
  struct Seen {
    std::vector<std::uint32_t> packets;   // request ids
    std::vector<Millis> times;
    std::vector<SimNetwork::Down> downs;
    std::vector<Millis> down_times;
    std::vector<SimNetwork::Arrival> announced;
    std::vector<CurveKey> up_keys;
  };
  Seen run() {
    Seen out;
    while (!queue.empty()) {
      const SimEvent event = queue.pop();
      if (event.kind == EventKind::link_up && network.came_up(event)) out.up_keys.push_back(CurveKey{event.key.data});
      if (event.kind == EventKind::packet) {
        const auto arrival = network.arrive(event);
        if (!arrival) continue;
        if (arrival->announce) out.announced.push_back(*arrival);
        out.packets.push_back(event.packet.request_id);
        out.times.push_back(queue.now());
      }
      if (event.kind == EventKind::link_down)
        if (const auto down = network.went_down(event)) {
          out.downs.push_back(*down);
          out.down_times.push_back(queue.now());
        }
    }
    return out;
  }
  void send(std::uint32_t count, std::uint32_t from = 0, LinkId link = kDial) {
    for (std::uint32_t i = 1; i <= count; ++i) network.send(from, link, Packet{i, Ping{}});
  }

  SimQueue queue;
  SimNetwork network;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(network)

BOOST_AUTO_TEST_CASE(endpoints_and_nodes_map_to_each_other) {
  NetworkOptions options = steady();
  options.nodes_per_prefix = 3;
  Net net(options, 1'000);
  for (const std::uint32_t node : {0u, 1u, 2u, 3u, 299u, 999u})
    BOOST_TEST(net.network.node_at(net.network.endpoint_of(node)).value() == node);
  BOOST_TEST((net.network.endpoint_of(3).prefix() == net.network.endpoint_of(5).prefix()));
  BOOST_TEST((net.network.endpoint_of(2).prefix() != net.network.endpoint_of(3).prefix()));
  BOOST_TEST(!net.network.endpoint_of(0).is_local());
  BOOST_TEST(!net.network.node_at(*parse_endpoint("127.0.0.1:6667")).has_value());
}

BOOST_AUTO_TEST_CASE(a_link_announces_itself_with_its_first_packet_and_keeps_order) {
  Net net;
  net.dial(0, 1);
  net.send(20);
  const auto seen = net.run();
  BOOST_TEST_REQUIRE(seen.packets.size() == 20u);
  for (std::uint32_t i = 0; i < 20; ++i) BOOST_TEST(seen.packets[i] == i + 1);
  BOOST_TEST_REQUIRE(seen.announced.size() == 1u);
  BOOST_TEST(seen.announced[0].node == 1u);
  BOOST_TEST((seen.announced[0].link & kDialledLinkBit) == 0u);
  BOOST_TEST((seen.announced[0].key == seen.up_keys.at(0)));
  BOOST_TEST(seen.announced[0].remote.port != 6667);
  // Two delays to set up, one to travel, an eighth of jitter.
  BOOST_TEST(seen.times[0] >= 150);
  BOOST_TEST(seen.times[0] <= 156);
  // And back on the accepted link.
  net.send(1, 1, seen.announced[0].link);
  BOOST_TEST(net.run().packets.size() == 1u);
}

BOOST_AUTO_TEST_CASE(lost_and_duplicated_packets_come_in_their_share) {
  NetworkOptions options = steady();
  options.loss = 100;
  options.duplicate = 50;
  Net net(options);
  net.dial(0, 1);
  net.send(10'000);
  const auto seen = net.run();
  BOOST_TEST(net.network.counts().lost > 850u);
  BOOST_TEST(net.network.counts().lost < 1'150u);
  BOOST_TEST(net.network.counts().duplicated > 350u);
  BOOST_TEST(seen.packets.size() == 10'000 - net.network.counts().lost + net.network.counts().duplicated);
}

BOOST_AUTO_TEST_CASE(only_reordering_overtakes) {
  NetworkOptions options = steady();
  options.latency_scale = 800;
  options.reorder = 300;
  Net net(options);
  net.dial(0, 1);
  net.send(200);
  const auto seen = net.run();
  BOOST_TEST(!std::is_sorted(seen.packets.begin(), seen.packets.end()));
}

BOOST_AUTO_TEST_CASE(a_clogged_link_stands_still_in_order) {
  NetworkOptions options = steady();
  options.clog = 100'000;
  Net net(options);
  net.dial(0, 1);
  net.send(50);
  const auto seen = net.run();
  BOOST_TEST(std::is_sorted(seen.packets.begin(), seen.packets.end()));
  BOOST_TEST(seen.times.back() > kSecond);
}

BOOST_AUTO_TEST_CASE(a_dial_to_nobody_ends_after_the_connect_timeout) {
  Net net;
  net.network.node_down(1, false);
  net.dial(0, 1);
  net.send(1);
  const auto seen = net.run();
  BOOST_TEST(seen.packets.empty());
  BOOST_TEST_REQUIRE(seen.downs.size() == 1u);
  BOOST_TEST(seen.downs[0].node == 0u);
  BOOST_TEST(seen.downs[0].link == kDial);
  BOOST_TEST(seen.down_times[0] == 3 * kSecond);
  BOOST_TEST(net.network.links() == 0u);
}

BOOST_AUTO_TEST_CASE(an_end_is_heard_after_what_was_sent_before_it) {
  Net net;
  net.dial(0, 1);
  net.send(3);
  const auto link = net.run().announced.at(0).link;
  net.send(2, 1, link);
  net.network.close(1, link);
  const auto seen = net.run();
  BOOST_TEST(seen.packets.size() == 2u);
  BOOST_TEST_REQUIRE(seen.downs.size() == 1u);
  BOOST_TEST(seen.downs[0].link == kDial);
  BOOST_TEST(seen.down_times[0] >= seen.times.back());
  BOOST_TEST(net.network.links() == 0u);
  BOOST_TEST(!net.network.send(0, kDial, Packet{}));
}

BOOST_AUTO_TEST_CASE(a_crash_is_heard_at_once_and_a_power_loss_late) {
  for (const bool silent : {false, true}) {
    Net net;
    net.dial(0, 1);
    net.send(1);
    net.run();
    const Millis at = net.queue.now();
    net.network.node_down(1, silent);
    const auto seen = net.run();
    BOOST_TEST_REQUIRE(seen.downs.size() == 1u);
    BOOST_TEST(seen.down_times[0] - at == (silent ? 75 * kSecond : 50));
    BOOST_TEST(net.network.links_of(0) == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_restarted_node_does_not_know_old_links) {
  Net net;
  net.dial(0, 1);
  net.network.node_down(1, true);
  net.network.node_up(1);
  net.send(2);
  const auto seen = net.run();
  BOOST_TEST(seen.packets.empty());
  BOOST_TEST_REQUIRE(seen.downs.size() == 1u);
  BOOST_TEST(seen.downs[0].node == 0u);
}

BOOST_AUTO_TEST_CASE(a_partition_cuts_packets_dials_and_in_the_end_links) {
  Net net;
  net.dial(0, 1);
  net.dial(0, 2, kDialledLinkBit | 2);
  net.send(1);
  net.send(1, 0, kDialledLinkBit | 2);
  net.run();
  net.network.partition({0, 1, 0, 0});
  net.send(5);
  net.send(5, 0, kDialledLinkBit | 2);
  net.dial(0, 1, kDialledLinkBit | 3);
  const auto seen = net.run();
  BOOST_TEST(seen.packets.size() == 5u);
  BOOST_TEST(seen.downs.size() == 3u);  // the dial, both ends of the link
  BOOST_TEST(net.network.counts().cut == 5u);
  net.network.partition({});
  net.dial(0, 1, kDialledLinkBit | 4);
  net.send(1, 0, kDialledLinkBit | 4);
  BOOST_TEST(net.run().packets.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_link_outlives_a_short_partition) {
  Net net;
  net.dial(0, 1);
  net.send(1);
  net.run();
  net.network.partition({0, 1, 0, 0});
  net.network.partition({});
  net.send(1);
  const auto seen = net.run();
  BOOST_TEST(seen.packets.size() == 1u);
  BOOST_TEST(seen.downs.empty());
}

BOOST_AUTO_TEST_CASE(a_man_in_the_middle_shows_each_side_another_key) {
  NetworkOptions options = steady();
  options.man_in_the_middle = 1'000;
  Net net(options);
  net.dial(0, 1);
  net.send(1);
  const auto seen = net.run();
  BOOST_TEST((seen.announced.at(0).key != seen.up_keys.at(0)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm::sim
