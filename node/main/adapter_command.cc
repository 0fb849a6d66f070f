// `comm adapter`: a node under the conformance suite. Configuration comes from the environment, commands and events are
// those of `comm chat --json`, and `tick` moves the virtual clock: its lines go down a pipe that the runtime reads, so that
// time passes here exactly as it does with --virtual-clock.
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "node/main/commands.h"
#include "node/main/json_frontend.h"
#include "node/shell/unique_fd.h"

namespace comm {
namespace {

std::string environment(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> out;
  for (std::size_t start = 0; start < list.size();) {
    const std::size_t end = std::min(list.find(',', start), list.size());
    if (end > start) out.push_back(list.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

Profile short_profile() {
  Options options;
  options.test_params = true;
  return options.profile();
}

// A number of bytes of the environment, if it is one.
void limit(const char* name, std::uint64_t& bytes) {
  const std::string text = environment(name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) bytes = value;
}

RuntimeConfig adapter_config(const Options& options, int clock) {
  RuntimeConfig config = runtime_config(options, environment("CF_ROLE", "client") == "relay" ? Role::relay : Role::client);
  limit("CF_STORE_QUOTA", config.store_quota);
  limit("CF_MAILBOX_QUOTA", config.mailbox_quota);
  limit("CF_INGRESS_QUOTA", config.ingress_quota);
  limit("CF_MAX_STAGED", config.staged_limit);
  config.data_dir = environment("CF_DIR");
  config.listen = environment("CF_LISTEN", "127.0.0.1:0");
  config.bootstrap = split(environment("CF_PEERS"));
  if (environment("CF_PROFILE", "test") == "test") config.profile = short_profile();
  config.virtual_clock_fd = clock;
  return config;
}

// The user of a typed SECRET, or a generated one, whose prekeys are random, of its seed; null if that is none.
LockedBox<Identity> adapter_identity() {
  const std::string text = environment("CF_SEED");
  if (text.empty()) return Identity::from_secret(SecretBytes(as_bytes(environment("CF_SECRET"))));
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != Seed::size()) return nullptr;
  return Identity::from_seed(Seed(std::span<const std::uint8_t, Seed::size()>(*bytes)), false);
}

}  // namespace

int run_adapter(const Options& options) {
  if (options.vectors) return run_vectors();
  no_core_files();
  const std::string profile = environment("CF_PROFILE", "test");
  if (environment("CF_DIR").empty() || (environment("CF_SECRET").empty() && environment("CF_SEED").empty()))
    return fail({kExitUsage, "adapter: CF_DIR and CF_SECRET must be set; it is started by comm-conformance run --iut \"comm adapter\"."});
  if (profile != "test" && profile != "default")
    return fail({kExitUsage, "adapter: CF_PROFILE is \"" + profile + "\"; it is default or test."});
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC | O_NONBLOCK) != 0) return fail({kExitUnavailable, "adapter: no pipe for the virtual clock."});
  const UniqueFd clock(pipe[0]), ticks(pipe[1]);

  auto identity = adapter_identity();
  if (!identity) return fail({kExitUsage, "adapter: CF_SEED is not 64 hex digits."});
  Failure failure;
  auto runtime = Runtime::open(adapter_config(options, clock.get()), std::move(identity), failure);
  if (!runtime) return fail(failure);
  JsonFrontend frontend(*runtime, options.linger, kDefaultLifetimeMinutes, ticks.get());
  return runtime->run(frontend);
}

}  // namespace comm
