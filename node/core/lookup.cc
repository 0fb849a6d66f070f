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
               const Distance& region_radius, RandomSource& random)
    : self_(self), target_(target), k_(k), radius_(region_radius), lots_(random.next()) {
  CHECK(k > 0);
  std::erase_if(start, [&](const Contact& c) { return c.id == self_; });
  const auto from_target = [&](const Contact& c) { return distance(target_, overlay_point(c.id)); };
  std::stable_sort(start.begin(), start.end(),
                   [&](const Contact& a, const Contact& b) { return from_target(a) < from_target(b); });
  start.erase(std::unique(start.begin(), start.end(),
                          [](const Contact& a, const Contact& b) { return a.id == b.id; }),
              start.end());
  paths_.resize(std::min(kLookupPaths, start.size()));
  // Which path gets the nearest contact, and so asks first, is nobody else's business.
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < paths_.size(); ++i) order.push_back(i);
  lots_.shuffle(order);
  for (std::size_t i = 0; i < start.size(); ++i) add(order[i % order.size()], start[i], std::nullopt);
}

void Lookup::add(std::size_t path, const Contact& contact, const std::optional<NodeId>& named_by) {
  std::vector<Candidate>& list = paths_[path].shortlist;
  // The first of one id stays: another path may know it under another, better endpoint.
  if (std::any_of(list.begin(), list.end(), [&](const Candidate& c) { return c.contact.id == contact.id; })) return;
  const Distance d = distance(target_, overlay_point(contact.id));
  const auto at = std::lower_bound(list.begin(), list.end(), d,
                                   [](const Candidate& c, const Distance& value) { return c.distance < value; });
  list.insert(at, Candidate{contact, d, named_by, lots_.draw()});
  if (list.size() <= kShortlist) return;
  auto out = list.end() - 1;
  if (out->distance <= radius_) {
    // All inside the region: of those behind the 2k nearest a random one goes, or whoever crowds the target with ids of
    // its own would push every other member out.
    const auto from = list.begin() + static_cast<std::ptrdiff_t>(std::min(2 * k_, kShortlist));
    out = std::max_element(from, list.end(), [](const Candidate& a, const Candidate& b) { return a.lot < b.lot; });
  }
  list.erase(out);
}

Lookup::Standing Lookup::standing(const Candidate& candidate) const {
  std::size_t failures = 0;
  bool waiting = false;
  for (const Ask& ask : asks_) {
    if (ask.contact.id != candidate.contact.id) continue;
    if (ask.state == State::answered) return Standing::answered;
    if (ask.state == State::dropped && ask.contact.key == candidate.contact.key) return Standing::out;
    if (ask.state == State::failed && ask.contact == candidate.contact) return Standing::out;
    if (ask.state == State::in_flight) waiting = true;
    ++failures;
  }
  if (waiting) return Standing::waiting;
  return failures < kLookupPaths ? Standing::open : Standing::out;
}

bool Lookup::suspect(const std::optional<NodeId>& responder) const {
  if (!responder) return false;
  std::size_t failures = 0, answers = 0;
  for (const Ask& ask : asks_) {
    if (ask.named_by != responder) continue;
    if (ask.state == State::failed || ask.state == State::dropped) ++failures;
    if (ask.state == State::answered) ++answers;
  }
  return failures >= kSuspectAfter && failures > answers;
}

// Every path has its own share, so that captured ones that answer fast leave the others theirs.
bool Lookup::may_spend(std::size_t path) const { return paths_[path].asked < path_budget() / paths_.size(); }

// The nearest candidate to be asked among the path's k nearest live ones.
std::optional<std::size_t> Lookup::open_in(const Path& path, bool* waiting) const {
  std::size_t live = 0;
  for (std::size_t i = 0; i < path.shortlist.size() && live < k_; ++i) {
    const Candidate& candidate = path.shortlist[i];
    const Standing now = standing(candidate);
    if (now == Standing::out || (now == Standing::open && suspect(candidate.named_by))) continue;
    ++live;
    if (now == Standing::waiting) *waiting = true;
    if (now == Standing::open) return i;
  }
  return std::nullopt;
}

