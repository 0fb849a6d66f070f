// Runs iterative lookups (lookup.h) over the network and remembers their results for a while (spec 70-routing). Bounded:
// kMaxLookups at a time, kCachedRegions results.
#pragma once
#include "node/core/lookup.h"
#include "node/core/peers.h"

namespace comm {

enum class LookupFor : std::uint8_t { join, refresh, estimate, spread, collect, find_record, put_record };

class Lookups {
 public:
  explicit Lookups(Core& core) : core_(core) {}

  void restore();  // what an earlier run kept, before anything else
  // Core::lookup_done(purpose, key, target, contacts) follows in a later timer, never within this call.
  void find(const OverlayPoint& target, LookupFor purpose, std::uint64_t key);
  // What find would answer from memory, or empty if there is nobody to ask; nullopt: somebody must be asked.
  std::optional<std::vector<Contact>> at_hand(const OverlayPoint& target) const;
  void asked(const Link& link, std::uint32_t request_id, const FindNode& question);  // by another's lookup
  void answered(std::uint64_t lookup, const NodeId& from, const Nodes& nodes);
  void failed(std::uint64_t lookup, const NodeId& from);
  void false_contact(std::uint64_t lookup, const NodeId& named);
  void timer(std::uint64_t key);                        // a lookup's deadline
  void table_timer();                                   // refresh of buckets, pings of questionable nodes
  void session_ready();                                 // the first session starts the join
  bool joined() const { return joined_; }               // the join's lookup is over: the size estimate means something
  void join_done() { joined_ = true; }

 private:
  static constexpr std::size_t kMaxLookups = 64;
  // Lookups of random points for the size estimate: often while the network is new to us, then rarely.
  static constexpr Millis kFirstEstimate = 2 * kMinute, kLastEstimate = kHour;
  static constexpr std::size_t kCachedRegions = 256;
  static constexpr Millis kCacheAge = 10 * kMinute;
  // Besides an id a timer's key says what for: to go on, or to wait no longer for who is silent.
  static constexpr std::uint64_t kGoOn = std::uint64_t{1} << 63, kPatience = std::uint64_t{1} << 62;
  struct Waiter { LookupFor purpose; std::uint64_t key; };
  struct Job {
    OverlayPoint target;
    Lookup lookup;
    std::vector<Waiter> waiters;
  };
  struct Cached { Millis at; std::vector<Contact> contacts; };

  struct Ready { OverlayPoint target; Waiter waiter; std::vector<Contact> contacts; };
  void later(const OverlayPoint& target, Waiter waiter, std::vector<Contact> contacts);
  void go_on(std::uint64_t id);
  void lose_patience(std::uint64_t id);
  void observe_known();
  void remember(const OverlayPoint& target, const std::vector<Contact>& contacts);
  void advance(std::uint64_t id);
  void finish(std::uint64_t id);

  Core& core_;
  std::map<std::uint64_t, Job> jobs_;
  std::map<OverlayPoint, std::uint64_t> by_target_;
  std::map<OverlayPoint, Cached> cache_;
  std::deque<Ready> ready_;
  std::uint64_t next_ = 1;
  Millis next_estimate_ = 0;  // mono; 0 until the first table timer
  Millis estimate_delay_ = kFirstEstimate;
  bool joining_ = false;
  bool looked_up_self_ = false;
  bool joined_ = false;
};

}  // namespace comm
