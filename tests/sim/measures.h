// What a run costs and how well it does, over its honest nodes: up times, body copies that reach recipients, offers after
// the acknowledgement, stores at their fullest, attackers in routing tables. Owned by the World; bounded by the run's
// messages and restarts.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "proto/base/ids.h"
#include "proto/base/time.h"

namespace comm::sim {

class Measures {
 public:
  explicit Measures(std::size_t nodes) : ups_(nodes), fullest_(nodes) {}

  void up(std::uint32_t node, Millis now) { ups_[node].emplace_back(now, -1); }
  void down(std::uint32_t node, Millis now) { ups_[node].back().second = now; }
  void body_arrived(const MessageId& id) { ++copies_[id]; }
  void acknowledged(const MessageId& id, Millis now) { trails_.try_emplace(id, Trail{now, now, 0}); }
  void relayed(const MessageId& id, Millis now);  // an Offer or Message of it left an honest node
  void stored(std::uint32_t node, std::uint64_t bytes) { fullest_[node] = std::max(fullest_[node], bytes); }
  // Of the tables' entries so many are attackers.
  struct Share { Millis at = 0; std::uint64_t hostile = 0, entries = 0, victims_hostile = 0, victims_entries = 0; };
  void table(const Share& share) { shares_.push_back(share); }

  // When `node` had been up for `needed` at a stretch, counted from `from`; -1: never.
  Millis reachable_at(std::uint32_t node, Millis from, Millis needed) const;
  struct Relays { std::vector<Millis> time_to_quiet; std::vector<std::uint64_t> after_ack; };  // each sorted
  Relays relays() const;
  std::uint64_t redundant_copies() const;
  std::vector<std::uint64_t> fullest(std::size_t nodes) const;  // of the first so many nodes, sorted
  const std::vector<Share>& shares() const { return shares_; }

 private:
  struct Trail { Millis acknowledged, last; std::uint64_t relays; };
  std::vector<std::vector<std::pair<Millis, Millis>>> ups_;  // per node: from, until (-1: still up)
  std::map<MessageId, std::uint32_t> copies_;
  std::map<MessageId, Trail> trails_;
  std::vector<std::uint64_t> fullest_;
  std::vector<Share> shares_;
};

}  // namespace comm::sim
