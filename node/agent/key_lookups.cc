#include "node/agent/key_lookups.h"

namespace comm::agent {

void KeyLookups::clear() {
  wanted_.clear();
  asked_ = 0;
}

void KeyLookups::ask(TimePoint now, const Address& address, Wanted& wanted, Effects& out) {
  wanted.asked = true;
  wanted.last = now.mono;
  wanted.due = now.mono + kLookupLost;
  ++asked_;
  out.now(Event{FindRecord{address}});
}

void KeyLookups::plan(TimePoint now, Wanted& wanted) {
  if (wanted.asked) --asked_;
  wanted.asked = false;
  wanted.backoff = wanted.backoff == 0 ? retry_min_ : std::min(2 * wanted.backoff, retry_max_);
  wanted.due = now.mono + wanted.backoff;
}

void KeyLookups::want(TimePoint now, const Address& address, const MessageUid& uid, Effects& out) {
  const auto [it, added] = wanted_.try_emplace(address);
  it->second.uids.insert(uid);
  if (!added) return;
  it->second.due = now.mono;
  if (asked_ < kMaxLookups) ask(now, address, it->second, out);
}

void KeyLookups::forget(const Address& address, const MessageUid& uid) {
  const auto it = wanted_.find(address);
  if (it == wanted_.end()) return;
  it->second.uids.erase(uid);
  if (!it->second.uids.empty()) return;
  if (it->second.asked) --asked_;
  wanted_.erase(it);
}

void KeyLookups::retry_all(TimePoint now, Effects& out) {
  for (auto& [address, wanted] : wanted_) {
    wanted.backoff = 0;
    if (!wanted.asked) wanted.due = now.mono;
  }
  retry_due(now, out);
}

void KeyLookups::retry_some(TimePoint now, Effects& out) {
  for (auto& [address, wanted] : wanted_)
    if (!wanted.asked) wanted.due = std::min(wanted.due, wanted.last + kMetPause);
  retry_due(now, out);
}

void KeyLookups::retry_due(TimePoint now, Effects& out) {
  for (auto& [address, wanted] : wanted_)
    if (wanted.asked && wanted.due <= now.mono) plan(now, wanted);
  for (auto& [address, wanted] : wanted_) {
    if (asked_ >= kMaxLookups) return;
    if (!wanted.asked && wanted.due <= now.mono) ask(now, address, wanted, out);
  }
}

std::vector<MessageUid> KeyLookups::answered(TimePoint now, const Address& address, bool usable, Effects& out) {
  std::vector<MessageUid> ready;
  const auto it = wanted_.find(address);
  if (it == wanted_.end()) return ready;
  if (usable) {
    ready.assign(it->second.uids.begin(), it->second.uids.end());
    if (it->second.asked) --asked_;
    wanted_.erase(it);
  } else if (it->second.asked) {
    plan(now, it->second);
  }
  retry_due(now, out);
  return ready;
}

std::optional<Millis> KeyLookups::next_deadline() const {
  std::optional<Millis> out;
  for (const auto& [address, wanted] : wanted_) {
    if (!wanted.asked && asked_ >= kMaxLookups) continue;  // its turn comes with the next answer
    if (!out || wanted.due < *out) out = wanted.due;
  }
  return out;
}

}  // namespace comm::agent
