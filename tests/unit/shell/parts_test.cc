// The small parts: mailbox, hasher, resolver, clocks, ticks, endpoints as typed.
#include <poll.h>

#include <boost/test/unit_test.hpp>
#include <thread>

#include "node/shell/clock.h"
#include "node/shell/hasher.h"
#include "node/shell/resolver.h"
#include "node/shell/tick_reader.h"
#include "proto/seal/hash.h"

namespace comm {
namespace {

bool readable(int fd, int limit_ms) {
  pollfd item{fd, POLLIN, 0};
  return poll(&item, 1, limit_ms) == 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parts)

BOOST_AUTO_TEST_CASE(mailbox_keeps_the_order_of_each_poster) {
  constexpr int kPosters = 4, kEach = 5'000;
  Mailbox<std::pair<int, int>> mailbox(kPosters * kEach);
  std::vector<std::thread> posters;
  for (int p = 0; p < kPosters; ++p)
    posters.emplace_back([&mailbox, p] {
      for (int i = 0; i < kEach; ++i) mailbox.post({p, i});
    });
  std::array<int, kPosters> next{};
  int taken = 0;
  while (taken < kPosters * kEach && readable(mailbox.fd(), 5'000)) {
    for (const auto& [p, i] : mailbox.take()) {
      if (i != next[static_cast<std::size_t>(p)]++) BOOST_ERROR("out of order");
      ++taken;
    }
  }
  for (auto& poster : posters) poster.join();
  BOOST_CHECK_EQUAL(taken, kPosters * kEach);
  // What was taken before its poster came to signal it is signalled all the same.
  BOOST_CHECK(mailbox.take().empty());
  BOOST_CHECK(!readable(mailbox.fd(), 0));
}

BOOST_AUTO_TEST_CASE(mailbox_is_bounded) {
  Mailbox<int> mailbox(2);
  BOOST_CHECK(mailbox.post(1) && mailbox.post(2) && !mailbox.post(3));
  BOOST_CHECK_EQUAL(mailbox.take().size(), 2u);
  BOOST_CHECK(mailbox.post(4));
}

BOOST_AUTO_TEST_CASE(hasher_answers_in_order) {
  Hasher hasher(true);
  std::vector<NodeKey> keys(20);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    keys[i].data[0] = static_cast<std::uint8_t>(i);
    BOOST_REQUIRE(hasher.submit(keys[i]));
  }
  std::vector<NodeIdComputed> done;
  while (done.size() < keys.size() && readable(hasher.fd(), 5'000))
    for (auto& result : hasher.take()) done.push_back(result);
  BOOST_REQUIRE_EQUAL(done.size(), keys.size());
  BOOST_CHECK_EQUAL(hasher.open_jobs(), 0u);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    BOOST_CHECK(done[i].key == keys[i]);
    BOOST_CHECK(done[i].id == derive_node_id(keys[i], true));
  }
}

BOOST_AUTO_TEST_CASE(hasher_is_bounded_and_stops_with_work_waiting) {
  Hasher hasher(false);
  std::size_t taken = 0;
  while (taken < 10'000 && hasher.submit(NodeKey{})) ++taken;
  BOOST_CHECK_LT(taken, 10'000u);
}

BOOST_AUTO_TEST_CASE(resolver_finds_loopback_and_tries_again) {
  Resolver resolver;
  BOOST_REQUIRE(resolver.submit(*parse_host_port("localhost:4242", true, false)));
  BOOST_REQUIRE(readable(resolver.fd(), 5'000));
  const auto results = resolver.take();
  BOOST_REQUIRE_EQUAL(results.size(), 1u);
  BOOST_REQUIRE_EQUAL(results[0].endpoints.size(), 1u);
  BOOST_CHECK_EQUAL(results[0].endpoints[0].port, 4242);
  BOOST_CHECK(results[0].endpoints[0].is_local());
}

BOOST_AUTO_TEST_CASE(endpoints_as_typed) {
  const auto plain = parse_host_port("192.0.2.7:4242", true, false);
  BOOST_REQUIRE(plain && plain->numeric);
  BOOST_CHECK_EQUAL(to_string(*plain->numeric), "192.0.2.7:4242");
  const auto six = parse_host_port("[2001:db8::7]:1", true, false);
  BOOST_REQUIRE(six && six->numeric);
  BOOST_CHECK_EQUAL(six->host, "2001:db8::7");
  const auto any = parse_host_port("[::]:0", false, true);
  BOOST_REQUIRE(any && any->numeric);
  BOOST_CHECK_EQUAL(any->numeric->port, 0);
  const auto name = parse_host_port("seed.example:65535", true, false);
  BOOST_REQUIRE(name && !name->numeric);
  BOOST_CHECK_EQUAL(name->host, "seed.example");
  const auto pinned = parse_host_port(std::string(40, 'a') + "@localhost:9", true, false);
  BOOST_REQUIRE(pinned && pinned->pin);
  BOOST_CHECK_EQUAL(to_hex(pinned->pin->view()), std::string(40, 'a'));
}

BOOST_AUTO_TEST_CASE(endpoints_mistyped) {
  for (const char* text :
       {"", ":", "host", "host:", ":42", "host:0", "host:65536", "host:4x", "1.2.3:80", "1.2.3.456:80",
        "a b:80", "::1:80", "[::1:80", "abc@host:80", "host:-1", "http://host:80"})
    BOOST_CHECK_MESSAGE(!parse_host_port(text, true, false), text);
  BOOST_CHECK(!parse_host_port(std::string(40, 'a') + "@host:80", false, false));
}

BOOST_AUTO_TEST_CASE(ticks_are_lines) {
  TickReader reader;
  BOOST_CHECK(reader.feed("tick 1").empty());
  const auto lines = reader.feed("00\ntick 5\r\nnonsense\n\ntick -1\ntick 7");
  BOOST_REQUIRE_EQUAL(lines.size(), 4u);
  BOOST_CHECK(lines[0].tick == 100);
  BOOST_CHECK(lines[1].tick == 5);
  BOOST_CHECK(!lines[2].tick && lines[2].text == "nonsense");
  BOOST_CHECK(!lines[3].tick);
  BOOST_CHECK(reader.feed("\n").at(0).tick == 7);
  BOOST_CHECK(reader.feed(std::string(100'000, 'x')).empty());
  BOOST_CHECK(!reader.feed("\n").at(0).tick);
  BOOST_CHECK(reader.feed("tick 8\n").at(0).tick == 8);
  const auto steps = reader.feed("step -60000\nstep 5\nstep x\n");
  BOOST_CHECK(steps.at(0).step == -60'000 && !steps.at(0).tick);
  BOOST_CHECK(steps.at(1).step == 5);
  BOOST_CHECK(!steps.at(2).step && !steps.at(2).tick);
}

BOOST_AUTO_TEST_CASE(virtual_clock_moves_both_readings) {
  VirtualClock clock({1'000, 50'000});
  clock.advance_to(1'500);
  clock.advance_to(1'200);
  BOOST_CHECK_EQUAL(clock.now().mono, 1'500);
  BOOST_CHECK_EQUAL(clock.now().wall, 50'500);
  clock.step_wall(-10'000);
  BOOST_CHECK_EQUAL(clock.now().mono, 1'500);
  BOOST_CHECK_EQUAL(clock.now().wall, 40'500);
  setenv("COMM_VIRTUAL_START_MS", "1700000000000", 1);
  BOOST_CHECK_EQUAL(virtual_start_wall(), 1'700'000'000'000);
  setenv("COMM_VIRTUAL_START_MS", "soon", 1);
  BOOST_CHECK_GT(virtual_start_wall(), 1'700'000'000'000);
  unsetenv("COMM_VIRTUAL_START_MS");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
