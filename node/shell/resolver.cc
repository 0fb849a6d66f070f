#include "node/shell/resolver.h"

#include <chrono>
#include <condition_variable>
#include <thread>

#include "node/shell/mailbox.h"
#include "proto/base/limits.h"

namespace comm {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::size_t kMaxNames = 64;

struct Job {
  HostPort name;
  Steady::time_point due;
  Millis wait = kBootstrapRetryMin;
};

}  // namespace

struct Resolver::Shared {
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<Job> jobs;
  bool stopping = false;
  // A failure that finds no room is not news.
  Mailbox<Resolved> done{kMaxNames * 2};

  // The next job that is due, or nothing if stopping.
  std::optional<Job> next() {
    std::unique_lock lock(mutex);
    for (;;) {
      if (stopping) return std::nullopt;
      const auto first = std::min_element(jobs.begin(), jobs.end(),
                                          [](const Job& a, const Job& b) { return a.due < b.due; });
      if (first == jobs.end()) {
        wake.wait(lock);
      } else if (first->due > Steady::now()) {
        const auto due = first->due;
        wake.wait_until(lock, due);
      } else {
        Job out = *first;
        jobs.erase(first);
        return out;
      }
    }
  }

  void work() {
    while (auto job = next()) {
      Resolved result{job->name, {}, {}};
      result.endpoints = resolve_host(job->name.host, job->name.port, result.error);
      if (result.endpoints.empty()) {
        job->due = Steady::now() + std::chrono::milliseconds(job->wait);
        job->wait = std::min(2 * job->wait, kBootstrapRetryMax);
        const std::lock_guard lock(mutex);
        jobs.push_back(*job);
      }
      done.post(std::move(result));
    }
  }
};

Resolver::Resolver() : shared_(std::make_shared<Shared>()) {}

Resolver::~Resolver() {
  const std::lock_guard lock(shared_->mutex);
  shared_->stopping = true;
  shared_->wake.notify_one();
}

bool Resolver::submit(const HostPort& name) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->jobs.size() >= kMaxNames) return false;
    shared_->jobs.push_back({name, Steady::now()});
  }
  shared_->wake.notify_one();
  if (!std::exchange(started_, true)) std::thread([shared = shared_] { shared->work(); }).detach();
  return true;
}

std::vector<Resolved> Resolver::take() {
  auto done = shared_->done.take();
  return {std::make_move_iterator(done.begin()), std::make_move_iterator(done.end())};
}

int Resolver::fd() const { return shared_->done.fd(); }

}  // namespace comm
