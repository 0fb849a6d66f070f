#include "node/core/records.h"

#include "node/core/core.h"

namespace comm {

Bytes encode_signed_record(const SignedRecord& record) {
  Bytes out;
  append(out, record.signature.view());
  append(out, record.nonce.view());
  append(out, record.record);
  return out;
}

ByteView signed_part(ByteView in) { return in.subspan(std::min(in.size(), Signature::kSize + StampNonce::kSize)); }

std::optional<SignedRecord> parse_signed_record(ByteView in) {
  const ByteView record = signed_part(in);
  if (record.empty()) return std::nullopt;
  return SignedRecord{to_bytes(record), *Signature::from(in.first(64)), *StampNonce::from(in.subspan(64, 8))};
}

std::optional<SignedRecord> Records::held(const Address& address) const {
  const auto bytes = core_.store.key_record(address);
  return bytes ? parse_signed_record(*bytes) : std::nullopt;
}

Records::Kept Records::keep(const SignedRecord& record, const CheckedRecord& checked) {
  if (const auto old = held(checked.address)) {
    // An expired one that is still held no longer checks: anything valid replaces it.
    if (const auto old_checked = check_record(*old, core_.now.wall); old_checked && !supersedes(checked, *old_checked))
      return Kept::newer_held;
  } else if (core_.store.totals().records >= kMaxRecords) {
    return Kept::refused;
  }
  core_.out->store(PutKeyRecord{checked.address, checked.record.seq, checked.record.expires, encode_signed_record(record)});
  return Kept::kept;
}

void Records::on_put(Link& link, std::uint32_t request_id, const PutRecord& put) {
  const LinkId link_id = link.id;
  if (!link.costly.take(core_.now.mono)) {
    core_.count({Stage::policy, Scope::count, "record-rate"});
    return core_.out->send(link_id, request_id, ErrorBody{static_cast<std::uint32_t>(ErrorCode::rate_limited), "put-record"});
  }
  const auto checked = check_record(put.record, core_.now.wall);
  if (!checked) {
    core_.fault(link, checked.error());
    return core_.out->send(link_id, request_id, ErrorBody{static_cast<std::uint32_t>(ErrorCode::refused), checked.error().reason});
  }
  if (own_ && own_->address == checked->address && !(own_->record == put.record)) core_.out->now(Notice{RecordSeen{checked->address, put.record}});
  if (keep(put.record, *checked) == Kept::refused)
    return core_.out->send(link_id, request_id, ErrorBody{static_cast<std::uint32_t>(ErrorCode::refused), "record-quota"});
  core_.out->send_durable(link_id, request_id, Record{checked->address, held(checked->address).value_or(SignedRecord{})});
}

void Records::on_get(Link& link, std::uint32_t request_id, const GetRecord& get) {
  core_.out->send_durable(link.id, request_id, Record{get.address, held(get.address).value_or(SignedRecord{})});
}

void Records::find(const Address& address) {
  if (finding_.contains(address)) return;
  if (jobs_.size() >= kMaxJobs) return core_.out->now(Notice{RecordLookup{address, held(address), false, 0}});
  const std::uint64_t id = next_++;
  Job& job = jobs_[id];
  job.address = address;
  job.looking = true;
  finding_[address] = id;
  if (const auto own = held(address)) consider(job, *own);
  const OverlayPoint region = record_region(address);
  if (auto everyone = core_.small_region()) return region_found(id, *everyone);
  core_.lookups.find(region, LookupFor::find_record, id);
  // Members that are known need not be looked for.
  auto known = core_.known_region(region);
  core_.random.shuffle(known);
  if (known.size() > kAskedPerFind / 2) known.resize(kAskedPerFind / 2);
  ask(id, known);
}

bool Records::lately_published(const SignedRecord& record) const {
  if (!own_ || !(own_->record == record)) return false;
  return (held_at_ != 0 && core_.now.mono - held_at_ < kPublishedLately) ||
         std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& job) { return job.second.publish == record; });
}

