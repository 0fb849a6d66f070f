// The parts of a NodeCore and what they share. Internal to node/core. `now` and `out` are valid within one handle().
#pragma once
#include "node/core/clock_guard.h"
#include "node/core/custody.h"
#include "node/core/lookups.h"
#include "node/core/mailboxes.h"
#include "node/core/node_core.h"
#include "node/core/records.h"
#include "node/core/routing_table.h"
#include "node/core/size_estimate.h"
#include "node/core/sync.h"
#include "node/core/timers.h"

namespace comm {

struct Core {
  Core(CoreConfig config, const NodeSigningKey& key, const StoreView& store, RandomSource& random,
       const MailboxOwner* owner);

  CoreConfig config;
  const NodeSigningKey& key;
  const StoreView& store;
  RandomSource& random;
  const MailboxOwner* owner;

  TimePoint now;
  Effects* out = nullptr;
  TimerQueue timers;
  ClockGuard clock;
  RoutingTable table;
  SizeEstimate size;
  Sessions sessions;
  Peers peers;
  Lookups lookups;
  CustodyService custody;
  Mailboxes mailboxes;
  Records records;
  SyncService sync;
  CoreStatus counted;  // rejected, rejected_reasons
  bool clock_doubted = false;
  PrefixRates prefix_rates;

  void count(const Error& error);
  void fault(Link& link, const Error& error);  // counts; disconnects by its scope or after too many
  void packet(LinkId link, const Packet& packet);
  void dispatch(Link& link, const Packet& packet);
  void answer_failed(const Request& request, const NodeId& from);
  void session_ready(Link& link);
  void session_gone(Link& link);  // was ready
  void greet(LinkId link);        // what a custodian or record holder is asked or given first
  void join_done();
  void lookup_done(LookupFor purpose, std::uint64_t key, const OverlayPoint& target, const std::vector<Contact>& found);
  void look_at_clock();
  void fire(const TimerQueue::Timer& timer);
  // Nodes that keep what lies at `target`: everyone known while the network is small, else nullopt (look it up).
  std::optional<std::vector<Contact>> small_region() const;
  bool in_region(const NodeId& node, const OverlayPoint& target) const;
  // Its members that can be reached without looking anybody up: those of the table and of sessions.
  std::vector<Contact> known_region(const OverlayPoint& target) const;
  // Upkeep that is due each minute is done in one turn.
  Millis next_minute() const { return (now.mono / kMinute + 1) * kMinute; }
  Millis scaled(Millis delay) const { return delay * config.profile.backoff_unit / kSecond; }
};

}  // namespace comm
