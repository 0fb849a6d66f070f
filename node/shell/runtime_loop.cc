// The reactor: wait for one of a handful of descriptors or the next deadline, then do everything there is to do, once.
#include <poll.h>

#include <cerrno>

#include "node/shell/runtime_impl.h"

namespace comm {
namespace {

constexpr Millis kLongestWait = kMinute;       // the log's suppressed lines are told about this often
constexpr Millis kShutdownLinger = 500;
constexpr int kShutdownFlushes = 8;            // commits may cause further writes; a few rounds end that
// A virtual tick does not wait for the network longer than this, in real time: a peer may be slow or gone.
constexpr Millis kTickQuiet = 10;              // no packet for so long: the peers have answered
constexpr Millis kTickNetworkBudget = 2 * kSecond;
constexpr Millis kTickWorkBudget = 10 * kSecond;
constexpr int kMaxStalls = 1'000;              // turns at one instant before time is pushed on

}  // namespace

int Runtime::Impl::run(Runtime& owner, Frontend& screen) {
  self = &owner;
  frontend = &screen;
  turn([&](TimePoint now) { driver->start(now); });
  started = true;
  Ready ready;
  if (agent != nullptr) ready.address = agent->address();
  if (bound) ready.endpoint = to_string(*bound);
  ready.node_id = node_id;
  screen.ready(ready);
  hand_out_user_events();
  while (!stopping()) {
    wait(true, kLongestWait);
    round();
    serve_watched();
    read_ticks();
    hand_out_user_events();
    log.tick(real_mono());
    if (!stopping()) screen.turn();
  }
  if (stop_code.load() != kExitIo) screen.leaving();
  shut_down();
  frontend = nullptr;
  return stop_code.load();
}

int Runtime::Impl::timeout(Millis longest) {
  if (transport.pending(accepts_packets()) || !user_events.empty() || stopping()) return 0;
  const Millis real = real_mono();
  if (const auto at = transport.next_deadline()) longest = std::min(longest, std::max<Millis>(0, *at - real));
  if (virtual_clock == nullptr) {
    if (const auto at = next_due()) {
      const Millis now = clock->now().mono;
      // A deadline that a turn did not move is tried again, but not in a busy loop.
      const Millis least = last_time_passed == now ? 1 : 0;
      longest = std::min(longest, std::max(least, *at - now));
    }
  }
  return static_cast<int>(longest);
}

void Runtime::Impl::wait(bool with_frontend, Millis longest) {
  commit_staged();
  std::vector<pollfd> fds;
  for (const int fd : {transport.fd(), commit_wake.fd(), hasher.fd(), resolver.fd(), jobs.fd(),
                       stop_wake.fd(), signals.fd()})
    fds.push_back({fd, POLLIN, 0});
  const std::size_t own = fds.size();
  if (with_frontend) {
    if (tick_fd >= 0) fds.push_back({tick_fd, POLLIN, 0});
    for (const auto& [fd, watch] : watched)
      if (!watch.patient || accepts_packets()) fds.push_back({fd, POLLIN, 0});
  }
  const int count = poll(fds.data(), fds.size(), timeout(longest));
  if (count <= 0) return;
  for (std::size_t i = own; i < fds.size(); ++i) {
    if (fds[i].revents == 0) continue;
    if (fds[i].fd == tick_fd) ticks_ready = true;
    else watched_ready.push_back(fds[i].fd);
  }
}

void Runtime::Impl::round() {
  serve_world();
  fire_due();
}

void Runtime::Impl::serve_world() {
  stop_wake.clear();
  if (signals.take() && !stopping()) stop_code = kExitOk;
  commit_wake.clear();
  take_reports();
  for (const NodeIdComputed& computed : hasher.take()) turn([&](TimePoint now) { driver->event(now, computed); });
  take_resolved();
  run_jobs();
  transport.round(real_mono(), *this);
}

void Runtime::Impl::run_jobs() {
  for (const auto& job : jobs.take()) job(*self);
}

void Runtime::Impl::serve_watched() {
  for (const int fd : std::exchange(watched_ready, {})) {
    const auto found = watched.find(fd);  // an earlier callback may have unwatched it
    if (found == watched.end() || stopping()) continue;
    const auto readable = found->second.readable;
    readable();
  }
}

std::optional<Millis> Runtime::Impl::next_due() const {
  auto due = driver->next_deadline();
  if (!timers.empty() && (!due || timers.begin()->first < *due)) due = timers.begin()->first;
  return due;
}

void Runtime::Impl::fire_due() {
  const Millis now = clock->now().mono;
  // Timers set by what runs here wait for the next round.
  std::vector<std::function<void()>> fires;
  while (!timers.empty() && timers.begin()->first <= now) {
    fires.push_back(std::move(timers.begin()->second));
    timers.erase(timers.begin());
  }
  for (const auto& fire : fires) fire();
  const auto deadline = driver->next_deadline();
  if (!deadline || *deadline > now) return;
  last_time_passed = now;
  turn([&](TimePoint at) { driver->time_passed(at); });
}

void Runtime::Impl::read_ticks() {
  if (!std::exchange(ticks_ready, false) || tick_fd < 0) return;
  std::array<char, 4'096> buffer;
  const ssize_t size = read(tick_fd, buffer.data(), buffer.size());
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    tick_fd = -1;  // nobody moves the clocks any more: they stand still
    return;
  }
  for (const auto& line : ticks.feed({buffer.data(), static_cast<std::size_t>(size)})) {
    if (line.step) virtual_clock->step_wall(*line.step);
    if (line.tick || line.step) advance(line.tick.value_or(0));
    else note({Severity::warning, "virtual-clock", "neither \"tick MS\" nor \"step MS\": " + line.text});
  }
}

