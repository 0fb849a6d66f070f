#include "node/core/mailboxes.h"

#include "node/core/core.h"

namespace comm {

namespace {
constexpr Millis kMissingCustodianRetry = 30 * kSecond;
constexpr Millis kNeverScheduled = kDay;
}

void Mailboxes::on_collect(Link& link, std::uint32_t request_id, const Collect& collect) {
  if (!link.costly.take(core_.now.mono)) {
    core_.count({Stage::policy, Scope::count, "collect-rate"});
    return core_.out->send(link.id, request_id, ErrorBody{static_cast<std::uint32_t>(ErrorCode::rate_limited), "collect"});
  }
  if (!verify(collect.mailbox_key, collect_hash(link.transcript, collect.mailbox_key), collect.signature))
    return core_.fault(link, {Stage::crypto, Scope::count, "collect-signature"});
  const MailboxId mailbox = mailbox_id(collect.mailbox_key);
  const NodeId node = link.node;
  auto& mine = collected_by_[node];
  const bool known = std::find(mine.begin(), mine.end(), mailbox) != mine.end();
  if (!known && mine.size() >= kMaxCollected)
    return core_.out->send(link.id, request_id, Collected{CollectStatus::refused, 0});
  if (!known) {
    mine.push_back(mailbox);
    owners_[mailbox].push_back(node);
  }
  const auto running = page_keys_.find({mailbox, node});  // begins anew
  const std::uint64_t key = running == page_keys_.end() ? next_key_++ : running->second;
  const LinkId link_id = link.id;
  const std::uint32_t waiting = offer_page(key, {mailbox, node});
  core_.out->send(link_id, request_id, Collected{CollectStatus::subscribed, waiting});
  core_.custody.flush_offers();  // after the answer
}

// The owner sets the pace: what it has not taken yet would only be offered again, and fill its queue.
std::uint32_t Mailboxes::offer_page(std::uint64_t key, Page page) {
  const auto offered = core_.custody.owner_collected(page.mailbox, page.owner, page.cursor, kCollectPage);
  page.open.insert(offered.begin(), offered.end());
  page.latest = core_.now.mono + core_.scaled(kPagePatience);
  const bool at_once = page.cursor != 0 && page.open.size() <= kCollectPage / 2;
  const bool done = page.cursor == 0 && page.open.empty();
  page_keys_[{page.mailbox, page.owner}] = key;
  core_.timers.at(at_once || done ? core_.now.mono : page.latest, TimerKind::collect_page, key);
  pages_[key] = std::move(page);
  return static_cast<std::uint32_t>(offered.size());
}

void Mailboxes::drop_page(std::uint64_t key) {
  const auto it = pages_.find(key);
  page_keys_.erase({it->second.mailbox, it->second.owner});
  pages_.erase(it);
}

void Mailboxes::taken(const MailboxId& mailbox, const NodeId& owner, const MessageId& id) {
  if (page_keys_.empty()) return;
  const auto key = page_keys_.find({mailbox, owner});
  if (key == page_keys_.end()) return;
  Page& page = pages_.at(key->second);
  if (page.open.erase(id) == 0) return;
  if (page.open.size() == (page.cursor == 0 ? 0 : kCollectPage / 2))
    core_.timers.at(core_.now.mono, TimerKind::collect_page, key->second);
}

void Mailboxes::page_timer(std::uint64_t key) {
  const auto it = pages_.find(key);
  if (it == pages_.end()) return;
  Page& page = it->second;
  if (core_.sessions.ready(page.owner) == nullptr) return drop_page(key);  // it collects again when it is back
  if (core_.now.mono >= page.latest) core_.custody.not_taken(std::exchange(page.open, {}), page.owner);
  if (page.cursor == 0 && page.open.empty()) return drop_page(key);
  if (page.cursor != 0 && page.open.size() <= kCollectPage / 2) offer_page(key, std::move(page));
  core_.custody.flush_offers();
}

bool Mailboxes::owned_by(const MailboxId& mailbox, const NodeId& node) const {
  const auto* nodes = owners(mailbox);
  return nodes != nullptr && std::find(nodes->begin(), nodes->end(), node) != nodes->end();
}

const std::vector<NodeId>* Mailboxes::owners(const MailboxId& mailbox) const {
  const auto it = owners_.find(mailbox);
  return it == owners_.end() ? nullptr : &it->second;
}

void Mailboxes::add_own(const std::vector<MailboxKey>& keys, Reach reach, std::map<MailboxId, Own>& next) {
  for (const MailboxKey& key : keys) {
    const MailboxId id = mailbox_id(key);
    auto known = own_.extract(id);
    if (!known.empty()) next.insert(std::move(known));
    Own& own = next[id];
    own.key = key;
    if (std::exchange(own.reach, reach) != reach) own.next_poll = own.next_look = own.next_round = 0;
  }
}

void Mailboxes::set_own(const CollectMailboxes& all) {
  std::map<MailboxId, Own> next;
  add_own(all.keys, Reach::region, next);
  add_own(all.seldom, Reach::seldom, next);
  add_own(all.pairwise, Reach::few, next);
  add_own(all.past, Reach::now_and_then, next);
  own_ = std::move(next);
  held_.clear();
  for (const auto& [id, own] : own_)
    if (const std::uint64_t after = core_.custody.open_held(id, 0); after != 0) held_[id] = after;
  if (!held_.empty()) core_.timers.at(core_.now.mono + kHeldPageDelay, TimerKind::held_page);
  if (core_.lookups.joined())
    for (const auto& [node, link_id] : core_.sessions.by_node())
      if (Link* link = core_.sessions.find(link_id)) session_ready(*link);
  schedule(0);
}

// One page a turn: each message of it may be opened, shown and acknowledged.
void Mailboxes::held_timer() {
  if (held_.empty()) return;
  const auto at = held_.begin();
  at->second = core_.custody.open_held(at->first, at->second);
  if (at->second == 0) held_.erase(at);
  if (!held_.empty()) core_.timers.at(core_.now.mono + kHeldPageDelay, TimerKind::held_page);
}

void Mailboxes::collect_from(Link& link, const MailboxId& mailbox, Own& own) {
  own.asked[link.node] = core_.now.mono;
  const std::uint64_t key = next_key_++;
  asking_[key] = {mailbox, link.node};
  core_.peers.send(link, Collect{own.key, core_.owner->sign_collect(own.key, collect_hash(link.transcript, own.key))},
                   {RequestKind::collect, key});
}

void Mailboxes::collect_via(const Contact& contact, const MailboxId& mailbox, Own& own) {
  // Collect is signed over the session it goes by, so the session comes first; session_ready does the rest.
  if (Link* link = core_.sessions.ready(contact.id)) return collect_from(*link, mailbox, own);
  core_.peers.send(contact, Ping{}, {RequestKind::ping, 0});
}

void Mailboxes::on_collected(Link& link, std::uint64_t request_key, const Collected& collected) {
  const auto node = asking_.extract(request_key);
  if (node.empty() || collected.status != CollectStatus::subscribed) return;
  const auto own = own_.find(node.mapped().first);
  if (own == own_.end()) return;
  own->second.reached = true;
  ++own->second.answers;
  auto& subscribed = own->second.subscribed;
  if (std::find(subscribed.begin(), subscribed.end(), link.node) == subscribed.end()) subscribed.push_back(link.node);
}

void Mailboxes::collect_failed(std::uint64_t request_key) {
  const auto node = asking_.extract(request_key);
  if (node.empty()) return;
  // A lost Collect is sent again soon, not in an hour.
  if (const auto own = own_.find(node.mapped().first); own != own_.end()) {
    own->second.asked.erase(node.mapped().second);
    Millis& again = is_public(own->second) ? own->second.next_look : own->second.next_poll;
    again = std::min(again, core_.now.mono + kSecond);
  }
  schedule(kSecond);
}

void Mailboxes::region_found(const MailboxId& mailbox, const std::vector<Contact>& members) {
  const auto it = own_.find(mailbox);
  if (it == own_.end() || core_.owner == nullptr) return;
  if (!is_public(it->second)) return ask_some(mailbox, it->second, members);
  for (const Contact& contact : members) {
    const auto asked = it->second.asked.find(contact.id);
    if (asked != it->second.asked.end() && core_.now.mono - asked->second < interval(it->second) / 2) continue;
    collect_via(contact, mailbox, it->second);
  }
}

void Mailboxes::schedule(Millis delay) {
  const Millis at = core_.now.mono + delay;
  if (scheduled_ != 0 && scheduled_ <= at) return;
  scheduled_ = std::max<Millis>(1, at);
  core_.timers.at(scheduled_, TimerKind::collect);
}

void Mailboxes::join_done() { schedule(0); }

void Mailboxes::timer() {
  if (scheduled_ > core_.now.mono) return;  // an older, later one
  scheduled_ = 0;
  if (core_.owner == nullptr || own_.empty()) return;
  if (!core_.lookups.joined()) return;  // join_done goes on
  for (auto& [mailbox, own] : own_) {
    if (!is_public(own)) continue;
    if (own.next_look <= core_.now.mono) look(mailbox, own);
    if (own.next_poll <= core_.now.mono) poll(mailbox, own);
  }
  tend_all();
  Millis next = core_.now.mono + kNeverScheduled;
  for (const auto& [mailbox, own] : own_)
    next = std::min(next, is_public(own) ? std::min(own.next_look, own.next_poll) : own.next_poll);
  schedule(std::max(kSecond, next - core_.now.mono));
}

// Sessions that are custodians and were not asked, or whose answer was lost.
void Mailboxes::look(const MailboxId& mailbox, Own& own) {
  own.next_look = core_.now.mono + kLook;
  for (const auto& [node, link_id] : core_.sessions.by_node()) {
    if (!core_.in_region(node, overlay_point(mailbox))) continue;
    const auto asked = own.asked.find(node);
    const bool due = asked == own.asked.end() || core_.now.mono - asked->second >= interval(own);
    if (due) collect_from(*core_.sessions.find(link_id), mailbox, own);
  }
  std::erase_if(own.asked, [&](const auto& item) { return core_.now.mono - item.second > 2 * interval(own); });
}

void Mailboxes::poll(const MailboxId& mailbox, Own& own) {
  own.next_poll = core_.now.mono + after_poll(own);
  find_region(mailbox);
}

Millis Mailboxes::after_poll(Own& own) {
  if (own.reach == Reach::seldom) {
    if (core_.now.mono >= own.next_round) {
      const bool unsure = own.next_round == 0 && !core_.size.restored();  // how large the network is, and its regions
      own.next_round = core_.now.mono + (unsure ? kSeldomAgain : kCollectSeldom);
      own.answers = 0;
    }
    const Millis rest = own.next_round - core_.now.mono;
    return own.answers < kCustodiansSubscribed ? std::min(rest, kMissingCustodianRetry) : rest;
  }
  const bool lacking = own.subscribed.size() < kCustodiansSubscribed;
  const Millis delay = lacking ? kMissingCustodianRetry : own.poll_delay;
  own.poll_delay = lacking ? kFirstPoll : std::min(2 * own.poll_delay, kCollectPoll);
  return delay;
}

void Mailboxes::find_region(const MailboxId& mailbox) {
  if (const auto everyone = core_.small_region()) region_found(mailbox, *everyone);
  else core_.lookups.find(overlay_point(mailbox), LookupFor::collect, 0);
}

// --- pairwise ------------------------------------------------------------------
// Nobody who is not told of it can prepare for such a mailbox: a few members of its region are as good as all, and
// all of many mailboxes' would be too much. `asked` names those that were asked over a session which still stands.

void Mailboxes::tend_all() {
  for (auto& [mailbox, own] : own_) {
    if (is_public(own) || own.next_poll > core_.now.mono) continue;
    if (!tended_.take(core_.now.mono)) return schedule(kSecond);
    tend(mailbox, own);
  }
}

void Mailboxes::tend(const MailboxId& mailbox, Own& own) {
  const bool round = core_.now.mono >= own.next_round;
  const bool lacking = own.asked.size() < kPairwiseSubscribed;
  const bool keep_up = own.reach == Reach::few || !own.reached;
  own.wanted = lacking && (round || keep_up) ? kPairwiseSubscribed - own.asked.size() : 0;
  if (round) {
    own.reached = false;
    own.chosen.clear();
    own.next_round = core_.now.mono + kPairwisePoll;
    own.poll_delay = kFirstPoll;
    own.wanted = std::max(own.wanted, kPairwisePolled);
  }
  own.next_poll = std::min(own.next_round, core_.now.mono + own.poll_delay);
  own.poll_delay = std::min(2 * own.poll_delay, kPairwisePoll);
  ask_sessions(mailbox, own);
  if (own.wanted > 0) find_region(mailbox);
}

// One of each prefix is asked before a second of any: whoever has many nodes behind few does not hold all that is asked.
Prefixes Mailboxes::asked_prefixes(const Own& own) const {
  Prefixes prefixes;
  for (const auto& [node, at] : own.asked)
    if (const Link* link = core_.sessions.ready(node)) prefixes.fresh(link->remote);
  return prefixes;
}

// The half of the region about whose members no two estimates of the network's size differ. Nobody can aim at it.
bool Mailboxes::well_inside(const NodeId& node, const MailboxId& mailbox) const {
  return inside(distance(overlay_point(node), overlay_point(mailbox)), core_.size.region_radius(1));
}

// From the mailbox's own place in the order of ids on, not always the lowest.
void Mailboxes::ask_sessions(const MailboxId& mailbox, Own& own) {
  const auto& sessions = core_.sessions.by_node();
  Prefixes prefixes = asked_prefixes(own);
  auto it = sessions.lower_bound(NodeId{mailbox.data});
  for (std::size_t i = 0; i < sessions.size() && own.wanted > 0; ++i, ++it) {
    if (it == sessions.end()) it = sessions.begin();
    if (own.asked.contains(it->first) || !well_inside(it->first, mailbox)) continue;
    Link& link = *core_.sessions.find(it->second);
    if (!prefixes.fresh(link.remote)) continue;
    --own.wanted;
    collect_from(link, mailbox, own);
  }
}

void Mailboxes::ask_some(const MailboxId& mailbox, Own& own, std::vector<Contact> members) {
  std::erase_if(members, [&](const Contact& contact) { return own.asked.contains(contact.id); });
  core_.random.shuffle(members);
  std::stable_partition(members.begin(), members.end(), [&](const Contact& contact) { return well_inside(contact.id, mailbox); });
  Prefixes prefixes = asked_prefixes(own);
  std::stable_partition(members.begin(), members.end(), [&](const Contact& contact) {
    const Link* link = core_.sessions.ready(contact.id);
    return prefixes.fresh(link != nullptr ? link->remote : contact.endpoint);
  });
  members.resize(std::min(members.size(), own.wanted));
  for (const Contact& contact : members) {
    if (core_.sessions.ready(contact.id) == nullptr) own.chosen.insert(contact.id);
    collect_via(contact, mailbox, own);
  }
  own.wanted = 0;
}

std::vector<NodeId> Mailboxes::subscribed(const MailboxId& mailbox) const {
  const auto it = own_.find(mailbox);
  if (it == own_.end()) return {};
  return it->second.subscribed;
}

bool Mailboxes::keeps(const NodeId& node) const {
  if (collected_by_.contains(node)) return true;
  for (const auto& [mailbox, own] : own_) {
    if (own.reach == Reach::now_and_then || own.reach == Reach::seldom) continue;
    // The first subscriptions are kept, further ones were polls. By age: an id cannot be chosen to be kept.
    const auto last = own.subscribed.begin() + static_cast<std::ptrdiff_t>(std::min(relied_on(own), own.subscribed.size()));
    if (std::find(own.subscribed.begin(), last, node) != last) return true;
  }
  return false;
}

void Mailboxes::session_ready(Link& link) {
  if (core_.owner == nullptr) return;
  for (auto& [mailbox, own] : own_) {
    if (!is_public(own)) {
      if (own.chosen.erase(link.node) > 0) collect_from(link, mailbox, own);
      if (own.reach == Reach::few && own.asked.size() < kPairwiseSubscribed) {
        own.next_poll = std::min(own.next_poll, core_.now.mono + kSecond);
        schedule(kMissingCustodianRetry);
      }
      continue;
    }
    if (!core_.in_region(link.node, overlay_point(mailbox))) continue;
    // Who comes and goes, as sessions do that others need now and then, is polled like the rest of the region.
    const auto asked = own.asked.find(link.node);
    const bool lately = asked != own.asked.end() && core_.now.mono - asked->second < interval(own) / 2;
    const bool lacking = own.reach == Reach::region && own.subscribed.size() < kCustodiansSubscribed;
    if (!lately || lacking) collect_from(link, mailbox, own);
  }
}

void Mailboxes::session_gone(const NodeId& node) {
  if (const auto it = collected_by_.find(node); it != collected_by_.end()) {
    for (const MailboxId& mailbox : it->second) {
      const auto owners = owners_.find(mailbox);
      if (owners == owners_.end()) continue;
      std::erase(owners->second, node);
      if (owners->second.empty()) owners_.erase(owners);
    }
    collected_by_.erase(it);
  }
  bool lost = false, lacking = false;
  for (auto& [mailbox, own] : own_) {
    const auto place = std::find(own.subscribed.begin(), own.subscribed.end(), node);
    if (place != own.subscribed.end()) {
      // One of those that the node relies on is collected from again as soon as it is back.
      if (place - own.subscribed.begin() < static_cast<std::ptrdiff_t>(relied_on(own))) own.asked.erase(node);
      own.subscribed.erase(place);
      lost |= own.reach != Reach::seldom;
    }
    if (!is_public(own)) own.asked.erase(node);
    if (own.reach == Reach::now_and_then || own.reach == Reach::seldom) continue;
    if (own.subscribed.size() >= relied_on(own)) continue;
    lacking = true;
    own.next_poll = std::min(own.next_poll, core_.now.mono + kSecond);
    own.poll_delay = std::min(own.poll_delay, kFirstPoll);
  }
  if (lost || lacking) schedule(lost ? kSecond : kMissingCustodianRetry);
}

}  // namespace comm
