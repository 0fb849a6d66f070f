#include "node/core/lookups.h"

#include "node/core/core.h"
#include "node/core/kept_network.h"

namespace comm {

namespace {
const char* name(LookupFor purpose) {
  switch (purpose) {
    case LookupFor::join: return "lookup-join";
    case LookupFor::refresh: return "lookup-refresh";
    case LookupFor::estimate: return "lookup-estimate";
    case LookupFor::spread: return "lookup-spread";
    case LookupFor::collect: return "lookup-collect";
    case LookupFor::find_record: return "lookup-find-record";
    case LookupFor::put_record: return "lookup-put-record";
  }
  return "lookup";
}
}  // namespace

void Lookups::later(const OverlayPoint& target, Waiter waiter, std::vector<Contact> contacts) {
  // A caller in the middle of changing its own state must not be called back.
  ready_.push_back({target, waiter, std::move(contacts)});
  core_.timers.at(core_.now.mono, TimerKind::lookup, 0);
}

std::optional<std::vector<Contact>> Lookups::at_hand(const OverlayPoint& target) const {
  if (const auto it = cache_.find(target); it != cache_.end() && core_.now.mono - it->second.at < kCacheAge)
    return it->second.contacts;
  if (!by_target_.contains(target) && !core_.table.any_dialable()) return std::vector<Contact>{};
  return std::nullopt;
}

void Lookups::find(const OverlayPoint& target, LookupFor purpose, std::uint64_t key) {
  // Only custody's many lookups of one region are answered from memory; a record not found is really looked for again.
  const bool fresh = purpose != LookupFor::spread && purpose != LookupFor::collect;
  if (const auto it = cache_.find(target); !fresh && it != cache_.end() && core_.now.mono - it->second.at < kCacheAge)
    return later(target, {purpose, key}, it->second.contacts);
  if (const auto it = by_target_.find(target); it != by_target_.end()) {
    jobs_.at(it->second).waiters.push_back({purpose, key});
    return;
  }
  auto start = core_.table.closest_answering(target, 4 * kBucketSize);
  // Random restarts: a retry from the same contacts gains nothing against liars near the target.
  for (auto& contact : core_.table.random(kBucketSize, core_.random, true))
    if (std::find(start.begin(), start.end(), contact) == start.end()) start.push_back(contact);
  if (start.empty() || jobs_.size() >= kMaxLookups) return later(target, {purpose, key}, {});
  const bool for_region = purpose != LookupFor::estimate && purpose != LookupFor::refresh;
  const std::uint64_t id = next_++;
  jobs_.emplace(id, Job{target,
                        Lookup(core_.config.id, target, std::move(start), kBucketSize,
                               for_region ? core_.size.region_radius(core_.config.region_factor) : Distance{}, core_.random,
                               [this](const NodeKey& node_key) { return !core_.sessions.id_known(node_key); },
                               LookupStyle{.paths = core_.config.lookup_paths}),
                        {{purpose, key}}});
  by_target_[target] = id;
  core_.table.touched(target, core_.now.mono);
  core_.timers.at(core_.now.mono + kLookupTimeout, TimerKind::lookup, id);
  advance(id);
}

void Lookups::advance(std::uint64_t id) {
  // send() may fail at once and come back here through failed(): look the job up again each time.
  for (auto it = jobs_.find(id); it != jobs_.end(); it = jobs_.find(id)) {
    const auto ask = it->second.lookup.next(core_.now.mono);
    if (ask.empty() && it->second.lookup.in_flight() == 0) return finish(id);
    if (ask.empty()) return;
    core_.timers.at(core_.now.mono + kLookupPatience, TimerKind::lookup, id | kPatience);
    const OverlayPoint target = it->second.target;
    for (const auto& contact : ask) {
      if (!jobs_.contains(id)) return;
      core_.peers.send(contact, FindNode{target, it->second.lookup.known_with(contact.id)}, {RequestKind::find_node, id});
    }
  }
}

void Lookups::asked(const Link& link, std::uint32_t request_id, const FindNode& question) {
  Nodes answer{core_.table.closest_answering(question.target, kMaxContactsPerPacket)};
  std::erase_if(answer.contacts, [&](const Contact& contact) {
    return contact.id == link.node ||
           std::find(question.known.begin(), question.known.end(), first_four(contact.id)) != question.known.end();
  });
  core_.out->send(link.id, request_id, std::move(answer));
}

void Lookups::answered(std::uint64_t id, const NodeId& from, const Nodes& nodes) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return;
  it->second.lookup.answered(from, nodes.contacts, core_.now.mono);
  advance(id);
}

void Lookups::go_on(std::uint64_t id) {
  const auto it = jobs_.find(id);
  if (it->second.lookup.done()) finish(id);
  else core_.timers.at(core_.now.mono, TimerKind::lookup, id | kGoOn);  // not recursively
}

