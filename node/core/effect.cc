#include "node/core/effect.h"

namespace comm {

const char* to_string(DeliveryState state) {
  switch (state) {
    case DeliveryState::needs_key: return "needs_key";
    case DeliveryState::sealed: return "sealed";
    case DeliveryState::queued: return "queued";
    case DeliveryState::relayed: return "relayed";
    case DeliveryState::delivered: return "delivered";
    case DeliveryState::expired: return "expired";
    case DeliveryState::failed: return "failed";
  }
  return "?";
}

}  // namespace comm
