// What packets do to custody: arrival, offers, wants, statuses, acknowledgements. When things are offered again is in
// custody_schedule.cc.
#include "node/core/custody.h"

#include <algorithm>

#include "node/core/core.h"

namespace comm {

namespace {
constexpr Millis kDiskFullPause = 10 * kSecond;
constexpr std::size_t kWantBatch = 64;
constexpr std::size_t kOwnHeldPage = 256;
constexpr std::size_t kItemOverhead = 256;  // of a message in a packet beside its body, at most
}  // namespace

void CustodyService::on_message(Link& link, std::uint32_t request_id, const Message& message) {
  const LinkId link_id = link.id;
  const NodeId from = link.node;
  const Request request = core_.peers.take_answer(link, request_id, {RequestKind::want});
  const bool pushed = request.kind != RequestKind::want;
  if (const auto asked = wanted_of_.find(from); asked != wanted_of_.end() && !pushed) asked->second.body = core_.now.mono;
  Stored answer;
  room_.changed();
  for (const SealedItem& item : message.items) {
    Link* still = core_.sessions.find(link_id);
    if (still == nullptr) return;  // cut for its faults
    if (auto status = accept(*still, item, pushed)) answer.items.push_back(std::move(*status));
  }
  if (!pushed) {
    // What did not fit into the answer is asked for again, of the same node; if nothing of it came, of the next.
    std::vector<MessageId> rest;
    auto asked = wants_.extract(request.key);
    if (!asked.empty())
      for (const MessageId& id : asked.mapped().ids)
        if (const auto it = wanted_.find(id); it != wanted_.end() && it->second.asked == from) rest.push_back(id);
    if (!asked.empty() && rest.size() == asked.mapped().ids.size()) ask_next(rest, from);
    else ask(from, rest);
  }
  tell(link_id, pushed ? request_id : 0, std::move(answer));
  tell_evicted();
  flush_offers();
  schedule();
}

std::optional<StoredItem> CustodyService::accept(Link& link, const SealedItem& item, bool pushed) {
  const auto header = parse_header(item.header);
  if (!header) return core_.fault(link, header.error()), std::nullopt;
  const MessageId id = message_id(item.header);
  if (const auto ok = check_lifetime(*header, core_.now.wall); !ok) return core_.fault(link, ok.error()), std::nullopt;
  const Custody held = core_.store.custody_of(id);
  if (held == Custody::acknowledged || held == Custody::refused)
    return StoredItem{id, StoredStatus::acknowledged, RefuseReason::none, 0, core_.store.final_record(id).value_or(Bytes{})};
  if (held == Custody::live) {
    note_holder(id, link.node, true);
    forget_wanted(id);
    return StoredItem{.id = id, .status = StoredStatus::duplicate};
  }
  if (const auto ok = check_body(*header, item.body); !ok) return core_.fault(link, ok.error()), std::nullopt;
  if (const auto ok = check_stamp(*header, id, item.nonce); !ok) return core_.fault(link, ok.error()), std::nullopt;
  const auto wanted = wanted_.find(id);
  std::vector<NodeId> sources = wanted == wanted_.end() ? std::vector<NodeId>{} : wanted->second.sources;
  forget_wanted(id);
  if (core_.mailboxes.is_own(header->mailbox)) {
    remember_source(id, link.node);
    for (const NodeId& source : sources) remember_source(id, source);
    core_.out->now(Notice{MailArrived{id, item, link.node}});
    return std::nullopt;  // answered by the acknowledgement
  }
  StoredItem status = keep_if_room(id, *header, item, link.node, pushed);
  if (status.status == StoredStatus::stored)
    for (const NodeId& source : sources) note_holder(id, source, true);
  return status;
}

void CustodyService::keep(const MessageId& id, const MessageHeader& header, const SealedItem& item, const NodeId& from,
                   bool entry) {
  core_.out->store(PutMessage{id, item.header, item.nonce, item.body, from, core_.now.wall});
  CustodyState state;
  if (CustodyPeer* peer = state.add(from)) peer->exchanged = peer->stored = true;
  if (const auto* owners = core_.mailboxes.owners(header.mailbox))
    for (const NodeId& owner : *owners)
      state.add_owner(owner).next = core_.now.wall;
  // Pushed to us: we are an entry and the region must hear of it now. Fetched by us: others were told as well; a
  // random delay keeps the whole region from offering it to itself.
  state.lazy = !entry;
  state.spread = entry ? core_.now.wall
                       : core_.now.wall + core_.scaled(kMinute + static_cast<Millis>(core_.random.below(kMinute)));
  state.refresh = core_.now.wall + jitter(core_.scaled(kSettledReoffer));
  // At once, not by a timer: the state is written once.
  const StoredHeader stored{item.header, item.nonce, from, core_.now.wall, 0};
  work_off(id, state, stored);
  save(id, state, stored);
}

void CustodyService::note_holder(const MessageId& id, const NodeId& peer, bool stored) {
  const auto message = core_.store.message(id);
  if (!message) return;
  CustodyState state = parse_custody(core_.store.custody_state(id).value_or(Bytes{}));
  CustodyPeer* known = state.add(peer);
  if (known == nullptr || (known->exchanged && (known->stored || !stored))) return;
  known->exchanged = true;
  if (stored) known->stored = true;
  if (stored && !known->owner) known->next = 0;
  save(id, state, *message);
}

void CustodyService::on_offer(Link& link, const Offer& offer) {
  const LinkId link_id = link.id;
  const NodeId from = link.node;
  std::vector<Bytes> finals;
  Stored held;
  std::vector<MessageId> ask_for;
  room_.changed();
  for (const OfferItem& item : offer.items) {
    const auto header = parse_header(item.header);
    if (!header) {
      core_.fault(link, header.error());
      if (core_.sessions.find(link_id) == nullptr) return;
      continue;
    }
    if (const auto ok = check_lifetime(*header, core_.now.wall); !ok) {
      core_.count(ok.error());
      continue;
    }
    const MessageId id = message_id(item.header);
    const Custody state = core_.store.custody_of(id);
    if (state == Custody::acknowledged || state == Custody::refused) {
      finals.push_back(core_.store.final_record(id).value_or(Bytes{}));
    } else if (state == Custody::live) {
      note_holder(id, from, true);
      held.items.push_back({.id = id, .status = StoredStatus::duplicate});
    } else if (auto refusal = refusal_of(id, *header, from)) {
      held.items.push_back(std::move(*refusal));
    } else if (!want(id, header->body_bytes(), from, ask_for)) {
      held.items.push_back({.id = id, .status = StoredStatus::busy});
    }
  }
  send_records(link_id, finals);
  tell(link_id, 0, std::move(held));
  ask(from, ask_for);
  schedule();
}

bool CustodyService::want(const MessageId& id, std::size_t bytes, const NodeId& from, std::vector<MessageId>& ask_for) {
  if (const auto it = wanted_.find(id); it != wanted_.end()) {
    if (it->second.bytes == 0) it->second.bytes = bytes;
    auto& sources = it->second.sources;
    if (std::find(sources.begin(), sources.end(), from) == sources.end() && sources.size() < 8) sources.push_back(from);
    if (it->second.until <= core_.now.mono && assign(it->second, from)) ask_for.push_back(id);
    return true;
  }
  if (wanted_.size() >= kMaxWanted) return false;
  Wanted wanted{{}, 0, {from}, bytes};
  if (!assign(wanted, from)) return false;
  wanted_[id] = std::move(wanted);
  ask_for.push_back(id);
  return true;
}

bool CustodyService::assign(Wanted& wanted, const NodeId& node) {
  std::size_t& count = wanted_of_[node].count;
  if (wanted.asked != node && count >= kMaxWantedPerPeer) return false;
  if (wanted.asked != node) {
    ++count;
    one_less(wanted.asked);
  }
  wanted.asked = node;
  wanted.until = core_.now.mono + kWantTimeout;
  return true;
}

void CustodyService::one_less(const NodeId& asked) {
  if (const auto it = wanted_of_.find(asked); it != wanted_of_.end() && --it->second.count == 0) wanted_of_.erase(it);
}

void CustodyService::forget_wanted(const MessageId& id) {
  const auto it = wanted_.find(id);
  if (it == wanted_.end()) return;
  one_less(it->second.asked);
  wanted_.erase(it);
}

void CustodyService::send_records(LinkId link, const std::vector<Bytes>& records) {
  constexpr std::size_t kRecordsPerPacket = 256;  // of the larger kind, 52 KB
  for (std::size_t at = 0; at < records.size(); at += kRecordsPerPacket) {
    Ack ack;
    for (std::size_t i = at; i < records.size() && i < at + kRecordsPerPacket; ++i) ack.records.push_back(records[i]);
    core_.out->send_durable(link, 0, std::move(ack));
  }
}

void CustodyService::ask(const NodeId& from, const std::vector<MessageId>& ids) {
  Link* link = core_.sessions.ready(from);
  if (link == nullptr) return;  // its next offer, or another's, asks again: `until` passes
  for (std::size_t at = 0; at < ids.size(); at += kWantBatch) {
    const auto first = ids.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t count = std::min(kWantBatch, ids.size() - at);
    std::vector<MessageId> batch(first, first + static_cast<std::ptrdiff_t>(count));
    Want want{those_that_fit(batch)};
    const std::uint64_t key = next_want_++;
    wants_[key] = {from, core_.now.mono, std::move(batch)};
    core_.timers.at(core_.now.mono + kLookupPatience, TimerKind::want, key);
    core_.peers.send(*link, std::move(want), {RequestKind::want, key});
  }
}

// Into one answer. Each id that is named costs the other side a look into its store, and us a part of our rate there.
std::vector<MessageId> CustodyService::those_that_fit(const std::vector<MessageId>& ids) const {
  std::size_t bytes = 0, count = 0;
  for (; count < ids.size(); ++count) {
    const auto it = wanted_.find(ids[count]);
    bytes += kItemOverhead + (it == wanted_.end() || it->second.bytes == 0 ? kBodyClassBytes[0] : it->second.bytes);
    if (count > 0 && bytes > kMaxPacketBytes) break;
  }
  return {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count)};
}

