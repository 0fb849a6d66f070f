#include <csignal>

#include "node/main/commands.h"
#include "node/main/json_protocol.h"
#include "node/main/output.h"
#include "node/main/paths.h"
#include "node/main/relay_frontend.h"
#include "node/main/secret_input.h"
#include "proto/base/bech32m.h"

namespace comm {

int fail(const Failure& failure) {
  complain(failure.sentence);
  return failure.exit_code;
}

int print_lines(const std::string& text) {
  Output out;
  if (out.write(text)) return kExitOk;
  complain("cannot write to standard output: " + out.error() + ".");
  return kExitIo;
}

RuntimeConfig runtime_config(const Options& options, Role role) {
  RuntimeConfig config;
  config.data_dir = options.data;
  config.listen = options.listen;
  config.bootstrap = options.bootstrap;
  config.network = options.network;
  config.role = role;
  config.profile = options.profile();
  config.store_quota = options.store_limit;
  config.mailbox_quota = options.mailbox_limit;
  config.ingress_quota = options.peer_limit;
  if (role == Role::relay) config.max_inbound_links = options.links;
  config.virtual_clock_fd = options.virtual_clock;
  config.log_level = options.log_level;
  config.program = "comm " + options.command;
  return config;
}

int run_relay(const Options& options) {
  Failure failure;
  RuntimeConfig config = runtime_config(options, Role::relay);
  if (config.data_dir.empty()) {
    const std::string port = options.listen.substr(options.listen.rfind(':') + 1);
    config.data_dir = default_data_dir("relay-" + port, failure);
    if (config.data_dir.empty()) return fail(failure);
  }
  auto runtime = Runtime::open(config, nullptr, failure);
  if (!runtime) return fail(failure);
  RelayFrontend frontend(*runtime, options.json, config.data_dir);
  return runtime->run(frontend);
}

int run_address(const Options& options, GivenSecret given) {
  Failure failure;
  if (!given.secret) given.secret = obtain_secret(options, given.from_stdin, failure);
  if (!given.secret) return fail(failure);
  const LockedBox<Identity> identity = Identity::from_secret(*given.secret);
  return print_lines(address_hex(identity->address()) + "\n" + address_bech32m(identity->address()) + "\n");
}

int run_version(const Options& options) {
  return print_lines(options.json ? json_version() + "\n" : "comm " COMM_VERSION "\n");
}

}  // namespace comm
