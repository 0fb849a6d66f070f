// What hostile nodes can do, by name. Plain values.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace comm::sim {

enum class TrickKind : std::uint8_t {
  // --- routing (trick_routing.cc) ---
  lie_fixed,     // Nodes names the members nearest to the target, always the same
  lie_adaptive,  // Nodes names random ones of the 200 members nearest to the target
  truncate,      // Nodes leaves out the honest nodes of the target's region
  early_stop,    // whoever searches is told at once that there is nothing: no nodes, no record
  // --- custody (trick_custody.cc) ---
  drop,                // of everything but routing nothing is answered, kept or passed on
  accept_then_forget,  // everything is taken and answered as stored, nothing is kept
  // --- acknowledgements (trick_finals.cc) ---
  ack_withhold,  // messages are kept and offered on, acknowledgements go nowhere
  forge_ack,     // whatever is offered is "acknowledged" and "refused" with made-up proofs
  // --- volume (trick_volume.cc) ---
  replay,        // old messages and acknowledgements again and again
  flood,         // messages that nobody wrote
};
std::optional<TrickKind> parse_trick(std::string_view name);  // "lie-fixed", ...

}  // namespace comm::sim
