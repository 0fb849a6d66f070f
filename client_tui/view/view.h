// Draws the chat model: model -> grid of cells and a cursor. Pure, total for every size down to 1x1.
// One header line; the contacts at the left (from 72 columns), the conversation, details at the right (from 110); a
// rule, the draft (up to a third of the screen), one line of hints (from ten rows). Below 20x4 only a sentence.
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
  Viewed viewed;       // rows of the conversation out of sight; negative `above`: so many more were asked for
};

Picture draw(const Model& model, const ViewOptions& options);

}  // namespace comm
