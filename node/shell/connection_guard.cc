#include "node/shell/connection_guard.h"

#include <fcntl.h>
#include <linux/tcp.h>  // the C library's tcp_info ends before tcpi_bytes_received
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstring>
#include <utility>

namespace comm {
namespace {

constexpr rlim_t kWantedDescriptors = 65'536;
// What a link costs: libzmq's descriptor and our own, or a dial's socket, its two mailboxes and its monitor.
constexpr std::size_t kInboundDescriptors = 2, kDialDescriptors = 4;
constexpr std::size_t kOtherDescriptors = 352;  // the store's tables, its log, our pipes and threads, the reserve
// Past this number a connection gets no second descriptor: libzmq's own is used then, at the small risk that it was
// given to another connection a moment ago.
constexpr int kMostOwnDescriptors = 8'192;
constexpr std::size_t kSweptAtOnce = 2'048;  // one look at a connection costs half a microsecond
// One prefix may start at most this share of all handshakes, so that a single network cannot starve the others.
constexpr int kPrefixShare = 5;

std::optional<Endpoint> remote_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  Endpoint out;
  if (address.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    out.ip[10] = out.ip[11] = 0xff;
    std::memcpy(out.ip.data() + 12, &in.sin_addr, 4);
    out.port = ntohs(in.sin_port);
    return out;
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    std::memcpy(out.ip.data(), &in.sin6_addr, 16);
    out.port = ntohs(in.sin6_port);
    return out;
  }
  return std::nullopt;
}

// Bytes that arrived at the kernel; 0 if unknown (Linux before 4.1).
std::uint64_t bytes_received(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_bytes_received;
}

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kWantedDescriptors) return kWantedDescriptors;
  rlimit raised = limit;
  raised.rlim_cur = limit.rlim_max == RLIM_INFINITY ? kWantedDescriptors : std::min(limit.rlim_max, kWantedDescriptors);
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

void fit_to_descriptors(TransportConfig& config, std::size_t limit) {
  const std::size_t others = std::min(kOtherDescriptors, limit / 2);
  const std::size_t half = (limit - others) / 2;  // for those who come, and for those we go to
  config.max_inbound = std::min(config.max_inbound, half / kInboundDescriptors);
  config.max_dials = std::min(config.max_dials, half / kDialDescriptors);
  config.reserved_descriptors = std::min(config.reserved_descriptors, limit / 8);
}

const char* ConnectionGuard::refuse_reason(Millis now, const Endpoint& remote) {
  if (now - window_ >= kSecond) {
    window_ = now;
    started_ = 0;
  }
  if (serving_ >= config_.max_inbound) return "inbound-links-full";
  if (started_ >= config_.handshakes_per_second) return "handshake-rate";
  if (!remote.is_local()) {
    PrefixUse& use = prefixes_[remote.prefix()];
    if (now - use.window >= kSecond) {
      use.window = now;
      use.started = 0;
    }
    if (use.links >= config_.max_per_prefix) return "prefix-full";
    if (use.started >= std::max(1, config_.handshakes_per_second / kPrefixShare)) return "prefix-rate";
    ++use.started;
  }
  ++started_;
  return nullptr;
}

const char* ConnectionGuard::accepted(Millis now, int fd) {
  CHECK(!connections_.contains(fd));
  Inbound connection;
  if (fd < kMostOwnDescriptors) connection.own = UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  const int handle = connection.own ? connection.own.get() : fd;
  const auto remote = remote_of(handle);
  connection.generation = ++generations_;
  connection.accepted = now;
  if (remote) connection.remote = *remote;
  const char* reason = remote ? refuse_reason(now, *remote) : "already-gone";
  connection.cut = reason != nullptr;
  if (connection.cut) {
    shutdown(handle, SHUT_RDWR);
    connection.own.reset();
  } else {
    ++serving_;
    if (!remote->is_local()) ++prefixes_[remote->prefix()].links;
  }
  connections_.emplace(fd, std::move(connection));
  return reason;
}

void ConnectionGuard::release(const Inbound& connection) {
  --serving_;
  if (connection.remote.is_local()) return;
  const auto use = prefixes_.find(connection.remote.prefix());
  if (use != prefixes_.end() && use->second.links > 0) --use->second.links;
}

LinkId ConnectionGuard::disconnected(int fd) {
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return 0;
  const LinkId link = found->second.link;
  if (!found->second.cut) release(found->second);
  connections_.erase(found);
  return link;
}

void ConnectionGuard::accept_failed() {
  reserve_.clear();
  starved_ = true;
}

Inbound* ConnectionGuard::find(int fd) {
  const auto found = connections_.find(fd);
  return found == connections_.end() || found->second.cut ? nullptr : &found->second;
}

Inbound* ConnectionGuard::find(int fd, std::uint64_t generation) {
  Inbound* connection = find(fd);
  return connection != nullptr && connection->generation == generation ? connection : nullptr;
}

void ConnectionGuard::packet_arrived(Inbound& connection) { connection.delivered = connection.spoke = true; }

void ConnectionGuard::cut(int fd, Inbound& connection) {
  if (connection.cut) return;
  release(connection);
  connection.cut = true;
  // Its entry stays until libzmq reports the end; the number is not free before.
  shutdown(connection.own ? connection.own.get() : fd, SHUT_RDWR);
}

const char* ConnectionGuard::fault(Millis now, Inbound& connection, int fd) const {
  if (connection.cut_at) return now >= *connection.cut_at ? "closed" : nullptr;
  if (!connection.spoke && now - connection.accepted >= config_.first_packet_within) return "silent";
  const std::uint64_t bytes = bytes_received(connection.own ? connection.own.get() : fd);
  if (std::exchange(connection.delivered, false)) connection.baseline = bytes;
  return bytes > connection.baseline && bytes - connection.baseline > config_.max_unfinished_bytes ? "endless-message"
                                                                                                   : nullptr;
}

void ConnectionGuard::sweep(Millis now, const std::function<void(const char*)>& reason) {
  const auto look_at = [&](int fd, Inbound& connection) {
    if (connection.cut) return;
    const char* why = fault(now, connection, fd);
    if (why == nullptr) return;
    cut(fd, connection);
    reason(why);
  };
  // Round and round, a part at a time if there are many.
  auto at = connections_.upper_bound(swept_to_);
  for (std::size_t left = std::min(kSweptAtOnce, connections_.size()); left > 0; --left, ++at) {
    if (at == connections_.end()) at = connections_.begin();
    swept_to_ = at->first;
    look_at(at->first, at->second);
  }
  std::erase_if(prefixes_,
                [&](const auto& entry) { return entry.second.links == 0 && now - entry.second.window > kSecond; });
  if (!starved_) return;
  while (reserve_.size() < config_.reserved_descriptors) {
    UniqueFd spare(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!spare) return;
    reserve_.push_back(std::move(spare));
  }
  starved_ = false;
}

}  // namespace comm