void CustodyService::ask_next(const std::vector<MessageId>& ids, const NodeId& failed) {
  std::map<NodeId, std::vector<MessageId>> next;
  for (const MessageId& id : ids) {
    const auto it = wanted_.find(id);
    if (it == wanted_.end() || it->second.asked != failed) continue;
    Wanted& wanted = it->second;
    std::erase(wanted.sources, failed);
    while (!wanted.sources.empty() && !assign(wanted, wanted.sources.front()))
      wanted.sources.erase(wanted.sources.begin());
    if (wanted.sources.empty()) forget_wanted(id);  // asked for again when it is offered again
    else next[wanted.asked].push_back(id);
  }
  for (const auto& [node, list] : next) ask(node, list);
}

void CustodyService::want_failed(std::uint64_t want, const NodeId& from) {
  auto node = wants_.extract(want);
  if (!node.empty()) ask_next(node.mapped().ids, from);
}

void CustodyService::lose_patience(std::uint64_t want) {
  const auto open = wants_.find(want);
  if (open == wants_.end()) return;
  const NodeId from = open->second.from;
  if (const auto asked = wanted_of_.find(from); asked != wanted_of_.end() && asked->second.body >= open->second.at)
    return;  // bodies come, these will too
  std::map<NodeId, std::vector<MessageId>> next;
  for (const MessageId& id : open->second.ids) {
    const auto it = wanted_.find(id);
    if (it != wanted_.end() && it->second.asked == from && hurry(it->second)) next[it->second.asked].push_back(id);
  }
  for (const auto& [node, list] : next) ask(node, list);
}

