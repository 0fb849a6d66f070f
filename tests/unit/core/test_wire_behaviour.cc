// A node as a stranger on the wire sees it: handshake, schedules, refusals. The stranger is a Probe.
#include <boost/test/unit_test.hpp>

#include "node/core/custody_state.h"
#include "tests/unit/core/crafted.h"

using namespace comm;
using namespace comm::test;

BOOST_AUTO_TEST_SUITE(wire_behaviour)

BOOST_AUTO_TEST_CASE(handshake_makes_a_session) {
  Pair p;
  BOOST_TEST(p.relay.core->status().sessions == 1u);
  p.probe.send(p.link, 9, Ping{});
  p.net.run(10);
  BOOST_TEST(p.probe.got<Pong>().size() == 1u);
}

BOOST_AUTO_TEST_CASE(nothing_but_no_session_before_auth) {
  Pair p;
  const LinkId link = p.probe.dial(p.relay.endpoint);
  p.probe.inbox.clear();
  p.probe.send(link, 9, Ping{});
  p.net.run(10);
  BOOST_TEST(p.probe.got<Pong>().empty());
  BOOST_REQUIRE(p.probe.got<ErrorBody>().size() == 1u);
  BOOST_TEST(p.probe.got<ErrorBody>()[0].code == static_cast<std::uint32_t>(ErrorCode::no_session));
}