void Lookups::failed(std::uint64_t id, const NodeId& from) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return;
  it->second.lookup.failed(from);
  go_on(id);
}

void Lookups::false_contact(std::uint64_t id, const NodeId& named) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return;
  it->second.lookup.false_contact(named);
  go_on(id);
}

void Lookups::lose_patience(std::uint64_t id) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return;
  it->second.lookup.lose_patience(core_.now.mono - kLookupPatience);
  advance(id);
}

void Lookups::timer(std::uint64_t key) {
  if (key == 0) {
    for (std::size_t left = ready_.size(); left > 0; --left) {
      const Ready ready = std::move(ready_.front());
      ready_.pop_front();
      core_.lookup_done(ready.waiter.purpose, ready.waiter.key, ready.target, ready.contacts);
    }
    return;
  }
  if ((key & kGoOn) != 0) return advance(key & ~kGoOn);
  if ((key & kPatience) != 0) return lose_patience(key & ~kPatience);
  if (jobs_.contains(key)) finish(key);
}

void Lookups::remember(const OverlayPoint& target, const std::vector<Contact>& contacts) {
  if (contacts.empty()) return;  // nobody answered: that is worth another try, not ten minutes
  if (cache_.size() >= kCachedRegions && !cache_.contains(target))
    cache_.erase(std::min_element(cache_.begin(), cache_.end(),
                                  [](const auto& a, const auto& b) { return a.second.at < b.second.at; }));
  cache_[target] = {core_.now.mono, contacts};
}

void Lookups::finish(std::uint64_t id) {
  auto node = jobs_.extract(id);
  Job& job = node.mapped();
  by_target_.erase(job.target);
  const std::vector<Contact> found = job.lookup.result();
  // Only targets nobody could foresee count, an attacker crowds those it knows; and the join's, to begin with.
  const bool counts = std::any_of(job.waiters.begin(), job.waiters.end(), [](const Waiter& waiter) {
    return waiter.purpose == LookupFor::join || waiter.purpose == LookupFor::estimate;
  });
  if (counts) {
    core_.size.observe(job.target, found);
    core_.out->store(sizes_row(core_.size.sizes()));
  }
  observe_known();
  remember(job.target, found);
  core_.out->note(Severity::debug, name(job.waiters.front().purpose),
                  std::to_string(job.lookup.asked()) + " asked, " + std::to_string(job.lookup.answers()) + " answered");
  for (const Waiter& waiter : job.waiters) later(job.target, waiter, found);
}

void Lookups::restore() {
  for (const auto& [contact, role] : kept_contacts(core_.store, core_.config.profile.cheap_node_ids)) {
    core_.sessions.remember_id(contact.key, contact.id);
    core_.table.restore(contact, role, core_.now.mono);
  }
  core_.size.restore(kept_sizes(core_.store));
  observe_known();
}

void Lookups::observe_known() {
  core_.size.observe_known(std::max(core_.table.size(), core_.sessions.by_node().size()));
  core_.table.expect(core_.size.nodes());
}

void Lookups::session_ready() {
  observe_known();
  // The first session may be an inbound one that nobody can be asked through yet: the own id is looked up again as soon
  // as somebody can.
  const bool askable = !core_.table.closest(overlay_point(core_.config.id), 1, true).empty();
  if (!joining_) core_.timers.at(core_.now.mono + 5 * kSecond, TimerKind::table);
  if (!joining_ || (askable && !looked_up_self_)) find(overlay_point(core_.config.id), LookupFor::join, 0);
  joining_ = true;
  looked_up_self_ = looked_up_self_ || askable;
}

void Lookups::table_timer() {
  for (const NodeId& node : core_.table.to_ping(core_.now.mono, 8))
    if (const auto* entry = core_.table.find(node))
      core_.peers.send(Contact{entry->contact}, Ping{}, {RequestKind::ping, 0});
  for (const auto& target : core_.table.refresh_targets(core_.now.mono, core_.random))
    if (jobs_.size() < kMaxLookups / 4) find(target, LookupFor::refresh, 0);
  if (next_estimate_ == 0) next_estimate_ = core_.next_minute() - kMinute + estimate_delay_;
  if (core_.now.mono >= next_estimate_) {
    OverlayPoint anywhere;
    core_.random.fill(anywhere);
    find(anywhere, LookupFor::estimate, 0);
    next_estimate_ = core_.now.mono + estimate_delay_;
    estimate_delay_ = std::min(kLastEstimate, 2 * estimate_delay_);
  }
  std::erase_if(cache_, [&](const auto& item) { return core_.now.mono - item.second.at >= kCacheAge; });
  observe_known();
  core_.timers.at(core_.next_minute(), TimerKind::table);
}

}  // namespace comm