bool CustodyService::hurry(Wanted& wanted) {
  if (std::exchange(wanted.hurried, true)) return false;
  // Who keeps silent comes last from now on.
  std::stable_partition(wanted.sources.begin(), wanted.sources.end(), [&](const NodeId& node) { return node != wanted.asked; });
  for (const NodeId& source : wanted.sources)
    if (source != wanted.asked && core_.sessions.ready(source) != nullptr && assign(wanted, source)) return true;
  wanted.until = core_.now.mono;  // the next that offers it
  return false;
}

void CustodyService::source_gone(const NodeId& node) {
  std::vector<MessageId> ids;
  for (auto& [id, wanted] : wanted_) {
    if (wanted.asked == node) ids.push_back(id);
    else std::erase(wanted.sources, node);
  }
  ask_next(ids, node);
}

void CustodyService::on_want(Link& link, std::uint32_t request_id, const Want& want) {
  std::vector<StoredHeader> wanted;
  std::vector<Bytes> finals;
  std::size_t bytes = 0;
  for (const MessageId& id : want.ids) {
    if (const auto message = core_.store.message(id)) {
      const auto header = parse_header(message->header);
      const std::size_t size = header ? header->body_bytes() + kItemOverhead : 0;
      if (!header || wanted.size() >= kMaxMessagesPerPacket || bytes + size > kMaxPacketBytes)
        continue;  // what does not fit is asked for again
      if (header->expires_ms() <= core_.now.wall) continue;
      bytes += size;
      if (!core_.mailboxes.owned_by(header->mailbox, link.node)) note_holder(id, link.node, false);
      wanted.push_back(*message);
    } else if (auto record = core_.store.final_record(id)) {
      finals.push_back(std::move(*record));
    }
  }
  const LinkId link_id = link.id;
  send_records(link_id, finals);
  Message answer = with_bodies(std::move(wanted));
  if (answer.items.empty()) {
    core_.out->send(link_id, request_id, ErrorBody{static_cast<std::uint32_t>(ErrorCode::not_held), "not held"});
  } else {
    core_.out->send(link_id, request_id, std::move(answer));
  }
}

