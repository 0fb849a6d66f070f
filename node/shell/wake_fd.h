// An eventfd by which one thread wakes the reactor's poll. `signal` may be called from any thread.
#pragma once
#include <sys/eventfd.h>

#include "node/shell/unique_fd.h"
#include "proto/base/check.h"

namespace comm {

class WakeFd {
 public:
  WakeFd() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { CHECK(fd_); }
  int fd() const { return fd_.get(); }
  void signal() const {
    // Fails only when the counter is full, and then the reactor is awake anyway.
    static_cast<void>(eventfd_write(fd_.get(), 1));
  }
  void clear() const {
    eventfd_t count = 0;
    static_cast<void>(eventfd_read(fd_.get(), &count));
  }

 private:
  UniqueFd fd_;
};

}  // namespace comm
