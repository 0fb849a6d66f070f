#include "tests/sim/measures.h"

#include <algorithm>

namespace comm::sim {

void Measures::relayed(const MessageId& id, Millis now) {
  const auto it = trails_.find(id);
  if (it == trails_.end()) return;
  it->second.last = now;
  ++it->second.relays;
}

Millis Measures::reachable_at(std::uint32_t node, Millis from, Millis needed) const {
  for (const auto& [begin, end] : ups_[node]) {
    const Millis at = std::max(begin, from) + needed;
    if (end < 0 || at <= end) return at;
  }
  return -1;
}

Measures::Relays Measures::relays() const {
  Relays out;
  for (const auto& [id, trail] : trails_) {
    out.time_to_quiet.push_back(trail.last - trail.acknowledged);
    out.after_ack.push_back(trail.relays);
  }
  std::sort(out.time_to_quiet.begin(), out.time_to_quiet.end());
  std::sort(out.after_ack.begin(), out.after_ack.end());
  return out;
}

std::uint64_t Measures::redundant_copies() const {
  std::uint64_t out = 0;
  for (const auto& [id, copies] : copies_) out += copies - 1;
  return out;
}

std::vector<std::uint64_t> Measures::fullest(std::size_t nodes) const {
  std::vector<std::uint64_t> out(fullest_.begin(), fullest_.begin() + static_cast<std::ptrdiff_t>(nodes));
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace comm::sim
