// Every inbound TCP connection, from the moment libzmq accepts it: who it is, how much it has sent, whether it has said
// anything useful. Cuts strangers that connect too often, say nothing, or send without end (spec 10-transport); libzmq
// itself has no such limits. Owned by the listener, reactor's thread. Bounded: what is over the limits is cut at once.
//
// Each connection is held by a descriptor of our own (dup): libzmq may close its number at any moment and the system
// give it to another connection, but a shutdown() of ours always hits the one that was meant.
#pragma once
#include <functional>
#include <map>

#include "node/shell/transport_sink.h"
#include "proto/base/check.h"
#include "node/shell/unique_fd.h"

namespace comm {

struct Inbound {
  UniqueFd own;                  // empty once refused, or if no descriptor was left: then libzmq's number is used
  Endpoint remote;
  std::uint64_t generation = 0;  // distinguishes connections that had the same number
  Millis accepted = 0;
  std::uint64_t baseline = 0;    // bytes received when the last packet had arrived
  bool delivered = false;        // a packet arrived since the last sweep
  bool spoke = false;            // a packet arrived at all
  bool cut = false;
  std::optional<Millis> cut_at;  // a parting packet may still get out
  LinkId link = 0;               // the accepted link on it, 0 = none yet
};

class ConnectionGuard {
 public:
  explicit ConnectionGuard(const TransportConfig& config) : config_(config) {}

  // Monitor event ACCEPTED. Cuts the connection if it is one too many. Returns the reason if so, else null.
  // REQUIRES: disconnected(fd) was called for whatever had this number before.
  const char* accepted(Millis now, int fd);
  // Monitor event DISCONNECTED: the link that was on it, if any.
  LinkId disconnected(int fd);
  // Monitor event ACCEPT_FAILED: no descriptors left. Frees the reserve, so that the rest of the program has some.
  void accept_failed();

  // The connection libzmq knows as `fd`, null if gone or cut.
  Inbound* find(int fd);
  Inbound* find(int fd, std::uint64_t generation);
  static void packet_arrived(Inbound& connection);
  void cut(int fd, Inbound& connection);

  // Every kGuardInterval: cuts what was silent or endless for too long. Calls `reason` for each.
  void sweep(Millis now, const std::function<void(const char*)>& reason);

  std::size_t size() const { return connections_.size(); }
  std::size_t serving() const { return serving_; }

 private:
  using Prefix = std::array<std::uint8_t, 16>;
  struct PrefixUse {
    std::size_t links = 0;
    Millis window = 0;  // start of the second that `started` counts
    int started = 0;
  };

  const char* refuse_reason(Millis now, const Endpoint& remote);
  void release(const Inbound& connection);
  const char* fault(Millis now, Inbound& connection, int fd) const;

  const TransportConfig& config_;
  std::map<int, Inbound> connections_;      // by libzmq's descriptor
  std::map<Prefix, PrefixUse> prefixes_;    // not loopback or private
  std::size_t serving_ = 0;                 // not cut
  std::uint64_t generations_ = 0;
  Millis window_ = 0;
  int started_ = 0;                         // handshakes begun in this window of one second
  int swept_to_ = -1;                       // the last connection that a sweep has looked at
  std::vector<UniqueFd> reserve_;
  bool starved_ = true;                     // take the reserve at the next sweep
};

// Raises the limit of descriptors as far as allowed, at most to what kMostInboundLinks needs. Returns it.
std::size_t raise_descriptor_limit();
// Lowers the caps on links to what so many descriptors allow: at the limit libzmq spins, and the store cannot open files.
void fit_to_descriptors(TransportConfig& config, std::size_t limit);

}  // namespace comm
