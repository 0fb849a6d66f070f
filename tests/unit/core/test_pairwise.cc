// What collecting pairwise mailboxes costs the core, and that it suffices: few custodians, sessions that go are replaced,
// further members are asked now and then.
#include <boost/test/unit_test.hpp>

#include <set>

#include "tests/support/pump.h"

using namespace comm;
using namespace comm::test;

namespace {

struct Friends {
  static constexpr int kRelays = 18;
  // The first so many relays are behind one prefix, the others on local addresses.
  explicit Friends(int crowded = 0) {
    std::vector<TestNode*> known;
    for (int i = 0; i < kRelays; ++i) {
      relays.push_back(&net.relay(known));
      if (i < crowded) move(*relays.back(), "8.8.1." + std::to_string(i + 1) + ":6667");
      if (known.empty()) known.push_back(relays.front());
    }
    alice = &net.user("alice", known);
    bob = &net.user("bob", known);
    net.run(kMinute);
    const auto period = static_cast<std::uint32_t>(
        (net.now().wall + identity()->pairwise_phase(alice->address())) / kPairwisePeriod);
    key = identity()->pairwise_mailbox(alice->address(), period).public_key();
    net.filter = [this](Party&, Party& to, const Packet& packet) {
      const auto* collect = std::get_if<Collect>(&packet.body);
      if (collect != nullptr && collect->mailbox_key == key) asked.insert(&to);
      const auto* message = std::get_if<Message>(&packet.body);
      for (const SealedItem& item : message == nullptr ? std::vector<SealedItem>{} : message->items)
        if (parse_header(item.header).value().mailbox == mailbox_id(key)) ++carried;
      return true;
    };
    alice->say(bob->address(), "hello", "1");
    net.run(kMinute);
    bob->say(alice->address(), "hello", "1");
    net.run(kMinute);
  }
  static void move(TestNode& relay, const std::string& to) {
    relay.crash();
    relay.endpoint = *parse_endpoint(to);
    relay.config.listen = {relay.endpoint};
    relay.restart();
  }
  static LockedBox<Identity> identity() {
    const Hash hash = tagged_hash("test identity", {as_bytes("bob")});  // as TestNode
    return Identity::from_seed(Seed{std::span<const std::uint8_t, 32>(hash.data)}, true);
  }

  Net net;
  std::vector<TestNode*> relays;
  TestNode* alice = nullptr;
  TestNode* bob = nullptr;
  MailboxKey key;                    // Bob's for Alice
  std::multiset<const Party*> asked;  // where Bob has collected it
  std::size_t carried = 0;           // messages for it on their way
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pairwise)

BOOST_AUTO_TEST_CASE(few_custodians_and_two_others_every_six_hours) {
  Friends t;
  BOOST_TEST(t.asked.size() == kPairwiseSubscribed);
  t.alice->say(t.bob->address(), "by another way", "2");
  BOOST_TEST(t.net.run_until([&] { return t.bob->received().size() == 2u; }, 10 * kSecond));
  BOOST_TEST(t.carried > 0u);
  t.asked.clear();
  t.net.run(kPairwisePoll - 10 * kMinute);
  BOOST_TEST(t.asked.empty());
  t.net.run(20 * kMinute);
  BOOST_TEST(t.asked.size() == kPairwisePolled);
}

BOOST_AUTO_TEST_CASE(one_of_each_prefix_is_asked_before_a_second_of_any) {
  const auto crowded = [](const Friends& t) {
    return std::count_if(t.asked.begin(), t.asked.end(), [](const Party* one) { return !one->endpoint.is_local(); });
  };
  Friends enough(Friends::kRelays - kPairwiseSubscribed + 1);  // beside them relays on local addresses, and Alice
  BOOST_TEST((enough.asked.size() == kPairwiseSubscribed && crowded(enough) == 1));
  Friends few(Friends::kRelays - 4);
  BOOST_TEST((few.asked.size() == kPairwiseSubscribed && crowded(few) == kPairwiseSubscribed - 5));
}

BOOST_AUTO_TEST_CASE(a_custodian_that_leaves_is_replaced_and_a_restart_asks_anew) {
  Friends t;
  const auto first = t.asked;
  t.asked.clear();
  for (TestNode* relay : t.relays)
    if (first.contains(relay)) {
      relay->crash();
      break;
    }
  t.net.run(10 * kMinute);
  BOOST_TEST(t.asked.size() >= 1u);
  t.bob->crash();
  t.alice->say(t.bob->address(), "while away", "2");
  t.net.run(kMinute);
  t.bob->restart();
  BOOST_TEST(t.net.run_until([&] { return t.bob->received().size() == 2u; }, kMinute));
  BOOST_TEST(t.carried > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