// From deadline to deadline, so that what happens in an hour of virtual time happens in its order and at its times.
void Runtime::Impl::advance(Millis by) {
  const Millis target = virtual_clock->now().mono + by;
  Millis network_budget = kTickNetworkBudget;
  int stalls = 0;
  settle(network_budget);
  while (!stopping()) {
    const auto due = next_due();
    const Millis now = virtual_clock->now().mono;
    if (!due || *due > target) break;
    if (*due > now) {
      stalls = 0;
      virtual_clock->advance_to(*due);
    } else if (++stalls > kMaxStalls) {
      if (now >= target) break;
      stalls = 0;
      virtual_clock->advance_to(now + 1);
    }
    fire_due();
    settle(network_budget);
  }
  virtual_clock->advance_to(target);
  hand_out_user_events();
  if (frontend != nullptr && !stopping()) frontend->ticked();
}

bool Runtime::Impl::busy() { return submitted > reported || hasher.open_jobs() > 0; }

// Lets everything that the last step set going come to rest, while the virtual clock stands.
void Runtime::Impl::settle(Millis& network_budget) {
  const Millis start = real_mono();
  std::uint64_t seen = traffic;
  bool talking = false;
  Millis quiet_since = start;
  for (;;) {
    commit_staged();  // here, or the wait below would do it and then have nothing to wait for
    hand_out_user_events();
    const Millis now = real_mono();
    if (seen != traffic) {
      seen = traffic;
      talking = true;
      quiet_since = now;
    }
    const bool working = busy() && now - start < kTickWorkBudget;
    const bool listening = talking && now - quiet_since < kTickQuiet && now - start < network_budget;
    if (stopping() || (!working && !listening && !transport.pending(accepts_packets()))) break;
    wait(false, working || listening ? kTickQuiet : 0);
    serve_world();
  }
  if (talking) network_budget -= std::min(network_budget, real_mono() - start);
}

// Once stop was asked for: what is written becomes durable, what waited for that leaves, then every link is let go.
void Runtime::Impl::shut_down() {
  signals.let_through();
  closing = true;
  for (int i = 0; i < kShutdownFlushes && stop_code.load() != kExitIo && busy(); ++i) {
    submit_staged();
    committer->flush();
    take_reports();
  }
  hand_out_user_events();
  transport.close(stop_code.load() == kExitIo ? 0 : kShutdownLinger);
}

}  // namespace comm
