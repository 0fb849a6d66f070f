// A Comm node as a pure state machine: relay, routing and custody (spec 40 to 70). Time, packets and randomness come in
// by handle(); packets, writes and notices go out as Effects. No thread, clock, socket or file. The same object runs
// under the reactor (node/shell) and, by the thousand, in the simulator (tests/sim). Memory is bounded by limits.h.
#pragma once
#include <memory>

#include "node/core/effect.h"

namespace comm {

// Signs for the mailboxes this node collects; implemented by the agent. Null for a pure relay.
class MailboxOwner {
 public:
  virtual ~MailboxOwner() = default;
  // `key` is one of the last CollectMailboxes, or was one until this turn.
  virtual Signature sign_collect(const MailboxKey& key, const Hash& hash) const = 0;
};

// Profile `test` scales backoff and the cost of node ids, nothing else (spec/params.toml).
struct Profile {
  Millis backoff_unit = kSecond;  // test: 100 ms
  bool cheap_node_ids = false;
};

struct Bootstrap {
  Endpoint endpoint;
  std::optional<NodeId> pin;  // NODEID@host:port
};

struct CoreConfig {
  NodeId id;
  Role role = Role::relay;
  std::vector<Endpoint> listen;       // advertised in Hello; address may be unspecified (peers then use what they see)
  std::vector<Bootstrap> bootstrap;
  std::uint64_t store_quota = kDefaultStoreQuotaBytes;
  std::uint64_t mailbox_quota = kMailboxQuotaBytes;
  std::uint64_t ingress_quota = kIngressQuotaBytes;
  std::uint64_t staged_limit = kMaxStagedBytes;
  std::uint8_t min_effort = 0;        // the stamp asked of others' messages and foreign final records, full or not
  std::size_t max_sessions = kMaxSessions;  // both directions
  int id_checks_per_second = kIdChecksPerSecond;
  std::size_t lookup_paths = kLookupPaths;      // both for the scoreboard, which shows what is lost without them;
  std::uint64_t region_factor = kRegionFactor;  // 0: only the k nearest keep a message
  Profile profile;
};

struct CoreStatus {
  std::size_t links = 0;
  std::size_t sessions = 0;
  std::size_t relays = 0;          // sessions with nodes of role relay
  std::size_t timers = 0;          // pending deadlines
  std::size_t table = 0;           // contacts in the routing table
  std::uint64_t size_estimate = 1; // N_hat
  std::array<std::uint64_t, 6> rejected{};                 // by Stage
  std::map<std::string, std::uint64_t> rejected_reasons;   // by reason
};

class NodeCore {
 public:
  // `key` and the references outlive the core.
  NodeCore(CoreConfig config, const NodeSigningKey& key, const StoreView& store, RandomSource& random,
           const MailboxOwner* owner);
  ~NodeCore();
  NodeCore(const NodeCore&) = delete;
  NodeCore& operator=(const NodeCore&) = delete;

  void start(TimePoint now, Effects& out);  // once, before anything else
  void handle(TimePoint now, const Event& event, Effects& out);
  std::optional<Millis> next_deadline() const;  // on the mono clock; call handle(TimePassed) then
  CoreStatus status() const;
  struct PeerInfo { NodeId node; Endpoint endpoint; Role role = Role::relay; bool dialled = false; };
  std::vector<PeerInfo> peers() const;  // the sessions, by node id
  std::vector<Contact> table() const;   // the routing table, farthest bucket first
  const NodeId& id() const;
  // Where a live own message stands, for the info pane: which nodes hold it and when it is offered next (wall clock).
  struct MessageInfo { std::vector<NodeId> stored_by; Millis next_try = 0; std::uint32_t expires = 0; };
  std::optional<MessageInfo> message_info(const MessageId& id) const;
  void add_bootstrap(TimePoint now, const Bootstrap& bootstrap, Effects& out);  // /connect

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace comm
