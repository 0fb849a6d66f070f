#include "node/main/options.h"

#include <CLI/CLI.hpp>

namespace comm {
namespace {

// Texts as CLI11 hands them over, before they become values.
struct Raw {
  std::string log_level = "warning", params = "default", store_limit;
  double linger_seconds = 0;
  int virtual_clock = -1, secret_fd = -1;
};

const char* const kGeneralFooter =
    "Examples:\n"
    "  comm alice 0.0.0.0:6667 relay.example:4242    chat as alice through a relay\n"
    "  comm relay --listen 0.0.0.0:4242              run a relay\n"
    "\n"
    "`comm SECRET HOST:PORT [BOOTSTRAP...]` is the chat with the address that SECRET gives; `-` in the place of SECRET\n"
    "reads it from standard input. `comm COMMAND --help` tells more.\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 6 left before a relay had everything, 64 usage, 65 corrupt data, 69 cannot listen,\n"
    "73 data in use, 74 input or output failed, 77 no permission, 78 configuration.";

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

void build(CLI::App& app, Options& options, Raw& raw) {
  app.set_version_flag("--version", "comm " COMM_VERSION);
  app.footer(kGeneralFooter);
  app.require_subcommand(0, 1);

  CLI::App* chat = add_command(app, "chat", "Chat; short form: comm SECRET HOST:PORT [BOOTSTRAP...]",
                               "  comm chat --secret-file ~/secret --listen 0.0.0.0:6667 --bootstrap relay.example:4242\n"
                               "  comm alice 0.0.0.0:6667 relay.example:4242 --plain");
  add_common(*chat, options, raw);
  add_secret(*chat, options, raw);
  add_endpoints(*chat, options, true);
  chat->add_flag("--plain", options.plain, "One line per event, no screen (the default when not on a terminal)");
  chat->add_flag("--json", options.json, "One JSON object per line, in and out")->excludes("--plain");
  chat->add_option("--linger", raw.linger_seconds, "Stay at least this long after the end of input")
      ->type_name("SECONDS")->check(CLI::Range(0.0, 1e6));

  CLI::App* relay = add_command(app, "relay", "Run a relay: carries and keeps the messages of others",
                                "  comm relay --listen 0.0.0.0:4242\n"
                                "  comm relay --listen [::]:4242 --bootstrap relay.example:4242 --data /var/lib/comm");
  add_common(*relay, options, raw);
  add_endpoints(*relay, options, true);
  relay->add_flag("--json", options.json, "Report as JSON objects, one per line");
  relay->add_option("--store-limit", raw.store_limit, "Most bytes kept for others (512M, 2G); default 1G")
      ->type_name("SIZE");

  CLI::App* address = add_command(app, "address", "Print both forms of the address that SECRET gives",
                                  "  comm address alice\n"
                                  "  comm address - < secret-file");
  add_secret(*address, options, raw);

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
  if (!raw.store_limit.empty()) {
    const auto size = parse_size(raw.store_limit);
    if (!size) return usage_error("--store-limit: \"" + raw.store_limit + "\" is not a size such as 512M or 2G.",
                                  options.command);
    options.store_limit = *size;
  }
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
    const std::string wrong = unknown_option(*app.get_subcommand(command), words);
    if (!wrong.empty()) return usage_error(wrong, command);
    words.insert(words.begin(), command);
  }
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    return {std::nullopt, kExitOk, chosen.empty() ? app.help() : chosen.front()->help("comm")};
  } catch (const CLI::CallForVersion&) {
    return {std::nullopt, kExitOk, "comm " COMM_VERSION "\n"};
  } catch (const CLI::ParseError& error) {
    std::string what = error.what();
    if (!what.empty() && what.back() != '.') what += '.';
    return usage_error(what, command);
  }
  options.command = command;
  return finish(std::move(options), raw);
}

}  // namespace comm