// In the order of arrival, in which their bodies lie.
Message CustodyService::with_bodies(std::vector<StoredHeader> messages) const {
  std::sort(messages.begin(), messages.end(),
            [](const StoredHeader& a, const StoredHeader& b) { return a.sequence < b.sequence; });
  messages.erase(std::unique(messages.begin(), messages.end(),
                             [](const StoredHeader& a, const StoredHeader& b) { return a.sequence == b.sequence; }),
                 messages.end());  // asked for twice in one packet
  std::vector<std::uint64_t> sequences;
  for (const StoredHeader& message : messages) sequences.push_back(message.sequence);
  std::vector<Bytes> bodies = core_.store.bodies(sequences);
  Message out;
  for (std::size_t i = 0; i < messages.size(); ++i)
    if (!bodies[i].empty()) out.items.push_back({messages[i].header, messages[i].nonce, std::move(bodies[i])});
  return out;
}

void CustodyService::on_stored(Link& link, const Stored& stored) {
  const NodeId from = link.node;
  const LinkId link_id = link.id;
  room_.changed();
  for (const StoredItem& item : stored.items) {
    if (item.status == StoredStatus::acknowledged) {
      if (Link* still = core_.sessions.find(link_id)) check_and_finalise(*still, item.ack);
      continue;
    }
    on_status(item, from);
  }
  flush_finals();
  tell_evicted();
  schedule();
}

void CustodyService::on_ack(Link& link, const Ack& ack) {
  const LinkId link_id = link.id;
  room_.changed();
  for (const Bytes& bytes : ack.records)
    if (Link* still = core_.sessions.find(link_id)) check_and_finalise(*still, bytes);
  flush_finals();
  tell_evicted();
  schedule();
}

void CustodyService::check_and_finalise(Link& link, const Bytes& bytes) {
  const NodeId from = link.node;
  // A refusal costs a signature check: what changes nothing is not checked, the rest is limited. Preimages are cheap.
  if (const auto refusal = parse_refusal(bytes)) {
    if (core_.store.custody_of(message_id(refusal->header)) >= Custody::refused) return;
    if (!link.costly.take(core_.now.mono)) return core_.count({Stage::policy, Scope::count, "refusal-rate"});
  }
  const auto record = check_final_record(bytes);
  if (!record) return core_.fault(link, record.error());
  finalise(*record, from);
}

void CustodyService::finalise(const FinalRecord& record, const NodeId& from) {
  if (const auto ok = check_ack_age(record.header, core_.now.wall); !ok) return core_.count(ok.error());
  const Custody kind = record.kind == FinalKind::acknowledged ? Custody::acknowledged : Custody::refused;
  const Custody held = core_.store.custody_of(record.id);
  forget_wanted(record.id);
  if (held >= kind) return;  // known already
  if (held == Custody::live) {
    const CustodyState state = parse_custody(core_.store.custody_state(record.id).value_or(Bytes{}));
    std::vector<NodeId> peers = state.exchanged();
    if (const auto* owners = core_.mailboxes.owners(record.header.mailbox))
      for (const NodeId& owner : *owners)
        if (std::find(peers.begin(), peers.end(), owner) == peers.end()) peers.push_back(owner);
    core_.out->store(PutTombstone{record.id, kind, record.bytes, from, false});
    own_.erase(record.id);
    core_.mailboxes.taken(record.header.mailbox, from, record.id);
    if (state.origin) core_.out->now(Notice{MessageFinal{record.id, record.kind, record.bytes}});
    return spread_final(peers, from, record.bytes);
  }
  if (held == Custody::refused) {
    core_.out->store(PutTombstone{record.id, kind, record.bytes, from, false});
    core_.out->now(Notice{MessageFinal{record.id, record.kind, record.bytes}});
    return;
  }
  if (const auto ok = check_lifetime(record.header, core_.now.wall); !ok && ok.error().reason == std::string_view("from-the-future"))
    return core_.count(ok.error());  // it would hold its place for longer than any message may live
  if (!room_for_foreign(record, from)) return;
  core_.out->store(PutTombstone{record.id, kind, record.bytes, from, true});
  // A late acknowledgement of an own message that has expired and left the store still reaches its writer.
  core_.out->now(Notice{MessageFinal{record.id, record.kind, record.bytes}});
}

