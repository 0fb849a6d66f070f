// The oracle against planted violations: each must be found, and a clean history must not.
#include <boost/test/unit_test.hpp>

#include "proto/seal/hash.h"
#include "proto/seal/message.h"
#include "proto/seal/os_random.h"
#include "tests/sim/watched_store.h"

namespace comm::sim {
namespace {

struct Pair {
  Pair() : oracle("reproduce: comm-sim --seed 9 --nodes 2") {
    alice.data[0] = 1;
    bob.data[0] = 2;
    oracle.set_user(0, alice);
    oracle.set_user(1, bob);
    message = oracle.add_message(0, 1, message_text(0, 20));
    uid.data[0] = 7;
  }
  StateChanged state(DeliveryState value) const {
    StateChanged out;
    out.uid = uid;
    out.peer = bob;
    out.ref = "0";
    out.state = value;
    return out;
  }
  Received shown() const {
    Received out;
    out.uid = uid;
    out.from = alice;
    out.text = message_text(0, 20);
    return out;
  }
  bool found(std::string_view part) const {
    for (const auto& violation : oracle.violations())
      if (violation.find(part) != std::string::npos) return true;
    return false;
  }

  Oracle oracle;
  Address alice, bob;
  MessageUid uid;
  std::uint32_t message = 0;
};

// A message of `from` to the mailbox of `to`, as stores see it.
struct Mail {
  explicit Mail(std::uint64_t seed = 1, std::uint8_t effort = 0) : random(seed) {
    init_crypto();
    Seed seed_bytes;
    random.fill(seed_bytes.mut());
    auto recipient = Identity::from_seed(seed_bytes, true);
    random.fill(seed_bytes.mut());
    auto sender = Identity::from_seed(seed_bytes, true);
    mailbox = mailbox_id(recipient->mailbox(2'000).public_key());
    Sealed content;
    content.sign_key = sender->sign_pair().public_key();
    content.record_hash.data[0] = 1;
    content.content = TextContent{"hello"};
    SealRequest request{recipient->address(), recipient->prekey(2'000).public_key, mailbox, 30'000'000, 1'440, effort};
    sealed = *seal_message(*sender, content, request, random);
    if (effort > 0) nonce = mine_stamp(sealed.id, effort, 0, 1'000'000).value();
  }
  PutMessage put() const { return {sealed.id, sealed.header, nonce, sealed.body, {}, 0}; }
  PutTombstone final() const {
    return {sealed.id, Custody::acknowledged, encode_ack({sealed.header, nonce, sealed.ack}), {}, false};
  }
  Prng random;
  MailboxId mailbox;
  SealedMessage sealed;
  StampNonce nonce;
};

struct Disk {
  void stage(Ticket ticket, std::vector<StoreOp> ops) { store.stage(ticket, ops); }
  void commit() {
    std::vector<std::unique_ptr<WriteSet>> sets;
    sets.push_back(store.take());
    const Ticket ticket = sets[0]->last_ticket();
    BOOST_TEST((store.commit(sets) == CommitResult::ok));
    store.committed(ticket);
  }
  Pair pair;
  TrueTime time{0, 1'767'225'600'000};
  Measures measures{2};
  WatchedStore store{0, time, pair.oracle, measures};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(oracle)

BOOST_AUTO_TEST_CASE(a_clean_history_is_clean) {
  Pair p;
  p.oracle.asked(p.message, 1, true);
  for (const auto state : {DeliveryState::needs_key, DeliveryState::sealed, DeliveryState::queued, DeliveryState::relayed,
                           DeliveryState::relayed})
    p.oracle.user_event(0, 2, p.state(state));
  p.oracle.user_event(1, 3, p.shown());
  p.oracle.user_event(0, 4, p.state(DeliveryState::delivered));
  p.oracle.finish(5, {0, 0});
  BOOST_TEST(p.oracle.all_delivered());
  BOOST_TEST(p.oracle.violation_count() == 0u);
}

BOOST_AUTO_TEST_CASE(shown_twice) {
  Pair p;
  p.oracle.asked(p.message, 1, true);
  p.oracle.user_event(1, 3, p.shown());
  p.oracle.user_event(1, 1'234, p.shown());
  BOOST_TEST(p.found("at 1234 ms, node 1: I6: message 0 is shown 2 times"));
  BOOST_TEST(p.found("reproduce: comm-sim --seed 9 --nodes 2"));
  BOOST_TEST(p.oracle.totals().duplicates == 1u);
}

BOOST_AUTO_TEST_CASE(lost) {
  Pair p;
  p.oracle.asked(p.message, 1, true);
  p.oracle.user_event(0, 2, p.state(DeliveryState::relayed));
  p.oracle.finish(9, {0, 0});
  BOOST_TEST(p.found("never shows message 0 from node 0"));
}

BOOST_AUTO_TEST_CASE(shown_but_never_delivered_and_copies_left) {
  Pair p;
  p.oracle.asked(p.message, 1, true);
  p.oracle.user_event(0, 2, p.state(DeliveryState::relayed));
  p.oracle.user_event(1, 3, p.shown());
  p.oracle.finish(9, {0, 3});
  BOOST_TEST(p.found("never shows message 0 as delivered"));
  BOOST_TEST(p.found("node 1: still holds 3 live messages"));
}

BOOST_AUTO_TEST_CASE(a_state_that_goes_back) {
  Pair p;
  p.oracle.asked(p.message, 1, true);
  p.oracle.user_event(0, 2, p.state(DeliveryState::relayed));
  p.oracle.user_event(0, 3, p.state(DeliveryState::queued));
  BOOST_TEST(p.found("goes back from relayed to queued"));
}

BOOST_AUTO_TEST_CASE(delivered_before_it_was_seen) {
  Pair p;
  p.oracle.asked(p.message, 1, true);
  p.oracle.user_event(0, 2, p.state(DeliveryState::delivered));
  BOOST_TEST(p.found("I4"));
}

BOOST_AUTO_TEST_CASE(altered_foreign_or_invented_texts) {
  Pair p;
  Received altered = p.shown();
  altered.text += "!";
  p.oracle.user_event(1, 3, altered);
  BOOST_TEST(p.found("another text"));
  p.oracle.user_event(0, 3, p.shown());
  BOOST_TEST(p.found("for another user"));
  Received forged = p.shown();
  forged.from = p.bob;
  Pair q;
  q.oracle.user_event(1, 3, forged);
  BOOST_TEST(q.found("from someone else"));
  Received invented;
  invented.text = "hello";
  q.oracle.user_event(1, 3, invented);
  BOOST_TEST(q.found("nobody sent"));
}

BOOST_AUTO_TEST_CASE(a_send_lost_before_it_was_accepted_is_no_violation_but_an_accepted_one_stays) {
  Pair p;
  p.oracle.asked(p.message, 1, true);
  BOOST_TEST(p.oracle.forget_unaccepted(0).size() == 1u);
  BOOST_TEST(p.oracle.forget_unaccepted(0).empty());
  p.oracle.asked(p.message, 5, true);
  p.oracle.user_event(0, 6, p.state(DeliveryState::sealed));
  BOOST_TEST(p.oracle.forget_unaccepted(0).empty());
}

BOOST_AUTO_TEST_CASE(live_again_after_final) {
  Disk d;
  const Mail mail;
  d.pair.oracle.owner_ack_committed(mail.sealed.id);
  d.stage(1, {mail.put()});
  d.commit();
  d.stage(2, {mail.final()});
  d.commit();
  BOOST_TEST(d.pair.oracle.violation_count() == 0u);
  d.stage(3, {mail.put()});
  BOOST_TEST(d.pair.found("I1"));
}

BOOST_AUTO_TEST_CASE(a_final_record_that_does_not_prove_itself) {
  Disk d;
  const Mail mail;
  d.pair.oracle.owner_ack_committed(mail.sealed.id);
  PutTombstone forged = mail.final();
  forged.record.back() ^= 1;
  d.stage(1, {forged});
  d.commit();
  BOOST_TEST(d.pair.found("I3"));
}

BOOST_AUTO_TEST_CASE(an_ack_nobody_gave_and_an_ack_without_its_text) {
  Disk foreign;
  const Mail mail;
  foreign.stage(1, {mail.final()});
  foreign.commit();
  BOOST_TEST(foreign.pair.found("its recipient has not committed"));

  Disk own;
  own.pair.oracle.set_mailbox(0, mail.mailbox);
  own.stage(1, {mail.final()});
  own.commit();
  BOOST_TEST(own.pair.found("without writing its text"));

  Disk good;
  good.pair.oracle.set_mailbox(0, mail.mailbox);
  good.stage(1, {mail.final(), PutRow{Table::agent, {1}, {2}}});
  good.commit();
  BOOST_TEST(good.pair.oracle.violation_count() == 0u);
}

BOOST_AUTO_TEST_CASE(a_further_copy_is_acknowledged_alone_and_withdrawn_once_another_is_acknowledged) {
  const Mail first(1), second(2), third(3);
  const PutRow row{Table::agent, {0, 0, 0, 0, 0, 0, 0, 0, 'o', 1}, {2}};
  const PutRow other{Table::agent, {0, 0, 0, 0, 0, 0, 0, 0, 'o', 2}, {2}};
  Disk sender;
  sender.stage(1, {row, first.put()});
  sender.commit();
  sender.stage(2, {row, second.put()});
  sender.commit();
  sender.stage(3, {other, third.put()});
  sender.commit();
  sender.pair.oracle.owner_ack_committed(first.sealed.id);
  sender.stage(4, {second.final()});
  sender.commit();
  BOOST_TEST(sender.pair.oracle.violation_count() == 0u);
  sender.stage(5, {third.final()});
  sender.commit();
  BOOST_TEST(sender.pair.found("its recipient has not committed"));

  Disk recipient;
  for (const Mail* mail : {&first, &second, &third}) {
    recipient.pair.oracle.set_mailbox(0, mail->mailbox);
    recipient.pair.oracle.copy(mail->sealed.id, {mail == &third ? other.key : row.key});
  }
  recipient.stage(1, {first.final(), PutRow{Table::agent, {1}, {2}}});
  recipient.commit();
  recipient.stage(2, {second.final()});
  recipient.commit();
  BOOST_TEST(recipient.pair.oracle.violation_count() == 0u);
  recipient.stage(3, {third.final()});
  recipient.commit();
  BOOST_TEST(recipient.pair.found("without writing its text"));
}

BOOST_AUTO_TEST_CASE(a_foreign_final_record_gives_way_to_one_of_more_work_only) {
  for (const std::uint8_t effort : {std::uint8_t{2}, std::uint8_t{6}}) {
    Disk d;
    const Mail held(1, 4), newer(2, effort);
    for (const Mail* mail : {&held, &newer}) d.pair.oracle.owner_ack_committed(mail->sealed.id);
    PutTombstone first = held.final(), second = newer.final();
    first.foreign = second.foreign = true;
    d.stage(1, {first});
    d.commit();
    d.stage(2, {EraseTombstone{held.sealed.id}, second});
    d.commit();
    BOOST_TEST(d.pair.found("forgets that") == (effort < 4));
  }
}

BOOST_AUTO_TEST_CASE(stored_before_the_disk_has_it_and_lost_in_a_crash) {
  Disk d;
  const Mail mail;
  d.stage(1, {mail.put()});
  d.store.promise(mail.sealed.id);
  BOOST_TEST(d.pair.found("on the way to the disk"));

  Disk kept;
  kept.stage(1, {mail.put()});
  kept.commit();
  kept.store.promise(mail.sealed.id);
  kept.store.failed();
  kept.store.check_promises();
  BOOST_TEST(kept.pair.oracle.violation_count() == 0u);

  Disk lost;
  lost.store.promise(mail.sealed.id);
  BOOST_TEST(lost.pair.found("does not hold it"));
}

BOOST_AUTO_TEST_CASE(what_was_not_committed_is_gone_after_a_crash) {
  Disk d;
  const Mail first(1), second(2);
  d.stage(1, {first.put()});
  d.commit();
  d.stage(2, {second.put()});
  BOOST_TEST((d.store.custody_of(second.sealed.id) == Custody::live));
  d.store.failed();
  BOOST_TEST((d.store.custody_of(first.sealed.id) == Custody::live));
  BOOST_TEST((d.store.custody_of(second.sealed.id) == Custody::absent));
  BOOST_TEST(d.pair.oracle.violation_count() == 0u);
}

BOOST_AUTO_TEST_CASE(deleted_before_its_time_and_after) {
  Disk d;
  const Mail mail;
  d.stage(1, {mail.put()});
  d.commit();
  d.stage(2, {EraseMessage{mail.sealed.id}});
  BOOST_TEST(d.pair.found("I7"));

  Disk later;
  later.stage(1, {mail.put()});
  later.commit();
  later.time.wall = Millis{30'000'000} * kMinute;
  later.stage(2, {EraseMessage{mail.sealed.id}});
  BOOST_TEST(later.pair.oracle.violation_count() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm::sim
