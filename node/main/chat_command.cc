#include <langinfo.h>
#include <sys/resource.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cstring>

#include "node/main/commands.h"
#include "node/main/json_frontend.h"
#include "node/main/paths.h"
#include "node/main/plain_frontend.h"
#include "node/main/screen_frontend.h"
#include "node/main/secret_input.h"
#include "proto/seal/os_random.h"

namespace comm {
namespace {

constexpr int kWeakSecretBits = 64;

enum class FrontendKind { screen, plain, json };

bool dumb_terminal() {
  const char* term = std::getenv("TERM");
  return term == nullptr || term[0] == '\0' || std::strcmp(term, "dumb") == 0;
}

FrontendKind frontend_kind(const Options& options) {
  if (options.json) return FrontendKind::json;
  if (options.plain || ::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0 || dumb_terminal())
    return FrontendKind::plain;
  return FrontendKind::screen;
}

void warn_if_weak(const SecretBytes& secret) {
  const int bits = secret_strength_bits(secret.view());
  if (bits >= kWeakSecretBits) return;
  complain("warning: this secret can be guessed (about " + std::to_string(bits) +
           " bits). Who guesses it is you. Take a long one: several random words.");
}

// A process that holds an identity leaves no core file with it.
void no_core_files() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

SafeOptions plain_text_options() {
  if (utf8_locale()) return {};
  // Into a pipe or file the text goes as it is; widths are not needed there, only the tables to judge characters by.
  if (::isatty(STDOUT_FILENO) == 0 && std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr) return {};
  return {.ascii = true};
}

LockedBox<Identity> identity_of(const SecretBytes& secret) { return Identity::from_secret(secret); }

// Fills in the default data directory of this address.
bool settle_data_dir(RuntimeConfig& config, const Address& address, Failure& failure) {
  if (config.data_dir.empty()) config.data_dir = default_data_dir(address_hex(address), failure);
  return !config.data_dir.empty();
}

}  // namespace

bool utf8_locale() { return std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0; }

int run_chat_screen(ChatScreen chat, LockedBox<Identity> identity) {
  block_window_signal();
  Failure failure;
  const std::string data_dir = chat.config.data_dir;
  auto runtime = Runtime::open(chat.config, std::move(identity), failure);
  if (!runtime) return fail(failure);
  const char* no_color = std::getenv("NO_COLOR");
  ScreenConfig config{data_dir, no_color == nullptr || no_color[0] == '\0', !utf8_locale(), std::move(chat.contacts),
                      std::move(chat.greeting)};
  std::string why;
  auto screen = ScreenFrontend::open(*runtime, std::move(config), why);
  if (!screen) return fail({kExitUnavailable, "cannot open the chat screen: " + why + ". Use --plain."});
  const int code = runtime->run(*screen);
  screen->close(code);
  return code;
}

int run_chat(const Options& options, GivenSecret given) {
  no_core_files();
  Failure failure;
  if (!given.secret) given.secret = obtain_secret(options, given.from_stdin, failure);
  if (!given.secret) return fail(failure);
  warn_if_weak(*given.secret);
  LockedBox<Identity> identity = identity_of(*given.secret);
  given.secret.reset();

  RuntimeConfig config = runtime_config(options, Role::client);
  if (!settle_data_dir(config, identity->address(), failure)) return fail(failure);
  const FrontendKind kind = frontend_kind(options);
  if (kind == FrontendKind::screen) return run_chat_screen({std::move(config), {}, {}}, std::move(identity));

  auto runtime = Runtime::open(config, std::move(identity), failure);
  if (!runtime) return fail(failure);
  if (kind == FrontendKind::json) {
    JsonFrontend frontend(*runtime, options.linger);
    return runtime->run(frontend);
  }
  PlainFrontend frontend(*runtime, options.linger, plain_text_options());
  return runtime->run(frontend);
}

int run_echo(const Options& options) {
  no_core_files();
  Failure failure;
  LockedBox<Identity> identity;
  if (options.secret_fd || !options.secret_file.empty()) {
    const auto secret = obtain_secret(options, false, failure);
    if (!secret) return fail(failure);
    identity = identity_of(*secret);
  } else {  // a peer for one run
    Seed seed;
    OsRandom().fill(seed.mut());
    identity = Identity::from_seed(seed, true);
  }
  RuntimeConfig config = runtime_config(options, Role::client);
  if (!settle_data_dir(config, identity->address(), failure)) return fail(failure);
  auto runtime = Runtime::open(config, std::move(identity), failure);
  if (!runtime) return fail(failure);
  EchoFrontend frontend(*runtime);
  return runtime->run(frontend);
}

}  // namespace comm
