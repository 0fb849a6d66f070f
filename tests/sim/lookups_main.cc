// comm-lookups: the production's lookup over full static tables, against liars or ids ground next to the target. One line
// of JSON. Exit 64: usage.
#include <algorithm>
#include <cstdio>

#include "tests/sim/command_line.h"
#include "tests/sim/static_net.h"

namespace {

using namespace comm;
using namespace comm::sim;

struct Arguments {
  StaticOptions options;
  bool reach = false;  // else capture
  std::uint64_t seed = 1;
  std::uint32_t trials = 1'000, tries = 1, per_network = 50;
  bool plain = false;
};

void add_options(CLI::App& app, Arguments& out) {
  StaticOptions& network = out.options;
  app.fallthrough();  // options may come after the name of what is measured
  app.add_subcommand("reach", "How often a lookup finds an honest node whose id it looks for, while hostile nodes lie")
      ->callback([&out] { out.reach = out.options.lies = true; });
  app.add_subcommand("capture", "How often no honest node keeps what is stored, and none that keeps it is found again");
  app.require_subcommand(1);
  app.add_option("--nodes", network.nodes, "All of them")->type_name("N")->capture_default_str();
  app.add_option("--hostile", network.hostile_per_mille, "Of a thousand nodes")->type_name("N")->capture_default_str();
  app.add_option("--ground", network.ground, "Further, hostile nodes within a node's share of the space around the target")
      ->type_name("N")->capture_default_str();
  app.add_option("--k", network.k, "Contacts in a bucket")->capture_default_str();
  app.add_option("--paths", network.style.paths, "Disjoint paths of a lookup")->type_name("D")->capture_default_str();
  app.add_option("--region", network.region_factor, "Of the size of a region; 0: the k nearest only")
      ->type_name("FACTOR")->capture_default_str();
  app.add_option("--trials", out.trials, "Lookups")->type_name("N")->capture_default_str();
  app.add_option("--tries", out.tries, "Of reach: within so many lookups, each from another node")
      ->type_name("N")->capture_default_str();
  app.add_option("--seed", out.seed, "The run's seed")->type_name("N")->capture_default_str();
  app.add_flag("--plain", out.plain, "Kademlia's shortlist of k on each path, no judgement of liars, no merging of paths");
  app.add_flag("--adaptive", network.adaptive,
               "Liars name random ones of the 200 members nearest the target, not always the nearest");
  app.add_flag("--nearer", network.nearer, "Ground ids are nearer than the nearest honest node");
}

void settle(Arguments& out) {
  out.options.answers = out.plain ? out.options.k : kMaxContactsPerPacket;
  if (!out.plain) return;
  out.options.style.shortlist = out.options.k;
  out.options.style.judged = false;
  out.options.style.parallelism = 1;
  out.options.style.asks = 64 * out.options.style.paths;
}

struct Count { std::uint64_t trials = 0, good = 0, kept = 0, asked = 0; };

void reach(const Arguments& arguments, StaticNetwork& network, Count& count) {
  const std::uint32_t target = network.honest_node();
  bool found = false;
  for (std::uint32_t i = 0; i < arguments.tries && !found; ++i) {
    std::uint32_t from = network.honest_node();
    while (from == target) from = network.honest_node();
    const auto result = network.lookup(from, network.point(target));
    found = std::find(result.nodes.begin(), result.nodes.end(), target) != result.nodes.end();
    count.asked += result.asked;
  }
  count.good += found ? 1 : 0;
}

void capture(StaticNetwork& network, Count& count) {
  const auto holders = network.lookup(network.honest_node(), network.crowded());
  const auto asked = network.lookup(network.honest_node(), network.crowded());
  count.asked += holders.asked;
  bool kept = false, found = false;
  for (const std::uint32_t node : holders.nodes) {
    if (network.hostile(node)) continue;
    kept = true;
    found = found || std::find(asked.nodes.begin(), asked.nodes.end(), node) != asked.nodes.end();
  }
  count.kept += kept ? 1 : 0;
  count.good += found ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("The production's lookup over full static tables, as one line of JSON.", "comm-lookups");
  add_options(app, arguments);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  settle(arguments);
  // A target that is crowded is one network's; lookups of honest nodes share one.
  const std::uint32_t per_network = arguments.reach ? arguments.per_network : 1;
  Count count;
  for (std::uint64_t network_seed = arguments.seed * 1'000'003; count.trials < arguments.trials; ++network_seed) {
    StaticNetwork network(arguments.options, network_seed);
    for (std::uint32_t i = 0; i < per_network && count.trials < arguments.trials; ++i, ++count.trials) {
      if (arguments.reach) reach(arguments, network, count);
      else capture(network, count);
    }
  }
  std::printf("{\"trials\":%llu,\"good\":%llu,\"kept\":%llu,\"asked\":%llu}\n",
              static_cast<unsigned long long>(count.trials), static_cast<unsigned long long>(count.good),
              static_cast<unsigned long long>(count.kept), static_cast<unsigned long long>(count.asked));
  return 0;
}
