// Times, sizes and states as people read them. Pure; any thread. Wall clocks are UTC milliseconds, offsets minutes.
#pragma once
#include <string>

#include "client_tui/model/model.h"

namespace comm {

std::string clock_text(Millis wall, int utc_offset_minutes);    // "12:04"
std::string seconds_text(Millis wall, int utc_offset_minutes);  // "12:04:31"
// "Tue 18 Nov", with the year if it is not that of `now` (0: always).
std::string day_text(Millis wall, int utc_offset_minutes, Millis now = 0);
std::string date_text(Millis wall, int utc_offset_minutes);     // "2025-11-18"
std::int64_t local_day(Millis wall, int utc_offset_minutes);
std::string age_text(Millis age);                               // "now", "2m", "3h", "12d"
std::string lifetime_text(std::uint16_t minutes);               // "7d", "12h", "90m"
std::string size_text(std::uint64_t bytes);                     // "0.4 kB", "12 MB"
std::string plural(std::uint64_t count, const char* noun);

// The mark of a state in the last columns: "?", ".", "~", "^3", check, cross, "!", "check (late)".
std::string state_mark(DeliveryState state, std::uint32_t relays, bool late, bool ascii);
// The state as words: "needs key", "relayed 3", "delivered late".
std::string state_words(DeliveryState state, std::uint32_t relays, bool late);
// While there is no peer: what, why, what next.
std::string alone_text(Millis age, const std::string& tried);
// The sentence of the info pane: "on 3 relays, not yet received".
std::string state_sentence(const Model& model, const Entry& entry);
// What stands below a message that has come to nothing or cannot be sealed; "" below others.
std::string state_advice(const Model& model, const Entry& entry);
// One session, as /peers lists it.
std::string peer_text(const NodeCore::PeerInfo& peer);

std::string tail_hex(ByteView bytes, std::size_t head, std::size_t tail);  // digits kept: "9f31a2..77c0"

}  // namespace comm
