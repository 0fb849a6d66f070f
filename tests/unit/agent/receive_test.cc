// The inbox: shown once, acknowledged once it is durable, refused or declined when it cannot be read.
#include <boost/test/unit_test.hpp>

#include "tests/unit/agent/agent_fixture.h"

using namespace comm;
using namespace comm::test;

namespace {

// A message from somebody who writes what they like.
SubmitMessage forged(User& to, const Identity& from, const Content& content, std::uint8_t uid = 9) {
  Prng random(uid);
  Sealed sealed;
  sealed.sign_key = from.sign_pair().public_key();
  sealed.uid.data[0] = uid;
  sealed.record_hash.data[0] = 1;
  sealed.content = content;
  const auto made = seal_message(from, sealed, request_to(to), random);
  BOOST_REQUIRE(made.has_value());
  return {{made->header, made->nonce, made->body}, made->id};
}

// Opens, but the header names an acknowledgement that its body does not give.
SubmitMessage wrong_ack(const SubmitMessage& good) {
  SubmitMessage out = good;
  out.item.header.data[32] ^= 1;
  out.id = message_id(out.item.header);
  return out;
}

SubmitMessage unreadable(const SubmitMessage& good) {
  SubmitMessage out = good;
  out.item.body[200] ^= 1;
  auto header = parse_header(out.item.header).value();
  header.body_hash = body_hash(out.item.body);
  out.item.header = encode_header(header);
  out.id = message_id(out.item.header);
  return out;
}

FinalKind kind_of(const SubmitFinal& final) {
  const auto record = check_final_record(final.record);
  BOOST_REQUIRE(record.has_value());
  BOOST_REQUIRE(record->id == final.id);
  return record->kind;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(receive, Pair)

BOOST_AUTO_TEST_CASE(nothing_leaves_before_the_plaintext_is_durable) {
  const auto mail = send("careful");
  bob.hold_commits(true);
  arrive(bob, mail);
  BOOST_TEST(bob.shown().empty());
  BOOST_TEST(bob.asked<SubmitFinal>().empty());
  bob.commit();
  BOOST_TEST(bob.shown_of<Received>().size() == 1U);
  BOOST_TEST(bob.asked<SubmitFinal>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(crash_before_commit_shows_it_later_and_once) {
  const auto mail = send("twice sent");
  bob.hold_commits(true);
  arrive(bob, mail);
  bob.crash();
  BOOST_TEST(bob.shown_of<Received>().empty());
  BOOST_TEST(bob.asked<SubmitFinal>().empty());
  BOOST_TEST(bob.agent().history(std::nullopt, 0, 9).empty());
  BOOST_TEST((bob.store().custody_of(mail.id) == Custody::absent));
  arrive(bob, mail);
  BOOST_TEST(bob.shown_of<Received>().size() == 1U);
  bob.restart();
  bob.asked<SubmitFinal>();
  arrive(bob, mail);
  BOOST_TEST(bob.shown_of<Received>().empty());
  BOOST_TEST(bob.asked<SubmitFinal>().size() == 1U);  // the acknowledgement was lost: said again
  BOOST_TEST(bob.agent().history(std::nullopt, 0, 9).size() == 1U);
}

BOOST_AUTO_TEST_CASE(another_copy_of_the_same_uid_is_acknowledged_and_not_shown) {
  const auto stranger = identity_of(5, true);
  const auto first = forged(bob, *stranger, TextContent{"once"});
  arrive(bob, first);
  bob.restart();
  bob.shown();
  bob.asked<SubmitFinal>();
  Prng random(77);
  Sealed again;
  again.sign_key = stranger->sign_pair().public_key();
  again.uid.data[0] = 9;
  again.record_hash.data[0] = 1;
  again.content = TextContent{"once"};
  const auto made = seal_message(*stranger, again, request_to(bob), random).value();
  arrive(bob, {{made.header, made.nonce, made.body}, made.id});
  BOOST_TEST(bob.shown_of<Received>().empty());
  const auto finals = bob.asked<SubmitFinal>();
  BOOST_REQUIRE_EQUAL(finals.size(), 1U);
  BOOST_TEST((kind_of(finals[0]) == FinalKind::acknowledged));
  BOOST_TEST((finals[0].id == made.id));
}

BOOST_AUTO_TEST_CASE(requests_until_accepted) {
  arrive(bob, send("hi"));
  BOOST_TEST(bob.shown_of<Received>().at(0).request);
  BOOST_TEST(!bob.agent().contacts().at(0).accepted);
  BOOST_TEST(bob.agent().contacts().at(0).has_key);
  // The sender's record came along: the reply needs no lookup, and accepts them.
  bob.asked<FindRecord>();
  bob.send(alice.address(), "hello");
  BOOST_TEST(bob.asked<FindRecord>().empty());
  const auto reply = bob.asked<SubmitMessage>();
  BOOST_REQUIRE_EQUAL(reply.size(), 2U);  // and the grant of a mailbox, now that she is a contact
  BOOST_TEST(bob.agent().contacts().at(0).accepted);
  arrive(alice, reply[0]);
  BOOST_TEST(!alice.shown_of<Received>().at(0).request);
  arrive(bob, send("again"));
  BOOST_TEST(!bob.shown_of<Received>().at(0).request);
}

BOOST_AUTO_TEST_CASE(a_record_inside_a_message_releases_what_waits_for_it) {
  bob.send(alice.address(), "waiting");
  BOOST_TEST(bob.asked<SubmitMessage>().empty());
  arrive(bob, send("here I am"));
  BOOST_TEST(bob.asked<SubmitMessage>().size() == 2U);  // and the grant of a mailbox
}

BOOST_AUTO_TEST_CASE(blocked_senders_are_acknowledged_and_not_shown) {
  bob.command(BlockContact{alice.address(), true});
  const auto mail = send("spam");
  arrive(bob, mail);
  BOOST_TEST(bob.shown_of<Received>().empty());
  BOOST_TEST(bob.asked<SubmitFinal>().size() == 1U);
  BOOST_TEST(bob.agent().history(std::nullopt, 0, 9).empty());
  BOOST_TEST(bob.agent().contacts().at(0).blocked);
  bob.restart();
  bob.command(BlockContact{alice.address(), false});
  arrive(bob, send("sorry"));
  BOOST_TEST(bob.shown_of<Received>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_opened_is_declined_and_refused_by_command_only) {
  const auto mail = unreadable(send("garbled"));
  arrive(bob, mail);
  const auto lines = bob.shown_of<Undecryptable>();
  BOOST_REQUIRE_EQUAL(lines.size(), 1U);
  BOOST_TEST(lines[0].reason == "not-openable");
  BOOST_TEST(bob.asked<SubmitFinal>().empty());
  const auto declined = bob.asked<DeclineMail>();
  BOOST_REQUIRE_EQUAL(declined.size(), 1U);
  BOOST_TEST((declined[0].from == relay));
  arrive(bob, mail);
  BOOST_TEST(bob.shown_of<Undecryptable>().empty());
  bob.command(RefuseMail{mail.id});
  const auto finals = bob.asked<SubmitFinal>();
  BOOST_REQUIRE_EQUAL(finals.size(), 1U);
  BOOST_TEST((kind_of(finals[0]) == FinalKind::refused));
  BOOST_TEST((bob.store().custody_of(mail.id) == Custody::refused));
  bob.command(RefuseMail{mail.id});
  BOOST_TEST(bob.shown_of<UserError>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_opens_but_is_wrong_is_refused_at_once) {
  const auto mail = wrong_ack(send("liar"));
  bob.hold_commits(true);
  arrive(bob, mail);
  BOOST_TEST(bob.asked<SubmitFinal>().empty());
  bob.commit();
  const auto finals = bob.asked<SubmitFinal>();
  BOOST_REQUIRE_EQUAL(finals.size(), 1U);
  BOOST_TEST((kind_of(finals[0]) == FinalKind::refused));
  BOOST_TEST(bob.shown().empty());
  BOOST_TEST(bob.agent().history(std::nullopt, 0, 9).empty());
  BOOST_TEST((bob.store().custody_of(mail.id) == Custody::refused));
}

BOOST_AUTO_TEST_CASE(content_of_a_later_version_is_acknowledged_and_shown_as_a_line) {
  const auto stranger = identity_of(5, true);
  arrive(bob, forged(bob, *stranger, UnknownContent{}));
  const auto lines = bob.shown_of<Undecryptable>();
  BOOST_REQUIRE_EQUAL(lines.size(), 1U);
  BOOST_TEST(lines[0].reason == "unknown-content");
  BOOST_TEST((kind_of(bob.asked<SubmitFinal>().at(0)) == FinalKind::acknowledged));
  BOOST_TEST(bob.agent().history(std::nullopt, 0, 9).at(0).unknown_content);
}

BOOST_AUTO_TEST_CASE(grants_are_acknowledged_and_not_shown) {
  const auto stranger = identity_of(5, true);
  arrive(bob, forged(bob, *stranger, MailboxGrant{}));
  BOOST_TEST(bob.shown().empty());
  BOOST_TEST(bob.asked<SubmitFinal>().size() == 1U);
  BOOST_TEST(bob.agent().history(std::nullopt, 0, 9).empty());
}

BOOST_AUTO_TEST_CASE(an_invalid_record_inside_does_not_spoil_the_message) {
  Prng random(3);
  const auto stranger = identity_of(5, true);
  Sealed sealed = text_by(*stranger, alice.published(), "still said");
  sealed.record.signature.data[0] ^= 1;
  const auto made = seal_message(*stranger, sealed, request_to(bob), random).value();
  arrive(bob, {{made.header, made.nonce, made.body}, made.id});
  BOOST_TEST(bob.shown_of<Received>().size() == 1U);
  BOOST_TEST(!bob.agent().contacts().at(0).has_key);
}

BOOST_AUTO_TEST_SUITE_END()
