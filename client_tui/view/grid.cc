#include "client_tui/view/grid.h"

namespace comm {

int Grid::put(int row, int column, const Clusters& text, Style style, int end) {
  if (row < 0 || row >= rows_ || column < 0) return column;
  end = std::min(end, columns_);
  for (const Cluster& cluster : text) {
    if (cluster.newline() || column + cluster.columns > end) break;
    cells_[index(row, column)] = {cluster.text, style, cluster.columns};
    for (int i = 1; i < cluster.columns; ++i) cells_[index(row, column + i)] = {"", style, 0};
    column += cluster.columns;
  }
  return column;
}

int Grid::put(int row, int column, std::string_view ascii, Style style, int end) {
  Clusters clusters;
  for (const char c : ascii) clusters.push_back({std::string(1, c), 1});
  return put(row, column, clusters, style, end);
}

void Grid::fill(int row, char with, Style style) {
  if (row < 0 || row >= rows_) return;
  for (int column = 0; column < columns_; ++column) cells_[index(row, column)] = {std::string(1, with), style, 1};
}

std::string Grid::row_text(int row) const {
  std::string out;
  for (int column = 0; column < columns_; ++column) out += at(row, column).text;
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace comm
