#include "node/core/lookup.h"

#include <algorithm>
#include <tuple>

#include "proto/base/check.h"

namespace comm {

namespace {

// A responder this many of whose contacts failed, more than answered, waits behind all others.
constexpr std::size_t kSuspectAfter = 3;

bool dialable_form(const Contact& contact) {
  return contact.endpoint.port != 0 && !contact.endpoint.is_unspecified();
}

}  // namespace

Lookup::Lookup(const NodeId& self, const OverlayPoint& target, std::vector<Contact> start, std::size_t k,
               const Distance& region_radius, RandomSource& random, CostsCheck costs_check,
               LookupStyle style)
    : self_(self), target_(target), k_(k), radius_(region_radius), costs_check_(std::move(costs_check)),
      style_(style), lots_(random.next()) {
  CHECK(k > 0 && style_.paths > 0 && style_.shortlist >= k_);
  std::erase_if(start, [&](const Contact& c) { return c.id == self_; });
  const auto from_target = [&](const Contact& c) { return distance(target_, overlay_point(c.id)); };
  std::stable_sort(start.begin(), start.end(),
                   [&](const Contact& a, const Contact& b) { return from_target(a) < from_target(b); });
  start.erase(std::unique(start.begin(), start.end(),
                          [](const Contact& a, const Contact& b) { return a.id == b.id; }),
              start.end());
  paths_.resize(std::min(style_.paths, start.size()));
  // Which path gets the nearest contact, and so asks first, is nobody else's business.
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < paths_.size(); ++i) order.push_back(i);
  lots_.shuffle(order);
  for (std::size_t i = 0; i < start.size(); ++i) add(order[i % order.size()], start[i], kNobody);
}

Lookup::Index Lookup::node(const NodeId& id) {
  const auto [it, fresh] = index_.emplace(id, static_cast<Index>(nodes_.size()));
  if (fresh) nodes_.emplace_back();
  return it->second;
}

void Lookup::add(std::size_t path, const Contact& contact, Index named_by) {
  std::vector<Candidate>& list = paths_[path].shortlist;
  // The first of one id stays: another path may know it under another, better endpoint.
  if (std::any_of(list.begin(), list.end(), [&](const Candidate& c) { return c.contact.id == contact.id; })) return;
  const Distance d = distance(target_, overlay_point(contact.id));
  const auto at = std::lower_bound(list.begin(), list.end(), d,
                                   [](const Candidate& c, const Distance& value) { return c.distance < value; });
  list.insert(at, Candidate{contact, d, node(contact.id), named_by, lots_.draw(),
                             costs_check_ && costs_check_(contact.key)});
  if (list.size() <= style_.shortlist) return;
  auto out = list.end() - 1;
  if (out->distance <= radius_) {
    // All inside the region: of those behind the 2k nearest a random one goes, or whoever crowds the target with ids of
    // its own would push every other member out.
    const auto from = list.begin() + static_cast<std::ptrdiff_t>(std::min(2 * k_, style_.shortlist));
    out = std::max_element(from, list.end(), [](const Candidate& a, const Candidate& b) { return a.lot < b.lot; });
  }
  list.erase(out);
}

Lookup::Standing Lookup::standing(const Candidate& candidate) const {
  std::size_t failures = 0;
  bool waiting = false;
  for (const std::uint32_t made : nodes_[candidate.node].asks) {
    const Ask& ask = asks_[made];
    if (ask.state == State::answered) return Standing::answered;
    if (ask.state == State::dropped && ask.contact.key == candidate.contact.key) return Standing::out;
    if (ask.state == State::failed && ask.contact == candidate.contact) return Standing::out;
    if (ask.state == State::in_flight) waiting = true;
    ++failures;
  }
  if (waiting) return Standing::waiting;
  return failures < style_.paths ? Standing::open : Standing::out;
}

bool Lookup::suspect(Index responder) const {
  if (responder == kNobody || !style_.judged) return false;
  const Node& named = nodes_[responder];
  return named.failed_named >= kSuspectAfter && named.failed_named > named.answered_named;
}

// Every path has its own share, so that captured ones that answer fast leave the others theirs.
bool Lookup::may_spend(std::size_t path) const { return paths_[path].asked < path_budget() / paths_.size(); }

