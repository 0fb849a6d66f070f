// What the parts of draw() share. Private to client_tui/view.
#pragma once
#include "client_tui/view/format.h"
#include "client_tui/view/view.h"

namespace comm::view {

inline constexpr int kWideColumns = 110;     // the info pane has a place of its own from here
inline constexpr int kSidebarFrom = 72;      // below, the sidebar hides
inline constexpr int kInfoColumns = 28;

// A part of the screen: rows [top, bottom), columns [left, right).
struct Area {
  int top = 0, bottom = 0, left = 0, right = 0;
  int rows() const { return bottom - top; }
  int columns() const { return right - left; }
};

struct Canvas {
  const Model& model;
  Grid& grid;
  SafeOptions safe;
  bool wide = false;

  // Made safe, on one line, cut at the area's right edge. Returns the column behind.
  int text(int row, int column, std::string_view raw, Style style, int end) const;
  // Program's own ASCII.
  int own(int row, int column, std::string_view ascii, Style style, int end) const {
    return grid.put(row, column, ascii, style, end);
  }
};

// A line of text in several parts.
struct Line {
  Clusters lead;
  Style lead_style = Style::normal;
  Clusters text;
  Style text_style = Style::normal;
  int text_column = 0;          // from the area's left edge
  std::string mark;
  Style mark_style = Style::normal;
};

Clusters ascii_clusters(std::string_view text);
// Draws into rows from `top`, clipped at the area.
void draw_lines(const Canvas& canvas, const Area& area, const std::vector<Line>& lines, std::size_t first);
// Lines of plain text, wrapped; what is wrapped goes on below the last column of the text that began it.
std::vector<Line> text_lines(const Canvas& canvas, const std::vector<std::string>& texts, int columns);

void draw_header(const Canvas& canvas);
void draw_sidebar(const Canvas& canvas, const Area& area);
void draw_info(const Canvas& canvas, const Area& area);
// What the info pane says, for the overlay of narrow screens.
std::vector<std::string> info_texts(const Canvas& canvas, bool whole);
void draw_talk(const Canvas& canvas, const Area& area, Picture& picture);
void draw_page(const Canvas& canvas, const Area& area);      // home and log
void draw_overlay(const Canvas& canvas, const Area& area, Picture& picture);
Style state_style(DeliveryState state);

}  // namespace comm::view
