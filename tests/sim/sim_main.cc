// comm-sim: one deterministic run of many nodes. Exit 0: all invariants held; 1: a violation, with the line that repeats
// it; 64: usage. The last line is the trace.
#include <cstdio>
#include <fstream>

#include "tests/sim/command_line.h"
#include "tests/sim/simulation.h"

namespace {

using namespace comm::sim;

struct Arguments {
  RunOptions run;
  std::optional<std::uint32_t> nodes;
  std::string scenario, json, log;
  std::vector<std::string> settings;
  bool quiet = false, twice = false;
};

void add_options(CLI::App& app, Arguments& out) {
  app.add_option("--seed", out.run.seed, "The run's seed")->type_name("N")->capture_default_str();
  app.add_option("--nodes", out.nodes, "Another number of nodes than the scenario's, messages in proportion")
      ->type_name("N")->check(CLI::Range(4u, UINT32_MAX));
  app.add_option("--scenario", out.scenario,
                 "A scenario of tests/sim/scenarios (built in: 1,000 nodes with churn, loss, a partition, crashes)")
      ->type_name("FILE");
  app.add_option("--set", out.settings,
                 "Another value for a key that the file has: adversary[0].ids=45, victims.count=2, a list as a,b")
      ->type_name("KEY=VALUE")->expected(1)->take_all();
  app.add_flag("--quiet", out.quiet, "No progress lines on standard error");
  app.add_option("--json", out.json, "The report as JSON too")->type_name("FILE");
  app.add_flag("--twice", out.twice, "Run two times and compare the traces");
  app.add_option("--log", out.log, "A line for every event")->type_name("FILE");
  app.add_option("--log-node", out.run.log_node, "of this node only")->type_name("N");
}

std::string reproduce_line(const Arguments& arguments, const Scenario& scenario) {
  std::string out = "reproduce: comm-sim --seed " + std::to_string(arguments.run.seed) + " --nodes " +
                    std::to_string(scenario.nodes);
  if (!arguments.scenario.empty()) out += " --scenario " + arguments.scenario;
  for (const std::string& setting : arguments.settings) out += " --set '" + setting + "'";
  return out;
}

Report run_once(const Scenario& scenario, const RunOptions& options) {
  Simulation simulation(scenario, options);
  return simulation.run();
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("One deterministic run of many nodes. The last line of its output is the trace.", "comm-sim");
  add_options(app, arguments);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  ScenarioResult loaded{default_scenario(), {}};
  if (!arguments.scenario.empty()) loaded = load_scenario(arguments.scenario, arguments.settings);
  if (!loaded.error.empty()) {
    std::fprintf(stderr, "comm-sim: %s\n", loaded.error.c_str());
    return 64;
  }
  if (arguments.nodes) scale(loaded.scenario, *arguments.nodes);
  arguments.run.reproduce = reproduce_line(arguments, loaded.scenario);
  std::printf("%s\n", arguments.run.reproduce.c_str());
  std::fflush(stdout);
  if (!arguments.quiet)
    arguments.run.progress = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  std::ofstream log;
  if (!arguments.log.empty()) {
    log.open(arguments.log);
    arguments.run.log = [&](const std::string& line) { log << line << '\n'; };
  }
  const Report report = run_once(loaded.scenario, arguments.run);
  std::fputs(to_text(report).c_str(), stdout);
  if (!arguments.json.empty()) std::ofstream(arguments.json) << to_json(report);
  bool good = report.good();
  if (arguments.twice && run_once(loaded.scenario, arguments.run).trace != report.trace) {
    std::printf("VIOLATION a second run of the same seed has another trace\n  %s\n", arguments.run.reproduce.c_str());
    good = false;
  }
  std::printf("trace %s\n", report.trace.c_str());
  return good ? 0 : 1;
}
