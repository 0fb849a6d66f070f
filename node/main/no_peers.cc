#include "node/main/no_peers.h"

#include <algorithm>

namespace comm {

NoPeersWatch::NoPeersWatch(Runtime& runtime, std::vector<std::string> tried, std::function<void(const Alone&)> tell)
    : runtime_(runtime), tell_(std::move(tell)) {
  for (const std::string& endpoint : tried) also(endpoint);
}

void NoPeersWatch::also(const std::string& given) {
  std::string endpoint = given.substr(given.find('@') + 1);  // without the node id it may be pinned to
  if (std::find(tried_.begin(), tried_.end(), endpoint) != tried_.end()) return;
  tried_.push_back(std::move(endpoint));
  if (tried_.size() > kNamed) tried_.erase(tried_.begin());
}

void NoPeersWatch::start() {
  if (!alone_) wait();
}

void NoPeersWatch::status(const PeerStatus& status) {
  if (status.sessions > 0) alone_ = false;
  else if (!alone_) wait();
}

void NoPeersWatch::wait() {
  alone_ = true;
  runtime_.after(kAloneAfter, [this, time = ++time_, since = runtime_.now().wall] {
    if (!alone_ || time != time_) return;
    Alone alone{since, {}};
    for (const std::string& endpoint : tried_) alone.tried += (alone.tried.empty() ? "" : ", ") + endpoint;
    tell_(alone);
  });
}

}  // namespace comm
