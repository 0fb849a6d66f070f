// Names of bootstraps, looked up on a thread of its own and tried again until they resolve (1 s, doubling to 60 s, on
// the machine's clock). The thread starts with the first name and is left behind at exit: getaddrinfo cannot be
// interrupted and may take half a minute.
#pragma once
#include <memory>

#include "node/shell/endpoint_text.h"

namespace comm {

struct Resolved {
  HostPort asked;
  std::vector<Endpoint> endpoints;  // empty: not yet, `error` says why; it goes on trying
  std::string error;
};

class Resolver {
 public:
  Resolver();
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // False if too many names wait already.
  bool submit(const HostPort& name);
  std::vector<Resolved> take();
  int fd() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // shared with the thread, which may outlive this object
  bool started_ = false;
};

}  // namespace comm
