// The Kademlia table (Maymounkov and Mazieres, 2002; spec 70-routing): buckets of kBucketSize nodes by shared prefix with
// the own id; only the bucket that covers the own id splits. Holds proved contacts only (authenticated, id checked).
// A node is good, questionable (silent for as long as it had been known when last heard of, at least kQuestionableAfter,
// at most kQuestionableMost) or bad (kBadAfterUnanswered requests unanswered); only bad ones, and undialable ones for dialable ones, make room. Owned by NodeCore. Memory: 160 buckets of kBucketSize
// entries and kReplacementsPerBucket replacements. No order depends on addresses or hashes.
#pragma once
#include "proto/base/ids.h"
#include "proto/base/limits.h"
#include "proto/base/random.h"
#include "proto/base/time.h"
#include "proto/wire/packet.h"

namespace comm {

enum class Liveness { good, questionable, bad };

struct TableEntry {
  Contact contact;
  Role role = Role::relay;
  bool dialable = false;    // contact.endpoint was dialled successfully
  Millis first_heard = 0;   // mono: since it was last bad or unknown
  Millis last_heard = 0;    // mono
  int unanswered = 0;       // requests in a row
  bool tested = false;      // exchanged packets with us in an authenticated session
  Endpoint observed;        // where its packets came from: what the prefix cap counts
};

class RoutingTable {
 public:
  explicit RoutingTable(const NodeId& self);

  enum class Offer {
    added,
    updated,
    pending,   // in the replacement cache; ping the questionable (to_ping)
    rejected,  // self, another key under a known id, the prefix cap, a crowd around the own id, or worse than a full cache
  };
  // A contact whose key and id are proved, seen now at `observed`. `dialable`: we reached it at contact.endpoint.
  // One that came to us (not dialable) displaces only bad nodes, and never changes an endpoint that is known to work.
  Offer heard(const Contact& contact, Role role, bool dialable, const Endpoint& observed, Millis mono);
  // A contact of an earlier run (kept_network.h): it has its place again, and is named to nobody before it is heard of.
  void restore(const Contact& contact, Role role, Millis mono);
  void answered(const NodeId& id, Millis mono);  // any packet from it
  void unanswered(const NodeId& id);             // a request's deadline passed; a bad node gives way to a replacement
  void removed(const NodeId& id);                // a replacement takes its place
  // How many nodes there are: of those near the own id no more are kept than chance would put there, so ids ground next
  // to it do not fill buckets that honest nodes never fill. What is above that goes: bad ones, then
  // those that cannot be dialled, then the newest. No bound in a small network.
  void expect(std::uint64_t nodes);
  void set_dialable(const NodeId& id, const Endpoint& endpoint);

  const TableEntry* find(const NodeId& id) const;  // not in the cache; valid until the next change
  Liveness liveness(const TableEntry& entry, Millis mono) const;
  // Nearest first, bad ones left out.
  std::vector<Contact> closest(const OverlayPoint& target, std::size_t count, bool dialable_only) const;
  // Of those that can be dialled and have not kept silent since they were last heard.
  std::vector<Contact> closest_answering(const OverlayPoint& target, std::size_t count) const;
  bool any_dialable() const;  // bad ones count: they may be back
  std::vector<NodeId> all_dialable() const;  // likewise
  std::vector<Contact> within(const OverlayPoint& target, const Distance& radius, bool dialable_only) const;
  // Questionable entries, longest silent first; those of buckets with waiting replacements before all others.
  std::vector<NodeId> to_ping(Millis mono, std::size_t limit) const;
  // A random point of each bucket that lacks nodes and whose range was not looked up for kTableRefresh (never: due at
  // once). What a lookup found for a full one had to wait anyway.
  std::vector<OverlayPoint> refresh_targets(Millis mono, RandomSource& random) const;
  void touched(const OverlayPoint& target, Millis mono);  // a lookup for it began
  std::vector<TableEntry> entries() const;                // all, bad ones too, farthest bucket first
  std::size_t size() const;
  // Not bad, in random order, one of each prefix before a second of any. If all are bad, those: after an outage of our
  // own there is nobody else to begin with.
  std::vector<Contact> random(std::size_t count, RandomSource& random, bool dialable_only) const;

 private:
  struct Bucket {
    std::vector<TableEntry> entries;       // in order of arrival
    std::vector<TableEntry> replacements;  // in order of arrival
    std::optional<Millis> looked_up;
  };
  std::size_t bucket_index(const OverlayPoint& point) const;
  Bucket& bucket_of(const NodeId& id);
  void split();
  Offer admit(const TableEntry& entry);
  bool clear_prefix(Bucket& bucket, const TableEntry& entry);
  int shared_bits(const NodeId& id) const;
  std::size_t most_sharing(int bits) const;      // that many with the own id, or more
  std::vector<const TableEntry*> sharing(int bits) const;
  bool clear_crowd(const TableEntry& entry);
  void drop(const TableEntry& entry);            // of a bucket
  Offer readmit(Bucket& bucket, const NodeId& waiting);
  Offer put_aside(Bucket& bucket, const TableEntry& entry);
  void promote(Bucket& bucket);
  static std::vector<Contact> nearest_of(std::vector<const TableEntry*> all, const OverlayPoint& target, std::size_t count);
  static constexpr int kNotBad = kBadAfterUnanswered - 1;
  std::vector<const TableEntry*> usable(bool dialable_only, int silent = kNotBad) const;  // at most so many unanswered

  NodeId self_;
  // Bucket i holds the ids that share exactly i leading bits with self_; the last one also those that share more.
  std::vector<Bucket> buckets_;
  std::uint64_t expected_ = 1;
};

}  // namespace comm
