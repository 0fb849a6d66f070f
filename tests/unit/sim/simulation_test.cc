// Whole runs: everything delivered, the same seed twice, another seed otherwise, and a planted fault found.
#include <boost/test/unit_test.hpp>

#include "tests/sim/simulation.h"

namespace comm::sim {
namespace {

Scenario file(const std::string& name) {
  auto read = load_scenario(COMM_SOURCE_DIR "/tests/sim/scenarios/" + name + ".toml");
  BOOST_TEST_REQUIRE(read.error == "");
  return read.scenario;
}

Report run(const Scenario& scenario, std::uint64_t seed) {
  RunOptions options;
  options.seed = seed;
  options.reproduce = "reproduce: comm-sim --seed " + std::to_string(seed) + " --scenario " + scenario.name;
  Simulation simulation(scenario, options);
  return simulation.run();
}

Scenario calm() {
  Scenario out;
  out.name = "calm";
  out.nodes = 8;
  out.users_per_mille = 1'000;
  out.join_over = 5 * kSecond;
  out.heal = 3 * kMinute;
  out.codec = true;
  out.workload.messages = 12;
  out.workload.from = kMinute;
  out.workload.until = 2 * kMinute;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(simulation)

BOOST_AUTO_TEST_CASE(a_calm_network_delivers_everything_and_forgets_it) {
  const Report report = run(calm(), 1);
  BOOST_TEST(report.good(), to_text(report));
  BOOST_TEST(report.totals.delivered == 12u);
  BOOST_TEST(report.totals.duplicates == 0u);
  BOOST_TEST(report.live_left == 0u);
  BOOST_TEST(report.events > 0u);
}

BOOST_AUTO_TEST_CASE(a_seed_is_a_run) {
  const Report first = run(calm(), 5);
  const Report again = run(calm(), 5);
  const Report other = run(calm(), 6);
  BOOST_TEST(first.trace == again.trace);
  BOOST_TEST(first.events == again.events);
  BOOST_TEST(first.trace != other.trace);
}

BOOST_AUTO_TEST_CASE(thirty_nodes_in_every_trouble_deliver_everything_once) {
  const Scenario small = file("small");
  for (const std::uint64_t seed : {1u, 2u}) {
    const Report report = run(small, seed);
    BOOST_TEST(report.good(), to_text(report));
    BOOST_TEST(report.totals.delivered == small.workload.messages);
    BOOST_TEST(report.live_left == 0u);
  }
}

BOOST_AUTO_TEST_CASE(faults_change_the_run_and_a_healed_network_is_needed) {
  Scenario cut = calm();
  cut.network.loss = 1'000;
  cut.heal = 10 * kMinute;
  cut.settle = 0;
  const Report report = run(cut, 1);
  BOOST_TEST(!report.good());
  BOOST_TEST(report.totals.shown == 0u);
  BOOST_TEST(report.network.lost > 0u);
}

BOOST_AUTO_TEST_CASE(a_man_in_the_middle_of_every_link_gets_no_session) {
  Scenario tapped = calm();
  tapped.network.man_in_the_middle = 1'000;
  tapped.settle = 0;
  tapped.heal = 4 * kMinute;
  tapped.workload.messages = 4;
  RunOptions options;
  Simulation simulation(tapped, options);
  const Report report = simulation.run();
  BOOST_TEST(report.totals.shown == 0u);
  BOOST_TEST(report.packets[PacketBody(FindNode{}).index()].packets == 0u);
  BOOST_TEST(report.packets[PacketBody(Hello{}).index()].packets > 0u);
}

BOOST_AUTO_TEST_CASE(a_node_that_crashes_starts_from_its_disk) {
  RunOptions options;
  Simulation simulation(calm(), options);
  const Address before = simulation.node(3).address();
  BOOST_TEST(simulation.run().good());
  SimNode& node = simulation.node(3);
  const auto shown = node.agent()->history(std::nullopt, 0, 100).size();
  const auto incarnation = node.incarnation();
  node.stop(Stop::power);
  BOOST_TEST(!node.up());
  node.start();
  BOOST_TEST(node.incarnation() == incarnation + 1);
  BOOST_TEST((node.address() == before));
  BOOST_TEST(node.agent()->history(std::nullopt, 0, 100).size() == shown);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm::sim
