// Every state and every input: the whole table, written a second time as rules.
#include "node/agent/delivery_state.h"

#include <boost/test/unit_test.hpp>

using namespace comm;
using namespace comm::agent;

namespace {

constexpr std::array kStates{DeliveryState::needs_key, DeliveryState::sealed,  DeliveryState::queued, DeliveryState::relayed,
                             DeliveryState::delivered, DeliveryState::expired, DeliveryState::failed};
constexpr std::array kInputs{DeliveryInput::sealed,  DeliveryInput::queued,   DeliveryInput::stored, DeliveryInput::acknowledged,
                             DeliveryInput::expired, DeliveryInput::given_up, DeliveryInput::retried};

std::optional<DeliveryState> by_rule(DeliveryState state, DeliveryInput input) {
  const bool given_up = state == DeliveryState::expired || state == DeliveryState::failed;
  if (state == DeliveryState::delivered) return std::nullopt;
  switch (input) {
    case DeliveryInput::acknowledged: return DeliveryState::delivered;
    case DeliveryInput::retried: return given_up ? std::optional(DeliveryState::needs_key) : std::nullopt;
    case DeliveryInput::expired: return given_up ? std::nullopt : std::optional(DeliveryState::expired);
    case DeliveryInput::given_up: return given_up ? std::nullopt : std::optional(DeliveryState::failed);
    case DeliveryInput::sealed:
      return state == DeliveryState::needs_key ? std::optional(DeliveryState::sealed) : std::nullopt;
    case DeliveryInput::queued:
      return state == DeliveryState::sealed ? std::optional(DeliveryState::queued) : std::nullopt;
    case DeliveryInput::stored:
      if (given_up || state == DeliveryState::needs_key) return std::nullopt;
      return DeliveryState::relayed;
  }
  return std::nullopt;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(delivery_state)

BOOST_AUTO_TEST_CASE(every_row_of_the_table) {
  for (const auto state : kStates)
    for (const auto input : kInputs) {
      const auto step = next_delivery(state, input);
      const auto expected = by_rule(state, input);
      BOOST_TEST_CONTEXT(to_string(state) << " input " << static_cast<int>(input)) {
        BOOST_REQUIRE_EQUAL(step.has_value(), expected.has_value());
        if (step) BOOST_TEST((step->next == *expected));
        const bool late = (state == DeliveryState::expired || state == DeliveryState::failed) && expected &&
                          *expected == DeliveryState::delivered;
        if (step) BOOST_TEST(step->late == late);
      }
    }
}

BOOST_AUTO_TEST_CASE(nothing_but_retry_goes_backwards) {
  for (const auto state : kStates)
    for (const auto input : kInputs) {
      if (input == DeliveryInput::retried || is_final(state)) continue;
      if (const auto step = next_delivery(state, input)) BOOST_TEST((step->next >= state));
    }
}

BOOST_AUTO_TEST_SUITE_END()
