#include "node/main/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace comm {
namespace {

// Texts as CLI11 hands them over, before they become values.
struct Raw {
  std::string log_level = "warning", params = "default", store_limit, mailbox_limit, peer_limit;
  double linger_seconds = 0;
  int virtual_clock = -1, secret_fd = -1, passphrase_fd = -1, new_passphrase_fd = -1;
};

const char* const kGeneralFooter =
    "Examples:\n"
    "  comm alice 0.0.0.0:6667 relay.example:4242    chat as alice through a relay\n"
    "  comm relay --listen 0.0.0.0:4242              run a relay\n"
    "  comm identity new                             an identity of your own; then `comm` opens the chat\n"
    "\n"
    "`comm SECRET HOST:PORT [BOOTSTRAP...]` is the chat with the address that SECRET gives; `-` in the place of SECRET\n"
    "reads it from standard input. `comm COMMAND --help` tells more.\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 6 left before a relay had everything, 64 usage, 65 corrupt data or a line refused,\n"
    "69 cannot listen, 73 data in use, 74 input or output failed, 77 no permission, 78 configuration.";

void add_common(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("--data", options.data, "Directory of this node's data (created 0700, locked while in use)")
      ->type_name("DIR");
  app.add_option("--network", options.network, "Name of the network; nodes of different names do not connect")
      ->type_name("NAME")->capture_default_str();
  app.add_option("--log-level", raw.log_level, "error, warning, info or debug")->type_name("LEVEL")
      ->check(CLI::IsMember({"error", "warning", "info", "debug"}))->capture_default_str();
  app.add_option("--virtual-clock", raw.virtual_clock, "Time stands still but for lines `tick MS` on this descriptor")
      ->type_name("FD")->check(CLI::NonNegativeNumber);
  app.add_option("--params", raw.params, "default, or test: short backoff and cheap node ids, for tests only")
      ->type_name("SET")->check(CLI::IsMember({"default", "test"}))->capture_default_str();
}

void add_secret(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("--secret-file", options.secret_file, "Read SECRET from the first line of a file")->type_name("FILE");
  app.add_option("--secret-fd", raw.secret_fd, "Read SECRET from the first line on this descriptor")
      ->type_name("FD")->check(CLI::NonNegativeNumber);
}

void add_profile(CLI::App& app, Options& options) {
  app.add_option("--profile", options.profile_name, "Which of your identities; each has a directory of its own")
      ->type_name("NAME")->capture_default_str();
  app.add_option("--config", options.config, "Configuration file instead of ~/.config/comm/config.toml")->type_name("FILE");
}

void add_passphrase(CLI::App& app, Raw& raw) {
  app.add_option("--passphrase-fd", raw.passphrase_fd, "Read the passphrase from the first line on this descriptor")
      ->type_name("FD")->check(CLI::NonNegativeNumber);
}

void add_endpoints(CLI::App& app, Options& options, bool listen_required) {
  const CLI::Validator host_port(
      [](std::string& text) {
        return is_host_port(text) ? std::string()
                                  : "\"" + text + "\" is not HOST:PORT, such as 0.0.0.0:4242 or [::1]:4242";
      },
      "");
  const CLI::Validator bootstrap(
      [](std::string& text) {
        return is_bootstrap(text) ? std::string()
                                  : "\"" + text + "\" is not HOST:PORT or NODEID@HOST:PORT of a node to connect to";
      },
      "");
  CLI::Option* listen =
      app.add_option("--listen", options.listen, "Address and port to listen on; port 0 lets the system choose")
          ->type_name("HOST:PORT")->check(host_port);
  if (listen_required) listen->required();
  app.add_option("--bootstrap", options.bootstrap, "A node to join through; may be given several times")
      ->type_name("HOST:PORT")->check(bootstrap)->take_all()->allow_extra_args(false);
}

CLI::App* add_command(CLI::App& app, const char* name, const char* what, const char* examples) {
  CLI::App* command = app.add_subcommand(name, what);
  command->footer(std::string("Examples:\n") + examples);
  command->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  return command;
}

// One of `comm identity`'s commands.
CLI::App* add_action(CLI::App& identity, Options& options, const char* name, const char* what, const char* examples) {
  CLI::App* action = add_command(identity, name, what, examples);
  add_profile(*action, options);
  action->add_option("--data", options.data, "The profile's directory, instead of one found by its name")->type_name("DIR");
  return action;
}

void add_new_key_options(CLI::App& app, Options& options, Raw& raw) {
  add_passphrase(app, raw);
  app.add_flag("--no-passphrase", options.no_passphrase, "Keep the key in the clear: who can read the file is you")
      ->excludes("--passphrase-fd");
  app.add_option("--name", options.name, "How you call this identity; local, never sent")->type_name("NAME");
}

void build_identity(CLI::App& app, Options& options, Raw& raw) {
  CLI::App* identity = add_command(app, "identity", "Make, show and guard your identity",
                                   "  comm identity new\n"
                                   "  comm identity export --words");
  identity->require_subcommand(1);
  CLI::App* made = add_action(*identity, options, "new", "Make an identity with a random key",
                              "  comm identity new\n"
                              "  comm identity new --profile work --passphrase-fd 3 3<passphrase-file");
  add_new_key_options(*made, options, raw);

  CLI::App* import = add_action(*identity, options, "import", "Take an identity from recovery words, a SECRET or a key file",
                                "  comm identity import --words\n"
                                "  comm identity import --secret-file ~/secret\n"
                                "  comm identity import backup.key --profile work");
  add_new_key_options(*import, options, raw);
  add_secret(*import, options, raw);
  import->add_flag("--words", options.words, "24 recovery words instead of a SECRET; one line, or until an empty line");
  import->add_option("file", options.file, "A key file; `-`: a SECRET or the words on standard input")->type_name("FILE");

  CLI::App* show = add_action(*identity, options, "show", "Print the address in all its forms, and where the key is",
                              "  comm identity show\n"
                              "  comm identity show --profile work --json");
  show->add_flag("--json", options.json, "As a JSON object");
  add_action(*identity, options, "qr", "Print the address as a QR code",
             "  comm identity qr\n"
             "  comm identity qr --profile work");
  CLI::App* out = add_action(*identity, options, "export", "Copy the key file, or print the recovery words",
                             "  comm identity export backup.key\n"
                             "  comm identity export --words");
  add_passphrase(*out, raw);
  out->add_flag("--words", options.words, "Print the 24 recovery words: they are the key");
  out->add_option("file", options.file, "Where the copy goes; `-`: standard output")->type_name("FILE");

  CLI::App* passwd = add_action(*identity, options, "passwd", "Change the passphrase of the key file",
                                "  comm identity passwd\n"
                                "  comm identity passwd --passphrase-fd 3 --new-passphrase-fd 4 3<old 4<new");
  add_passphrase(*passwd, raw);
  passwd->add_option("--new-passphrase-fd", raw.new_passphrase_fd, "Read the new one from this descriptor")
      ->type_name("FD")->check(CLI::NonNegativeNumber);
  passwd->add_flag("--no-passphrase", options.no_passphrase, "Keep the key in the clear from now on")
      ->excludes("--new-passphrase-fd");
}

void build(CLI::App& app, Options& options, Raw& raw) {
  app.set_version_flag("--version", "comm " COMM_VERSION);
  app.footer(kGeneralFooter);
  app.require_subcommand(0, 1);

  CLI::App* chat = add_command(app, "chat", "Chat; short form: comm SECRET HOST:PORT [BOOTSTRAP...]",
                               "  comm --profile work\n"
                               "  comm chat --secret-file ~/secret --listen 0.0.0.0:6667 --bootstrap relay.example:4242\n"
                               "  comm alice 0.0.0.0:6667 relay.example:4242 --plain");
  add_common(*chat, options, raw);
  add_profile(*chat, options);
  add_passphrase(*chat, raw);
  add_secret(*chat, options, raw);
  add_endpoints(*chat, options, false);
  chat->add_flag("--plain", options.plain, "One line per event, no screen (the default when not on a terminal)");
  chat->add_flag("--json", options.json, "One JSON object per line, in and out")->excludes("--plain");
  chat->add_option("--linger", raw.linger_seconds, "Stay at least this long after the end of input")
      ->type_name("SECONDS")->check(CLI::Range(0.0, 1e6));

  CLI::App* relay = add_command(app, "relay", "Run a relay: carries and keeps the messages of others",
                                "  comm relay --listen 0.0.0.0:4242\n"
                                "  comm relay --listen [::]:4242 --bootstrap relay.example:4242 --data /var/lib/comm\n"
                                "  comm relay --check --data /var/lib/comm");
  add_common(*relay, options, raw);
  add_endpoints(*relay, options, false);
  relay->add_flag("--check", options.check, "Read the whole store of --data, say what it holds or what is wrong, and end");
  relay->add_flag("--repair", options.repair, "Save what can be read of it, move the damaged one aside, and end")
      ->excludes("--check");
  relay->add_flag("--json", options.json, "Report as JSON objects, one per line");
  relay->add_option("--store-limit", raw.store_limit, "Most bytes kept for others (512M, 2G); default 1G")
      ->type_name("SIZE");
  relay->add_option("--mailbox-limit", raw.mailbox_limit, "Most bytes kept for one mailbox; default 64M")
      ->type_name("SIZE");
  relay->add_option("--peer-limit", raw.peer_limit, "Most bytes kept that one node has brought; default 256M")
      ->type_name("SIZE");
  relay->add_option("--links", options.links, "Most connections from others at one time")
      ->type_name("N")->check(CLI::Range(kMinInboundLinks, kMostInboundLinks))->capture_default_str();

  CLI::App* address = add_command(app, "address", "Print both forms of the address that SECRET gives",
                                  "  comm address alice\n"
                                  "  comm address - < secret-file");
  add_secret(*address, options, raw);

  build_identity(app, options, raw);

  CLI::App* demo = add_command(app, "demo", "Three relays and an echo peer on this machine, and the chat",
                               "  comm demo\n"
                               "  comm demo --transcript");
  demo->add_flag("--transcript", options.transcript, "A scripted run that shows and checks each step");

  CLI::App* echo = add_command(app, "echo", "A peer that answers what it is sent",
                               "  comm echo --listen 127.0.0.1:0 --bootstrap 127.0.0.1:4242\n"
                               "  comm echo --listen 127.0.0.1:0 --bootstrap 127.0.0.1:4242 --secret-file ~/secret");
  echo->group("");
  add_common(*echo, options, raw);
  add_secret(*echo, options, raw);
  add_endpoints(*echo, options, true);

  CLI::App* adapter = add_command(app, "adapter", "Driven by the conformance suite (conformance/adapter/PROTOCOL.md)",
                                  "  conformance/comm-conformance run --iut \"comm adapter\"\n"
                                  "  comm adapter --vectors < vectors.jsonl");
  adapter->group("");
  add_common(*adapter, options, raw);
  adapter->add_flag("--vectors", options.vectors, "One vector per line in, one answer per line out");

  CLI::App* version = add_command(app, "version", "Print the version",
                                  "  comm version\n"
                                  "  comm version --json");
  version->add_flag("--json", options.json, "As a JSON object");
}

ParsedOptions usage_error(const std::string& what, const std::string& command) {
  ParsedOptions out;
  out.exit_code = kExitUsage;
  out.text = "comm: " + what + "\nSee `comm" + (command.empty() ? "" : " " + command) + " --help`.\n";
  return out;
}

ParsedOptions finish(Options options, const Raw& raw) {
  ParsedOptions out;
  options.log_level = parse_log_level(raw.log_level).value_or(LogLevel::warning);
  options.test_params = raw.params == "test";
  options.linger = static_cast<Millis>(raw.linger_seconds * 1000.0);
  if (raw.virtual_clock >= 0) options.virtual_clock = raw.virtual_clock;
  if (raw.secret_fd >= 0) options.secret_fd = raw.secret_fd;
  if (raw.passphrase_fd >= 0) options.passphrase_fd = raw.passphrase_fd;
  if (raw.new_passphrase_fd >= 0) options.new_passphrase_fd = raw.new_passphrase_fd;
  struct Size { const char* option; const std::string& text; std::uint64_t& value; };
  for (const Size& given : {Size{"--store-limit", raw.store_limit, options.store_limit},
                            Size{"--mailbox-limit", raw.mailbox_limit, options.mailbox_limit},
                            Size{"--peer-limit", raw.peer_limit, options.peer_limit}}) {
    if (given.text.empty()) continue;
    const auto size = parse_size(given.text);
    if (!size) return usage_error(given.option + (": \"" + given.text) + "\" is not a size such as 512M or 2G.",
                                  options.command);
    given.value = *size;
  }
  const bool offline = options.check || options.repair;
  if (options.command == "relay" && !offline && options.listen.empty())
    return usage_error("--listen is required.", options.command);
  if (offline && options.data.empty())
    return usage_error("--check and --repair need --data, the directory of the node.", options.command);
  if (options.secret_fd && !options.secret_file.empty())
    return usage_error("--secret-file and --secret-fd exclude each other.", options.command);
  out.options = std::move(options);
  return out;
}

// The first option that the command does not have, with the nearest that it has: CLI11 would speak of what is missing
// before it speaks of what is misspelt.
std::string unknown_option(const CLI::App& command, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    if (name.size() < 3 || name.compare(0, 2, "--") != 0 || command.get_option_no_throw(name) != nullptr) continue;
    std::string what = "there is no option " + name;
    for (const CLI::Option* option : command.get_options())
      for (const std::string& known : option->get_lnames())
        if (edit_distance("--" + known, name) <= 2) return what + "; did you mean --" + known + "?";
    return what + ".";
  }
  return {};
}

