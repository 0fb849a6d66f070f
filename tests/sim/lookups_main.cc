// comm-lookups: the production's lookup over full static tables, against liars or ids ground next to the target. One line
// of JSON. Exit 64: usage.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string_view>

#include "tests/sim/static_net.h"

namespace {

using namespace comm;
using namespace comm::sim;

constexpr const char* kUsage =
    "usage: comm-lookups reach|capture [--nodes N] [--hostile PER_MILLE] [--ground IDS] [--k K] [--paths D]\n"
    "                    [--region FACTOR] [--trials N] [--seed N] [--plain] [--adaptive] [--nearer] [--tries N]\n"
    "  reach    how often a lookup finds an honest node whose id it looks for, while hostile nodes lie;\n"
    "           --tries N: within so many lookups, each from another node\n"
    "  capture  how often no honest node keeps what is stored, and none that keeps it is found again\n"
    "  --nearer  ground ids are nearer than the nearest honest node\n"
    "  --plain  Kademlia's shortlist of k on each path, no judgement of liars, no merging of the paths\n";

struct Arguments {
  StaticOptions options;
  std::string_view what;
  std::uint64_t seed = 1;
  std::uint32_t trials = 1'000, tries = 1, per_network = 50;
  bool plain = false;
};

template <class Int>
bool number(std::string_view text, Int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

bool parse(int argc, char** argv, Arguments& out) {
  if (argc < 2) return false;
  out.what = argv[1];
  out.options.lies = out.what == "reach";
  for (int i = 2; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--plain") { out.plain = true; continue; }
    if (name == "--adaptive") { out.options.adaptive = true; continue; }
    if (name == "--nearer") { out.options.nearer = true; continue; }
    if (++i >= argc) return false;
    StaticOptions& o = out.options;
    const bool good = name == "--nodes"     ? number(argv[i], o.nodes)
                      : name == "--hostile" ? number(argv[i], o.hostile_per_mille)
                      : name == "--ground"  ? number(argv[i], o.ground)
                      : name == "--k"       ? number(argv[i], o.k)
                      : name == "--paths"   ? number(argv[i], o.style.paths)
                      : name == "--region"  ? number(argv[i], o.region_factor)
                      : name == "--trials"  ? number(argv[i], out.trials)
                      : name == "--tries"   ? number(argv[i], out.tries)
                                            : name == "--seed" && number(argv[i], out.seed);
    if (!good) return false;
  }
  out.options.answers = out.options.k;
  if (out.plain) {
    out.options.style.shortlist = out.options.k;
    out.options.style.judged = false;
    out.options.style.parallelism = 1;
    out.options.style.asks = 64 * out.options.style.paths;
  } else {
    out.options.answers = kMaxContactsPerPacket;
  }
  return out.what == "reach" || out.what == "capture";
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
  if (!parse(argc, argv, arguments)) {
    std::fputs(kUsage, stderr);
    return 64;
  }
  // A target that is crowded is one network's; lookups of honest nodes share one.
  const std::uint32_t per_network = arguments.what == "reach" ? arguments.per_network : 1;
  Count count;
  for (std::uint64_t network_seed = arguments.seed * 1'000'003; count.trials < arguments.trials; ++network_seed) {
    StaticNetwork network(arguments.options, network_seed);
    for (std::uint32_t i = 0; i < per_network && count.trials < arguments.trials; ++i, ++count.trials) {
      if (arguments.what == "reach") reach(arguments, network, count);
      else capture(network, count);
    }
  }
  std::printf("{\"trials\":%llu,\"good\":%llu,\"kept\":%llu,\"asked\":%llu}\n",
              static_cast<unsigned long long>(count.trials), static_cast<unsigned long long>(count.good),
              static_cast<unsigned long long>(count.kept), static_cast<unsigned long long>(count.asked));
  return 0;
}
