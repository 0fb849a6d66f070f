// What a sender sees of one message, as a literal table: state and input give the next state or nothing. Pure.
// States never regress; expired and failed are final but for a late acknowledgement and the user's own /retry, which
// begins a new life under the same uid.
#pragma once
#include "node/core/effect.h"

namespace comm::agent {

enum class DeliveryInput : std::uint8_t {
  sealed,        // encrypted for the recipient and handed to custody
  queued,        // no peer takes it now
  stored,        // a relay has it (again, or one more of them)
  acknowledged,  // the recipient's acknowledgement
  expired,
  given_up,      // refused too often, cannot be sealed, or cancelled
  retried        // by the user
};
inline constexpr std::size_t kDeliveryStates = 7, kDeliveryInputs = 7;

struct DeliveryStep {
  DeliveryState next;
  bool late;  // acknowledged after it had been given up
};
std::optional<DeliveryStep> next_delivery(DeliveryState state, DeliveryInput input);

// Nothing more is expected to happen: expired, failed, delivered.
inline bool is_final(DeliveryState state) { return state >= DeliveryState::delivered; }

}  // namespace comm::agent
