// A wall clock that is wrong, at the start or from a jump on: nothing of the user's is given up by it.
#include <boost/test/unit_test.hpp>

#include "tests/support/pump.h"

using namespace comm;
using namespace comm::test;

namespace {

constexpr Millis kWrong = 30 * kDay;  // beyond the lifetime of everything sent here

bool ever(const TestNode& node, DeliveryState state, const std::string& ref) {
  for (const auto& change : node.states())
    if (change.state == state && (ref.empty() || change.ref == ref)) return true;
  return false;
}
bool expired(const TestNode& node) { return ever(node, DeliveryState::expired, ""); }

// Alice with two open messages: one that waits for a key nobody published, one relayed to Bob, who is away.
struct Waiting {
  Net net;
  TestNode& relay = net.relay();
  TestNode& alice = net.user("alice", {&relay});
  TestNode& bob = net.user("bob", {&relay});
  Address nobody = *Address::from(Bytes(20, 9));

  Waiting() {
    net.run(5 * kSecond);
    bob.crash();
    alice.say(bob.address(), "for Bob", "known");
    alice.say(nobody, "for nobody", "unknown");
    BOOST_REQUIRE(net.run_until([&] { return ever(alice, DeliveryState::relayed, "known"); }, kMinute));
    BOOST_REQUIRE(ever(alice, DeliveryState::needs_key, "unknown"));
  }
  void alone() {
    alice.crash();
    relay.crash();
    alice.events.clear();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(clock_doubt)

BOOST_FIXTURE_TEST_CASE(a_start_far_ahead_shows_nothing_as_expired, Waiting) {
  alone();
  net.step_wall(kWrong);
  alice.restart();
  net.run(3 * kHour);
  BOOST_TEST(!expired(alice));
  BOOST_TEST(alice.agent->outbox().open == 2U);
}

BOOST_FIXTURE_TEST_CASE(set_right_again_everything_goes_on, Waiting) {
  alone();
  net.step_wall(kWrong);
  alice.restart();
  net.run(kHour);
  net.step_wall(-kWrong);
  relay.restart();
  bob.restart();
  BOOST_TEST(net.run_until([&] { return !bob.received().empty(); }, 10 * kMinute));
  BOOST_TEST(net.run_until([&] { return alice.last_state() == DeliveryState::delivered; }, kMinute));
  BOOST_TEST(!expired(alice));
  // Who had no key when the clock was wrong appears now: the text was not given up.
  BOOST_TEST(alice.agent->outbox().open == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_start_that_peers_confirm_shows_what_expired, Waiting) {
  alone();
  net.step_wall(kWrong);
  alice.restart();
  net.run(kMinute);
  BOOST_TEST(!expired(alice));
  relay.restart();
  BOOST_TEST(net.run_until([&] { return alice.agent->outbox().open == 0; }, 2 * kHour));
  BOOST_TEST(expired(alice));
}

BOOST_FIXTURE_TEST_CASE(a_jump_shows_nothing_as_expired, Waiting) {
  relay.crash();
  net.run(kMinute);
  net.step_wall(kWrong);
  net.run(3 * kHour);
  BOOST_TEST(!expired(alice));
  net.step_wall(-kWrong);
  relay.restart();
  bob.restart();
  BOOST_TEST(net.run_until([&] { return !bob.received().empty(); }, 10 * kMinute));
  BOOST_TEST(!expired(alice));
}

BOOST_AUTO_TEST_SUITE_END()
