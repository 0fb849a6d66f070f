#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "tests/sim/scenario.h"

namespace comm::sim {

BOOST_AUTO_TEST_SUITE(scenario)

BOOST_AUTO_TEST_CASE(reads_what_is_written) {
  const auto read = parse_scenario(R"(
name = "x"
nodes = 7
heal = "90s"
codec = true
[network]
loss = 20
latency_scale = "10ms"
[workload]
messages = 3
from = 5
until = "1m"
[[fault]]
kind = "clock_step"
at = "10s"
until = "20s"
per_mille = 100
by = "-1d"
)", "x.toml");
  BOOST_TEST_REQUIRE(read.error == "");
  const Scenario& s = read.scenario;
  BOOST_TEST(s.nodes == 7u);
  BOOST_TEST(s.heal == 90 * kSecond);
  BOOST_TEST(s.codec);
  BOOST_TEST(s.network.loss == 20u);
  BOOST_TEST(s.network.latency_scale == 10);
  BOOST_TEST(s.workload.from == 5 * kSecond);
  BOOST_TEST_REQUIRE(s.faults.size() == 1u);
  BOOST_TEST((s.faults[0].kind == Fault::Kind::clock_step));
  BOOST_TEST(s.faults[0].by == -kDay);
}

BOOST_AUTO_TEST_CASE(churn_has_profiles_of_its_own_by_name) {
  const auto read = [](const std::string& profile) {
    return parse_scenario("[[fault]]\nkind = \"churn\"\nat = 1\nuntil = 2\nprofile = \"" + profile + "\"\n", "x.toml");
  };
  BOOST_TEST(read("C0").scenario.faults.at(0).per_mille == 0u);
  const Fault ipfs = read("C1").scenario.faults.at(0), kad = read("C2").scenario.faults.at(0);
  BOOST_TEST(ipfs.per_mille == 900u);
  BOOST_TEST((ipfs.session_shape == Shape::weibull_608 && kad.session_shape == Shape::weibull_500));
  BOOST_TEST(ipfs.session == 220 * kMinute);
  // A mean of Weibull's distribution of shape 1/2 is twice its scale.
  BOOST_TEST(kad.session == 5'000 * kSecond);
  BOOST_TEST(read("C3").scenario.faults.at(0).session == 500 * kSecond);
}

BOOST_AUTO_TEST_CASE(what_it_does_not_know_is_an_error_in_a_sentence) {
  const struct { const char* text; const char* part; } rows[] = {
      {"nodse = 3", "unknown key 'nodse'"},
      {"nodes = 1", "whole number from 2"},
      {"nodes = \"3\"", "whole number"},
      {"heal = \"3 weeks\"", "duration"},
      {"[network]\nlatency = \"gauss\"", "no distribution"},
      {"[[fault]]\nkind = \"flood\"", "no fault is called 'flood'"},
      {"[[fault]]\nkind = \"churn\"\nprofile = \"C9\"", "no churn is called 'C9'"},
      {"[[fault]]\nkind = \"loss\"\nat = 5\nuntil = 4", "ends before"},
      {"nodes = = 3", "x.toml"}};
  for (const auto& row : rows) {
    const auto read = parse_scenario(row.text, "x.toml");
    BOOST_TEST(read.error.find(row.part) != std::string::npos, row.text << " gives " << read.error);
  }
}

BOOST_AUTO_TEST_CASE(every_checked_in_scenario_can_be_read) {
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(COMM_SOURCE_DIR "/tests/sim/scenarios")) {
    BOOST_TEST(load_scenario(file.path()).error == "");
    ++count;
  }
  BOOST_TEST(count >= 7);
}

BOOST_AUTO_TEST_CASE(the_built_in_scenario_is_the_file_default) {
  const auto file = load_scenario(COMM_SOURCE_DIR "/tests/sim/scenarios/default.toml").scenario;
  const Scenario built_in = default_scenario();
  BOOST_TEST(file.nodes == built_in.nodes);
  BOOST_TEST(file.heal == built_in.heal);
  BOOST_TEST(file.network.loss == built_in.network.loss);
  BOOST_TEST(file.workload.messages == built_in.workload.messages);
  BOOST_TEST(file.workload.back == built_in.workload.back);
  BOOST_TEST_REQUIRE(file.faults.size() == built_in.faults.size());
  for (std::size_t i = 0; i < file.faults.size(); ++i) {
    BOOST_TEST((file.faults[i].kind == built_in.faults[i].kind));
    BOOST_TEST(file.faults[i].per_mille == built_in.faults[i].per_mille);
    BOOST_TEST(file.faults[i].until == built_in.faults[i].until);
  }
}

BOOST_AUTO_TEST_CASE(another_number_of_nodes_keeps_the_load_per_node) {
  Scenario s = default_scenario();
  scale(s, 100);
  BOOST_TEST(s.nodes == 100u);
  BOOST_TEST(s.workload.messages == 50u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm::sim
