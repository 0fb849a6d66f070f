#include "node/shell/runtime.h"

#include <exception>

#include "node/shell/runtime_impl.h"

namespace comm {

Runtime::Runtime() = default;
Runtime::~Runtime() = default;

int Runtime::run(Frontend& frontend) {
  try {
    return impl_->run(*this, frontend);
  } catch (const std::exception& error) {
    // Only libraries throw (memory, threads). The store is as durable as it was; the next start recovers.
    impl_->log.write(real_mono(), LogLevel::error, "internal", error.what());
    return kExitFailed;
  }
}

void Runtime::command(const UserCommand& command) {
  impl_->turn([&](TimePoint now) { impl_->driver->command(now, command); });
}

void Runtime::connect(const std::string& endpoint) { impl_->connect(endpoint); }

void Runtime::watch(int fd, std::function<void()> readable) {
  impl_->signals.leave_to_owner_of(fd);
  impl_->watched[fd] = {std::move(readable), false};
}

void Runtime::watch_patiently(int fd, std::function<void()> readable) {
  impl_->watched[fd] = {std::move(readable), true};
}

void Runtime::unwatch(int fd) { impl_->watched.erase(fd); }

void Runtime::after(Millis delay, std::function<void()> fire) {
  impl_->timers.emplace(impl_->clock->now().mono + std::max<Millis>(0, delay), std::move(fire));
}

const Agent* Runtime::agent() const { return impl_->agent.get(); }
std::vector<NodeCore::PeerInfo> Runtime::peers() const { return impl_->core->peers(); }
CoreStatus Runtime::core_status() const { return impl_->core->status(); }
std::optional<NodeCore::MessageInfo> Runtime::message_info(const MessageId& id) const {
  return impl_->core->message_info(id);
}
Totals Runtime::totals() const { return impl_->store->totals(); }
TimePoint Runtime::now() const { return impl_->clock->now(); }

void Runtime::post(std::function<void(Runtime&)> job) { impl_->jobs.post(std::move(job)); }

void Runtime::stop(int exit_code) {
  int none = -1;
  impl_->stop_code.compare_exchange_strong(none, exit_code);  // the first one counts
  impl_->stop_wake.signal();
}

}  // namespace comm