bool Lookup::affordable(const Path& path, const Candidate& candidate) const {
  return !candidate.costs_check || path.checks < (kLookupNodeChecks + extra()) / style_.paths;
}

// The nearest candidate to be asked among the path's k nearest live ones.
std::optional<std::size_t> Lookup::open_in(const Path& path, bool* waiting) const {
  std::size_t live = 0;
  for (std::size_t i = 0; i < path.shortlist.size() && live < k_; ++i) {
    const Candidate& candidate = path.shortlist[i];
    const Standing now = standing(candidate);
    if (now == Standing::out) continue;
    if (now == Standing::open && (suspect(candidate.named_by) || !affordable(path, candidate))) continue;
    ++live;
    if (now == Standing::waiting) *waiting = true;
    if (now == Standing::open) return i;
  }
  return std::nullopt;
}

std::optional<Lookup::Choice> Lookup::choose() const {
  if (in_flight_ >= style_.parallelism * style_.paths || asks_.size() >= max_asks()) return std::nullopt;
  bool busy = false;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    const std::size_t path = (turn_ + i) % paths_.size();
    if (!may_spend(path)) continue;
    const auto open = open_in(paths_[path], &busy);
    if (open && paths_[path].in_flight < style_.parallelism) return Choice{path, *open};
    if (open) busy = true;
  }
  return busy || !style_.judged ? std::nullopt : choose_merged();
}

std::optional<Distance> Lookup::kth_nearest() const {
  std::vector<Distance> nearest;  // k of them at most, each once
  const auto too_far = [&](const Distance& d) { return nearest.size() == k_ && d >= nearest.back(); };
  const auto take = [&](const Distance& d) {
    const auto at = std::lower_bound(nearest.begin(), nearest.end(), d);
    if (at != nearest.end() && *at == d) return;
    nearest.insert(at, d);
    if (nearest.size() > k_) nearest.pop_back();
  };
  for (const Ask& ask : asks_)
    if ((ask.state == State::answered || ask.state == State::in_flight) && !too_far(ask.distance)) take(ask.distance);
  for (const Path& path : paths_) {
    for (const Candidate& c : path.shortlist) {
      if (too_far(c.distance)) break;
      if (standing(c) == Standing::open && !suspect(c.named_by) && affordable(path, c)) take(c.distance);
    }
  }
  return nearest.size() < k_ ? std::nullopt : std::optional<Distance>(nearest.back());
}

// The paths are done: first whoever may be among the k nearest of all, then the region in random order, so that no
// choice of ids comes before the others; contacts of suspects at last.
std::optional<Lookup::Choice> Lookup::choose_merged() const {
  const std::optional<Distance> kth = kth_nearest();
  std::optional<Choice> best;
  std::tuple<int, Distance, std::uint64_t> best_rank;
  for (std::size_t p = 0; p < paths_.size(); ++p) {
    for (std::size_t i = 0; i < paths_[p].shortlist.size(); ++i) {
      const Candidate& c = paths_[p].shortlist[i];
      const bool near = !kth || c.distance <= *kth;
      if (!near && c.distance > radius_) break;
      std::tuple<int, Distance, std::uint64_t> rank{1, Distance{}, c.lot};
      if (suspect(c.named_by)) {
        std::get<0>(rank) = 2;
      } else if (near) {
        rank = {0, c.distance, c.lot};
      }
      if (best && best_rank <= rank) continue;
      if (standing(c) != Standing::open || !affordable(paths_[p], c)) continue;
      best = Choice{p, i};
      best_rank = rank;
    }
  }
  return best;
}

std::vector<Contact> Lookup::next(Millis mono) {
  std::vector<Contact> out;
  while (const auto choice = choose()) {
    Path& path = paths_[choice->path];
    const Candidate& c = path.shortlist[choice->index];
    nodes_[c.node].asks.push_back(static_cast<std::uint32_t>(asks_.size()));
    asks_.push_back(Ask{c.contact, c.distance, choice->path, c.named_by, mono, State::in_flight});
    out.push_back(c.contact);
    ++path.asked;
    path.checks += c.costs_check ? 1 : 0;
    ++path.in_flight;
    ++in_flight_;
    turn_ = (choice->path + 1) % paths_.size();
  }
  return out;
}

