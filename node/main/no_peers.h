// Tells a front-end that no session has been up for kAloneAfter, once until there is a peer again. Owned by the
// front-end, on the runtime's thread; one timer runs while there is no peer, none otherwise.
#pragma once
#include "client_tui/model/model.h"
#include "node/shell/runtime.h"

namespace comm {

class NoPeersWatch {
 public:
  // `tried`: the addresses dialled, as they were given.
  NoPeersWatch(Runtime& runtime, std::vector<std::string> tried, std::function<void(const Alone&)> tell);

  void start();                               // once the runtime is ready
  void status(const PeerStatus& status);
  void also(const std::string& endpoint);     // is dialled from now on

 private:
  static constexpr std::size_t kNamed = 3;    // addresses in the sentence
  void wait();

  Runtime& runtime_;
  std::vector<std::string> tried_;            // the latest kNamed
  std::function<void(const Alone&)> tell_;
  bool alone_ = false;
  std::uint64_t time_ = 0;                    // of being alone, counted: a timer of an earlier one says nothing
};

}  // namespace comm
