// A disk that hangs: what waits for it is bounded, and so is what comes in meanwhile.
#include <boost/test/unit_test.hpp>

#include "tests/support/pump.h"

using namespace comm;
using namespace comm::test;

BOOST_AUTO_TEST_SUITE(back_pressure)

BOOST_AUTO_TEST_CASE(answers_that_wait_for_the_disk_are_bounded) {
  Net net;
  TestNode& relay = net.relay();
  TestNode& alice = net.user("alice", {&relay});
  TestNode& bob = net.user("bob", {&relay});
  Probe& asker = net.probe();
  net.run(5 * kSecond);
  alice.say(bob.address(), "so that Bob's key is known");
  net.run(10 * kSecond);
  const LinkId link = asker.connect(relay);
  relay.hold_commits = true;
  alice.say(bob.address(), "a write");
  net.run(kSecond);
  BOOST_REQUIRE(!relay.submitted.empty());
  BOOST_TEST(relay.driver->has_room());
  // Questions that write nothing: their answers wait for that write.
  std::size_t asked = 0;
  while (relay.driver->has_room() && asked < 4 * kMaxHeldEffects) {
    for (int i = 0; i < 500; ++i, ++asked) asker.send(link, static_cast<std::uint32_t>(asked + 1), GetRecord{alice.address()});
    net.run(kSecond);
  }
  BOOST_TEST(!relay.driver->has_room());
  relay.hold_commits = false;
  alice.say(bob.address(), "the disk is back");
  BOOST_TEST(net.run_until([&] { return relay.driver->has_room(); }, kMinute));
  BOOST_TEST(net.run_until([&] { return bob.received().size() == 3; }, kMinute));
}

BOOST_AUTO_TEST_SUITE_END()
