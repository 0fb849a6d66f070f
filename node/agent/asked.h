// What the user asked for and the disk has not confirmed. A failed commit takes it back, and for each such command the user
// is told: what was not kept, why, and what to do. Owned by the Driver; one thread. Bounded like what waits for the
// committer: an entry leaves with the commit of its turn.
#pragma once
#include <deque>

#include "node/agent/agent.h"

namespace comm {

class Asked {
 public:
  // `ticket`: what the command has written goes under it.
  void add(const UserCommand& command, Ticket ticket);
  void committed(Ticket ticket);
  // Nothing of what is not committed was kept: what to say of it, oldest first.
  std::vector<UserError> take_lost();

 private:
  struct Entry {
    Ticket ticket = 0;
    UserError loss;
  };
  std::deque<Entry> entries_;  // tickets rise
};

}  // namespace comm
