// The subcommands: each builds what it needs by hand, in order, runs and returns the exit code of the program.
#pragma once
#include "node/main/options.h"
#include "node/main/settings.h"
#include "proto/seal/secret.h"

namespace comm {

// Where a typed SECRET was found: on the command line (already erased there) or to be read from standard input.
struct GivenSecret {
  std::optional<SecretBytes> secret;
  bool from_stdin = false;
};

int run_chat(const Options& options, GivenSecret given);
int run_echo(const Options& options);
int run_relay(const Options& options);
int run_store(const Options& options);  // relay --check, --repair
int run_address(const Options& options, GivenSecret given);
int run_adapter(const Options& options);
int run_vectors();  // adapter --vectors
int run_demo(const Options& options);
int run_identity(const Options& options);
int run_identity_shown(const Options& options);  // show, qr, export
int run_version(const Options& options);

// What several of them share.
RuntimeConfig runtime_config(const Options& options, Role role);
int fail(const Failure& failure);       // prints it, returns its exit code
void no_core_files();                   // a process that holds an identity leaves no core file with it
bool utf8_locale();                     // what the terminal shows
// One line on the way to Output, 74 if it cannot be written.
int print_lines(const std::string& text);

// The chat screen of the demo and of `comm chat`, until it is left.
struct ChatScreen {
  RuntimeConfig config;
  std::vector<ContactInfo> contacts;
  std::string greeting;
  Settings settings = {};
};
int run_chat_screen(ChatScreen chat, LockedBox<Identity> identity);

}  // namespace comm
