#include "node/shell/endpoint_text.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <cstring>
#include <memory>

namespace comm {
namespace {

constexpr std::size_t kMaxHost = 253;

bool is_host_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

std::optional<std::uint16_t> parse_port(std::string_view text, bool allow_zero) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty() || value > 65'535) return std::nullopt;
  if (value == 0 && !allow_zero) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

std::optional<Endpoint> endpoint_of(const sockaddr* address, std::uint16_t port) {
  Endpoint out;
  out.port = port;
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    out.ip[10] = out.ip[11] = 0xff;
    std::memcpy(out.ip.data() + 12, &in.sin_addr, 4);
    return out;
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 in{};
  std::memcpy(&in, address, sizeof in);
  std::memcpy(out.ip.data(), &in.sin6_addr, 16);
  return out;
}

}  // namespace

std::optional<HostPort> parse_host_port(std::string_view text, bool allow_pin, bool allow_port_0) {
  HostPort out;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    const auto bytes = from_hex(text.substr(0, at));
    if (!allow_pin || !bytes) return std::nullopt;
    out.pin = NodeId::from(*bytes);
    if (!out.pin) return std::nullopt;
    text.remove_prefix(at + 1);
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1), allow_port_0);
  std::string_view host = text.substr(0, colon);
  if (!port || host.empty()) return std::nullopt;
  out.port = *port;
  // The port is checked above; parse_endpoint may refuse 0.
  if (const auto numeric = parse_endpoint(std::string(host) + ":1")) {
    out.numeric = numeric;
    out.numeric->port = *port;
  } else if (host.size() > kMaxHost || !std::all_of(host.begin(), host.end(), is_host_character)) {
    return std::nullopt;
  } else if (std::all_of(host.begin(), host.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; })) {
    return std::nullopt;  // an IPv4 address with a mistake in it, not a name
  }
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  out.host = std::string(host);
  return out;
}

std::vector<Endpoint> resolve_host(const std::string& host, std::uint16_t port, std::string& error) {
  if (host == "localhost") {  // is known without asking anybody (RFC 6761): not every system has it in /etc/hosts
    Endpoint loopback = *parse_endpoint("127.0.0.1:1");
    loopback.port = port;
    return {loopback};
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int code = getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0) {
    error = gai_strerror(code);
    return {};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  std::vector<Endpoint> v4, out;
  for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
    const auto endpoint = endpoint_of(item->ai_addr, port);
    if (!endpoint) continue;
    auto& into = endpoint->is_v4() ? v4 : out;
    if (std::find(into.begin(), into.end(), *endpoint) == into.end()) into.push_back(*endpoint);
  }
  out.insert(out.begin(), v4.begin(), v4.end());
  if (!out.empty() && out.front().is_local()) out.resize(1);
  if (out.size() > kMaxResolved) out.resize(kMaxResolved);
  if (out.empty()) error = "no address";
  return out;
}

}  // namespace comm