void CustodyService::spread_final(const std::vector<NodeId>& peers, const NodeId& except, const Bytes& record) {
  for (const NodeId& node : peers) {
    if (node == except) continue;
    if (core_.sessions.ready(node) != nullptr) finals_[node].push_back(record);
    else if (core_.peers.reachable(node)) core_.out->durable(Event{TellFinal{node, record}});
  }
}

void CustodyService::flush_finals() {
  for (const auto& [node, records] : std::exchange(finals_, {}))
    if (const Link* link = core_.sessions.ready(node)) send_records(link->id, records);
}

void CustodyService::remember_source(const MessageId& id, const NodeId& peer) {
  auto [it, fresh] = incoming_.try_emplace(id);
  if (fresh) {
    incoming_order_.push_back(id);
    if (incoming_order_.size() > kMaxIncoming) {
      incoming_.erase(incoming_order_.front());
      incoming_order_.pop_front();
    }
  }
  if (std::find(it->second.begin(), it->second.end(), peer) == it->second.end() && it->second.size() < 16)
    it->second.push_back(peer);
}

void CustodyService::submit_final(const SubmitFinal& final) {
  const auto record = check_final_record(final.record);
  CHECK(record.has_value());
  std::vector<NodeId> peers;
  if (const auto it = incoming_.find(final.id); it != incoming_.end()) peers = it->second;
  if (const auto it = own_.find(final.id); it != own_.end()) {
    peers.insert(peers.end(), it->second.begin(), it->second.end());
    own_.erase(it);
  }
  for (const NodeId& node : core_.mailboxes.subscribed(record->header.mailbox))
    if (std::find(peers.begin(), peers.end(), node) == peers.end()) peers.push_back(node);
  spread_final(peers, NodeId{}, final.record);
  flush_finals();
}

void CustodyService::decline(const DeclineMail& decline) {
  // Mail this node's user cannot open is kept like anybody's: another of its machines or a later key may open it.
  const auto header = parse_header(decline.item.header);
  CHECK(header.has_value());
  StoredItem status{.id = decline.id, .status = StoredStatus::stored};
  if (core_.store.custody_of(decline.id) != Custody::absent) {
    status.status = StoredStatus::duplicate;
  } else {
    room_.changed();
    status = keep_if_room(decline.id, *header, decline.item, decline.from, false);
    tell_evicted();
  }
  // Trying to open costs key agreements: who sends much that cannot be opened is cut.
  if (Link* link = core_.sessions.ready(decline.from); link != nullptr && !link->costly.take(core_.now.mono))
    core_.fault(*link, {Stage::policy, Scope::count, "unopenable-rate"});
  if (Link* link = core_.sessions.ready(decline.from)) core_.out->send_durable(link->id, 0, Stored{{std::move(status)}});
  flush_offers();
  schedule();
}

std::uint64_t CustodyService::open_held(const MailboxId& mailbox, std::uint64_t after) {
  // Kept here before its owner was this node's user, or not openable until now.
  const auto page = core_.store.mailbox_page(mailbox, after, kOwnHeldPage);
  for (const MailboxItem& item : page) {
    SealedItem sealed{item.stored.header, item.stored.nonce, core_.store.body(item.id).value_or(Bytes{})};
    for (const NodeId& peer : parse_custody(core_.store.custody_state(item.id).value_or(Bytes{})).exchanged())
      remember_source(item.id, peer);
    core_.out->now(Notice{MailArrived{item.id, std::move(sealed), item.stored.ingress}});
  }
  return page.size() < kOwnHeldPage ? 0 : page.back().sequence;
}

void CustodyService::store_failed(const std::vector<UnsaidAnswer>& unsaid) {
  disk_full_until_ = core_.now.mono + kDiskFullPause;
  room_.changed();
  evicted_.clear();
  finals_.clear();
  wanted_.clear();
  wanted_of_.clear();
  wants_.clear();
  incoming_.clear();
  incoming_order_.clear();
  own_.clear();
  recover_cursor_ = 0;
  // Nothing is written for a while: every write would fail like the last, and each failure begins everything anew.
  armed_.insert(disk_full_until_);
  core_.timers.at(disk_full_until_, TimerKind::custody);
  if (core_.owner != nullptr || clamping_) core_.timers.at(disk_full_until_, TimerKind::recover);
  for (const UnsaidAnswer& answer : unsaid) answer_anew(answer);
}

}  // namespace comm