// The command that the options belong to: `identity`'s own commands are one level deeper.
const CLI::App* innermost(const CLI::App& app, const std::string& command, const std::vector<std::string>& words) {
  const CLI::App* found = app.get_subcommand(command);
  if (command != "identity") return found;
  for (const CLI::App* action : found->get_subcommands([](const CLI::App*) { return true; }))
    if (std::find(words.begin(), words.end(), action->get_name()) != words.end()) return action;
  return found;
}

}  // namespace

ParsedOptions parse_options(const CommandLine& line) {
  CLI::App app("Comm: messages that wait in the network until their reader comes.", "comm");
  Options options;
  Raw raw;
  build(app, options, raw);
  std::vector<std::string> words = line.words;
  std::string command = line.command;
  if (command == "help") {
    command.clear();
    words = {"--help"};
  }
  if (!command.empty()) {
    const std::string wrong = unknown_option(*innermost(app, command, words), words);
    if (!wrong.empty()) return usage_error(wrong, command);
    words.insert(words.begin(), command);
  }
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    const CLI::App* chosen = &app;
    std::string path = "comm";
    while (!chosen->get_subcommands().empty()) {
      if (chosen != &app) path += " " + chosen->get_name();
      chosen = chosen->get_subcommands().front();
    }
    return {std::nullopt, kExitOk, chosen == &app ? app.help() : chosen->help(path)};
  } catch (const CLI::CallForVersion&) {
    return {std::nullopt, kExitOk, "comm " COMM_VERSION "\n"};
  } catch (const CLI::ParseError& error) {
    std::string what = error.what();
    if (!what.empty() && what.back() != '.') what += '.';
    return usage_error(what, command);
  }
  options.command = command;
  if (command == "identity") options.action = app.get_subcommand(command)->get_subcommands().front()->get_name();
  return finish(std::move(options), raw);
}

}  // namespace comm
