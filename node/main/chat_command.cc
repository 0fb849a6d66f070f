#include <langinfo.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "node/main/commands.h"
#include "node/main/first_run.h"
#include "node/main/identity_unlock.h"
#include "node/main/json_frontend.h"
#include "node/main/paths.h"
#include "node/main/plain_frontend.h"
#include "node/main/safe_output.h"
#include "node/main/screen_frontend.h"
#include "node/main/secret_input.h"
#include "node/shell/data_dir.h"
#include "proto/seal/os_random.h"

namespace comm {
namespace {

constexpr int kWeakSecretBits = 64;
constexpr const char* kAnyPort = "0.0.0.0:0";

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

SafeOptions plain_text_options(const Settings& settings) {
  if (settings.ascii.value_or(false)) return {.ascii = true};
  return safe_options(STDOUT_FILENO);
}

// Fills in the default data directory of this address.
bool settle_data_dir(RuntimeConfig& config, const Address& address, Failure& failure) {
  if (config.data_dir.empty()) config.data_dir = default_data_dir(address_hex(address), failure);
  return !config.data_dir.empty();
}

// What the settings say about the screen.
ScreenConfig screen_config(const Settings& settings) {
  ScreenConfig out;
  out.ascii = settings.ascii.value_or(false) || !utf8_locale();
  out.lifetime = settings.ttl_minutes.value_or(kDefaultLifetimeMinutes);
  out.own_name = settings.name.value_or("");
  out.screen.sidebar = settings.sidebar.value_or(0);
  out.screen.show_info = settings.info.value_or(true);
  const std::string bell = settings.bell.value_or("unfocused");
  out.screen.bell = bell == "off" ? Bell::off : bell == "all" ? Bell::all : Bell::unfocused;
  for (const auto& [action, keys] : settings.keys) out.keymap.bind(action, keys);
  return out;
}

// Who chats, and where.
struct User {
  LockedBox<Identity> identity;
  RuntimeConfig config;
  Settings settings;
};

// A SECRET was given or is named by an option; else it is a profile's identity.
bool has_secret(const Options& options, const GivenSecret& given) {
  return given.secret || given.from_stdin || options.secret_fd || !options.secret_file.empty() || secret_in_credentials();
}

std::optional<User> user_of_secret(const Options& options, GivenSecret given, Failure& failure) {
  if (!given.secret) given.secret = obtain_secret(options, given.from_stdin, failure);
  if (!given.secret) return std::nullopt;
  warn_if_weak(*given.secret);
  User out;
  // Where to listen and whom to join is said on the command line: a typed SECRET takes nothing but looks from a file.
  const auto settings = load_configuration(options, failure);
  if (!settings) return std::nullopt;
  out.settings = *settings;
  out.identity = Identity::from_secret(*given.secret);
  out.config = runtime_config(options, Role::client);
  if (out.config.listen.empty()) out.config.listen = kAnyPort;
  if (!settle_data_dir(out.config, out.identity->address(), failure)) return std::nullopt;
  return out;
}

bool wants_color() {
  const char* no_color = std::getenv("NO_COLOR");
  return no_color == nullptr || no_color[0] == '\0';
}

std::optional<User> user_of_profile(const Options& options, Failure& failure) {
  auto place = find_profile(options, failure);
  if (!place) return std::nullopt;
  const bool ask_all = !place->has_identity && frontend_kind(options) == FrontendKind::screen;
  // Whether the directory can be used, and by us, is said before anything is asked for.
  if ((place->has_identity || ask_all) && !DataDir::usable(place->dir, "comm chat", failure)) return std::nullopt;
  IdentitySeedBox seed;
  if (place->has_identity) {
    seed = unlock(*place, options, failure);
  } else if (ask_all) {
    seed = first_run(*place, wants_color(), place->settings.ascii.value_or(false) || !utf8_locale(), failure);
  } else {
    failure = no_identity(*place);
  }
  if (!seed) return std::nullopt;
  User out;
  out.identity = identity_of_seed(*seed);
  out.config = runtime_config(options, Role::client);
  out.config.data_dir = place->dir;
  if (out.config.listen.empty()) out.config.listen = place->settings.listen.value_or(kAnyPort);
  if (out.config.bootstrap.empty()) out.config.bootstrap = place->settings.bootstrap.value_or(std::vector<std::string>{});
  out.settings = std::move(place->settings);
  return out;
}

}  // namespace

void no_core_files() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

bool utf8_locale() {
  static const bool utf8 = std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;  // safe_options may set another later
  return utf8;
}

int run_chat_screen(ChatScreen chat, LockedBox<Identity> identity) {
  Screen::block_signals();
  Failure failure;
  const std::string data_dir = chat.config.data_dir;
  std::vector<std::string> bootstrap = chat.config.bootstrap;
  auto runtime = Runtime::open(chat.config, std::move(identity), failure);
  if (!runtime) return fail(failure);
  ScreenConfig config = screen_config(chat.settings);
  config.data_dir = data_dir;
  config.bootstrap = std::move(bootstrap);
  config.color = wants_color();
  config.contacts = std::move(chat.contacts);
  config.greeting = std::move(chat.greeting);
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
  auto user = has_secret(options, given) ? user_of_secret(options, std::move(given), failure) : user_of_profile(options, failure);
  if (!user) return fail(failure);
  const FrontendKind kind = frontend_kind(options);
  if (kind == FrontendKind::screen)
    return run_chat_screen({std::move(user->config), {}, {}, std::move(user->settings)}, std::move(user->identity));

  auto runtime = Runtime::open(user->config, std::move(user->identity), failure);
  if (!runtime) return fail(failure);
  const std::uint16_t lifetime = user->settings.ttl_minutes.value_or(kDefaultLifetimeMinutes);
  if (kind == FrontendKind::json) {
    JsonFrontend frontend(*runtime, options.linger, lifetime);
    return runtime->run(frontend);
  }
  PlainFrontend frontend(*runtime, {options.linger, plain_text_options(user->settings), lifetime, user->config.bootstrap});
  return runtime->run(frontend);
}

int run_echo(const Options& options) {
  no_core_files();
  Failure failure;
  LockedBox<Identity> identity;
  if (options.secret_fd || !options.secret_file.empty()) {
    const auto secret = obtain_secret(options, false, failure);
    if (!secret) return fail(failure);
    identity = Identity::from_secret(*secret);
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
