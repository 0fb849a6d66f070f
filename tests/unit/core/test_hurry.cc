// Who is told of a pushed message at once and who later (CUS-026), and when a source that keeps silent is passed over
// (CUS-006).
#include "tests/unit/core/crafted.h"

using namespace comm;
using namespace comm::test;

namespace {

// A relay, one who pushes, and a region of sessions.
struct Region {
  explicit Region(int members, bool clients = false) {
    for (int i = 0; i < members; ++i) {
      at.push_back(&pair.net.probe());
      at.back()->client = clients;
      links.push_back(at.back()->connect(pair.relay));
    }
    pair.net.run(10 * kSecond);  // the relay has joined
    for (Probe* probe : at) probe->inbox.clear();
  }
  template <class Body>
  std::size_t told() const {
    return static_cast<std::size_t>(
        std::count_if(at.begin(), at.end(), [](const Probe* probe) { return !probe->got<Body>().empty(); }));
  }
  Pair pair;
  std::vector<Probe*> at;
  std::vector<LinkId> links;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hurry)

BOOST_AUTO_TEST_CASE(four_members_are_told_at_once_and_the_others_two_seconds_later) {
  Region r(12);
  r.pair.give(craft(r.pair.net, r.pair.box).item);
  BOOST_TEST(r.told<Offer>() == 4u);
  r.pair.net.run(kLookupPatience - kSecond);
  BOOST_TEST(r.told<Offer>() == 4u);
  r.pair.net.run(2 * kSecond);
  BOOST_TEST(r.told<Offer>() == 12u);
}

// A relay may serve thousands of them: where a region is a part of the network, its mail is no business of theirs.
BOOST_AUTO_TEST_CASE(who_only_dials_in_is_no_member_of_a_region) {
  for (const bool clients : {false, true}) {
    Region r(150, clients);
    r.pair.give(craft(r.pair.net, r.pair.box).item);
    r.pair.net.run(kSecond);
    BOOST_TEST(r.told<Offer>() == (clients ? 0u : 4u));
  }
}

BOOST_AUTO_TEST_CASE(a_replay_goes_no_further_than_to_the_first_who_knows_better) {
  Region r(12);
  const Crafted old = craft(r.pair.net, r.pair.box);
  r.pair.give(old.item);
  for (std::size_t i = 0; i < r.at.size(); ++i)
    if (!r.at[i]->got<Offer>().empty()) r.at[i]->send(r.links[i], 0, Ack{{encode_ack({old.item.header, old.item.nonce, old.ack})}});
  r.pair.net.run(kMinute);
  BOOST_TEST(r.told<Offer>() == 4u);
  BOOST_TEST((r.pair.relay.store->custody_of(old.id) == Custody::acknowledged));
}

BOOST_AUTO_TEST_CASE(a_second_source_is_asked_early_and_a_third_is_not) {
  Region r(3);
  const Crafted m = craft(r.pair.net, r.pair.box);
  for (std::size_t i = 0; i < r.at.size(); ++i) r.at[i]->send(r.links[i], 0, Offer{{{m.item.header, m.item.nonce}}});
  r.pair.net.run(kLookupPatience - kSecond);
  BOOST_TEST(r.told<Want>() == 1u);
  r.pair.net.run(2 * kSecond);
  BOOST_TEST(r.told<Want>() == 2u);
  r.pair.net.run(kWantTimeout - 2 * kSecond);
  BOOST_TEST(r.told<Want>() == 2u);
  r.pair.net.run(4 * kSecond);
  BOOST_TEST(r.told<Want>() == 3u);
}

// With much mail it would look at old messages more often than it is given new ones (CUS-029).
BOOST_AUTO_TEST_CASE(a_lonely_relay_with_much_mail_looks_at_it_more_rarely) {
  for (const std::uint64_t kept : {100u, 60'000u}) {
    Pair pair;
    pair.net.run(kMinute);
    Store& store = *pair.relay.store;
    constexpr Ticket kLater = 1'000'000;
    for (std::uint64_t i = 0; i < kept; ++i) {
      MessageHeader header;
      header.expires = minute_of(pair.net.now().wall) + 600;
      header.lifetime = 600;
      PutMessage put{{}, encode_header(header), {}, Bytes(1), NodeId{}, pair.net.now().wall};
      for (std::size_t byte = 0; byte < 4; ++byte) put.id.data[byte] = static_cast<std::uint8_t>(i >> (8 * byte));
      store.stage(kLater, std::array<StoreOp, 1>{std::move(put)});
    }
    const std::array<std::unique_ptr<WriteSet>, 1> sets{store.take()};
    BOOST_REQUIRE(store.commit(sets) == CommitResult::ok);
    store.committed(kLater);
    const Crafted m = craft(pair.net, pair.box);
    pair.give(m.item);
    const auto info = pair.relay.core->message_info(m.id);
    BOOST_REQUIRE(info.has_value());
    const Millis wait = info->next_try - pair.net.now().wall;
    BOOST_TEST_CONTEXT(kept << " kept, looked at again after " << wait) {
      BOOST_TEST((wait > kMinute * 3 / 2) == (kept > 100));
    }
  }
}

// A Want that names more than its answer can carry costs the rate of its session twelve times over.
BOOST_AUTO_TEST_CASE(large_bodies_are_asked_for_as_they_fit_into_an_answer) {
  Region r(1);
  constexpr std::uint8_t kLarge = 2;
  const std::size_t fit = kMaxPacketBytes / (kBodyClassBytes[kLarge] + 256);
  std::map<MessageId, SealedItem> mail;
  Offer offer;
  for (int i = 0; i < 12; ++i) {
    const Crafted m = craft(r.pair.net, r.pair.box, 600, 0, kLarge);
    mail[m.id] = m.item;
    offer.items.push_back({m.item.header, m.item.nonce});
  }
  r.at[0]->send(r.links[0], 0, offer);
  r.pair.net.run(100);
  std::vector<std::size_t> named;
  for (std::size_t seen = 0; seen < r.at[0]->inbox.size(); ++seen) {
    const Packet packet = r.at[0]->inbox[seen].packet;
    const auto* want = std::get_if<Want>(&packet.body);
    if (want == nullptr) continue;
    named.push_back(want->ids.size());
    Message answer;
    for (const MessageId& id : want->ids) answer.items.push_back(mail.at(id));
    r.at[0]->send(r.links[0], packet.request_id, std::move(answer));
    r.pair.net.run(100);
  }
  BOOST_TEST(fit == 5u);
  BOOST_TEST((named == std::vector<std::size_t>{5, 5, 2}));
  for (const auto& [id, item] : mail) BOOST_TEST((r.pair.relay.store->custody_of(id) == Custody::live));
}

BOOST_AUTO_TEST_CASE(who_sends_bodies_is_given_its_time) {
  Region r(2);
  const Crafted slow = craft(r.pair.net, r.pair.box), other = craft(r.pair.net, r.pair.box);
  for (const Crafted* m : {&other, &slow}) {
    for (std::size_t i = 0; i < r.at.size(); ++i) r.at[i]->send(r.links[i], 0, Offer{{{m->item.header, m->item.nonce}}});
    r.pair.net.run(100);
  }
  const auto& inbox = r.at[0]->inbox;
  const auto want = std::find_if(inbox.begin(), inbox.end(), [](const auto& got) { return std::holds_alternative<Want>(got.packet.body); });
  BOOST_REQUIRE(want != inbox.end());
  r.at[0]->send(r.links[0], want->packet.request_id, Message{{other.item}});
  r.pair.net.run(kLookupPatience + kSecond);
  BOOST_TEST(r.told<Want>() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