void Records::publish(PublishRecord publish) {
  if (lately_published(publish.record)) return;  // a start has several occasions at once: REC-022
  own_ = publish;
  held_at_ = 0;
  given_.clear();
  if (const auto checked = check_record(publish.record, core_.now.wall)) keep(publish.record, *checked);
  if (!core_.lookups.joined()) return;  // join_done goes on
  start_publication(false);
}

void Records::start_publication(bool rest) {
  republish_at_ = core_.now.mono + republish_delay_;
  core_.timers.at(republish_at_, TimerKind::republish);
  if (jobs_.size() >= kMaxJobs) return core_.out->now(Notice{RecordPublished{0}});
  const std::uint64_t id = next_++;
  Job& job = jobs_[id];
  job.address = own_->address;
  job.publish = own_->record;
  job.rest = rest;
  if (auto everyone = core_.small_region()) return region_found(id, *everyone);
  core_.lookups.find(record_region(own_->address), LookupFor::put_record, id);
}

std::vector<Contact> Records::choose(const Job& job, std::vector<Contact> members) {
  const OverlayPoint region = record_region(job.address);
  std::sort(members.begin(), members.end(), [&](const Contact& a, const Contact& b) {
    return distance(overlay_point(a.id), region) < distance(overlay_point(b.id), region);
  });
  const std::size_t most = job.publish ? kGivenPerPublish : kAskedPerFind;
  if (!job.publish && members.size() > most) {
    // Half the nearest, half anybody: ids ground next to the target do not crowd out the rest of the region.
    std::vector<Contact> rest(members.begin() + kAskedPerFind / 2, members.end());
    core_.random.shuffle(rest);
    std::copy_n(rest.begin(), kAskedPerFind / 2, members.begin() + kAskedPerFind / 2);
  }
  if (members.size() > most) members.resize(most);
  if (job.rest || !job.publish)
    std::erase_if(members, [&](const Contact& contact) { return (job.rest ? given_ : job.asked).contains(contact.id); });
  return members;
}

void Records::ask(std::uint64_t id, const std::vector<Contact>& targets) {
  const auto it = jobs_.find(id);
  it->second.waiting += static_cast<std::uint32_t>(targets.size());
  for (const Contact& contact : targets) (it->second.publish ? given_ : it->second.asked).insert(contact.id);
  const Address address = it->second.address;
  const auto record = it->second.publish;
  if (!record) {
    it->second.patient_until = core_.now.mono + kLookupPatience;
    core_.timers.at(it->second.patient_until, TimerKind::find_record, id);
  }
  for (const Contact& contact : targets) {  // one may fail at once, the last of them ends the job
    if (record) core_.peers.send(contact, PutRecord{*record}, {RequestKind::put_record, id});
    else core_.peers.send(contact, GetRecord{address}, {RequestKind::get_record, id});
  }
}

void Records::region_found(std::uint64_t id, const std::vector<Contact>& members) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return;
  const auto targets = choose(it->second, members);
  it->second.looking = false;
  if (targets.empty() && it->second.rest) return static_cast<void>(jobs_.erase(it));
  if (targets.empty()) return settle(id);
  ask(id, targets);
}

bool Records::consider(Job& job, const SignedRecord& record) {
  const auto checked = check_record(record, core_.now.wall);
  if (!checked) return core_.count(checked.error()), false;
  if (checked->address != job.address)
    return core_.count({Stage::crypto, Scope::count, "record-of-other-address"}), false;
  const bool conflict = job.best_checked && job.best_checked->record.seq == checked->record.seq &&
                        job.best_checked->hash != checked->hash;
  const bool news = conflict && !std::exchange(job.conflict, true);
  if (job.best_checked && !supersedes(*checked, *job.best_checked)) return news;
  job.best = record;
  job.best_checked = *checked;
  return true;
}

void Records::pull(Link& link, const Address& address) {
  core_.peers.send(link, GetRecord{address}, {RequestKind::get_record, kPullJob});
}

