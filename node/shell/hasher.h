// One thread for the memory-hard work of node ids (17 ms each), so that the reactor never stalls. Jobs wait
// in a bounded queue; answers come back through a mailbox that wakes the reactor. Owned by the Runtime.
#pragma once
#include <condition_variable>
#include <thread>

#include "node/core/event.h"
#include "node/shell/mailbox.h"

namespace comm {

class Hasher {
 public:
  explicit Hasher(bool cheap_node_ids);
  ~Hasher();  // finishes the job at hand, drops the rest, joins
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  // False if too much waits already: the core asks again when it meets the node again.
  bool submit(const NodeKey& key);
  std::deque<NodeIdComputed> take();
  int fd() const { return done_.fd(); }
  std::size_t open_jobs() const { return open_; }  // submitted and not yet taken; reactor's thread

 private:
  void work();

  const bool cheap_;
  std::size_t open_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<NodeKey> jobs_;
  bool stopping_ = false;
  Mailbox<NodeIdComputed> done_;
  std::thread thread_;
};

}  // namespace comm
