#include "client_tui/view/view.h"

#include <chrono>

namespace comm {
namespace {

constexpr int kMinRows = 4, kMinColumns = 20;
constexpr int kWideColumns = 48;      // from here on nicknames have a column of their own
constexpr int kMaxNickColumns = 16;
constexpr int kMarkColumns = 4;       // room for the state at the right, with a space before it

struct Line {
  Clusters lead;   // time and nickname, or blanks
  Style lead_style = Style::normal;
  Clusters text;
  Style text_style = Style::normal;
  std::string mark;
  Style mark_style = Style::normal;
  int text_column = 0;
};

Clusters ascii_clusters(std::string_view text) {
  Clusters out;
  for (const char c : text) out.push_back({std::string(1, c), 1});
  return out;
}

struct Layout {
  const Model& model;
  SafeOptions safe;
  int nick_columns = 10;
  bool wide = true;
};

// "bob", "> bob" for what goes to bob, "? 77ab..10fe" for what a stranger wrote.
Clusters nick_of(const Layout& layout, const Entry& entry) {
  const char* lead = entry.outgoing ? "> " : entry.request ? "? " : "  ";
  std::string name = safe_excerpt(peer_name(layout.model, entry.peer), layout.nick_columns, layout.safe);
  SafeOptions single = layout.safe;
  single.single_line = true;
  return safe_clusters((layout.wide || lead[0] != ' ' ? lead : "") + name, single);
}

Style mark_style(const Entry& entry) {
  switch (entry.state) {
    case DeliveryState::delivered: return Style::good;
    case DeliveryState::expired:
    case DeliveryState::failed: return Style::bad;
    default: return Style::dim;
  }
}

// The rows of one entry at the present width, top to bottom.
std::vector<Line> entry_lines(const Layout& layout, const Entry& entry) {
  const int columns = layout.model.columns;
  std::string text = entry.text;
  if (entry.late) text += " (late)";
  const std::string time = clock_text(entry.at, layout.model.utc_offset_minutes);
  Clusters lead = ascii_clusters(time + (layout.wide ? "  " : " "));
  Style lead_style = Style::dim;
  int text_column;
  if (entry.notice) {
    const Clusters bar = ascii_clusters("-- ");
    lead.insert(lead.end(), bar.begin(), bar.end());
    text_column = columns_of(lead);
  } else {
    const Clusters nick = nick_of(layout, entry);
    lead.insert(lead.end(), nick.begin(), nick.end());
    lead_style = entry.outgoing ? Style::own_nick : Style::nick;
    text_column = columns_of(lead) + 1;
    if (layout.wide) text_column = 7 + 2 + layout.nick_columns + 2;
  }
  const int room = std::max(1, columns - text_column - (entry.notice ? 0 : kMarkColumns));
  std::vector<Line> lines;
  for (Clusters& row : wrap(safe_clusters(text, layout.safe), room)) {
    Line line;
    if (lines.empty()) {
      line.lead = lead;
      line.lead_style = lead_style;
    }
    line.text = std::move(row);
    line.text_style = entry.notice ? Style::dim : Style::normal;
    line.text_column = text_column;
    lines.push_back(std::move(line));
  }
  if (entry.outgoing) {
    lines.back().mark = state_mark(entry, layout.safe.ascii);
    lines.back().mark_style = mark_style(entry);
  }
  return lines;
}

Line day_line(const Layout& layout, Millis at) {
  Line line;
  std::string text = "---- " + day_text(at, layout.model.utc_offset_minutes) + " ";
  text.resize(static_cast<std::size_t>(std::max<int>(static_cast<int>(text.size()), layout.model.columns)), '-');
  line.text = ascii_clusters(text);
  line.text_style = Style::dim;
  return line;
}

Millis local_day(const Model& model, Millis at) {
  return (at + model.utc_offset_minutes * kMinute) / kDay;
}

// Conversation rows from the newest backwards, until `wanted` rows or the beginning; result is top to bottom.
std::vector<Line> last_lines(const Layout& layout, std::size_t wanted, bool& complete) {
  std::vector<std::vector<Line>> blocks;
  std::size_t rows = 0;
  complete = false;
  auto it = layout.model.entries.rbegin();
  const auto end = layout.model.entries.rend();
  while (it != end && layout.model.frozen_end && it->number >= *layout.model.frozen_end) ++it;
  for (; it != end && rows < wanted; ++it) {
    std::vector<Line> lines = entry_lines(layout, *it);
    const auto older = std::next(it);
    if (older == end || local_day(layout.model, older->at) != local_day(layout.model, it->at))
      lines.insert(lines.begin(), day_line(layout, it->at));
    rows += lines.size();
    blocks.push_back(std::move(lines));
  }
  complete = it == end;
  std::vector<Line> out;
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block)
    for (Line& line : *block) out.push_back(std::move(line));
  return out;
}

void draw_line(Grid& grid, int row, const Line& line) {
  grid.put(row, 0, line.lead, line.lead_style);
  const int end = line.mark.empty() ? grid.columns() : grid.columns() - kMarkColumns;
  grid.put(row, line.text_column, line.text, line.text_style, std::max(end, 1));
  if (line.mark.empty()) return;
  const Clusters mark = safe_clusters(line.mark, {});
  grid.put(row, std::max(0, grid.columns() - columns_of(mark)), mark, line.mark_style);
}

std::string plural(std::uint64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void draw_header(Grid& grid, const Model& model) {
  grid.fill(0, ' ', Style::bar);
  std::string text = " comm  " + short_hex(model.own.view()) + " | " + plural(model.peers, "peer") + "  " +
                     plural(model.relays, "relay") + " | outbox " + std::to_string(model.outbox);
  const std::string time = clock_text(model.now, model.utc_offset_minutes);
  const int time_column = grid.columns() - static_cast<int>(time.size()) - 1;
  const bool with_time = grid.columns() >= kWideColumns;
  grid.put(0, 0, text, Style::bar, with_time ? time_column - 1 : grid.columns());
  if (with_time) grid.put(0, time_column, time, Style::bar);
}

// --- the draft ---

// Cells of the draft broken hard at the edge: the same prefix always lies in the same rows, so the cursor does too.
struct DraftLayout {
  std::vector<Clusters> rows{1};
  int column = 0;
};

void flow(DraftLayout& out, const Clusters& text, int indent, int columns) {
  for (const Cluster& cluster : text) {
    if (cluster.newline() || out.column + cluster.columns > columns) {
      out.rows.emplace_back(indent > 0 ? ascii_clusters(std::string(static_cast<std::size_t>(indent), ' ')) : Clusters{});
      out.column = indent;
    }
    if (cluster.newline() || out.column + cluster.columns > columns) continue;
    out.rows.back().push_back(cluster);
    out.column += cluster.columns;
  }
}

std::string prompt_of(const Model& model, const SafeOptions& safe) {
  const auto to = addressee(model);
  if (!to) return "[nobody]> ";
  return "[" + safe_name(peer_name(model, *to), safe) + "]> ";
}

struct DraftPicture {
  std::vector<Clusters> rows;
  int cursor_row = 0, cursor_column = 0;
};

DraftPicture layout_draft(const Model& model, const SafeOptions& safe) {
  SafeOptions single = safe;
  single.single_line = true;
  const Clusters prompt = safe_clusters(prompt_of(model, safe), single);
  const int columns = std::max(1, model.columns - 1);  // the cursor needs a cell after the last character
  int indent = columns_of(prompt);
  if (indent > columns / 2) indent = 0;
  DraftPicture out;
  DraftLayout upto, whole;
  flow(upto, prompt, indent, columns);
  whole = upto;
  flow(upto, safe_clusters(std::string_view(model.draft).substr(0, model.cursor), safe), indent, columns);
  flow(whole, safe_clusters(model.draft, safe), indent, columns);
  out.cursor_row = static_cast<int>(upto.rows.size()) - 1;
  out.cursor_column = upto.column;
  out.rows = std::move(whole.rows);
  return out;
}

// Draws the draft in rows [top, top + height) and sets the cursor.
void draw_draft(Picture& picture, const DraftPicture& draft, int top, int height) {
  const int first = std::max(0, draft.cursor_row - height + 1);
  for (int i = 0; i < height && first + i < static_cast<int>(draft.rows.size()); ++i)
    picture.grid.put(top + i, 0, draft.rows[static_cast<std::size_t>(first + i)], Style::normal);
  picture.cursor_row = top + draft.cursor_row - first;
  picture.cursor_column = std::min(draft.cursor_column, picture.grid.columns() - 1);
}

void draw_tiny(Picture& picture) {
  const Grid& grid = picture.grid;
  const std::string text = "window too small, draft kept";
  for (int row = 0; row < grid.rows(); ++row) {
    const auto from = static_cast<std::size_t>(row) * static_cast<std::size_t>(grid.columns());
    if (from >= text.size()) break;
    picture.grid.put(row, 0, std::string_view(text).substr(from), Style::normal);
  }
}

}  // namespace

std::string state_mark(const Entry& entry, bool ascii) {
  switch (entry.state) {
    case DeliveryState::needs_key: return "?";
    case DeliveryState::sealed: return ".";
    case DeliveryState::queued: return "~";
    case DeliveryState::relayed: return "^" + std::to_string(std::min<std::uint32_t>(entry.relays, 99));
    case DeliveryState::delivered: return ascii ? "+" : "\xe2\x9c\x93";
    case DeliveryState::expired: return ascii ? "x" : "\xe2\x9c\x97";
    case DeliveryState::failed: return "!";
  }
  return " ";
}

std::string state_words(DeliveryState state, std::uint32_t relays, bool late) {
  switch (state) {
    case DeliveryState::needs_key: return "needs key";
    case DeliveryState::relayed: return "relayed " + std::to_string(relays);
    case DeliveryState::delivered: return late ? "delivered late" : "delivered";
    default: return to_string(state);
  }
}

std::string clock_text(Millis wall, int utc_offset_minutes) {
  const Millis minutes = (wall + utc_offset_minutes * kMinute) / kMinute;
  const auto two = [](Millis n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
  return two(minutes / 60 % 24) + ":" + two(minutes % 60);
}

std::string day_text(Millis wall, int utc_offset_minutes) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_days days{std::chrono::days{(wall + utc_offset_minutes * kMinute) / kDay}};
  const std::chrono::year_month_day date{days};
  return std::string(kDays[std::chrono::weekday{days}.c_encoding()]) + " " +
         std::to_string(static_cast<unsigned>(date.day())) + " " +
         kMonths[static_cast<unsigned>(date.month()) - 1] + " " + std::to_string(static_cast<int>(date.year()));
}

Picture draw(const Model& model, const ViewOptions& options) {
  Picture picture{Grid(std::max(1, model.rows), std::max(1, model.columns))};
  if (model.rows < kMinRows || model.columns < kMinColumns) {
    draw_tiny(picture);
    return picture;
  }
  Layout layout{model, {.ascii = options.ascii}};
  layout.wide = model.columns >= kWideColumns;
  for (const auto& [address, contact] : model.contacts)
    layout.nick_columns = std::max(layout.nick_columns,
                                   std::min(kMaxNickColumns, static_cast<int>(contact.name.size())));

  const DraftPicture draft = layout_draft(model, layout.safe);
  const int hints = model.rows >= 10 ? 1 : 0;
  const int draft_rows = std::clamp(static_cast<int>(draft.rows.size()), 1, std::max(1, model.rows / 3));
  const int talk_rows = model.rows - 2 - hints - draft_rows;

  draw_header(picture.grid, model);
  bool complete = false;
  const std::size_t shown = static_cast<std::size_t>(std::max(0, talk_rows));
  const std::vector<Line> lines = last_lines(layout, shown + std::min<std::size_t>(model.scroll, 1'000'000), complete);
  const std::size_t above = lines.size() > shown ? lines.size() - shown : 0;
  const std::size_t scroll = std::min(model.scroll, above);
  picture.max_scroll = complete ? above : std::max(model.scroll, above);
  const std::size_t first = above - scroll;
  for (std::size_t i = 0; i < shown && first + i < lines.size(); ++i)
    draw_line(picture.grid, 1 + static_cast<int>(i), lines[first + i]);

  const int rule = 1 + talk_rows;
  picture.grid.fill(rule, '-', Style::dim);
  if (model.frozen_end && *model.frozen_end < model.next_number)
    picture.grid.put(rule, 2, " " + std::to_string(model.next_number - *model.frozen_end) + " new below ",
                     Style::bar);
  draw_draft(picture, draft, rule + 1, draft_rows);
  if (hints != 0) {
    picture.grid.put(model.rows - 1, 0, " Enter send  M-Enter newline  PgUp PgDn scroll  /help  C-c twice leaves",
                     Style::dim);
  }
  return picture;
}

}  // namespace comm