void Records::pulled(const Record& record) {
  if (record.record.record.empty()) return;
  const auto checked = check_record(record.record, core_.now.wall);
  if (!checked) return core_.count(checked.error());
  if (own_ && own_->address == checked->address && !(own_->record == record.record))
    core_.out->now(Notice{RecordSeen{checked->address, record.record}});
  keep(record.record, *checked);
}

void Records::on_record(std::uint64_t id, const Record& record) {
  if (id == kPullJob) return pulled(record);
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return;
  Job& job = it->second;
  ++job.answers;
  --job.waiting;
  if (job.publish) {
    if (record.record == *job.publish) ++job.holders;
    else if (!record.record.record.empty()) consider(job, record.record);
  } else if (!record.record.record.empty()) {
    const bool news = consider(job, record.record);
    if (news && job.told) tell(id, job);
    // An old one is no reason to hurry: its owner may have made another since.
    const bool good = job.best_checked && core_.now.wall - job.best_checked->record.created < kRecordRefreshAge;
    if (good && !std::exchange(job.answered_well, true))
      core_.timers.at(core_.now.mono + kBetterWithin, TimerKind::find_record, id);
  }
  settle(id);
}

void Records::failed(std::uint64_t id) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return;
  --it->second.waiting;
  settle(id);
}

void Records::settle(std::uint64_t id) {
  const Job& job = jobs_.at(id);
  if (job.waiting == 0 && !job.looking) finish(id);
}

void Records::lose_patience(std::uint64_t id) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return;
  Job& job = it->second;
  if (job.told || !job.best || job.answers == 0) return;
  // For an old record's successor everybody who is asked has all his time.
  if (job.answered_well || (!job.looking && job.patient_until <= core_.now.mono)) tell(id, job);
}

// Whoever waits for it goes on. The rest may still know a better one, which is told then.
void Records::tell(std::uint64_t id, Job& job) {
  job.told = true;
  if (const auto it = finding_.find(job.address); it != finding_.end() && it->second == id) finding_.erase(it);
  core_.out->now(Notice{RecordLookup{job.address, job.best, job.conflict, job.answers}});
}

void Records::finish(std::uint64_t id) {
  auto node = jobs_.extract(id);
  Job& job = node.mapped();
  if (!job.publish) {
    if (!job.told) tell(id, job);
    return;
  }
  if (job.holders > 0 && own_ && own_->record == *job.publish) held_at_ = std::max<Millis>(1, core_.now.mono);
  if (job.best) core_.out->now(Notice{RecordSeen{job.address, *job.best}});
  core_.out->now(Notice{RecordPublished{job.holders}});
}

void Records::session_ready(Link& link) {
  // The first session is not yet the network: who joins the region, or is met later, is given the record then.
  if (!own_ || republish_at_ == 0 || given_.size() >= kGivenPerPublish || given_.contains(link.node) ||
      !core_.in_region(link.node, record_region(own_->address)))
    return;
  given_.insert(link.node);
  core_.peers.send(link, PutRecord{own_->record}, {RequestKind::put_record, 0});
}

void Records::join_done() {
  if (own_) publish(*own_);
}

void Records::timer() {
  if (!own_ || core_.now.mono < republish_at_) return;  // an older timer
  const bool young = republish_delay_ < kRecordRepublish;  // the region moves: whoever is new in it
  republish_delay_ = std::min(2 * republish_delay_, kRecordRepublish);
  if (young) start_publication(true);
  else publish(*own_);
}

void Records::expire() {
  // A page of the table a sweep; records live for weeks.
  const auto page = core_.store.key_records_page(swept_, 256);
  swept_ = page.empty() ? std::nullopt : std::optional(page.back().address);
  for (const KeyRecordItem& item : page)
    if (item.expires + kTombstoneGrace < core_.now.wall) core_.out->store(EraseKeyRecord{item.address});
}

}  // namespace comm
