// The options of every subcommand, parsed (CLI11, in options.cc alone: it is slow to compile).
// A wrong command line is answered with what, why and what next, and exit code 64.
#pragma once
#include "node/main/command_line.h"
#include "node/shell/runtime.h"

namespace comm {

struct Options {
  std::string command;       // "chat", "relay", "address", "demo", "echo", "identity", "version"
  std::string action;        // of identity: "new", "import", "show", "qr", "export", "passwd"
  std::string data;          // empty: the default directory
  std::string network = "comm";
  LogLevel log_level = LogLevel::warning;
  std::optional<int> virtual_clock;
  bool test_params = false;
  std::string secret_file;
  std::optional<int> secret_fd;
  std::string profile_name = "default";
  std::string config;        // configuration file; empty: the user's own
  std::optional<int> passphrase_fd, new_passphrase_fd;
  bool no_passphrase = false, words = false;
  std::string file;          // of identity import and export; "-": standard input or output
  std::string name;          // identity's, local
  std::string listen;
  std::vector<std::string> bootstrap;
  std::uint64_t store_limit = kDefaultStoreQuotaBytes;
  bool check = false, repair = false;  // of a relay's store
  std::uint64_t mailbox_limit = kMailboxQuotaBytes;
  std::uint64_t peer_limit = kIngressQuotaBytes;
  std::size_t links = kRelayInboundLinks;
  bool plain = false, json = false, transcript = false, vectors = false;
  Millis linger = 0;

  Profile profile() const {
    Profile out;
    if (test_params) out = {.backoff_unit = 100, .cheap_node_ids = true};
    return out;
  }
};

// Either options, or what to print and the exit code (help: 0 on stdout; errors: 64 on stderr).
struct ParsedOptions {
  std::optional<Options> options;
  int exit_code = kExitOk;
  std::string text;
};
ParsedOptions parse_options(const CommandLine& line);

}  // namespace comm
