#include "node/agent/delivery_state.h"

namespace comm::agent {
namespace {

constexpr std::uint8_t kStay = 0xff;
constexpr std::uint8_t kNeedsKey = 0, kSealed = 1, kQueued = 2, kRelayed = 3, kDelivered = 4, kExpired = 5, kFailed = 6;
static_assert(static_cast<std::uint8_t>(DeliveryState::needs_key) == kNeedsKey &&
              static_cast<std::uint8_t>(DeliveryState::sealed) == kSealed &&
              static_cast<std::uint8_t>(DeliveryState::queued) == kQueued &&
              static_cast<std::uint8_t>(DeliveryState::relayed) == kRelayed &&
              static_cast<std::uint8_t>(DeliveryState::delivered) == kDelivered &&
              static_cast<std::uint8_t>(DeliveryState::expired) == kExpired &&
              static_cast<std::uint8_t>(DeliveryState::failed) == kFailed);

// A relayed message stays relayed when one more relay has it: only the count changes. A message that waits for a key
// has no copy in custody, so nothing of `queued` and `stored` can be about it.
constexpr std::uint8_t kTable[kDeliveryStates][kDeliveryInputs] = {
    //               sealed    queued    stored    acknowledged  expired    given up  retried
    /* needs_key */ {kSealed,  kStay,    kStay,    kDelivered,   kExpired,  kFailed,  kStay},
    /* sealed    */ {kStay,    kQueued,  kRelayed, kDelivered,   kExpired,  kFailed,  kStay},
    /* queued    */ {kStay,    kStay,    kRelayed, kDelivered,   kExpired,  kFailed,  kStay},
    /* relayed   */ {kStay,    kStay,    kRelayed, kDelivered,   kExpired,  kFailed,  kStay},
    /* delivered */ {kStay,    kStay,    kStay,    kStay,        kStay,     kStay,    kStay},
    /* expired   */ {kStay,    kStay,    kStay,    kDelivered,   kStay,     kStay,    kNeedsKey},
    /* failed    */ {kStay,    kStay,    kStay,    kDelivered,   kStay,     kStay,    kNeedsKey},
};

}  // namespace

std::optional<DeliveryStep> next_delivery(DeliveryState state, DeliveryInput input) {
  const std::uint8_t next = kTable[static_cast<std::size_t>(state)][static_cast<std::size_t>(input)];
  if (next == kStay) return std::nullopt;
  const bool given_up = state == DeliveryState::expired || state == DeliveryState::failed;
  return DeliveryStep{static_cast<DeliveryState>(next), given_up && next == kDelivered};
}

}  // namespace comm::agent
