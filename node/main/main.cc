// The program's way in. First of all the SECRET leaves argv, where every process of the machine can read it; then the
// process is set up (umask, locale, signals), the options are parsed and the subcommand runs.
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstring>

#include "node/main/commands.h"
#include "node/main/output.h"
#include "proto/seal/os_random.h"

namespace comm {
namespace {

// Copies argv's SECRET and overwrites it. The copy is on the heap, erased by its type, for the moment that libsodium
// takes to start: waiting for locked memory would keep the secret visible longer.
WipedBytes take_secret(char* word) {
  WipedBytes out(to_bytes(as_bytes(word)));
  std::memset(word, 0, std::strlen(word));
  asm volatile("" : : "r"(word) : "memory");  // the store happens here, not when argv is next looked at
  return out;
}

int unknown(const CommandLine& line) {
  std::string sentence = "the first word is neither a command nor, with HOST:PORT after it, a secret.";
  if (!line.hint.empty()) sentence = "there is no such command; did you mean `comm " + line.hint + "`?";
  complain(sentence + "\nChat: `comm SECRET HOST:PORT [BOOTSTRAP...]`. Commands: chat, relay, address, identity, demo, version.\n"
                      "See `comm --help`.");
  return kExitUsage;
}

int dispatch(const Options& options, GivenSecret given) {
  if (options.command == "chat") return run_chat(options, std::move(given));
  if (options.check || options.repair) return run_store(options);
  if (options.command == "relay") return run_relay(options);
  if (options.command == "identity") return run_identity(options);
  if (options.command == "address") return run_address(options, std::move(given));
  if (options.command == "demo") return run_demo(options);
  if (options.command == "adapter") return run_adapter(options);
  if (options.command == "echo") return run_echo(options);
  return run_version(options);
}

int run(int argc, char** argv) {
  if (argc > 0) called_as(argv[0]);
  std::vector<std::string_view> words;
  for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
  const CommandLine line = scan_command_line(words);
  WipedBytes taken;
  if (line.secret_index) taken = take_secret(argv[*line.secret_index + 1]);

  ::umask(077);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write(), exit 74
  std::signal(SIGXFSZ, SIG_IGN);  // so is a file that may not grow, to the store a full disk
  std::setlocale(LC_ALL, "");
  std::setlocale(LC_NUMERIC, "C");
  init_crypto();

  if (line.form == Form::unknown) return unknown(line);
  const ParsedOptions parsed = parse_options(line);
  if (!parsed.options) {
    const std::string text = with_program_name(parsed.text);
    if (parsed.exit_code == kExitOk) return print_lines(text);
    Output(STDERR_FILENO).write(text);
    return parsed.exit_code;
  }
  if (line.secret_index && taken.bytes.empty()) {
    complain("the secret is empty. Give one, or `-` to read it from standard input.");
    return kExitUsage;
  }
  GivenSecret given;
  given.from_stdin = line.secret_from_stdin;
  if (!taken.bytes.empty()) given.secret.emplace(taken.bytes);
  secure_zero(taken.bytes);
  return dispatch(*parsed.options, std::move(given));
}

}  // namespace
}  // namespace comm

int main(int argc, char** argv) { return comm::run(argc, argv); }
