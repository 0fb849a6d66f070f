// Whole nodes: Runtime with its store, threads and sockets. What happens between nodes is tests/functional's affair;
// here it is that one opens, says why when it cannot, keeps time, stops, and comes back as the same node.
#include <csignal>
#include <fstream>
#include <thread>

#include "node/shell/runtime.h"
#include "node/shell/clock.h"
#include "node/shell/unique_fd.h"
#include "proto/seal/os_random.h"
#include "tests/unit/shell/temp_dir.h"

namespace comm {
namespace {

RuntimeConfig relay_config(const std::string& dir) {
  RuntimeConfig config;
  config.data_dir = dir;
  config.listen = "127.0.0.1:0";
  config.profile = Profile{100, true};
  config.log_level = LogLevel::error;
  return config;
}

// Calls what a test hands it, and gives up after forty seconds.
class TestFrontend final : public Frontend {
 public:
  explicit TestFrontend(Runtime& runtime) : runtime_(runtime), give_up_(real_mono() + 40'000) {}
  void ready(const Ready& ready) override {
    seen = ready;
    runtime_.after(0, [] {});
    if (on_ready) on_ready();
  }
  void user(const UserEvent& event) override { events.push_back(event); }
  void ticked() override {
    ++ticks;
    if (on_tick) on_tick();
  }
  void turn() override {
    ++turns;
    if (on_turn) on_turn();
    if (real_mono() > give_up_) {
      BOOST_ERROR("the node did not stop by itself");
      runtime_.stop(kExitTimedOut);
    }
  }

  Ready seen;
  std::vector<UserEvent> events;
  int ticks = 0;
  int turns = 0;
  std::function<void()> on_ready, on_tick, on_turn;

 private:
  Runtime& runtime_;
  Millis give_up_;
};

std::unique_ptr<Runtime> open_or_fail(const RuntimeConfig& config, LockedBox<Identity> identity = nullptr) {
  Failure failure;
  auto runtime = Runtime::open(config, std::move(identity), failure);
  BOOST_REQUIRE_MESSAGE(runtime != nullptr, failure.sentence);
  return runtime;
}

Failure failure_of(const RuntimeConfig& config) {
  Failure failure;
  BOOST_CHECK(Runtime::open(config, nullptr, failure) == nullptr);
  return failure;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(runtime)

BOOST_AUTO_TEST_CASE(opens_says_ready_and_stops) {
  const TempDir temp;
  const auto runtime = open_or_fail(relay_config(temp.path()));
  TestFrontend frontend(*runtime);
  frontend.on_ready = [&] { runtime->stop(kExitOk); };
  BOOST_CHECK_EQUAL(runtime->run(frontend), kExitOk);
  BOOST_CHECK(!frontend.seen.address);
  BOOST_CHECK(!frontend.seen.node_id.is_zero());
  const auto endpoint = parse_endpoint(frontend.seen.endpoint);
  BOOST_REQUIRE(endpoint);
  BOOST_CHECK_NE(endpoint->port, 0);
}

BOOST_AUTO_TEST_CASE(is_the_same_node_after_a_restart) {
  const TempDir temp;
  NodeId ids[2];
  for (NodeId& id : ids) {
    const auto runtime = open_or_fail(relay_config(temp.path()));
    TestFrontend frontend(*runtime);
    frontend.on_ready = [&] { runtime->stop(); };
    BOOST_CHECK_EQUAL(runtime->run(frontend), kExitOk);
    id = frontend.seen.node_id;
  }
  BOOST_CHECK(ids[0] == ids[1]);
}

BOOST_AUTO_TEST_CASE(failures_have_their_exit_codes) {
  const TempDir temp;
  RuntimeConfig config = relay_config(temp.path() + "/bad");
  config.listen = "nonsense";
  BOOST_CHECK_EQUAL(failure_of(config).exit_code, kExitUsage);
  config.listen = "127.0.0.1:0";
  config.bootstrap = {"also nonsense"};
  BOOST_CHECK_EQUAL(failure_of(config).exit_code, kExitUsage);
  config.bootstrap.clear();

  const auto first = open_or_fail(relay_config(temp.path() + "/one"));
  TestFrontend frontend(*first);
  frontend.on_ready = [&] {
    config.listen = frontend.seen.endpoint;
    const Failure busy = failure_of(config);
    BOOST_CHECK_EQUAL(busy.exit_code, kExitUnavailable);
    BOOST_CHECK_MESSAGE(busy.sentence.find("cannot listen on " + config.listen + ": address in use.") == 0,
                        busy.sentence);
    BOOST_CHECK_EQUAL(failure_of(relay_config(temp.path() + "/one")).exit_code, kExitLocked);
    first->stop();
  };
  BOOST_CHECK_EQUAL(first->run(frontend), kExitOk);

  std::filesystem::create_directories(temp.path() + "/odd/store");
  std::ofstream(temp.path() + "/odd/store/CURRENT") << "MANIFEST-000009\n";
  const Failure corrupt = failure_of(relay_config(temp.path() + "/odd"));
  BOOST_CHECK_MESSAGE(corrupt.exit_code == kExitCorrupt || corrupt.exit_code == kExitIo, corrupt.sentence);
}

BOOST_AUTO_TEST_CASE(jobs_run_in_order_on_the_reactors_thread) {
  const TempDir temp;
  const auto runtime = open_or_fail(relay_config(temp.path()));
  TestFrontend frontend(*runtime);
  std::vector<int> order;
  const auto reactor = std::this_thread::get_id();
  std::thread poster([&] {
    for (int i = 0; i < 100; ++i)
      runtime->post([&order, &reactor, i](Runtime&) {
        BOOST_CHECK(std::this_thread::get_id() == reactor);
        order.push_back(i);
      });
    runtime->post([](Runtime& r) { r.stop(kExitFailed); });
  });
  BOOST_CHECK_EQUAL(runtime->run(frontend), kExitFailed);
  poster.join();
  BOOST_REQUIRE_EQUAL(order.size(), 100u);
  for (int i = 0; i < 100; ++i) BOOST_CHECK_EQUAL(order[static_cast<std::size_t>(i)], i);
}

BOOST_AUTO_TEST_CASE(stop_from_another_thread_wakes_it) {
  const TempDir temp;
  const auto runtime = open_or_fail(relay_config(temp.path()));
  TestFrontend frontend(*runtime);
  std::thread stopper;
  frontend.on_ready = [&] { stopper = std::thread([&] { runtime->stop(kExitTimedOut); }); };
  const Millis start = real_mono();
  BOOST_CHECK_EQUAL(runtime->run(frontend), kExitTimedOut);
  BOOST_CHECK_LT(real_mono() - start, 10'000);  // not at the minute's end
  stopper.join();
}

BOOST_AUTO_TEST_CASE(sigterm_stops_with_zero) {
  const TempDir temp;
  const auto runtime = open_or_fail(relay_config(temp.path()));
  TestFrontend frontend(*runtime);
  frontend.on_ready = [] { kill(getpid(), SIGTERM); };
  BOOST_CHECK_EQUAL(runtime->run(frontend), kExitOk);
}

BOOST_AUTO_TEST_CASE(watched_descriptors_and_timers) {
  const TempDir temp;
  const auto runtime = open_or_fail(relay_config(temp.path()));
  TestFrontend frontend(*runtime);
  int fds[2];
  BOOST_REQUIRE(pipe(fds) == 0);
  const UniqueFd in(fds[0]);
  UniqueFd out(fds[1]);
  std::string text;
  bool at_end = false;
  frontend.on_ready = [&] {
    runtime->watch(in.get(), [&] {
      char c = 0;
      const ssize_t size = read(in.get(), &c, 1);
      if (size == 1) text.push_back(c);
      at_end = size == 0;
      if (at_end) {
        runtime->unwatch(in.get());
        runtime->stop();
      }
    });
    runtime->after(50, [&] { BOOST_CHECK_EQUAL(write(out.get(), "b", 1), 1); });
    runtime->after(100, [&] { out.reset(); });
    BOOST_CHECK_EQUAL(write(out.get(), "a", 1), 1);
  };
  BOOST_CHECK_EQUAL(runtime->run(frontend), kExitOk);
  BOOST_CHECK_EQUAL(text, "ab");
  BOOST_CHECK(at_end);
}

BOOST_AUTO_TEST_CASE(virtual_clock_stands_still_until_it_is_moved) {
  const TempDir temp;
  int fds[2];
  BOOST_REQUIRE(pipe(fds) == 0);
  const UniqueFd in(fds[0]), out(fds[1]);
  RuntimeConfig config = relay_config(temp.path());
  config.virtual_clock_fd = in.get();
  setenv("COMM_VIRTUAL_START_MS", "1800000000000", 1);
  const auto runtime = open_or_fail(config);
  unsetenv("COMM_VIRTUAL_START_MS");
  TestFrontend frontend(*runtime);
  const Millis start = runtime->now().mono;
  BOOST_CHECK_EQUAL(runtime->now().wall, 1'800'000'000'000);
  std::vector<Millis> fired;
  frontend.on_ready = [&] {
    for (const Millis delay : {5'000, 1'000, 3'600'000})
      runtime->after(delay, [&] {
        fired.push_back(runtime->now().mono - start);
        // A timer set by a timer fires within the same tick, at its own time.
        if (fired.size() == 1) runtime->after(500, [&] { fired.push_back(runtime->now().mono - start); });
      });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    BOOST_CHECK_EQUAL(runtime->now().mono, start);
    BOOST_CHECK_EQUAL(write(out.get(), "tick 10000\ntick 1\n", 18), 18);
  };
  frontend.on_tick = [&] {
    if (frontend.ticks == 1) {
      BOOST_CHECK_EQUAL(runtime->now().mono - start, 10'000);
      BOOST_REQUIRE_EQUAL(fired.size(), 3u);
      BOOST_CHECK_EQUAL(fired[0], 1'000);
      BOOST_CHECK_EQUAL(fired[1], 1'500);
      BOOST_CHECK_EQUAL(fired[2], 5'000);
    } else {
      BOOST_CHECK_EQUAL(runtime->now().wall, 1'800'000'010'001);
      runtime->stop();
    }
  };
  BOOST_CHECK_EQUAL(runtime->run(frontend), kExitOk);
  BOOST_CHECK_EQUAL(frontend.ticks, 2);
}

BOOST_AUTO_TEST_CASE(a_long_tick_is_worked_off_in_bounded_time) {
  const TempDir temp;
  int fds[2];
  BOOST_REQUIRE(pipe(fds) == 0);
  const UniqueFd in(fds[0]), out(fds[1]);
  RuntimeConfig config = relay_config(temp.path());
  config.virtual_clock_fd = in.get();
  config.bootstrap = {"127.0.0.1:1"};  // nobody there: redialled all the time
  const auto runtime = open_or_fail(config);
  TestFrontend frontend(*runtime);
  frontend.on_ready = [&] { BOOST_CHECK_EQUAL(write(out.get(), "tick 86400000\n", 14), 14); };
  frontend.on_tick = [&] { runtime->stop(); };
  BOOST_CHECK_EQUAL(runtime->run(frontend), kExitOk);
  BOOST_CHECK_EQUAL(frontend.ticks, 1);
}

BOOST_AUTO_TEST_CASE(two_nodes_meet) {
  const TempDir temp;
  const auto first = open_or_fail(relay_config(temp.path() + "/one"));
  TestFrontend host(*first);
  std::thread guest;
  std::size_t sessions_seen = 0;
  host.on_ready = [&] {
    RuntimeConfig config = relay_config(temp.path() + "/two");
    config.bootstrap = {host.seen.endpoint};
    guest = std::thread([config, &first, &sessions_seen] {
      Failure failure;
      auto second = Runtime::open(config, nullptr, failure);
      if (second == nullptr) return first->stop(kExitFailed);
      TestFrontend frontend(*second);
      frontend.on_turn = [&] {
        if ((sessions_seen = second->core_status().sessions) > 0) second->stop();
      };
      second->run(frontend);
      first->stop();
    });
  };
  BOOST_CHECK_EQUAL(first->run(host), kExitOk);
  guest.join();
  BOOST_CHECK_EQUAL(sessions_seen, 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
