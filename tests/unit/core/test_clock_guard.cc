#include <boost/test/unit_test.hpp>

#include "node/core/clock_guard.h"
#include "proto/base/limits.h"
#include "proto/base/random.h"

namespace comm {

namespace {

constexpr Millis kWall = 1'900'000'000 * kSecond;

NodeId peer(std::uint8_t n) {
  NodeId id;
  id.data[0] = n;
  return id;
}
// `mono` after the start, the wall clock off by `drift`.
TimePoint at(Millis mono, Millis drift = 0) { return {mono, kWall + mono + drift}; }

ClockGuard started(std::optional<Millis> persisted = std::nullopt) {
  ClockGuard guard;
  guard.start(at(0), persisted);
  return guard;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(clock_guard)

BOOST_AUTO_TEST_CASE(a_steady_clock_is_trusted) {
  ClockGuard guard = started();
  for (Millis mono = 0; mono < kDay; mono += kMinute) guard.tick(at(mono));
  guard.tick(at(kDay, kClockStep));
  guard.tick(at(kDay + 1, -kClockStep));
  BOOST_TEST(!guard.suspicious());
}

BOOST_AUTO_TEST_CASE(a_step_either_way_is_suspicious_and_stays_so_alone) {
  for (const Millis step : {kClockStep + 1, -kClockStep - 1, 365 * kDay, -365 * kDay}) {
    ClockGuard guard = started();
    guard.tick(at(kMinute, step));
    BOOST_TEST(guard.suspicious());
    guard.tick(at(2 * kMinute));  // going back proves nothing
    guard.tick(at(30 * kDay));
    BOOST_TEST(guard.suspicious());
  }
}

BOOST_AUTO_TEST_CASE(many_small_steps_are_one_large_step) {
  ClockGuard guard = started();
  for (int i = 1; i <= 10; ++i) guard.tick(at(i * kMinute, i * kMinute));
  BOOST_TEST(!guard.suspicious());
  guard.tick(at(11 * kMinute, 11 * kMinute));
  BOOST_TEST(guard.suspicious());
}

BOOST_AUTO_TEST_CASE(a_start_far_ahead_is_suspicious) {
  BOOST_TEST(started(kWall - kClockAheadAtStart - 1).suspicious());
  BOOST_TEST(!started(kWall - kClockAheadAtStart).suspicious());
  BOOST_TEST(!started(kWall + 100 * kDay).suspicious());  // behind: deletes too late at worst
  BOOST_TEST(!started().suspicious());
}

BOOST_AUTO_TEST_CASE(one_peer_confirms_when_it_is_the_only_one) {
  ClockGuard guard = started(kWall - 3 * kDay);
  guard.tick(at(1000));
  BOOST_TEST(guard.suspicious());
  guard.peer_time(peer(1), kWall + 2000 + kClockAgreement + 1, at(2000));
  BOOST_TEST(guard.suspicious());
  guard.peer_time(peer(1), kWall + 2000 - kClockAgreement, at(2000));
  BOOST_TEST(!guard.suspicious());
}

BOOST_AUTO_TEST_CASE(a_liar_among_three_neither_clears_nor_prevents) {
  ClockGuard guard = started();
  guard.peer_time(peer(1), kWall, at(0));
  guard.peer_time(peer(2), kWall, at(0));
  guard.peer_time(peer(3), kWall + 400 * kDay, at(0));
  guard.tick(at(kMinute, 400 * kDay));  // our clock follows the liar
  BOOST_TEST(guard.suspicious());
  guard.tick(at(2 * kMinute));  // and comes back
  BOOST_TEST(!guard.suspicious());
}

BOOST_AUTO_TEST_CASE(of_two_peers_both_must_agree) {
  ClockGuard guard = started();
  guard.peer_time(peer(1), kWall, at(0));
  guard.peer_time(peer(2), kWall + kDay, at(0));
  guard.tick(at(kMinute, kDay));
  BOOST_TEST(guard.suspicious());
  guard.tick(at(kMinute));
  BOOST_TEST(guard.suspicious());
  guard.peer_gone(peer(2));
  BOOST_TEST(guard.suspicious());
  guard.tick(at(kMinute + 1));
  BOOST_TEST(!guard.suspicious());
}

BOOST_AUTO_TEST_CASE(departed_peers_do_not_vouch) {
  ClockGuard guard = started();
  guard.peer_time(peer(1), kWall, at(0));
  guard.peer_gone(peer(1));
  guard.peer_gone(peer(9));
  guard.tick(at(kMinute, kDay));
  guard.tick(at(2 * kMinute));
  BOOST_TEST(guard.suspicious());
}

BOOST_AUTO_TEST_CASE(peer_times_age_with_the_monotonic_clock) {
  // The wall clock was a day behind and is corrected: what the peers said then confirms it ten hours later.
  ClockGuard guard = started();
  for (std::uint8_t n = 1; n <= 7; ++n) guard.peer_time(peer(n), kWall + kDay, at(0));
  BOOST_TEST(!guard.suspicious());
  guard.tick(at(10 * kHour, kDay));
  BOOST_TEST(!guard.suspicious());
  guard.tick(at(20 * kHour, kDay));  // compared with the corrected clock from now on
  BOOST_TEST(!guard.suspicious());
  guard.tick(at(20 * kHour));
  BOOST_TEST(guard.suspicious());
}

BOOST_AUTO_TEST_CASE(impossible_peer_times_are_ignored) {
  ClockGuard guard = started();
  guard.tick(at(kMinute, kDay));
  guard.peer_time(peer(1), INT64_MAX, at(kMinute));
  guard.peer_time(peer(2), INT64_MIN, at(kMinute));
  guard.peer_time(peer(3), -1, at(kMinute));
  guard.peer_time(peer(4), kMaxTimestamp + 1, at(kMinute));
  BOOST_TEST(guard.suspicious());
  guard.peer_time(peer(5), kWall + kMinute, at(kMinute));  // the only one counted
  BOOST_TEST(!guard.suspicious());
}

BOOST_AUTO_TEST_CASE(peers_are_bounded) {
  ClockGuard guard = started(kWall - 3 * kDay);
  Prng random(7);
  for (std::size_t i = 0; i < kMaxSessions; ++i) {
    NodeId id;
    random.fill(id);
    guard.peer_time(id, kWall + 300 * kDay, at(0));
  }
  guard.peer_time(peer(1), kWall, at(0));
  BOOST_TEST(guard.suspicious());
}

BOOST_AUTO_TEST_CASE(persists_rarely_and_never_backwards) {
  ClockGuard guard = started(kWall - kHour);
  BOOST_TEST(guard.max_to_persist(at(0)).value() == kWall);
  BOOST_TEST(!guard.max_to_persist(at(10 * kMinute - 1)));
  BOOST_TEST(guard.max_to_persist(at(10 * kMinute)).value() == kWall + 10 * kMinute);
  BOOST_TEST(!guard.max_to_persist(at(20 * kMinute - 1)));
  ClockGuard behind = started(kWall + kHour);
  BOOST_TEST(!behind.max_to_persist(at(0)));
  BOOST_TEST(!behind.max_to_persist(at(kHour)));
  BOOST_TEST(behind.max_to_persist(at(kHour + 1)).value() == kWall + kHour + 1);
}

BOOST_AUTO_TEST_CASE(a_suspicious_time_is_not_persisted) {
  ClockGuard guard = started(kWall - 3 * kDay);
  BOOST_TEST(!guard.max_to_persist(at(0)));
  guard.peer_time(peer(1), kWall, at(0));
  BOOST_TEST(guard.max_to_persist(at(0)).value() == kWall);
  BOOST_TEST(!guard.max_to_persist(at(kHour, kDay)));  // not even before the next tick
  guard.tick(at(kHour, kDay));
  BOOST_TEST(!guard.max_to_persist(at(kHour, kDay)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
