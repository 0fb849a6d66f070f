#include "client_tui/view/view.h"

#include <algorithm>
#include <utility>

#include "client_tui/view/parts.h"

namespace comm {
namespace view {

Clusters ascii_clusters(std::string_view text) {
  Clusters out;
  for (const char c : text) out.push_back({std::string(1, c), 1});
  return out;
}

int Canvas::text(int row, int column, std::string_view raw, Style style, int end) const {
  SafeOptions single = safe;
  single.single_line = true;
  return grid.put(row, column, safe_clusters(raw.substr(0, 4'096), single), style, end);
}

void draw_lines(const Canvas& canvas, const Area& area, const std::vector<Line>& lines, std::size_t first) {
  for (std::size_t i = first; i < lines.size() && area.top + static_cast<int>(i - first) < area.bottom; ++i) {
    const Line& line = lines[i];
    const int row = area.top + static_cast<int>(i - first);
    canvas.grid.put(row, area.left, line.lead, line.lead_style, area.right);
    const Clusters mark = safe_clusters(line.mark, {});
    const int mark_column = std::max(area.left, area.right - columns_of(mark));
    canvas.grid.put(row, area.left + line.text_column, line.text, line.text_style, mark.empty() ? area.right : mark_column);
    if (!mark.empty()) canvas.grid.put(row, mark_column, mark, line.mark_style, area.right);
  }
}

std::vector<Line> text_lines(const Canvas& canvas, const std::vector<std::string>& texts, int columns) {
  std::vector<Line> out;
  SafeOptions single = canvas.safe;
  single.single_line = true;
  for (const std::string& text : texts) {
    // "name   what it is": what it is stays below itself.
    const std::size_t gap = text.find("  ", text.find_first_not_of(' '));
    const std::size_t begin = gap == std::string::npos ? 0 : text.find_first_not_of(' ', gap);
    std::size_t indent = begin == std::string::npos || text.size() <= static_cast<std::size_t>(columns) ? 0 : begin;
    Clusters lead = safe_clusters(std::string_view(text).substr(0, indent), single);
    if (columns_of(lead) > columns / 2) {
      indent = 0;
      lead.clear();
    }
    const int behind = columns_of(lead);
    const Clusters body = safe_clusters(std::string_view(text).substr(indent), canvas.safe);
    for (Clusters& row : wrap(body, std::max(1, columns - behind))) {
      Line line;
      line.lead = std::exchange(lead, {});
      line.text = std::move(row);
      line.text_column = behind;
      out.push_back(std::move(line));
    }
  }
  return out;
}

namespace {

// --- the line at the top ---

// Sections after the name, in order; what does not fit leaves from the end.
std::vector<std::string> header_sections(const Canvas& canvas) {
  const Model& model = canvas.model;
  const StatusLine& status = model.status;
  std::vector<std::string> out;
  out.push_back(plural(status.peers, "peer") + "  " + plural(status.relays, "relay") +
                (canvas.wide && status.is_reached ? "  NAT: open" : ""));
  std::string outbox = "outbox " + std::to_string(status.outbox);
  if (canvas.wide && status.outbox > 0) outbox += " (" + size_text(status.outbox_bytes) + ")";
  out.push_back(std::move(outbox));
  std::uint32_t troubles = 0;
  std::size_t requests = 0;
  for (const auto& [address, contact] : model.contacts) {
    troubles += contact.troubles;
    requests += is_request(contact) ? 1 : 0;
  }
  if (troubles > 0) out.push_back(std::to_string(troubles) + " failed");
  if (requests > 0) out.push_back(plural(requests, "request"));
  if (canvas.wide && status.store_bytes > 0) out.push_back("store " + size_text(status.store_bytes));
  return out;
}

}  // namespace

void draw_header(const Canvas& canvas) {
  const Model& model = canvas.model;
  Grid& grid = canvas.grid;
  grid.fill(0, ' ', Style::bar);
  std::string head = " comm";
  if (canvas.wide && !model.version.empty()) head += " " + model.version;
  head += "  ";
  int column = canvas.own(0, 0, head, Style::bar, grid.columns());
  if (!model.own_name.empty()) {
    column = canvas.text(0, column, safe_name(model.own_name, canvas.safe), Style::bar, grid.columns());
    ++column;
  }
  column = canvas.own(0, column, tail_hex(model.own.view(), canvas.wide ? 8 : 4, 4), Style::bar, grid.columns());
  const std::string time = clock_text(model.now, model.utc_offset_minutes);
  const int time_column = grid.columns() - 1 - static_cast<int>(time.size());
  if (time_column > column + 1) grid.put(0, time_column, time, Style::bar);
  for (const std::string& section : header_sections(canvas)) {
    const std::string piece = " | " + section;
    if (column + static_cast<int>(piece.size()) >= time_column) break;
    column = canvas.own(0, column, piece, Style::bar, time_column);
  }
}

namespace {

// --- the draft ---

// Cells of the draft broken hard at the edge: the same prefix always lies in the same rows, so the cursor does too.
struct Flow {
  std::vector<Clusters> rows{1};
  int column = 0;

  void add(const Clusters& text, int indent, int columns) {
    for (const Cluster& cluster : text) {
      if (cluster.newline() || column + cluster.columns > columns) {
        rows.emplace_back(ascii_clusters(std::string(static_cast<std::size_t>(indent), ' ')));
        column = indent;
      }
      if (cluster.newline() || column + cluster.columns > columns) continue;
      rows.back().push_back(cluster);
      column += cluster.columns;
    }
  }
};

struct DraftPicture {
  std::vector<Clusters> rows;
  int cursor_row = 0, cursor_column = 0;
};

std::string prompt_of(const Canvas& canvas) {
  const auto to = addressee(canvas.model);
  if (!to) return canvas.model.window.page == Page::log ? "[log]> " : "[home]> ";
  return "[" + safe_name(peer_name(canvas.model, *to), canvas.safe) + "]> ";
}

DraftPicture layout_draft(const Canvas& canvas) {
  SafeOptions single = canvas.safe;
  single.single_line = true;
  const Editor& editor = canvas.model.editor;
  const Clusters prompt = safe_clusters(prompt_of(canvas), single);
  const int columns = std::max(1, canvas.model.columns - 1);  // the cursor needs a cell after the last character
  int indent = columns_of(prompt);
  if (indent > columns / 2) indent = 0;
  Flow upto, whole;
  upto.add(prompt, indent, columns);
  whole = upto;
  upto.add(safe_clusters(std::string_view(editor.text()).substr(0, editor.cursor()), canvas.safe), indent, columns);
  whole.add(safe_clusters(editor.text(), canvas.safe), indent, columns);
  return {std::move(whole.rows), static_cast<int>(upto.rows.size()) - 1, upto.column};
}

void draw_draft(const Canvas& canvas, Picture& picture, const DraftPicture& draft, int top, int height) {
  const int first = std::max(0, draft.cursor_row - height + 1);
  for (int i = 0; i < height && first + i < static_cast<int>(draft.rows.size()); ++i)
    canvas.grid.put(top + i, 0, draft.rows[static_cast<std::size_t>(first + i)], Style::normal);
  picture.cursor_row = top + draft.cursor_row - first;
  picture.cursor_column = std::min(draft.cursor_column, canvas.grid.columns() - 1);
  const Model& model = canvas.model;
  if (!canvas.wide || model.editor.empty()) return;
  const bool saved = model.unsaved_drafts.empty();
  const std::string size = size_text(model.editor.text().size());
  const std::string note = std::string(saved ? "draft saved   " : "draft   ") + size.substr(0, size.find(' ')) + "/56 kB";
  const int column = canvas.grid.columns() - 11 - static_cast<int>(note.size());
  const auto& last = draft.rows.back();
  if (columns_of(last) + 2 < column) canvas.own(top + height - 1, column, note, Style::dim, canvas.grid.columns());
}

void draw_hints(const Canvas& canvas, int row) {
  const Model& model = canvas.model;
  const int columns = canvas.grid.columns();
  if (model.question) {
    canvas.text(row, 1, model.question->text, Style::bad, columns);
    return;
  }
  const std::string check = state_mark(DeliveryState::delivered, 0, false, canvas.safe.ascii);
  const std::string cross = state_mark(DeliveryState::expired, 0, false, canvas.safe.ascii);
  std::string hints;
  if (model.overlay) {
    hints = model.overlay->kind == OverlayKind::search     ? " Enter search or open  n N next, before  C-f new search  Esc close"
            : model.overlay->kind == OverlayKind::switcher ? " Type to choose  Up Down  Enter opens  Esc close"
                                                           : " Up Down PgUp PgDn  Enter  Esc close";
  } else if (columns >= 120) {
    hints = " Enter send  M-Enter newline  M-a unread  M-i info  ^F search  F1 help ? no key . sealed ~ queued ^n relayed " +
            check + " delivered";
  } else {
    hints = " Enter send  M-Enter newline  M-a next unread  F1 help  ? . ~ ^n " + check + " " + cross + " = states";
  }
  canvas.grid.put(row, 0, safe_clusters(hints, {}), Style::dim);
}

// --- the program's last word, above the rule ---

// Returns how many rows it takes at the bottom of the area.
int draw_notice(const Canvas& canvas, const Area& area) {
  const Model& model = canvas.model;
  std::string notice = model.notice;
  if (model.window.page != Page::talk && area.rows() > 10) notice.clear();  // it stands there already
  if (notice.empty() && model.alone) notice = alone_text(model.now - model.alone->since, model.alone->tried);
  if (notice.empty() || model.overlay || area.rows() < 2) return 0;
  SafeOptions single = canvas.safe;
  single.single_line = true;
  auto rows = wrap(safe_clusters("-- " + notice, single), std::max(1, area.columns()));
  const int most = std::max(1, area.rows() / 2);
  const int count = std::min(static_cast<int>(rows.size()), most);
  for (int i = 0; i < count; ++i)
    canvas.grid.put(area.bottom - count + i, area.left, rows[static_cast<std::size_t>(i)], Style::prompt, area.right);
  return count;
}

void draw_rule(const Canvas& canvas, int row, const std::vector<int>& crossings, int left) {
  canvas.grid.fill(row, '-', Style::dim);
  for (const int column : crossings) canvas.own(row, column, "+", Style::dim, canvas.grid.columns());
  const Conversation& talk = canvas.model.talk;
  if (canvas.model.window.page == Page::talk && talk.anchor) {
    const std::string text = talk.arrived_below > 0
                                 ? " " + std::to_string(talk.arrived_below) + " new below, C-End shows them "
                                 : std::string(" older messages, C-End shows the newest ");
    canvas.own(row, left + 2, text, Style::bar, canvas.grid.columns());
  }
}

void draw_tiny(Grid& grid) {
  const std::string text = "window too small, draft kept";
  for (int row = 0; row < grid.rows(); ++row) {
    const auto from = static_cast<std::size_t>(row) * static_cast<std::size_t>(grid.columns());
    if (from >= text.size()) break;
    grid.put(row, 0, std::string_view(text).substr(from), Style::normal);
  }
}

void draw_middle(const Canvas& canvas, int bottom, Picture& picture) {
  const Model& model = canvas.model;
  const int columns = canvas.grid.columns();
  std::vector<int> crossings;
  Area middle{1, bottom, 0, columns};
  if (columns >= kSidebarFrom && model.settings.show_sidebar) {
    const int width = model.settings.sidebar != 0 ? std::clamp(model.settings.sidebar, 18, 26) : canvas.wide ? 26 : 20;
    if (!model.overlay) draw_sidebar(canvas, {1, bottom, 0, width});
    crossings.push_back(width);
    middle.left = width + 1;
  }
  if (canvas.wide && model.settings.show_info && model.window.page == Page::talk) {
    middle.right = columns - kInfoColumns - 1;
    crossings.push_back(middle.right);
    if (!model.overlay) draw_info(canvas, {1, bottom, middle.right + 1, columns});
  }
  if (model.overlay) crossings.clear();
  for (int row = 1; row < bottom; ++row)
    for (const int column : crossings) canvas.own(row, column, "|", Style::dim, columns);
  draw_rule(canvas, bottom, crossings, middle.left);
  if (model.overlay) return draw_overlay(canvas, {1, bottom, 0, columns}, picture);
  middle.bottom -= draw_notice(canvas, middle);
  if (model.window.page == Page::talk) draw_talk(canvas, middle, picture);
  else draw_page(canvas, middle);
}

}  // namespace
}  // namespace view

Picture draw(const Model& model, const ViewOptions& options) {
  constexpr int kMinRows = 4, kMinColumns = 20, kHintsFrom = 10;
  Picture picture{Grid(std::max(1, model.rows), std::max(1, model.columns)), 0, 0, {}};
  if (model.rows < kMinRows || model.columns < kMinColumns) {
    view::draw_tiny(picture.grid);
    return picture;
  }
  view::Canvas canvas{model, picture.grid, {}, model.columns >= view::kWideColumns};
  canvas.safe.ascii = options.ascii || model.settings.ascii;
  const view::DraftPicture draft = view::layout_draft(canvas);
  const int hints = model.rows >= kHintsFrom || model.question ? 1 : 0;
  const int draft_rows = std::clamp(static_cast<int>(draft.rows.size()), 1, std::max(1, model.rows / 3));
  const int rule = std::max(1, model.rows - hints - draft_rows - 1);
  view::draw_header(canvas);
  view::draw_draft(canvas, picture, draft, rule + 1, std::min(draft_rows, model.rows - hints - rule - 1));
  view::draw_middle(canvas, rule, picture);
  if (hints != 0) view::draw_hints(canvas, model.rows - 1);
  return picture;
}

}  // namespace comm
