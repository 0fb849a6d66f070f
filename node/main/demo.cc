// `comm demo`: three relays and an echo peer as children on loopback, and the chat screen with the echo peer in its
// contacts. Away from a terminal it plays the transcript instead.
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "node/main/commands.h"
#include "node/main/demo_nodes.h"
#include "node/main/output.h"
#include "proto/base/bech32m.h"
#include "proto/seal/os_random.h"

namespace comm {
namespace {

constexpr int kRelays = 3;

bool on_terminal() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0 && term != nullptr &&
         std::strcmp(term, "dumb") != 0;
}

struct DemoNodes {
  TemporaryDir directory;
  std::string network = "demo-" + random_hex(6);
  std::vector<DemoRelay> relays;
  std::vector<std::string> endpoints;
  std::unique_ptr<Child> echo;
  std::optional<Address> echo_address;
};

bool start_nodes(DemoNodes& nodes, Output& out) {
  for (int i = 1; i <= kRelays; ++i) {
    RelayPlan plan{i, nodes.directory.path(), nodes.network};
    plan.bootstrap = nodes.endpoints;
    plan.json = false;  // nobody reads their reports here
    nodes.relays.push_back(start_relay(plan, in_seconds(20)));
    if (!nodes.relays.back().child) return false;
    const DemoRelay& relay = nodes.relays.back();
    nodes.endpoints.push_back(relay.endpoint);
    out.line("relay " + std::to_string(i) + " listens on " + relay.endpoint + " (node " +
             relay.node_id.substr(0, 8) + "..)");
  }
  nodes.echo = std::make_unique<Child>(
      "echo", with_bootstrap({"echo", "--network", nodes.network, "--data", nodes.directory.path() + "/echo", "--listen",
                              "127.0.0.1:0", "--log-level", "error"},
                             nodes.endpoints));
  const auto ready = read_event(*nodes.echo, in_seconds(20));
  if (!ready) return false;
  const auto address = parse_address(ready->value("address", ""));
  if (!address) return false;
  nodes.echo_address = *address;
  out.line("echo, who answers what you write, is " + ready->value("address", ""));
  return true;
}

}  // namespace

int run_demo(const Options& options) {
  if (options.transcript || !on_terminal()) return run_transcript();
  Output out;
  DemoNodes nodes;
  if (nodes.directory.path().empty()) return fail({kExitIo, "cannot make a temporary directory. Set TMPDIR."});
  out.line("Starting three relays and an echo peer on this machine ...");
  if (!start_nodes(nodes, out))
    return fail({kExitUnavailable, "the demo's nodes did not start. Try `comm relay --listen 127.0.0.1:0` to see why."});

  Seed seed;
  OsRandom().fill(seed.mut());
  ChatScreen chat;
  chat.config.data_dir = nodes.directory.path() + "/you";
  chat.config.listen = "127.0.0.1:0";
  chat.config.bootstrap = nodes.endpoints;
  chat.config.network = nodes.network;
  chat.config.role = Role::client;
  chat.config.program = "comm demo";
  ContactInfo echo;
  echo.address = *nodes.echo_address;
  echo.name = "echo";
  chat.contacts.push_back(echo);
  chat.greeting = "Write something and press Enter: echo answers, through three relays on this machine. /quit leaves.";
  out.line("Opening the chat ...");
  const int code = run_chat_screen(std::move(chat), Identity::from_seed(seed, true));
  if (code == kExitOk) out.line("The demo is over; its relays are stopped and its files removed.");
  return code;
}

}  // namespace comm