BOOST_AUTO_TEST_CASE(link_without_auth_is_cut_after_five_seconds) {
  Pair p;
  const LinkId silent = p.probe.dial(p.relay.endpoint);
  p.net.run(4'900);
  BOOST_TEST(!p.probe.sessions[silent].down);
  p.net.run(300);
  BOOST_TEST(p.probe.sessions[silent].down);
  BOOST_TEST(p.relay.core->status().sessions == 1u);
}

BOOST_AUTO_TEST_CASE(auth_signed_over_another_link_is_refused) {
  // A man in the middle who terminates CURVE relays Hello and Welcome faithfully; his client key differs.
  Pair p;
  const LinkId link = p.probe.dial(p.relay.endpoint);
  p.probe.sessions[link].curve.data[0] ^= 1;
  p.probe.sessions[link].hello = p.probe.sessions[p.link].hello;
  p.probe.send(link, 1, Hello{p.probe.sessions[link].hello, {}});
  p.net.run(100);
  BOOST_TEST(p.probe.sessions[link].down);
  BOOST_TEST(p.reason("auth-signature") == 1u);
}

BOOST_AUTO_TEST_CASE(silent_sessions_are_dropped) {
  Pair p;
  p.probe.answer_pings = false;
  p.net.run(2 * kPingInterval);
  BOOST_TEST(!p.probe.sessions[p.link].down);
  p.net.run(2 * kPingInterval);
  BOOST_TEST(p.probe.sessions[p.link].down);
}

BOOST_AUTO_TEST_CASE(a_push_never_answers_a_request_of_the_same_number) {
  // Both directions count their requests from one; a message pushed with the number of an open lookup must not end it.
  Pair p;
  std::uint32_t open = 0;
  const auto asked = [&] {
    for (const auto& got : p.probe.inbox)
      if (std::holds_alternative<FindNode>(got.packet.body)) open = got.packet.request_id;
    return open != 0;
  };
  p.net.run_until(asked, kMinute);
  BOOST_REQUIRE(open != 0);
  const Crafted m = craft(p.net, p.box);
  p.probe.inbox.clear();
  p.probe.send(p.link, open, Message{{m.item}});
  p.probe.send(p.link, open, Nodes{});
  p.net.run(100);
  BOOST_TEST(p.probe.got<Stored>().size() == 1u);
  BOOST_TEST(p.reason("unsolicited-answer") == 0u);
}

BOOST_AUTO_TEST_CASE(timers_do_not_multiply_with_traffic) {
  Pair p;
  for (int i = 0; i < 200; ++i) p.give(craft(p.net, p.box).item);
  BOOST_TEST(p.relay.core->status().timers < 60u);
  p.net.run(10 * kMinute);
  BOOST_TEST(p.relay.core->status().timers < 30u);
}

BOOST_AUTO_TEST_CASE(an_owner_always_finds_a_place) {
  CustodyState state;
  Prng random(1);
  for (std::size_t i = 0; i < kMaxExchangedPeers; ++i) {
    NodeId id;
    random.fill(id);
    CustodyPeer* peer = state.add(id);
    peer->exchanged = peer->stored = i != 7;
  }
  NodeId owner;
  random.fill(owner);
  BOOST_TEST(state.add(owner) == nullptr);
  BOOST_TEST(state.add_owner(owner).owner);
  BOOST_TEST(state.peers.size() == kMaxExchangedPeers);
  BOOST_TEST((state.peers[7].id == owner));  // the one that had told us nothing gave way
}

BOOST_AUTO_TEST_CASE(only_an_acknowledgement_ends_the_offers_to_an_owner) {
  Pair p;
  Probe& owner = p.net.probe();
  Probe& custodian = p.net.probe();
  const LinkId link = owner.connect(p.relay), other = custodian.connect(p.relay);
  owner.collect(link, p.mailbox);
  const Crafted m = craft(p.net, p.box);
  p.give(m.item);
  const auto offers = [&](const Probe& probe) {
    std::size_t out = 0;
    for (const Offer& offer : probe.got<Offer>())
      for (const OfferItem& item : offer.items) out += message_id(item.header) == m.id ? 1 : 0;
    return out;
  };
  BOOST_TEST(offers(owner) == 1u);
  p.net.run(10 * kSecond);
  BOOST_TEST(offers(custodian) >= 1u);
  // Both say that they keep it. That is all a custodian has to say; an owner's copy may not be shown yet.
  for (int i = 0; i < 2; ++i) {
    owner.send(link, 0, Stored{{{m.id, StoredStatus::stored}}});
    custodian.send(other, 0, Stored{{{m.id, StoredStatus::stored}}});
    p.net.run(100);
    owner.inbox.clear();
    custodian.inbox.clear();
    p.net.run(kMinute);
    BOOST_TEST(offers(owner) >= 1u);
    BOOST_TEST(offers(custodian) == 0u);
  }
  owner.send(link, 0, Ack{{encode_ack({m.item.header, m.item.nonce, m.ack})}});
  p.net.run(100);
  owner.inbox.clear();
  p.net.run(kHour);
  BOOST_TEST(offers(owner) == 0u);
}

BOOST_AUTO_TEST_CASE(an_expired_message_does_not_stop_the_others) {
  Pair p;
  Probe& owner = p.net.probe();
  const LinkId link = owner.connect(p.relay);
  owner.collect(link, p.mailbox);
  p.give(craft(p.net, p.box, 1).item);
  for (int i = 0; i < 3; ++i) owner.send(link, 7, Ping{}), p.net.run(kMinute);  // it expires
  p.link = p.probe.connect(p.relay);
  p.give(craft(p.net, p.box).item);
  owner.inbox.clear();
  p.net.run(30 * kSecond);
  BOOST_TEST(owner.got<Offer>().size() >= 2u);  // re-offers need the schedule, not only the first push
}

BOOST_AUTO_TEST_CASE(one_peer_cannot_fill_the_table_of_wants) {
  Pair p;
  for (int i = 0; i < 4; ++i) {
    Offer offer;
    for (std::size_t n = 0; n < kMaxOffersPerPacket; ++n) {
      MessageHeader header;
      header.expires = minute_of(p.net.now().wall) + 600;
      header.lifetime = 600;
      p.net.random.fill(header.ack_hash);
      offer.items.push_back({encode_header(header), StampNonce{}});
    }
    p.probe.send(p.link, 0, std::move(offer));
  }
  p.net.run(100);
  std::size_t wanted = 0;
  for (const auto& want : p.probe.got<Want>()) wanted += want.ids.size();
  BOOST_TEST(wanted == 1024u);
  Probe& honest = p.net.probe();
  const LinkId link = honest.connect(p.relay);
  const Crafted m = craft(p.net, p.box);
  honest.send(link, 0, Offer{{{m.item.header, m.item.nonce}}});
  p.net.run(100);
  BOOST_TEST(honest.got<Want>().size() == 1u);
}

BOOST_AUTO_TEST_CASE(message_is_stored_then_a_duplicate) {
  Pair p;
  const Crafted m = craft(p.net, p.box);
  BOOST_TEST((p.give(m.item).status == StoredStatus::stored));
  BOOST_TEST((p.give(m.item).status == StoredStatus::duplicate));
  BOOST_TEST(p.relay.store->totals().live == 1u);
}

BOOST_AUTO_TEST_CASE(altered_messages_are_refused_with_their_stage) {
  Pair p;
  Crafted m = craft(p.net, p.box);
  SealedItem body = m.item;
  body.body[5] ^= 1;
  p.probe.send(p.link, 1, Message{{body}});
  p.net.run(50);
  BOOST_TEST(p.rejected(Stage::crypto) == 1u);
  SealedItem header = m.item;
  header.header.data[1] = 9;  // another suite
  p.probe.send(p.link, 2, Message{{header}});
  p.net.run(50);
  BOOST_TEST(p.rejected(Stage::schema) == 1u);
  SealedItem stamp = craft(p.net, p.box, 600, 12).item;
  stamp.nonce.data[0] ^= 1;  // claims 12 bits it does not have
  p.probe.send(p.link, 3, Message{{stamp}});
  p.net.run(50);
  BOOST_TEST(p.rejected(Stage::crypto) == 2u);
  SealedItem expired = craft(p.net, p.box, 1).item;
  p.net.run(2 * kMinute);
  p.probe.send(p.link, 4, Message{{expired}});
  p.net.run(50);
  BOOST_TEST(p.rejected(Stage::policy) == 1u);
  BOOST_TEST(p.relay.store->totals().live == 0u);
  BOOST_TEST((p.give(m.item).status == StoredStatus::stored));  // nothing else disturbed
}

BOOST_AUTO_TEST_CASE(forged_and_foreign_acks_do_nothing) {
  Pair p;
  const Crafted m = craft(p.net, p.box), other = craft(p.net, p.box);
  p.give(m.item);
  AckRecord forged{m.item.header, m.item.nonce, other.ack};
  p.probe.send(p.link, 0, Ack{{encode_ack(forged)}});
  RefusalRecord stranger{m.item.header, m.item.nonce, some_mailbox(8).public_key(), some_mailbox(8).sign(owner_ack_hash(m.id))};
  p.probe.send(p.link, 0, Ack{{encode_refusal(stranger)}});
  p.net.run(100);
  BOOST_TEST(p.rejected(Stage::crypto) == 2u);
  BOOST_TEST(p.relay.store->totals().live == 1u);
  p.probe.send(p.link, 0, Ack{{encode_ack({m.item.header, m.item.nonce, m.ack})}});
  p.net.run(100);
  BOOST_TEST(p.relay.store->totals().live == 0u);
  BOOST_TEST((p.give(m.item).status == StoredStatus::acknowledged));
}

BOOST_AUTO_TEST_CASE(owner_refusal_removes_and_a_preimage_supersedes_it) {
  Pair p;
  const Crafted m = craft(p.net, p.box);
  p.give(m.item);
  p.probe.send(p.link, 0, Ack{{make_refusal(p.mailbox, m.item.header, m.item.nonce)}});
  p.net.run(100);
  BOOST_TEST((p.relay.store->custody_of(m.id) == Custody::refused));
  p.probe.send(p.link, 0, Ack{{encode_ack({m.item.header, m.item.nonce, m.ack})}});
  p.net.run(100);
  BOOST_TEST((p.relay.store->custody_of(m.id) == Custody::acknowledged));
}

BOOST_AUTO_TEST_CASE(ack_before_its_message_stops_it) {
  Pair p;
  const Crafted m = craft(p.net, p.box);
  p.probe.send(p.link, 0, Ack{{encode_ack({m.item.header, m.item.nonce, m.ack})}});
  p.net.run(100);
  BOOST_TEST((p.give(m.item).status == StoredStatus::acknowledged));
  BOOST_TEST(p.relay.store->totals().live == 0u);
}

BOOST_AUTO_TEST_CASE(offers_follow_the_backoff_and_collect_resets_it) {
  Pair p;
  Probe& owner = p.net.probe();
  const LinkId link = owner.connect(p.relay);
  owner.collect(link, p.mailbox);
  p.net.run(100);
  const Millis begin = p.net.now().mono;
  const Crafted m = craft(p.net, p.box);
  p.give(m.item);
  p.net.run(60 * kSecond);
  std::vector<double> at;
  for (const auto& got : owner.inbox)
    if (std::holds_alternative<Offer>(got.packet.body)) at.push_back(static_cast<double>(got.at - begin) / 1000);
  const std::vector<double> expected{0, 1, 4, 11, 26, 57};
  BOOST_REQUIRE(at.size() >= 5u);
  for (std::size_t i = 0; i < 5; ++i) BOOST_TEST(std::abs(at[i] - expected[i]) <= 0.1 * expected[i] + 0.1);
  for (int minute = 0; minute < 60; ++minute) {  // the dialler keeps the link alive
    owner.send(link, 7, Ping{});
    p.net.run(kMinute);
  }
  owner.inbox.clear();
  const Millis again = p.net.now().mono;
  owner.collect(link, p.mailbox);
  p.net.run(5 * kSecond);
  at.clear();
  for (const auto& got : owner.inbox)
    if (std::holds_alternative<Offer>(got.packet.body)) at.push_back(static_cast<double>(got.at - again) / 1000);
  BOOST_REQUIRE(at.size() >= 3u);
  BOOST_TEST(at[0] < 0.1);
  BOOST_TEST(std::abs(at[1] - 1) < 0.2);
  BOOST_TEST(std::abs(at[2] - 4) < 0.5);
}

BOOST_AUTO_TEST_CASE(backoff_is_capped_at_an_hour_and_survives_a_restart) {
  BOOST_TEST(backoff_delay(1, kSecond) == kSecond);
  BOOST_TEST(backoff_delay(2, kSecond) == 3 * kSecond);
  BOOST_TEST(backoff_delay(11, kSecond) == 2047 * kSecond);
  for (int n = 12; n < 64; ++n) BOOST_TEST(backoff_delay(n, kSecond) == kHour);
  Pair p;
  Probe& peer = p.net.probe();
  const LinkId link = peer.connect(p.relay);
  p.give(craft(p.net, p.box).item);
  p.net.run(30 * kMinute);
  const auto before = p.relay.store->next_due();
  p.relay.crash();
  p.relay.restart();
  BOOST_REQUIRE(before.has_value());
  BOOST_TEST((p.relay.store->next_due() == before));
  (void)link;
}

BOOST_AUTO_TEST_CASE(want_gets_the_body_and_unknown_ids_an_error) {
  Pair p;
  const Crafted m = craft(p.net, p.box), unknown = craft(p.net, p.box);
  p.give(m.item);
  p.probe.inbox.clear();
  p.probe.send(p.link, 41, Want{{m.id}});
  p.probe.send(p.link, 42, Want{{unknown.id}});
  p.net.run(50);
  BOOST_REQUIRE(p.probe.got<Message>().size() == 1u);
  BOOST_TEST((p.probe.got<Message>()[0].items.at(0).body == m.item.body));
  BOOST_REQUIRE(p.probe.got<ErrorBody>().size() == 1u);
  BOOST_TEST(p.probe.got<ErrorBody>()[0].code == static_cast<std::uint32_t>(ErrorCode::not_held));
}

BOOST_AUTO_TEST_CASE(a_want_is_answered_in_one_packet_each_message_once) {
  Pair p;
  std::vector<Crafted> all;
  for (int i = 0; i < 20; ++i) p.give(all.emplace_back(craft(p.net, p.box)).item);
  Want want;
  for (auto it = all.rbegin(); it != all.rend(); ++it) want.ids.insert(want.ids.end(), 2, it->id);
  p.probe.inbox.clear();
  p.probe.send(p.link, 41, want);
  p.net.run(50);
  BOOST_REQUIRE(p.probe.got<Message>().size() == 1u);
  const std::vector<SealedItem> items = p.probe.got<Message>()[0].items;
  BOOST_REQUIRE_EQUAL(items.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    BOOST_TEST((items[i].header == all[i].item.header));
    BOOST_TEST((items[i].body == all[i].item.body));
  }
}

BOOST_AUTO_TEST_CASE(acknowledgements_that_came_together_are_passed_on_together) {
  Pair p;
  Probe& reader = p.net.probe();
  const LinkId link = reader.connect(p.relay);
  Ack ack;
  for (int i = 0; i < 20; ++i) {
    const Crafted m = craft(p.net, p.box);
    p.give(m.item);
    ack.records.push_back(encode_ack({m.item.header, m.item.nonce, m.ack}));
  }
  p.probe.inbox.clear();
  reader.send(link, 0, ack);
  p.net.run(100);
  BOOST_REQUIRE(p.probe.got<Ack>().size() == 1u);
  BOOST_TEST((p.probe.got<Ack>()[0].records == ack.records));
  BOOST_TEST(reader.got<Ack>().empty());
}

BOOST_AUTO_TEST_CASE(collect_needs_the_mailbox_key_and_this_session) {
  Pair p;
  p.give(craft(p.net, p.box).item);
  Probe& thief = p.net.probe();
  const LinkId link = thief.connect(p.relay);
  // A signature made for another session.
  thief.send(link, 5, Collect{p.mailbox.public_key(),
                              p.mailbox.sign(collect_hash(p.probe.sessions[p.link].transcript, p.mailbox.public_key()))});
  p.net.run(kSecond);
  BOOST_TEST(thief.got<Collected>().empty());
  BOOST_TEST(p.reason("collect-signature") == 1u);
  thief.collect(link, p.mailbox);
  p.net.run(kSecond);
  BOOST_REQUIRE(thief.got<Collected>().size() == 1u);
  BOOST_TEST(thief.got<Collected>()[0].waiting == 1u);
}

BOOST_AUTO_TEST_CASE(full_quota_refuses_and_holds_what_it_has) {
  Pair p;
  p.relay.crash();
  p.relay.config.store_quota = 3 * (1024 + 96);
  p.relay.restart();
  p.link = p.probe.connect(p.relay);
  for (int i = 0; i < 3; ++i) BOOST_TEST((p.give(craft(p.net, p.box).item).status == StoredStatus::stored));
  const StoredItem refused = p.give(craft(p.net, p.box).item);
  BOOST_TEST((refused.status == StoredStatus::refused));
  BOOST_TEST((refused.reason == RefuseReason::price));
  BOOST_TEST(int{refused.price} == 1);
  BOOST_TEST(p.relay.store->totals().live == 3u);
}

BOOST_AUTO_TEST_CASE(malformed_bytes_are_counted_and_only_persistence_is_cut) {
  Pair p;
  for (int i = 0; i < 10; ++i) p.probe.send_raw(p.link, Bytes(30, 0xff));
  p.net.run(50);
  BOOST_TEST(p.rejected(Stage::decode) == 10u);
  BOOST_TEST(!p.probe.sessions[p.link].down);
  for (int i = 0; i < 100; ++i) p.probe.send_raw(p.link, Bytes(30, 0xff));
  p.net.run(50);
  BOOST_TEST(p.probe.sessions[p.link].down);
}

BOOST_AUTO_TEST_CASE(unknown_packets_are_answered_unsupported) {
  Pair p;
  // field 60, length-delimited, in an otherwise valid packet with request id 5
  p.probe.send_raw(p.link, Bytes{0x0d, 5, 0, 0, 0, 0xe2, 0x03, 0x01, 0x00});
  p.net.run(50);
  BOOST_REQUIRE(p.probe.got<ErrorBody>().size() == 1u);
  BOOST_TEST(p.probe.got<ErrorBody>()[0].code == static_cast<std::uint32_t>(ErrorCode::unsupported));
  BOOST_TEST(!p.probe.sessions[p.link].down);
}

BOOST_AUTO_TEST_CASE(unsolicited_answers_are_dropped_and_counted) {
  Pair p;
  const Crafted m = craft(p.net, p.box);
  p.give(m.item);
  Probe& other = p.net.probe();
  const LinkId link = other.connect(p.relay);
  other.send(link, 0, Stored{{StoredItem{.id = m.id, .status = StoredStatus::stored}}});
  other.send(link, 900, Nodes{});
  p.net.run(100);
  BOOST_TEST(p.reason("unsolicited-stored") + p.reason("unsolicited-answer") == 2u);
}

BOOST_AUTO_TEST_CASE(a_false_node_id_drops_the_contact) {
  Pair p;
  Probe& liar = p.net.probe();
  const LinkId link = liar.connect(p.relay);
  // The relay asks for nodes during its join; answer with a contact whose id is not its key's.
  Probe& named = p.net.probe();
  Contact contact{NodeId{}, named.key.public_key(), named.endpoint};
  contact.id.data[0] = 0x55;
  for (int round = 0; round < 900; ++round) {  // past the hourly refresh
    for (const auto& got : liar.inbox)
      if (std::holds_alternative<FindNode>(got.packet.body)) liar.send(link, got.packet.request_id, Nodes{{contact}});
    liar.inbox.clear();
    p.net.run(5 * kSecond);
  }
  BOOST_TEST(p.reason("node-id-mismatch") >= 1u);
  BOOST_TEST(p.relay.core->status().sessions == 2u);
}

BOOST_AUTO_TEST_CASE(key_records_supersede_and_never_roll_back) {
  Pair p;
  Prng prng(3);
  Seed seed;
  prng.fill(std::span<std::uint8_t>(seed.mut()));
  const auto identity = Identity::from_seed(seed, true);
  const auto record = [&](std::uint64_t seq) {
    KeyRecord r;
    r.sign_key = identity->sign_pair().public_key();
    r.dh_key = identity->dh_pair().public_key;
    r.seq = seq;
    r.created = p.net.now().wall;
    r.expires = r.created + 30 * kDay;
    r.prekey = identity->prekey(week_of(r.created)).public_key;
    r.mailboxes = {{week_of(r.created), mailbox_id(identity->mailbox(week_of(r.created)).public_key())}};
    return sign_record(*identity, r);
  };
  const SignedRecord first = record(10), second = record(20);
  const auto put = [&](const SignedRecord& r) {
    p.probe.inbox.clear();
    p.probe.send(p.link, 60, PutRecord{r});
    p.net.run(100);
    return p.probe.got<Record>();
  };
  BOOST_REQUIRE(put(first).size() == 1u);
  BOOST_TEST((put(second).at(0).record == second));
  BOOST_TEST((put(first).at(0).record == second));  // told what supersedes it
  SignedRecord forged = record(30);
  forged.record[40] ^= 1;
  BOOST_TEST(put(forged).empty());
  BOOST_TEST(p.probe.got<ErrorBody>().size() == 1u);
  p.probe.inbox.clear();
  p.probe.send(p.link, 61, GetRecord{identity->address()});
  p.net.run(100);
  BOOST_TEST((p.probe.got<Record>().at(0).record == second));
}

BOOST_AUTO_TEST_CASE(packet_floods_are_limited_but_never_acks) {
  Pair p;
  const Crafted m = craft(p.net, p.box);
  p.give(m.item);
  for (int i = 0; i < 6000; ++i) p.probe.send(p.link, 0, FindNode{});
  p.probe.send(p.link, 0, Ack{{encode_ack({m.item.header, m.item.nonce, m.ack})}});
  p.net.run(100);
  BOOST_TEST(p.reason("packet-rate") > 1000u);
  BOOST_TEST((p.relay.store->custody_of(m.id) == Custody::acknowledged));
}

BOOST_AUTO_TEST_SUITE_END()
