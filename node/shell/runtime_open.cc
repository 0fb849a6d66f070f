// How a node comes up: each step either works or says, with an exit code, what is wrong and what to do.
#include <cerrno>
#include <cstring>
#include <exception>

#include "node/shell/runtime_impl.h"

namespace comm {
namespace {

constexpr std::size_t kMaxJobs = 65'536;
constexpr std::size_t kLinksPerIdCheck = 256;  // all links are checked within that many seconds
constexpr Millis kVirtualStartMono = kDay;  // differences of instants near the start stay positive

std::unique_ptr<Clock> make_clock(const RuntimeConfig& config) {
  if (!config.virtual_clock_fd) return std::make_unique<RealClock>();
  return std::make_unique<VirtualClock>(TimePoint{kVirtualStartMono, virtual_start_wall()});
}

TransportConfig transport_config(const RuntimeConfig& config) {
  TransportConfig out;
  out.network = config.network;
  out.max_inbound = config.max_inbound_links;
  // Everybody is back within twenty seconds of a restart. A handshake costs 0.6 ms.
  out.handshakes_per_second =
      std::max(config.handshakes_per_second, static_cast<int>(config.max_inbound_links / 20));
  fit_to_descriptors(out, raise_descriptor_limit());
  return out;
}

Failure malformed_endpoint(const std::string& text, const char* examples) {
  return {kExitUsage, "\"" + text + "\" is not HOST:PORT. Examples: " + examples + "."};
}

Failure cannot_listen(const std::string& where, int error) {
  const std::string head = "cannot listen on " + where + ": ";
  switch (error) {
    case EADDRINUSE: return {kExitUnavailable, head + "address in use. Choose another port, or stop what uses it."};
    case EADDRNOTAVAIL:
    case ENODEV:
      return {kExitUnavailable,
              head + "this machine does not have that address. Use 0.0.0.0 or [::] for all."};
    case EACCES: return {kExitUnavailable, head + "permission denied. Choose a port above 1023."};
    default: return {kExitUnavailable, head + zmq_strerror(error) + "."};
  }
}

}  // namespace

int exit_code_of(OpenFailure failure) {
  switch (failure) {
    case OpenFailure::locked: return kExitLocked;
    case OpenFailure::corrupt:
    case OpenFailure::older:
    case OpenFailure::foreign: return kExitCorrupt;
    case OpenFailure::none:
    case OpenFailure::io: break;
  }
  return kExitIo;
}

Runtime::Impl::Impl(const RuntimeConfig& configuration)
    : config(configuration),
      log(Log::to_stderr(configuration.log_level)),
      clock(make_clock(configuration)),
      jobs(kMaxJobs),
      hasher(configuration.profile.cheap_node_ids),
      transport(transport_config(configuration), random) {
  if (!config.virtual_clock_fd) return;
  virtual_clock = static_cast<VirtualClock*>(clock.get());
  tick_fd = *config.virtual_clock_fd;
}

Runtime::Impl::~Impl() = default;

bool Runtime::Impl::prepare(Failure& failure) {
  data_dir = DataDir::open(config.data_dir, config.program, failure);
  if (!data_dir) return false;
  OpenResult opened = open_leveldb_store(data_dir->store_path());
  if (opened.store == nullptr) {
    failure = {exit_code_of(opened.failure), opened.detail};
    return false;
  }
  store = std::move(opened.store);
  auto rows = load_node_key(*store, random, config.profile.cheap_node_ids, failure);
  if (!rows) return false;
  node_key.emplace(std::move(rows->key));
  node_id = rows->id;
  return true;
}

bool Runtime::Impl::listen(Failure& failure) {
  if (config.listen.empty()) return true;  // dials only
  auto where = parse_host_port(config.listen, false, true);
  if (!where) {
    failure = malformed_endpoint(config.listen, "0.0.0.0:4242, [::]:4242, localhost:0");
    return false;
  }
  if (!where->numeric) {
    std::string error;
    const auto found = resolve_host(where->host, where->port, error);
    if (found.empty()) {
      failure = {kExitUnavailable, "cannot listen on " + config.listen + ": " + error + ". Use a numeric address."};
      return false;
    }
    where->numeric = found.front();
  }
  Endpoint chosen;
  if (const int error = transport.bind(*where->numeric, chosen); error != 0) {
    failure = cannot_listen(config.listen, error);
    return false;
  }
  bound = chosen;
  return true;
}

bool Runtime::Impl::take_bootstraps(Failure& failure) {
  for (const std::string& text : config.bootstrap) {
    const auto where = parse_host_port(text, true, false);
    if (!where) {
      failure = malformed_endpoint(text, "seed.example:4242, 192.0.2.7:4242, NODEID@[2001:db8::7]:4242");
      return false;
    }
    if (where->numeric) bootstraps.push_back({*where->numeric, where->pin});
    else resolver.submit(*where);
  }
  return true;
}

void Runtime::Impl::assemble(LockedBox<Identity> identity) {
  if (identity != nullptr)
    agent = std::make_unique<Agent>(AgentConfig{config.profile}, std::move(identity), *store, random);
  CoreConfig core_config;
  core_config.id = node_id;
  core_config.role = config.role;
  if (bound) core_config.listen.push_back(*bound);
  core_config.bootstrap = bootstraps;
  core_config.store_quota = config.store_quota;
  core_config.mailbox_quota = config.mailbox_quota;
  core_config.ingress_quota = config.ingress_quota;
  core_config.staged_limit = config.staged_limit;
  core_config.max_sessions = std::max(kMaxSessions, config.max_inbound_links + kMaxSessions - kMaxInboundLinks);
  core_config.profile = config.profile;
  // A relay of many links must not be an hour at checking ids when all come back; cheap ids cost nothing to check.
  core_config.id_checks_per_second =
      config.profile.cheap_node_ids
          ? static_cast<int>(kMostInboundLinks)
          : std::max(kIdChecksPerSecond, static_cast<int>(config.max_inbound_links / kLinksPerIdCheck));
  core = std::make_unique<NodeCore>(std::move(core_config), *node_key, *store, random, agent.get());
  driver = std::make_unique<Driver>(*core, agent.get(), *store, *this);
  committer = std::make_unique<Committer>(*store, [this] { commit_wake.signal(); });
}

std::unique_ptr<Runtime> Runtime::open(const RuntimeConfig& config, LockedBox<Identity> identity, Failure& failure) {
  init_crypto();
  signal(SIGPIPE, SIG_IGN);  // a reader of our output that went away is an error of write(), not our end
  try {
    std::unique_ptr<Runtime> out(new Runtime);
    out->impl_ = std::make_unique<Impl>(config);
    Impl& impl = *out->impl_;
    impl.self = out.get();
    if (!impl.take_bootstraps(failure) || !impl.prepare(failure) || !impl.listen(failure)) return nullptr;
    impl.assemble(std::move(identity));
    return out;
  } catch (const std::exception& error) {
    failure = {kExitFailed, std::string("cannot start: ") + error.what() + "."};
    return nullptr;
  }
}

}  // namespace comm