std::vector<std::uint32_t> Lookup::known_with(const NodeId& asked) const {
  const auto known = index_.find(asked);
  if (known == index_.end() || nodes_[known->second].asks.empty()) return {};
  const std::vector<Candidate>& list = paths_[asks_[nodes_[known->second].asks.back()].path].shortlist;
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < std::min(list.size(), kMaxKnownPerFind); ++i) out.push_back(first_four(list[i].contact.id));
  return out;
}

void Lookup::settle(Ask& ask, State state) {
  if (ask.state == State::in_flight) {
    --in_flight_;
    --paths_[ask.path].in_flight;
  }
  const auto count = [&](State of, int by) {
    if (of == State::answered && ask.distance <= radius_) members_ += static_cast<std::size_t>(by);
    if (ask.named_by == kNobody || of == State::in_flight) return;
    Node& namer = nodes_[ask.named_by];
    (of == State::answered ? namer.answered_named : namer.failed_named) += static_cast<std::uint32_t>(by);
  };
  count(ask.state, -1);
  ask.state = state;
  count(ask.state, +1);
}

Lookup::Ask* Lookup::find_ask(const NodeId& id, State state) {
  const auto known = index_.find(id);
  if (known == index_.end()) return nullptr;
  for (const std::uint32_t made : nodes_[known->second].asks)
    if (asks_[made].state == state) return &asks_[made];
  return nullptr;
}

void Lookup::answered(const NodeId& from, std::span<const Contact> contacts, Millis mono) {
  Ask* ask = find_ask(from, State::in_flight);
  // Late is better than never. A second answer changes nothing.
  if (ask == nullptr && find_ask(from, State::answered) == nullptr) ask = find_ask(from, State::failed);
  if (ask == nullptr) return;
  settle(*ask, State::answered);
  last_answer_ = mono;
  const std::size_t path = ask->path;
  const Index namer = node(from);
  for (const Contact& contact : contacts.first(std::min(contacts.size(), kMaxContactsPerPacket)))
    if (contact.id != self_ && contact.id != from && dialable_form(contact)) add(path, contact, namer);
}

void Lookup::failed(const NodeId& from) {
  if (Ask* ask = find_ask(from, State::in_flight)) settle(*ask, State::failed);
}

void Lookup::lose_patience(Millis mono) {
  for (Ask& ask : asks_)
    if (ask.state == State::in_flight && ask.at <= mono) settle(ask, State::failed);
}

void Lookup::false_contact(const NodeId& named) {
  const auto known = index_.find(named);
  if (known == index_.end() || nodes_[known->second].asks.empty()) return;
  Ask& ask = asks_[nodes_[known->second].asks.back()];
  settle(ask, State::dropped);
  const auto same = [&](const Candidate& c) { return c.node == known->second && c.contact.key == ask.contact.key; };
  std::vector<Index> liars;
  if (ask.named_by != kNobody) liars.push_back(ask.named_by);
  for (Path& path : paths_) {
    for (const Candidate& c : path.shortlist)
      if (same(c) && c.named_by != kNobody) liars.push_back(c.named_by);
    std::erase_if(path.shortlist, same);
  }
  for (const Index liar : liars) drop_responder(liar);
}

// Not found any more, and nothing it named is asked on its word.
void Lookup::drop_responder(Index responder) {
  for (const std::uint32_t made : nodes_[responder].asks) settle(asks_[made], State::dropped);
  for (Path& path : paths_)
    std::erase_if(path.shortlist,
                  [&](const Candidate& c) { return c.named_by == responder && standing(c) == Standing::open; });
}

bool Lookup::done() const { return in_flight_ == 0 && !choose(); }

std::size_t Lookup::answers() const {
  return static_cast<std::size_t>(std::count_if(
      asks_.begin(), asks_.end(), [](const Ask& ask) { return ask.state == State::answered; }));
}

std::vector<Contact> Lookup::result() const {
  std::vector<const Ask*> found;
  for (const Ask& ask : asks_)
    if (ask.state == State::answered) found.push_back(&ask);
  std::sort(found.begin(), found.end(), [](const Ask* a, const Ask* b) { return a->distance < b->distance; });
  std::vector<Contact> out;
  for (const Ask* ask : found)
    if (out.size() < k_ || ask->distance <= radius_) out.push_back(ask->contact);
  return out;
}

}  // namespace comm
