// comm-sim: one deterministic run of many nodes. Exit 0: all invariants held; 1: a violation, with the line that repeats
// it; 64: usage. The last line is the trace.
#include <charconv>
#include <cstdio>
#include <fstream>
#include <string_view>

#include "tests/sim/simulation.h"

namespace {

using namespace comm::sim;

constexpr const char* kUsage =
    "usage: comm-sim [--seed N] [--nodes N] [--scenario FILE] [--quiet] [--json FILE] [--twice]\n"
    "                [--set KEY=VALUE]... [--log FILE] [--log-node N]\n"
    "  --seed N         the run's seed (1)\n"
    "  --nodes N        another number of nodes than the scenario's, messages in proportion\n"
    "  --scenario FILE  a scenario of tests/sim/scenarios (built in: 1,000 nodes with churn, loss, a partition, crashes)\n"
    "  --set KEY=VALUE  another value for a key that the file has: adversary[0].ids=45, victims.count=2, a list as a,b\n"
    "  --quiet          no progress lines on standard error\n"
    "  --json FILE      the report as JSON too\n"
    "  --twice          run two times and compare the traces\n"
    "  --log FILE       a line for every event; --log-node N: of one node only\n";

struct Arguments {
  RunOptions run;
  std::optional<std::uint32_t> nodes;
  std::string scenario, json, log;
  std::vector<std::string> settings;
  bool quiet = false, twice = false;
};

template <class Int>
bool number(std::string_view text, Int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

bool parse(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--quiet") { out.quiet = true; continue; }
    if (name == "--twice") { out.twice = true; continue; }
    if (i + 1 >= argc) return false;
    const char* value = argv[++i];
    bool good = true;
    if (name == "--seed") good = number(value, out.run.seed);
    else if (name == "--nodes") good = number(value, out.nodes.emplace()) && *out.nodes >= 4;
    else if (name == "--scenario") out.scenario = value;
    else if (name == "--set") out.settings.emplace_back(value);
    else if (name == "--json") out.json = value;
    else if (name == "--log") out.log = value;
    else if (name == "--log-node") good = number(value, out.run.log_node.emplace());
    else good = false;
    if (!good) return false;
  }
  return true;
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
  if (!parse(argc, argv, arguments)) {
    std::fputs(kUsage, stderr);
    return 64;
  }
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
