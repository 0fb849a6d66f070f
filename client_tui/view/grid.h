// A rectangle of terminal cells, as values: what the view draws and the ncurses shell copies to the terminal.
// A cluster two columns wide owns the cell to its right, which stays empty. Pure; single owner.
#pragma once
#include <cstdint>

#include "client_tui/view/safe_text.h"

namespace comm {

enum class Style : std::uint8_t { normal, bar, dim, nick, own_nick, good, bad, prompt, selected, qr };

struct Cell {
  std::string text = " ";  // empty: covered by the wide cluster to the left
  Style style = Style::normal;
  int columns = 1;
};

class Grid {
 public:
  Grid(int rows, int columns)
      : rows_(rows), columns_(columns), cells_(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns)) {}
  int rows() const { return rows_; }
  int columns() const { return columns_; }
  const Cell& at(int row, int column) const { return cells_[index(row, column)]; }

  // Writes clusters from (row, column) on, up to `end` (exclusive; the grid's edge if beyond); returns the column after
  // the last one written. What does not fit as a whole is left out. Rows outside the grid are ignored.
  int put(int row, int column, const Clusters& text, Style style, int end = 1 << 20);
  int put(int row, int column, std::string_view ascii, Style style, int end = 1 << 20);
  void fill(int row, char with, Style style);

  // The row as text, trailing spaces trimmed: for tests.
  std::string row_text(int row) const;

 private:
  std::size_t index(int row, int column) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) + static_cast<std::size_t>(column);
  }
  int rows_, columns_;
  std::vector<Cell> cells_;
};

}  // namespace comm
