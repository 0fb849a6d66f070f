#include "node/shell/hasher.h"

#include <sys/resource.h>
#include <unistd.h>

#include "proto/seal/hash.h"

namespace comm {
namespace {
constexpr int kLowerPriority = 5;
constexpr std::size_t kMaxJobs = 256;  // 4 s of work; the core's own token bucket lets through far less
}

Hasher::Hasher(bool cheap_node_ids) : cheap_(cheap_node_ids), done_(kMaxJobs + 1) {
  thread_ = std::thread([this] { work(); });
}

Hasher::~Hasher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool Hasher::submit(const NodeKey& key) {
  if (open_ >= kMaxJobs) return false;
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(key);
  }
  ++open_;
  wake_.notify_one();
  return true;
}

std::deque<NodeIdComputed> Hasher::take() {
  auto out = done_.take();
  open_ -= out.size();
  return out;
}

void Hasher::work() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kLowerPriority);  // a crowd at the door slows nobody inside
  for (;;) {
    NodeKey key;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      key = jobs_.front();
      jobs_.pop_front();
    }
    CHECK(done_.post(NodeIdComputed{key, derive_node_id(key, cheap_)}));
  }
}

}  // namespace comm
