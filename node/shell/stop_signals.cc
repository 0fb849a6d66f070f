#include <pthread.h>
#include <sys/signalfd.h>

#include <cstdlib>
#include <fstream>

#include "node/shell/runtime_impl.h"

namespace comm {
namespace {
constexpr int kStopSignals[] = {SIGTERM, SIGINT, SIGHUP};
}

StopSignals::StopSignals() {
  sigemptyset(&ours_);
  for (const int signal : kStopSignals) sigaddset(&ours_, signal);
  CHECK(pthread_sigmask(SIG_BLOCK, &ours_, &previous_) == 0);
  fd_ = UniqueFd(signalfd(-1, &ours_, SFD_NONBLOCK | SFD_CLOEXEC));
  CHECK(fd_);
}

StopSignals::~StopSignals() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }

bool StopSignals::take() {
  signalfd_siginfo info{};
  return read(fd_.get(), &info, sizeof info) == sizeof info;
}

void StopSignals::leave_to_owner_of(int fd) {
  // Only a signalfd has a line "sigmask:" there: bit n-1 stands for signal n.
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(fd));
  std::string word;
  while (info >> word) {
    if (word != "sigmask:" || !(info >> word)) continue;
    const auto mask = std::strtoull(word.c_str(), nullptr, 16);
    for (const int signal : kStopSignals)
      if ((mask >> (signal - 1) & 1) != 0) sigdelset(&ours_, signal);
    CHECK(signalfd(fd_.get(), &ours_, 0) >= 0);
    return;
  }
}

void StopSignals::let_through() { pthread_sigmask(SIG_UNBLOCK, &ours_, nullptr); }

}  // namespace comm
