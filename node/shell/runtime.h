// A running node: opens the data directory, store, transport and threads, drives core and agent, and talks to one
// Frontend (chat screen, --plain, --json, relay reports). Built by node/main, used from the thread that calls run();
// `post` and `stop` alone may be called from any thread. Nothing outside node/shell sees ZeroMQ, threads or clocks.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "node/agent/driver.h"

namespace comm {

// Exit codes of the program (README, "Exit codes"; after sysexits.h).
enum ExitCode : int {
  kExitOk = 0, kExitFailed = 1, kExitTimedOut = 6, kExitUsage = 64, kExitCorrupt = 65, kExitUnavailable = 69,
  kExitLocked = 73, kExitIo = 74, kExitPermission = 77, kExitConfig = 78
};

// Why a node could not start or go on: an exit code and a sentence (what, why, what next).
struct Failure { int exit_code = kExitFailed; std::string sentence; };

enum class LogLevel : std::uint8_t { error, warning, info, debug };
std::optional<LogLevel> parse_log_level(std::string_view text);

struct RuntimeConfig {
  std::string data_dir;                 // created 0700; locked while running
  std::string listen;                   // HOST:PORT; port 0 lets the system choose
  std::vector<std::string>
      bootstrap;  // HOST:PORT or NODEID@HOST:PORT; names resolved here, retried until they resolve
  std::string network = "comm";
  Role role = Role::relay;
  Profile profile;
  std::uint64_t store_quota = kDefaultStoreQuotaBytes;
  std::uint64_t mailbox_quota = kMailboxQuotaBytes;
  std::uint64_t ingress_quota = kIngressQuotaBytes;
  std::uint64_t staged_limit = kMaxStagedBytes;
  std::optional<int> virtual_clock_fd;  // lines "tick MS" move the clocks; they stand still otherwise
  LogLevel log_level = LogLevel::warning;
  std::string program = "comm";         // named in the lock file and in messages
  std::size_t max_inbound_links = kMaxInboundLinks;
  int handshakes_per_second = 50;       // inbound, in all, at least; a fifth of it from one address prefix
};

struct Ready {
  std::optional<Address> address;       // null for a relay
  std::string endpoint;                 // as bound, numeric
  NodeId node_id;
};

// Called on the thread of run(). May call any method of Runtime.
class Frontend {
 public:
  virtual ~Frontend() = default;
  virtual void ready(const Ready& ready) = 0;
  virtual void user(const UserEvent& event) = 0;
  virtual void ticked() {}              // a virtual-clock line has been worked off completely
  virtual void leaving() {}             // the node is about to stop: the last commands, flushed like all before
  virtual void turn() {}                // after each round of the reactor: look at status, flush output
};

class Runtime {
 public:
  // `identity` null: a relay without a user. Argon2 for the identity is the caller's affair and done already.
  static std::unique_ptr<Runtime> open(const RuntimeConfig& config, LockedBox<Identity> identity, Failure& failure);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Until stop(), SIGTERM or SIGINT (unless watched by the frontend), or a fatal failure. Returns an exit code; a
  // failure's sentence has been logged.
  int run(Frontend& frontend);

  // --- on the thread of run() only ---
  void command(const UserCommand& command);
  void connect(const std::string& endpoint);       // another bootstrap
  // Calls `readable` whenever `fd` has input or is at its end, until unwatch.
  void watch(int fd, std::function<void()> readable);
  // The same for input that can wait: not looked at while the disk lags behind what came before.
  void watch_patiently(int fd, std::function<void()> readable);
  void unwatch(int fd);
  // One-shot timer on the node's (maybe virtual) mono clock.
  void after(Millis delay, std::function<void()> fire);
  const Agent* agent() const;
  CoreStatus core_status() const;
  std::vector<NodeCore::PeerInfo> peers() const;
  std::optional<NodeCore::MessageInfo> message_info(const MessageId& id) const;
  Totals totals() const;                           // staged view of the store
  TimePoint now() const;

  // --- from any thread ---
  void post(std::function<void(Runtime&)> job);    // run on the reactor's thread, in order
  void stop(int exit_code = kExitOk);              // flushes the store, closes links, returns from run()

 private:
  explicit Runtime();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace comm