std::optional<Lookup::Choice> Lookup::choose() const {
  if (in_flight_ >= kLookupParallelism * kLookupPaths || asks_.size() >= max_asks()) return std::nullopt;
  bool busy = false;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    const std::size_t path = (turn_ + i) % paths_.size();
    if (!may_spend(path)) continue;
    const auto open = open_in(paths_[path], &busy);
    if (open && paths_[path].in_flight < kLookupParallelism) return Choice{path, *open};
    if (open) busy = true;
  }
  return busy ? std::nullopt : choose_merged();
}

std::optional<Distance> Lookup::kth_nearest() const {
  std::vector<Distance> all;
  for (const Ask& ask : asks_)
    if (ask.state == State::answered || ask.state == State::in_flight) all.push_back(ask.distance);
  for (const Path& path : paths_)
    for (const Candidate& c : path.shortlist)
      if (standing(c) == Standing::open && !suspect(c.named_by)) all.push_back(c.distance);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all.size() < k_ ? std::nullopt : std::optional<Distance>(all[k_ - 1]);
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
      if ((!near && c.distance > radius_) || standing(c) != Standing::open) continue;
      std::tuple<int, Distance, std::uint64_t> rank{1, Distance{}, c.lot};
      if (suspect(c.named_by)) {
        std::get<0>(rank) = 2;
      } else if (near) {
        rank = {0, c.distance, c.lot};
      }
      if (best && best_rank <= rank) continue;
      best = Choice{p, i};
      best_rank = rank;
    }
  }
  return best;
}

std::vector<Contact> Lookup::next() {
  std::vector<Contact> out;
  while (const auto choice = choose()) {
    Path& path = paths_[choice->path];
    const Candidate& c = path.shortlist[choice->index];
    asks_.push_back(Ask{c.contact, c.distance, choice->path, c.named_by, State::in_flight});
    out.push_back(c.contact);
    ++path.asked;
    ++path.in_flight;
    ++in_flight_;
    turn_ = (choice->path + 1) % paths_.size();
  }
  return out;
}

void Lookup::settle(Ask& ask, State state) {
  if (ask.state == State::in_flight) {
    --in_flight_;
    --paths_[ask.path].in_flight;
  }
  ask.state = state;
}

Lookup::Ask* Lookup::find_ask(const NodeId& id, State state) {
  const auto it = std::find_if(asks_.begin(), asks_.end(),
                               [&](const Ask& ask) { return ask.contact.id == id && ask.state == state; });
  return it == asks_.end() ? nullptr : &*it;
}

void Lookup::answered(const NodeId& from, std::span<const Contact> contacts, Millis mono) {
  Ask* ask = find_ask(from, State::in_flight);
  if (ask == nullptr) {
    // Too late for its contacts, but it is there. A second answer changes nothing.
    ask = find_ask(from, State::failed);
    if (ask != nullptr && find_ask(from, State::answered) == nullptr) ask->state = State::answered;
    return;
  }
  settle(*ask, State::answered);
  last_answer_ = mono;
  const std::size_t path = ask->path;
  for (const Contact& contact : contacts.first(std::min(contacts.size(), kMaxContactsPerPacket)))
    if (contact.id != self_ && contact.id != from && dialable_form(contact)) add(path, contact, from);
}

void Lookup::failed(const NodeId& from) {
  if (Ask* ask = find_ask(from, State::in_flight)) settle(*ask, State::failed);
}

void Lookup::false_contact(const NodeId& named) {
  const auto it = std::find_if(asks_.rbegin(), asks_.rend(), [&](const Ask& ask) { return ask.contact.id == named; });
  if (it == asks_.rend()) return;
  settle(*it, State::dropped);
  const NodeKey key = it->contact.key;
  std::vector<NodeId> liars;
  if (it->named_by) liars.push_back(*it->named_by);
  for (Path& path : paths_) {
    for (const Candidate& c : path.shortlist)
      if (c.contact.id == named && c.contact.key == key && c.named_by) liars.push_back(*c.named_by);
    std::erase_if(path.shortlist,
                  [&](const Candidate& c) { return c.contact.id == named && c.contact.key == key; });
  }
  for (const NodeId& liar : liars) drop_responder(liar);
}

// Not found any more, and nothing it named is asked on its word.
void Lookup::drop_responder(const NodeId& responder) {
  for (Ask& ask : asks_)
    if (ask.contact.id == responder) settle(ask, State::dropped);
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
