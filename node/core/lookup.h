// One iterative lookup (spec 70-routing) as a state machine without I/O: alpha requests on each of d disjoint paths
// (Baumgart and Mies, 2007), then a merge phase that asks everyone in the target's region. No answer ends it early: a
// contact counts only once it was asked and answered itself, so liars cost requests but hide nobody that another path
// knows. Owned by NodeCore, one per target. Memory: LookupStyle::shortlist candidates per path, max_asks() asks, the ids of
// kMaxContactsPerPacket contacts of each answer.
#pragma once
#include <functional>
#include <map>

#include "proto/base/ids.h"
#include "proto/base/limits.h"
#include "proto/base/random.h"
#include "proto/base/time.h"

namespace comm {

inline std::uint32_t first_four(const NodeId& id) { return get_be<std::uint32_t>(id.view()); }

// What the scoreboard switches off to show what it is for (tests/sim); nodes run the defaults.
struct LookupStyle {
  std::size_t paths = kLookupPaths;
  std::size_t parallelism = kLookupParallelism;  // of each path
  std::size_t shortlist = 64;  // candidates of a path
  std::size_t asks = 0;        // of all paths and the merge phase; 0: 4 k + 64
  bool judged = true;          // liars' contacts wait, and the paths are merged in the end
};

class Lookup {
 public:
  // `start`: contacts already known. For a retry, pass random ones: the same start meets the same liars again.
  // Draws one number from `random` and does not keep it. `costs_check`: asking that key means computing its id; of such
  // contacts a path asks its share of kLookupNodeChecks.
  using CostsCheck = std::function<bool(const NodeKey&)>;
  Lookup(const NodeId& self, const OverlayPoint& target, std::vector<Contact> start, std::size_t k,
         const Distance& region_radius, RandomSource& random, CostsCheck costs_check = {}, LookupStyle style = {});

  // Contacts to be asked FindNode now; each counts as asked and must be followed by answered, failed or false_contact.
  std::vector<Contact> next(Millis mono = 0);
  // What the path that asks it has already, nearest first: FindNode's `known`. Of another path's contacts it says nothing.
  std::vector<std::uint32_t> known_with(const NodeId& asked) const;
  // `from` is authenticated and answered our request. Answers of others are ignored.
  void answered(const NodeId& from, std::span<const Contact> contacts, Millis mono);
  void failed(const NodeId& from);          // no session, deadline passed
  // Those asked until `mono` and still silent count as failed, so that others are asked; late answers still count.
  void lose_patience(Millis mono);
  void false_contact(const NodeId& named);  // the key asked last under this id has another id: drops who named it too
  bool done() const;                        // nothing in flight, nothing left to ask

  // Authenticated responders: the k nearest plus everyone inside the region, nearest first.
  std::vector<Contact> result() const;
  std::size_t asked() const { return asks_.size(); }
  std::size_t in_flight() const { return in_flight_; }
  std::size_t answers() const;
  Millis last_answer() const { return last_answer_; }  // mono; 0 before the first
  const OverlayPoint& target() const { return target_; }
  // One more for each member of the region that answers, beyond the 2k that are expected: whoever fills it with ids does
  // not use up the others' turns, and whoever only names ids gains nothing.
  std::size_t max_asks() const { return style_.asks > 0 ? style_.asks : 4 * k_ + 64 + extra(); }

 private:
  enum class State : std::uint8_t { in_flight, answered, failed, dropped };
  using Index = std::uint32_t;  // of nodes_
  static constexpr Index kNobody = ~Index{0};
  struct Node {
    std::vector<std::uint32_t> asks;   // made of it, oldest first
    std::uint32_t failed_named = 0;    // asks of contacts it named that failed or were dropped
    std::uint32_t answered_named = 0;
  };
  struct Ask {
    Contact contact;
    Distance distance;
    std::size_t path = 0;
    Index named_by = kNobody;          // kNobody: a start contact
    Millis at = 0;                     // mono
    State state = State::in_flight;
  };
  struct Candidate {
    Contact contact;
    Distance distance;
    Index node = kNobody;
    Index named_by = kNobody;
    std::uint64_t lot = 0;  // the merge phase's order
    bool costs_check = false;
  };
  struct Path {
    std::vector<Candidate> shortlist;  // nearest first, one per id
    std::size_t asked = 0;
    std::size_t in_flight = 0;
    std::size_t checks = 0;            // id checks its asks may have caused
  };
  // What became of a candidate, judged over all paths.
  enum class Standing : std::uint8_t { open, waiting, answered, out };
  struct Choice {
    std::size_t path = 0;
    std::size_t index = 0;
  };

  Standing standing(const Candidate& candidate) const;
  bool affordable(const Path& path, const Candidate& candidate) const;
  bool suspect(Index responder) const;
  static constexpr std::size_t kMostExtra = 160;
  std::size_t extra() const { return members_ <= 2 * k_ ? 0 : std::min(members_ - 2 * k_, kMostExtra); }
  std::size_t path_budget() const { return (max_asks() - (style_.asks > 0 ? 0 : extra())) / 2; }
  bool may_spend(std::size_t path) const;
  std::optional<std::size_t> open_in(const Path& path, bool* waiting) const;
  std::optional<Choice> choose() const;
  std::optional<Choice> choose_merged() const;
  std::optional<Distance> kth_nearest() const;
  Index node(const NodeId& id);
  void add(std::size_t path, const Contact& contact, Index named_by);
  void settle(Ask& ask, State state);
  Ask* find_ask(const NodeId& id, State state);
  void drop_responder(Index responder);

  NodeId self_;
  OverlayPoint target_;
  std::size_t k_;
  Distance radius_;
  CostsCheck costs_check_;
  LookupStyle style_;
  Prng lots_;
  std::vector<Path> paths_;
  std::vector<Ask> asks_;
  std::vector<Node> nodes_;         // everyone named or asked: judging a candidate looks at its own asks only
  std::map<NodeId, Index> index_;
  std::size_t members_ = 0;         // answers from within the region
  std::size_t in_flight_ = 0;
  std::size_t turn_ = 0;  // the path whose turn it is
  Millis last_answer_ = 0;
};

}  // namespace comm
