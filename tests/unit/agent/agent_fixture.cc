#include "tests/unit/agent/agent_fixture.h"

#include <boost/test/unit_test.hpp>

namespace comm::test {

LockedBox<Identity> identity_of(std::uint8_t seed, bool derived_prekeys) {
  Seed bytes;
  bytes.mut()[0] = seed;
  return Identity::from_seed(bytes, derived_prekeys);
}

Sealed text_by(const Identity& sender, const SignedRecord& like, std::string text) {
  KeyRecord record = parse_key_record(like.record).value();
  record.sign_key = sender.sign_pair().public_key();
  record.dh_key = sender.dh_pair().public_key;
  Sealed out;
  out.sign_key = record.sign_key;
  out.record = sign_record(sender, record);
  out.content = TextContent{std::move(text)};
  return out;
}

SealRequest request_to(const User& user) {
  const std::uint32_t week = week_of(kStartWall);
  return {user.address(), user.identity().prekey(week).public_key, mailbox_id(user.identity().mailbox(week).public_key()),
          minute_of(kStartWall) + 600, 600, 0};
}

User::User(Clock& clock, std::uint8_t seed, bool derived_prekeys, Profile profile)
    : clock_(clock), seed_(seed), derived_(derived_prekeys), profile_(profile), random_(seed) {
  init_crypto();
  store_ = make_mem_store();
  identity_ = identity_of(seed_, derived_);
  make_agent();
}

void User::make_agent() {
  agent_ = std::make_unique<Agent>(AgentConfig{profile_}, identity_of(seed_, derived_), *store_, random_);
}

template <class Do>
void User::turn(Do&& action) {
  Effects out(*store_, ticket_ + 1, last_);
  action(out);
  for (std::size_t i = 0; i < out.list().size(); ++i) {
    PendingEffect pending = std::move(out.list()[i]);
    if (pending.after > gate_.committed()) gate_.hold(std::move(pending));
    else perform(pending.effect, out);
  }
  if (out.stored()) ticket_ = last_ = out.last_ticket();
  if (!hold_) commit();
}

void User::commit() {
  hold_ = false;
  while (gate_.committed() < last_) {
    const Ticket ticket = last_;
    std::vector<std::unique_ptr<WriteSet>> sets;
    if (auto set = store_->take()) sets.push_back(std::move(set));
    BOOST_REQUIRE(store_->commit(sets) == CommitResult::ok);
    store_->committed(ticket);
    asked_by_user_.committed(ticket);
    auto released = gate_.release(ticket);
    turn([&](Effects& out) {
      for (Effect& effect : released) perform(effect, out);
    });
  }
}

void User::perform(Effect& effect, Effects& out) {
  if (auto* shown = std::get_if<UserEvent>(&effect)) shown_.push_back(std::move(*shown));
  else if (auto* event = std::get_if<Event>(&effect)) mini_core(*event, out);
  else if (auto* notice = std::get_if<Notice>(&effect)) agent_->handle(clock_.now, *notice, out);
}

void User::mini_core(Event& event, Effects& out) {
  if (const auto* submit = std::get_if<SubmitMessage>(&event))
    out.store(PutMessage{submit->id, submit->item.header, submit->item.nonce, submit->item.body, NodeId{}, clock_.now.wall});
  if (const auto* decline = std::get_if<DeclineMail>(&event))
    out.store(PutMessage{decline->id, decline->item.header, decline->item.nonce, decline->item.body, decline->from,
                         clock_.now.wall});
  if (const auto* publish = std::get_if<PublishRecord>(&event)) published_ = publish->record;
  asked_.push_back(std::move(event));
}

void User::start() {
  turn([&](Effects& out) { agent_->start(clock_.now, out); });
}
void User::command(const UserCommand& command) {
  turn([&](Effects& out) {
    agent_->handle(clock_.now, command, out);
    if (out.stored()) asked_by_user_.add(command, out.last_ticket());
  });
}
void User::send(const Address& to, const std::string& text, const std::string& ref) {
  command(SendText{to, text, ref, kDefaultLifetimeMinutes});
}
void User::notice(const Notice& notice) {
  turn([&](Effects& out) {
    // The core writes the tombstone in the turn of its notice.
    if (const auto* final = std::get_if<MessageFinal>(&notice))
      out.store(PutTombstone{final->id, final->kind == FinalKind::acknowledged ? Custody::acknowledged : Custody::refused,
                             final->record, NodeId{}, false});
    agent_->handle(clock_.now, notice, out);
  });
}

void User::write(StoreOp op) {
  turn([&](Effects& out) { out.store(std::move(op)); });
}

void User::time() {
  const auto deadline = agent_->next_deadline();
  if (!deadline || *deadline > clock_.now.mono) return;
  turn([&](Effects& out) { agent_->handle_time(clock_.now, out); });
}

void User::run_for(Clock& clock, Millis time_left) {
  const Millis end = clock.now.mono + time_left;
  for (int turns = 0;; ++turns) {
    BOOST_REQUIRE_MESSAGE(turns < 100'000, "deadlines do not move on");
    const auto deadline = agent_->next_deadline();
    const Millis next = deadline ? std::clamp(*deadline, clock.now.mono, end) : end;
    clock.pass(next - clock.now.mono);
    if (!deadline || *deadline > end) return;
    time();
  }
}

void User::restart() {
  commit();
  make_agent();
  start();
}

void User::crash() {
  hold_ = false;
  store_->failed();
  gate_.drop_all();
  last_ = gate_.committed();
  asked_by_user_ = {};
  make_agent();
  start();
}

void User::disk_full() {
  hold_ = false;
  store_->failed();
  gate_.drop_all();
  last_ = gate_.committed();
  turn([&](Effects& out) {
    agent_->handle_store_failed(clock_.now, out);
    for (UserError& loss : asked_by_user_.take_lost()) out.now(UserEvent{std::move(loss)});
  });
}

std::vector<std::string> User::states() {
  std::vector<std::string> out;
  for (const StateChanged& change : shown_of<StateChanged>()) {
    std::string text = to_string(change.state);
    if (change.state == DeliveryState::relayed) text += " " + std::to_string(change.relays);
    if (change.late) text += " late";
    out.push_back(text);
  }
  return out;
}

// --- two of them ------------------------------------------------------------------

Pair::Pair() {
  alice.start();
  bob.start();
}

void Pair::look_up(User& who, User& whom) { who.notice(RecordLookup{whom.address(), whom.published(), false, 3}); }

SubmitMessage Pair::send(const std::string& text) {
  alice.asked<SubmitMessage>();
  alice.send(bob.address(), text);
  if (!alice.asked<FindRecord>().empty()) introduce();
  auto sent = alice.asked<SubmitMessage>();
  BOOST_REQUIRE_EQUAL(sent.size(), 1U);
  return sent.front();
}

void Pair::arrive(User& at, const SubmitMessage& mail) { at.notice(MailArrived{mail.id, mail.item, relay}); }

void Pair::settle(User& at, const SubmitFinal& final) {
  const auto record = check_final_record(final.record);
  BOOST_REQUIRE(record.has_value());
  BOOST_REQUIRE(record->id == final.id);
  at.notice(MessageFinal{final.id, record->kind, final.record});
}

bool contains(const std::vector<std::string>& states, const std::string& state) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

}  // namespace comm::test
