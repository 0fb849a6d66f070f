// Endpoints as people write them: HOST:PORT, [V6]:PORT, NODEID@HOST:PORT. Numeric ones become Endpoints at once; names
// are resolved (listening: here and now; bootstraps: by Resolver, since that may take long). ZeroMQ only ever sees
// numbers, because it would resolve names in its one I/O thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/ids.h"

namespace comm {

struct HostPort {
  std::optional<NodeId> pin;   // NODEID@, 40 hex digits
  std::string host;            // without brackets
  std::uint16_t port = 0;
  std::optional<Endpoint> numeric;
};

// Nullopt unless the whole text has that form. `allow_pin`: NODEID@ may stand in front. Port 0 only if `allow_port_0`.
std::optional<HostPort> parse_host_port(std::string_view text, bool allow_pin, bool allow_port_0);

// Blocks (seconds, if the system's resolver does). IPv4 first, at most kMaxResolved; of loopback names only the first.
inline constexpr std::size_t kMaxResolved = 4;
std::vector<Endpoint> resolve_host(const std::string& host, std::uint16_t port, std::string& error);

}  // namespace comm
