#include "node/core/routing_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "node/core/prefixes.h"

namespace comm {

namespace {

constexpr std::size_t kMostBuckets = 160;

bool is_bad(const TableEntry& entry) { return entry.unanswered >= kBadAfterUnanswered; }

TableEntry* find_in(std::vector<TableEntry>& list, const NodeId& id) {
  const auto it = std::find_if(list.begin(), list.end(), [&](const TableEntry& e) { return e.contact.id == id; });
  return it == list.end() ? nullptr : &*it;
}

bool take_from(std::vector<TableEntry>& list, const NodeId& id) {
  return std::erase_if(list, [&](const TableEntry& e) { return e.contact.id == id; }) != 0;
}

// Others of the list behind the same prefix; none for a peer on a local address.
std::size_t same_prefix(const std::vector<TableEntry>& list, const NodeId& id, const Endpoint& observed) {
  if (observed.is_local()) return 0;
  return static_cast<std::size_t>(std::count_if(list.begin(), list.end(), [&](const TableEntry& e) {
    return e.observed.same_prefix(observed) && !e.observed.is_local() && e.contact.id != id;
  }));
}
bool prefix_full(const std::vector<TableEntry>& list, const TableEntry& entry) {
  return same_prefix(list, entry.contact.id, entry.observed) >= kMaxPerPrefixPerBucket;
}

// Which replacement is better: reachable, then proved by use, then recent.
auto rank(const TableEntry& entry) { return std::tuple(entry.dialable, entry.tested, entry.last_heard); }

// Who of them makes room for `entry` where there is none; null if nobody. A bad node, longest silent first; for a dialable
// contact also one that cannot be dialled, which serves nobody's lookups.
const TableEntry* displaceable(const std::vector<const TableEntry*>& all, const TableEntry& entry) {
  const TableEntry* victim = nullptr;
  const auto key = [](const TableEntry& e) { return std::tuple(!is_bad(e), e.tested, e.last_heard); };
  for (const TableEntry* one : all) {
    if (!is_bad(*one) && (one->dialable || !entry.dialable)) continue;
    if (victim == nullptr || key(*one) < key(*victim)) victim = one;
  }
  return victim;
}

std::vector<const TableEntry*> pointers(const std::vector<TableEntry>& list) {
  std::vector<const TableEntry*> out;
  for (const TableEntry& entry : list) out.push_back(&entry);
  return out;
}

// Seen again. False if its new address is not taken over because its prefix is full.
bool refresh(TableEntry& known, const std::vector<TableEntry>& list, const TableEntry& seen) {
  const bool was_bad = is_bad(known);
  if (was_bad) known.first_heard = seen.first_heard;
  known.last_heard = std::max(known.last_heard, seen.last_heard);
  known.unanswered = 0;
  known.role = seen.role;
  if (!known.observed.same_prefix(seen.observed) && prefix_full(list, seen)) return false;
  known.observed = seen.observed;
  if (seen.dialable || !known.dialable || (was_bad && known.contact.endpoint != seen.contact.endpoint)) {
    known.contact.endpoint = seen.contact.endpoint;
    known.dialable = seen.dialable;
  }
  return true;
}

void mark_answered(TableEntry& entry, Millis mono) {
  if (is_bad(entry)) entry.first_heard = mono;
  entry.last_heard = std::max(entry.last_heard, mono);
  entry.unanswered = 0;
  entry.tested = true;
}

}  // namespace

RoutingTable::RoutingTable(const NodeId& self) : self_(self), buckets_(1) {}

std::size_t RoutingTable::bucket_index(const OverlayPoint& point) const {
  const int shared = leading_zeros(distance(overlay_point(self_), point).view());
  return std::min(static_cast<std::size_t>(shared), buckets_.size() - 1);
}

RoutingTable::Bucket& RoutingTable::bucket_of(const NodeId& id) { return buckets_[bucket_index(overlay_point(id))]; }

// Divides the last bucket, the one that covers the own id. It never has replacements before: it splits when it is full.
void RoutingTable::split() {
  buckets_.emplace_back();
  Bucket& far = buckets_[buckets_.size() - 2];
  Bucket& close = buckets_.back();
  close.looked_up = far.looked_up;
  const std::vector<TableEntry> all = std::exchange(far.entries, {});
  for (const TableEntry& entry : all) bucket_of(entry.contact.id).entries.push_back(entry);
}

RoutingTable::Offer RoutingTable::heard(const Contact& contact, Role role, bool dialable, const Endpoint& observed,
                                        Millis mono) {
  if (contact.id == self_) return Offer::rejected;
  const TableEntry seen{contact, role, dialable, mono, mono, 0, false, observed};
  Bucket& bucket = bucket_of(contact.id);
  if (TableEntry* known = find_in(bucket.entries, contact.id)) {
    if (known->contact.key != contact.key) return Offer::rejected;
    return refresh(*known, bucket.entries, seen) ? Offer::updated : Offer::rejected;
  }
  if (TableEntry* waiting = find_in(bucket.replacements, contact.id)) {
    if (waiting->contact.key != contact.key) return Offer::rejected;
    if (!refresh(*waiting, bucket.replacements, seen)) return Offer::rejected;
    return readmit(bucket, contact.id);
  }
  return admit(seen);
}

// Older than whoever calls from now on, and due to be asked.
void RoutingTable::restore(const Contact& contact, Role role, Millis mono) {
  if (contact.id == self_ || find(contact.id) != nullptr) return;
  const Millis then = mono - kQuestionableAfter;
  admit({contact, role, true, then, then, 1, true, contact.endpoint});
}

// A replacement was heard of again: it may be better than somebody in the bucket now.
RoutingTable::Offer RoutingTable::readmit(Bucket& bucket, const NodeId& waiting) {
  const TableEntry entry = *find_in(bucket.replacements, waiting);
  take_from(bucket.replacements, waiting);
  const Offer offer = admit(entry);
  return offer == Offer::rejected ? put_aside(bucket, entry) : offer;
}

// Room for one more of this prefix, in its bucket and in the table: a bad one goes for it. False: there is none.
bool RoutingTable::clear_prefix(Bucket& bucket, const TableEntry& entry) {
  const auto drop_bad = [&](std::vector<TableEntry>& list) {
    const auto bad = std::find_if(list.begin(), list.end(), [&](const TableEntry& e) {
      return is_bad(e) && !e.observed.is_local() && e.observed.same_prefix(entry.observed);
    });
    if (bad == list.end()) return false;
    list.erase(bad);
    return true;
  };
  if (prefix_full(bucket.entries, entry) && !drop_bad(bucket.entries)) return false;
  std::size_t others = 0;
  for (const Bucket& one : buckets_) others += same_prefix(one.entries, entry.contact.id, entry.observed);
  return others < kMaxPerPrefixInTable ||
         std::any_of(buckets_.begin(), buckets_.end(), [&](Bucket& one) { return drop_bad(one.entries); });
}

int RoutingTable::shared_bits(const NodeId& id) const {
  return leading_zeros(distance(overlay_point(self_), overlay_point(id)).view());
}

std::size_t RoutingTable::most_sharing(int bits) const {
  if (expected_ <= kEveryoneCustodianUpTo) return kMostBuckets * kBucketSize;
  return kNearNodesBase + (bits < 64 ? static_cast<std::size_t>(kNearNodesFactor * expected_ >> bits) : 0);
}

std::vector<const TableEntry*> RoutingTable::sharing(int bits) const {
  std::vector<const TableEntry*> out;
  for (std::size_t i = std::min(static_cast<std::size_t>(bits), buckets_.size() - 1); i < buckets_.size(); ++i)
    for (const TableEntry& entry : buckets_[i].entries)
      if (shared_bits(entry.contact.id) >= bits) out.push_back(&entry);
  return out;
}

// Room for one more this near, made as in a full bucket. False: there is none.
bool RoutingTable::clear_crowd(const TableEntry& entry) {
  for (int bits = shared_bits(entry.contact.id); bits > 0; --bits) {
    const auto near = sharing(bits);
    if (near.size() < most_sharing(bits)) continue;
    const TableEntry* victim = displaceable(near, entry);
    if (victim == nullptr) return false;
    drop(*victim);
  }
  return true;
}

void RoutingTable::drop(const TableEntry& entry) {
  const NodeId id = entry.contact.id;  // dies with it
  take_from(bucket_of(id).entries, id);
}

void RoutingTable::expect(std::uint64_t nodes) {
  const std::uint64_t before = std::exchange(expected_, nodes);
  if (nodes <= kEveryoneCustodianUpTo || (before > kEveryoneCustodianUpTo && before <= nodes)) return;
  for (int bits = 160; bits > 0; --bits)
    for (auto near = sharing(bits); near.size() > most_sharing(bits); near = sharing(bits))
      drop(**std::max_element(near.begin(), near.end(), [](const TableEntry* a, const TableEntry* b) {
        const auto key = [](const TableEntry& e) { return std::tuple(is_bad(e), !e.dialable, e.first_heard); };
        return key(*a) < key(*b);
      }));
}

RoutingTable::Offer RoutingTable::admit(const TableEntry& entry) {
  const OverlayPoint point = overlay_point(entry.contact.id);
  while (bucket_index(point) + 1 == buckets_.size() && buckets_.back().entries.size() >= kBucketSize &&
         buckets_.size() < kMostBuckets)
    split();
  Bucket& bucket = buckets_[bucket_index(point)];
  std::vector<TableEntry>& list = bucket.entries;
  if (!clear_prefix(bucket, entry) || !clear_crowd(entry)) return Offer::rejected;
  if (list.size() >= kBucketSize) {
    const TableEntry* victim = displaceable(pointers(list), entry);
    if (victim == nullptr) return put_aside(bucket, entry);
    const TableEntry old = *victim;
    drop(old);
    if (!is_bad(old)) put_aside(bucket, old);
  }
  list.push_back(entry);
  return Offer::added;
}

RoutingTable::Offer RoutingTable::put_aside(Bucket& bucket, const TableEntry& entry) {
  std::vector<TableEntry>& list = bucket.replacements;
  if (prefix_full(list, entry)) return Offer::rejected;
  if (list.size() >= kReplacementsPerBucket) {
    const auto worst = std::min_element(list.begin(), list.end(), [](const TableEntry& a, const TableEntry& b) {
      return rank(a) < rank(b);
    });
    if (rank(entry) <= rank(*worst)) return Offer::rejected;
    list.erase(worst);
  }
  list.push_back(entry);
  return Offer::pending;
}

// Fills free places and those of bad nodes from the replacements, best first.
void RoutingTable::promote(Bucket& bucket) {
  std::vector<TableEntry>& waiting = bucket.replacements;
  std::stable_sort(waiting.begin(), waiting.end(),
                   [](const TableEntry& a, const TableEntry& b) { return rank(a) > rank(b); });
  for (std::size_t i = 0; i < waiting.size();) {
    const TableEntry entry = waiting[i];
    const bool room = bucket.entries.size() < kBucketSize ||
                      std::any_of(bucket.entries.begin(), bucket.entries.end(), is_bad);
    if (!room) return;
    // Out of the cache before admit() can put it back there.
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
    if (admit(entry) == Offer::added) continue;
    waiting.insert(waiting.begin() + static_cast<std::ptrdiff_t>(i), entry);
    ++i;
  }
}

void RoutingTable::answered(const NodeId& id, Millis mono) {
  Bucket& bucket = bucket_of(id);
  if (TableEntry* entry = find_in(bucket.entries, id)) mark_answered(*entry, mono);
  if (TableEntry* entry = find_in(bucket.replacements, id)) mark_answered(*entry, mono);
}

void RoutingTable::unanswered(const NodeId& id) {
  Bucket& bucket = bucket_of(id);
  for (auto* list : {&bucket.entries, &bucket.replacements})
    if (TableEntry* entry = find_in(*list, id); entry != nullptr && !is_bad(*entry)) ++entry->unanswered;
  std::erase_if(bucket.replacements, is_bad);
  promote(bucket);
}

void RoutingTable::removed(const NodeId& id) {
  Bucket& bucket = bucket_of(id);
  take_from(bucket.replacements, id);
  take_from(bucket.entries, id);
  promote(bucket);
}

void RoutingTable::set_dialable(const NodeId& id, const Endpoint& endpoint) {
  Bucket& bucket = bucket_of(id);
  TableEntry* entry = find_in(bucket.entries, id);
  const bool waiting = entry == nullptr;
  if (waiting) entry = find_in(bucket.replacements, id);
  if (entry == nullptr) return;
  entry->dialable = true;
  entry->contact.endpoint = endpoint;
  if (waiting) readmit(bucket, id);
}

const TableEntry* RoutingTable::find(const NodeId& id) const {
  const std::vector<TableEntry>& list = buckets_[bucket_index(overlay_point(id))].entries;
  const auto it = std::find_if(list.begin(), list.end(), [&](const TableEntry& e) { return e.contact.id == id; });
  return it == list.end() ? nullptr : &*it;
}

Liveness RoutingTable::liveness(const TableEntry& entry, Millis mono) const {
  if (is_bad(entry)) return Liveness::bad;
  // Who has been there for long is likely to be there for as long again (Stutzbach and Rejaie, 2006).
  const Millis known = entry.last_heard - entry.first_heard;
  const Millis patience = entry.unanswered > 0 ? kMinute << entry.unanswered
                                               : std::clamp(known, kQuestionableAfter, kQuestionableMost);
  return mono - entry.last_heard >= patience ? Liveness::questionable : Liveness::good;
}

std::vector<const TableEntry*> RoutingTable::usable(bool dialable_only, int silent) const {
  std::vector<const TableEntry*> out;
  for (const Bucket& bucket : buckets_)
    for (const TableEntry& entry : bucket.entries)
      if (entry.unanswered <= silent && (entry.dialable || !dialable_only)) out.push_back(&entry);
  return out;
}

bool RoutingTable::any_dialable() const {
  return std::any_of(buckets_.begin(), buckets_.end(), [](const Bucket& bucket) {
    return std::any_of(bucket.entries.begin(), bucket.entries.end(), [](const TableEntry& e) { return e.dialable; });
  });
}

std::vector<NodeId> RoutingTable::all_dialable() const {
  std::vector<NodeId> out;
  for (const TableEntry* entry : usable(true, kBadAfterUnanswered)) out.push_back(entry->contact.id);
  return out;
}

std::vector<Contact> RoutingTable::closest(const OverlayPoint& target, std::size_t count, bool dialable_only) const {
  return nearest_of(usable(dialable_only), target, count);
}

std::vector<Contact> RoutingTable::closest_answering(const OverlayPoint& target, std::size_t count) const {
  return nearest_of(usable(true, 0), target, count);
}

std::vector<Contact> RoutingTable::nearest_of(std::vector<const TableEntry*> all, const OverlayPoint& target,
                                              std::size_t count) {
  std::vector<std::pair<Distance, const TableEntry*>> ranked;
  ranked.reserve(all.size());
  for (const TableEntry* entry : all) ranked.emplace_back(distance(target, overlay_point(entry->contact.id)), entry);
  const std::size_t wanted = std::min(count, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(wanted), ranked.end(),
                    [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Contact> out;
  out.reserve(wanted);
  for (std::size_t i = 0; i < wanted; ++i) out.push_back(ranked[i].second->contact);
  return out;
}

std::vector<Contact> RoutingTable::within(const OverlayPoint& target, const Distance& radius, bool dialable_only) const {
  std::vector<std::pair<Distance, const TableEntry*>> found;
  for (const TableEntry* entry : usable(dialable_only)) {
    const Distance d = distance(target, overlay_point(entry->contact.id));
    if (d <= radius) found.emplace_back(d, entry);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Contact> out;
  for (const auto& [d, entry] : found) out.push_back(entry->contact);
  return out;
}

std::vector<NodeId> RoutingTable::to_ping(Millis mono, std::size_t limit) const {
  std::vector<std::tuple<bool, Millis, NodeId>> due;  // false sorts first: somebody waits for its place
  for (const Bucket& bucket : buckets_)
    for (const TableEntry& entry : bucket.entries)
      if (liveness(entry, mono) == Liveness::questionable)
        due.emplace_back(bucket.replacements.empty(), entry.last_heard, entry.contact.id);
  std::sort(due.begin(), due.end());
  std::vector<NodeId> out;
  for (std::size_t i = 0; i < std::min(limit, due.size()); ++i) out.push_back(std::get<2>(due[i]));
  return out;
}

std::vector<OverlayPoint> RoutingTable::refresh_targets(Millis mono, RandomSource& random) const {
  std::vector<OverlayPoint> out;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    if (buckets_[i].looked_up && mono - *buckets_[i].looked_up < kTableRefresh) continue;
    const auto serves = [](const TableEntry& e) { return e.dialable && !is_bad(e); };
    if (std::count_if(buckets_[i].entries.begin(), buckets_[i].entries.end(), serves) >= std::ptrdiff_t{kBucketSize}) continue;
    OverlayPoint point;
    random.fill(point);
    // The first i bits are ours, and the next is not unless the bucket covers us.
    const bool last = i + 1 == buckets_.size();
    for (std::size_t bit = 0; bit < i + (last ? 0 : 1); ++bit) {
      const auto mask = static_cast<std::uint8_t>(0x80 >> bit % 8);
      std::uint8_t& byte = point.data[bit / 8];
      const bool ours = (self_.data[bit / 8] & mask) != 0;
      byte = static_cast<std::uint8_t>(ours != (bit == i) ? byte | mask : byte & ~mask);
    }
    out.push_back(point);
  }
  return out;
}

void RoutingTable::touched(const OverlayPoint& target, Millis mono) { buckets_[bucket_index(target)].looked_up = mono; }

std::vector<TableEntry> RoutingTable::entries() const {
  std::vector<TableEntry> out;
  for (const Bucket& bucket : buckets_) out.insert(out.end(), bucket.entries.begin(), bucket.entries.end());
  return out;
}

std::size_t RoutingTable::size() const {
  std::size_t out = 0;
  for (const Bucket& bucket : buckets_) out += bucket.entries.size();
  return out;
}

std::vector<Contact> RoutingTable::random(std::size_t count, RandomSource& random, bool dialable_only) const {
  std::vector<const TableEntry*> all = usable(dialable_only);
  if (all.empty()) all = usable(dialable_only, kBadAfterUnanswered);
  random.shuffle(all);
  Prefixes prefixes;
  std::stable_partition(all.begin(), all.end(), [&](const TableEntry* e) { return prefixes.fresh(e->observed); });
  std::vector<Contact> out;
  for (std::size_t i = 0; i < std::min(count, all.size()); ++i) out.push_back(all[i]->contact);
  return out;
}

}  // namespace comm
