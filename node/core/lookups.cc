#include "node/core/lookups.h"

#include "node/core/core.h"

namespace comm {

void Lookups::find(const OverlayPoint& target, LookupFor purpose, std::uint64_t key) {
  const bool fresh = purpose == LookupFor::join || purpose == LookupFor::refresh;
  if (const auto it = cache_.find(target); !fresh && it != cache_.end() && core_.now.mono - it->second.at < kCacheAge) {
    const std::vector<Contact> found = it->second.contacts;
    return core_.lookup_done(purpose, key, target, found);
  }
  if (const auto it = by_target_.find(target); it != by_target_.end()) {
    jobs_.at(it->second).waiters.push_back({purpose, key});
    return;
  }
  auto start = core_.table.closest(target, 4 * kBucketSize, true);
  // Random restarts: a retry from the same contacts gains nothing against liars near the target.
  for (auto& contact : core_.table.random(kBucketSize, core_.random, true))
    if (std::find(start.begin(), start.end(), contact) == start.end()) start.push_back(contact);
  if (start.empty() || jobs_.size() >= kMaxLookups) return core_.lookup_done(purpose, key, target, {});
  const std::uint64_t id = next_++;
  jobs_.emplace(id, Job{target,
                        Lookup(core_.config.id, target, std::move(start), kBucketSize, core_.size.region_radius(kRegionFactor), core_.random),
                        {{purpose, key}}});
  by_target_[target] = id;
  core_.table.touched(target, core_.now.mono);
  core_.timers.at(core_.now.mono + kLookupTimeout, TimerKind::lookup, id);
  advance(id);
}

void Lookups::advance(std::uint64_t id) {
  // send() may fail at once and come back here through failed(): look the job up again each time.
  for (auto it = jobs_.find(id); it != jobs_.end(); it = jobs_.find(id)) {
    if (it->second.lookup.done()) return finish(id);
    const auto ask = it->second.lookup.next();
    if (ask.empty()) return;
    const OverlayPoint target = it->second.target;
    for (const auto& contact : ask) core_.peers.send(contact, FindNode{target}, {RequestKind::find_node, id});
  }
}

void Lookups::answered(std::uint64_t id, const NodeId& from, const Nodes& nodes) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return;
  it->second.lookup.answered(from, nodes.contacts, core_.now.mono);
  advance(id);
}

void Lookups::failed(std::uint64_t id, const NodeId& from) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return;
  it->second.lookup.failed(from);
  if (it->second.lookup.done()) finish(id);
  else core_.timers.at(core_.now.mono, TimerKind::lookup, id | std::uint64_t{1} << 63);  // go on, but not recursively
}

void Lookups::timer(std::uint64_t key) {
  if (key >> 63 != 0) return advance(key & ~(std::uint64_t{1} << 63));
  if (jobs_.contains(key)) finish(key);
}

void Lookups::finish(std::uint64_t id) {
  auto node = jobs_.extract(id);
  Job& job = node.mapped();
  by_target_.erase(job.target);
  const std::vector<Contact> found = job.lookup.result();
  // Only targets nobody could foresee count: an attacker crowds the targets it knows.
  const bool random_target = std::any_of(job.waiters.begin(), job.waiters.end(), [](const Waiter& waiter) {
    return waiter.purpose == LookupFor::join || waiter.purpose == LookupFor::refresh;
  });
  if (random_target) core_.size.observe(job.target, found);
  core_.size.observe_known(core_.table.size());
  if (cache_.size() >= kCachedRegions) cache_.erase(cache_.begin());
  cache_[job.target] = {core_.now.mono, found};
  for (const Waiter& waiter : job.waiters) core_.lookup_done(waiter.purpose, waiter.key, job.target, found);
}

void Lookups::session_ready() {
  core_.size.observe_known(core_.table.size());
  if (joined_) return;
  joined_ = true;
  find(overlay_point(core_.config.id), LookupFor::join, 0);
  core_.timers.at(core_.now.mono + 5 * kSecond, TimerKind::table);
}

void Lookups::table_timer() {
  for (const NodeId& node : core_.table.to_ping(core_.now.mono, 8))
    if (const auto* entry = core_.table.find(node))
      core_.peers.send(Contact{entry->contact}, Ping{}, {RequestKind::ping, 0});
  for (const auto& target : core_.table.refresh_targets(core_.now.mono, core_.random))
    if (jobs_.size() < kMaxLookups / 4) find(target, LookupFor::refresh, 0);
  core_.size.observe_known(core_.table.size());
  core_.timers.at(core_.now.mono + kMinute, TimerKind::table);
}

}  // namespace comm
