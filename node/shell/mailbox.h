// Hands values from any thread to the reactor: a deque under a mutex and an eventfd. (ZeroMQ's inproc would do it too,
// but its hand-over of pointers is invisible to ThreadSanitizer.) `limit` bounds it; who posts beyond it is told.
#pragma once
#include <deque>
#include <mutex>

#include "node/shell/wake_fd.h"

namespace comm {

template <class T>
class Mailbox {
 public:
  explicit Mailbox(std::size_t limit) : limit_(limit) {}

  // Any thread. False if full.
  bool post(T value) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= limit_) return false;
      waiting_.push_back(std::move(value));
    }
    wake_.signal();
    return true;
  }

  // The reader's thread: everything posted so far, in order.
  std::deque<T> take() {
    wake_.clear();
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }
  int fd() const { return wake_.fd(); }

 private:
  const std::size_t limit_;
  std::mutex mutex_;
  std::deque<T> waiting_;
  WakeFd wake_;
};

}  // namespace comm
