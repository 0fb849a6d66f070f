// Who stays when there is no room (spec 40-custody, Quotas): pure decisions about messages of others. Least Work gives
// way first; among equals those of the ingress peer that uses most. A message never gives way to one of less Work, nor to
// an equal one unless its ingress peer uses more than the newcomer's would: shares of equals grow equal and stay so.
#pragma once
#include <functional>
#include <vector>

#include "proto/wire/header.h"

namespace comm {

// A stored message that may have to go. `bytes` is what it counts against the quotas.
struct Rival {
  MessageId id;
  Work work;
  std::uint64_t bytes = 0;
  MailboxId mailbox;
  NodeId ingress;
};

struct Newcomer {
  Work work;
  std::uint64_t bytes = 0;
  NodeId ingress;
};

struct Verdict {
  std::vector<Rival> evict;             // room for the newcomer once these have gone; empty if refused
  bool refused = false;
  std::optional<std::uint8_t> price;    // refused: the effort in bits that would do now; none if no effort would
};

using BytesOfIngress = std::function<std::uint64_t(const NodeId&)>;

// Frees at least `needed` bytes. `rivals`: least Work first; what is beyond them cannot go.
Verdict make_room(const Newcomer& newcomer, std::uint64_t needed, std::span<const Rival> rivals,
                  const BytesOfIngress& bytes_of);

// Smallest effort whose Work, over the denominator of `shape`, is more than `floor`; none if no effort is.
std::optional<std::uint8_t> effort_above(const Work& floor, const Work& shape);

}  // namespace comm
