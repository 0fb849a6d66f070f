// Draws the chat model: model -> grid of cells and a cursor. Pure, total for every size down to 1x1.
// Top to bottom: one header line, the conversation, a rule, the draft (up to a third of the screen), one line of hints
// (from ten rows). Below 20x4 only a sentence.
#pragma once
#include "client_tui/model/model.h"
#include "client_tui/view/grid.h"

namespace comm {

struct ViewOptions {
  bool ascii = false;  // the locale is not UTF-8: + and x instead of the check marks, '?' for foreign letters
};

struct Picture {
  Grid grid;
  int cursor_row = 0, cursor_column = 0;
  std::size_t max_scroll = 0;  // rows that can be scrolled back; for ScrollLimit
};

Picture draw(const Model& model, const ViewOptions& options);

// The mark of a state in the last columns: "?", ".", "~", "^3", check, cross, "!".
std::string state_mark(const Entry& entry, bool ascii);
// The state as words: "needs key", "relayed 3", "delivered late".
std::string state_words(DeliveryState state, std::uint32_t relays, bool late);

std::string clock_text(Millis wall, int utc_offset_minutes);  // "12:04"
std::string day_text(Millis wall, int utc_offset_minutes);    // "Tue 18 Nov 2025"

}  // namespace comm
