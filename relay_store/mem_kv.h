// Kv in memory: a std::map. Ten thousand exist at once in a simulation, so an empty one owns nothing on the heap.
#pragma once
#include <map>
#include <mutex>

#include "relay_store/kv.h"

namespace comm {

class MemKv final : public Kv {
 public:
  bool get(std::string_view key, std::string& value) const override;
  void scan(std::string_view from, std::string_view until, const Visit& visit) const override;
  CommitResult apply(std::span<const KvWrites* const> batches) override;

 private:
  mutable std::mutex mutex_;  // a Committer may apply on its own thread here too
  std::map<std::string, std::string, std::less<>> rows_;
};

}  // namespace comm
