// What the chat client asks of an agent beyond sending: unread marks, drafts, requests, verification, details of a
// message, forgetting, paging both ways.
#include <boost/test/unit_test.hpp>

#include "tests/unit/agent/agent_fixture.h"

namespace comm::test {
namespace {

ContactInfo contact_of(User& user, const Address& address) {
  for (const ContactInfo& contact : user.agent().contacts())
    if (contact.address == address) return contact;
  return {};
}

std::vector<std::string> texts(const std::vector<HistoryItem>& items) {
  std::vector<std::string> out;
  for (const HistoryItem& item : items) out.push_back(item.text);
  return out;
}

// A mailbox delivery of Alice's text to Bob, acknowledged.
void exchange(Pair& pair, const std::string& text) {
  pair.arrive(pair.bob, pair.send(text));
  const auto finals = pair.bob.asked<SubmitFinal>();
  BOOST_REQUIRE_EQUAL(finals.size(), 1U);
  pair.settle(pair.alice, finals.front());
}

const NodeId kRelayNode = *NodeId::from(Bytes(20, 9));

}  // namespace

BOOST_AUTO_TEST_SUITE(client)

BOOST_AUTO_TEST_CASE(unread_messages_are_counted_until_they_are_read) {
  Pair pair;
  exchange(pair, "one");
  exchange(pair, "two");
  const Address alice = pair.alice.address();
  BOOST_TEST(contact_of(pair.bob, alice).unread == 2U);
  BOOST_TEST(contact_of(pair.bob, alice).read_sequence == 0U);
  pair.bob.restart();
  BOOST_TEST(contact_of(pair.bob, alice).unread == 2U);
  pair.bob.command(MarkRead{alice});
  pair.bob.restart();
  const ContactInfo read = contact_of(pair.bob, alice);
  BOOST_TEST(read.unread == 0U);
  BOOST_TEST(read.read_sequence == read.last_sequence);
  BOOST_TEST(read.last_at == pair.clock.now.wall);
}

BOOST_AUTO_TEST_CASE(drafts_survive_a_restart_and_are_not_in_the_clear) {
  Pair pair;
  const Address bob = pair.bob.address();
  pair.alice.command(SetDraft{bob, "half a thought"});
  pair.alice.command(SetDraft{Address{}, "to nobody yet"});
  pair.alice.restart();
  BOOST_TEST(pair.alice.agent().drafts().at(bob) == "half a thought");
  BOOST_TEST(pair.alice.agent().drafts().at(Address{}) == "to nobody yet");
  for (const RowItem& row : pair.alice.store().rows(Table::agent, {}, std::nullopt, 10'000)) {
    BOOST_TEST(as_text(row.value).find("half a thought") == std::string_view::npos);
    BOOST_TEST(as_text(row.key).find(as_text(bob.view())) == std::string_view::npos);
  }
  pair.alice.command(SetDraft{bob, ""});
  pair.alice.restart();
  BOOST_TEST(pair.alice.agent().drafts().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_draft_outlives_a_full_disk) {
  Pair pair;
  pair.alice.hold_commits(true);
  pair.alice.command(SetDraft{pair.bob.address(), "kept"});
  pair.alice.disk_full();
  BOOST_TEST(pair.alice.agent().drafts().at(pair.bob.address()) == "kept");
  pair.alice.restart();  // written again once there was room
  BOOST_TEST(pair.alice.agent().drafts().at(pair.bob.address()) == "kept");
}

BOOST_AUTO_TEST_CASE(a_request_can_be_declined_and_asked_again) {
  Pair pair;
  exchange(pair, "hello, you do not know me");
  const Address alice = pair.alice.address();
  BOOST_TEST(!contact_of(pair.bob, alice).accepted);
  pair.bob.command(DeclineRequest{alice});
  BOOST_TEST(pair.bob.agent().contacts().empty());
  BOOST_TEST(pair.bob.agent().history(std::nullopt, 0, 10).empty());
  exchange(pair, "again");
  BOOST_TEST(contact_of(pair.bob, alice).unread == 1U);
  pair.bob.command(AddContact{alice, "alice"});
  pair.bob.shown();
  pair.bob.command(DeclineRequest{alice});  // a contact is not a request
  BOOST_TEST(pair.bob.shown_of<UserError>().size() == 1U);
  BOOST_TEST(contact_of(pair.bob, alice).name == "alice");
}

BOOST_AUTO_TEST_CASE(verified_and_muted_are_remembered) {
  Pair pair;
  const Address bob = pair.bob.address();
  pair.alice.command(AddContact{bob, "bob"});
  pair.alice.command(VerifyContact{bob, true});
  pair.alice.command(MuteContact{bob, true});
  pair.alice.restart();
  BOOST_TEST(contact_of(pair.alice, bob).verified == pair.clock.now.wall);
  BOOST_TEST(contact_of(pair.alice, bob).added == pair.clock.now.wall);
  BOOST_TEST(contact_of(pair.alice, bob).muted);
  pair.alice.command(VerifyContact{bob, false});
  BOOST_TEST(contact_of(pair.alice, bob).verified == 0);
}

BOOST_AUTO_TEST_CASE(a_message_tells_who_holds_it_since_when) {
  Pair pair;
  const SubmitMessage mail = pair.send("where is it?");
  const Millis sealed = pair.clock.now.wall;
  const std::uint64_t sequence = pair.alice.agent().history(std::nullopt, 0, 1).front().sequence;
  pair.clock.pass(2 * kSecond);
  pair.alice.notice(MessageStored{mail.id, kRelayNode, 1});
  pair.alice.restart();
  const auto detail = pair.alice.agent().message(sequence);
  BOOST_REQUIRE(detail.has_value());
  BOOST_TEST(detail->sealed_at == sealed);
  BOOST_TEST(detail->sealed_bytes == kHeaderBytes + kStampNonceBytes + mail.item.body.size());
  BOOST_REQUIRE_EQUAL(detail->holders.size(), 1U);
  BOOST_TEST((detail->holders[0].node == kRelayNode));
  BOOST_TEST(detail->holders[0].since == sealed + 2 * kSecond);
  BOOST_TEST(detail->expires / kMinute == sealed / kMinute + kDefaultLifetimeMinutes);
  BOOST_REQUIRE_EQUAL(detail->copies.size(), 1U);
  BOOST_TEST((detail->copies[0] == mail.id));
  BOOST_TEST(pair.alice.agent().outbox().bytes == 12U);
  BOOST_TEST(pair.alice.agent().outbox_items(10).size() == 1U);
}

BOOST_AUTO_TEST_CASE(trouble_is_marked_until_it_is_retried_forgotten_or_delivered_late) {
  Pair pair;
  const SubmitMessage mail = pair.send("too late");
  const Address bob = pair.bob.address();
  pair.clock.pass(8 * kDay);
  pair.alice.notice(MessageExpired{mail.id});
  BOOST_TEST(contact_of(pair.alice, bob).troubles == 1U);
  pair.arrive(pair.bob, mail);
  for (const SubmitFinal& final : pair.bob.asked<SubmitFinal>()) pair.settle(pair.alice, final);
  BOOST_TEST(contact_of(pair.alice, bob).troubles == 0U);

  const SubmitMessage other = pair.send("never");
  pair.clock.pass(8 * kDay);
  pair.alice.notice(MessageExpired{other.id});
  const HistoryItem item = pair.alice.agent().history(std::nullopt, 0, 1).front();
  BOOST_TEST(contact_of(pair.alice, bob).troubles == 1U);
  pair.alice.command(ForgetMessage{item.uid});
  pair.alice.restart();
  BOOST_TEST(contact_of(pair.alice, bob).troubles == 0U);
  BOOST_TEST((texts(pair.alice.agent().history(bob, 0, 10)) == std::vector<std::string>{"too late"}));
  BOOST_TEST(pair.alice.agent().outbox().open == 0U);
}

BOOST_AUTO_TEST_CASE(history_is_paged_both_ways_and_deleted) {
  Pair pair;
  const Address bob = pair.bob.address();
  for (const char* text : {"a", "b", "c", "d"}) exchange(pair, text);
  const auto all = pair.alice.agent().history(bob, 0, 10);
  BOOST_REQUIRE_EQUAL(all.size(), 4U);
  BOOST_TEST((texts(pair.alice.agent().history_after(bob, all[0].sequence, 2)) == std::vector<std::string>{"b", "c"}));
  BOOST_TEST((texts(pair.alice.agent().history(bob, all[2].sequence, 10)) == std::vector<std::string>{"a", "b"}));
  BOOST_TEST(pair.alice.agent().item(all[3].sequence)->text == "d");
  const SubmitMessage open = pair.send("still under way");
  pair.alice.command(DeleteHistory{bob});
  pair.alice.restart();
  BOOST_TEST((texts(pair.alice.agent().history(bob, 0, 10)) == std::vector<std::string>{"still under way"}));
  pair.arrive(pair.bob, open);
  BOOST_TEST(pair.bob.agent().history(std::nullopt, 0, 10).size() == 5U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm::test
