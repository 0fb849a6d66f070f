// The conversation: a title, a banner if keys conflict, messages with their states, dividers of days and of what is new.
#include <algorithm>

#include "client_tui/view/parts.h"

namespace comm::view {
namespace {

constexpr int kRoomyColumns = 48;      // from here on everything has its column
constexpr int kMaxNickColumns = 16;
constexpr int kMarkColumns = 10;       // "check (late)", with two spaces before it
constexpr int kNarrowMarkColumns = 4;

struct Measure {
  bool roomy = true;
  int nick = 5, text_column = 14, text_columns = 40;
};

std::string own_nick(const Model& model) { return model.own_name.empty() ? "me" : model.own_name; }

Measure measure(const Canvas& canvas, const Area& area) {
  Measure out;
  out.roomy = area.columns() >= kRoomyColumns;
  const int most = out.roomy ? kMaxNickColumns : std::max(3, area.columns() / 4);
  SafeOptions single = canvas.safe;
  single.single_line = true;
  const auto width = [&](const std::string& name) { return std::min(most, columns_of(safe_clusters(name, single))); };
  out.nick = std::max(width(own_nick(canvas.model)), width(peer_name(canvas.model, canvas.model.talk.peer)));
  out.text_column = 5 + (out.roomy ? 2 : 1) + out.nick + (out.roomy ? 2 : 1);
  out.text_columns = std::max(1, area.columns() - out.text_column - (out.roomy ? kMarkColumns : kNarrowMarkColumns));
  return out;
}

Line divider(const Area& area, const std::string& words, Style style) {
  std::string text = "---- " + words + " ";
  text.resize(static_cast<std::size_t>(std::max<int>(static_cast<int>(text.size()), area.columns())), '-');
  Line out;
  out.text = ascii_clusters(text);
  out.text_style = style;
  return out;
}

std::vector<Line> entry_lines(const Canvas& canvas, const Measure& m, const Entry& entry) {
  const Model& model = canvas.model;
  const bool selected = model.talk.selected != 0 && entry.sequence == model.talk.selected;
  const std::string nick = safe_excerpt(entry.outgoing ? own_nick(model) : peer_name(model, model.talk.peer), m.nick,
                                        canvas.safe);
  Clusters lead = ascii_clusters(clock_text(entry.at, model.utc_offset_minutes) + (m.roomy ? "  " : " "));
  SafeOptions single = canvas.safe;
  single.single_line = true;
  for (Cluster& cluster : safe_clusters(nick, single)) lead.push_back(std::move(cluster));
  const std::string text =
      entry.unknown_content ? "(a message that only a newer version of this program can show)" : entry.text;
  std::vector<Line> lines;
  for (Clusters& row : wrap(safe_clusters(text, canvas.safe), m.text_columns)) {
    Line line;
    if (lines.empty()) {
      line.lead = lead;
      line.lead_style = selected ? Style::selected : entry.outgoing ? Style::own_nick : Style::nick;
    }
    line.text = std::move(row);
    line.text_style = selected ? Style::selected : entry.unknown_content ? Style::dim : Style::normal;
    line.text_column = m.text_column;
    lines.push_back(std::move(line));
  }
  if (!entry.outgoing) return lines;
  lines.back().mark = state_mark(entry.state, entry.relays, entry.late && m.roomy, canvas.safe.ascii);
  lines.back().mark_style = state_style(entry.state);
  for (Clusters& row : wrap(safe_clusters(state_advice(canvas.model, entry), single), m.text_columns)) {
    if (row.empty()) continue;
    Line line;
    line.text = std::move(row);
    line.text_style = Style::dim;
    line.text_column = m.text_column;
    lines.push_back(std::move(line));
  }
  return lines;
}

// The lines of entry `i` with the dividers above it.
std::vector<Line> block(const Canvas& canvas, const Area& area, const Measure& m, std::size_t i) {
  const Conversation& talk = canvas.model.talk;
  const Entry& entry = talk.entries[i];
  const int offset = canvas.model.utc_offset_minutes;
  std::vector<Line> out;
  if (i == 0 || local_day(talk.entries[i - 1].at, offset) != local_day(entry.at, offset))
    out.push_back(divider(area, day_text(entry.at, offset, canvas.model.now), Style::dim));
  const bool first_new = talk.new_count > 0 && entry.sequence > talk.read_sequence &&
                         (i == 0 || talk.entries[i - 1].sequence <= talk.read_sequence);
  if (first_new) out.push_back(divider(area, std::to_string(talk.new_count) + " new", Style::good));
  for (Line& line : entry_lines(canvas, m, entry)) out.push_back(std::move(line));
  return out;
}

// The rows to be shown, top to bottom; says in `viewed` what is out of sight.
std::vector<Line> visible(const Canvas& canvas, const Area& area, const Measure& m, Viewed& viewed) {
  const Conversation& talk = canvas.model.talk;
  const auto rows = static_cast<std::int64_t>(std::max(0, area.rows()));
  std::size_t end = talk.entries.size();
  std::int64_t below = 0;  // rows under the view
  std::int64_t skip = 0;   // of those, rows of entries before `end`
  if (talk.anchor) {
    while (end > 0 && talk.entries[end - 1].sequence != 0 && talk.entries[end - 1].sequence > *talk.anchor) --end;
    std::int64_t after = 0;
    const std::int64_t enough = std::max<std::int64_t>(0, -talk.scroll) + 1;
    std::size_t next = end;
    for (; next < talk.entries.size() && after < enough; ++next)
      after += static_cast<std::int64_t>(block(canvas, area, m, next).size());
    below = std::max<std::int64_t>(0, after + talk.scroll);
    if (next < talk.entries.size()) below = std::max<std::int64_t>(below, 1);
    if (talk.scroll < 0) {  // the view ends among the entries after the anchor
      end = next;
      skip = std::max<std::int64_t>(0, after + talk.scroll);
    } else {
      skip = talk.scroll;
    }
  }
  std::vector<std::vector<Line>> blocks;
  std::int64_t collected = 0;
  std::size_t i = end;
  while (i > 0 && collected < rows + std::min<std::int64_t>(skip, 1'000'000)) {
    blocks.push_back(block(canvas, area, m, --i));
    collected += static_cast<std::int64_t>(blocks.back().size());
  }
  std::vector<Line> all;
  for (auto it = blocks.rbegin(); it != blocks.rend(); ++it)
    for (Line& line : *it) all.push_back(std::move(line));
  const std::int64_t shown_end = std::max<std::int64_t>(std::min(rows, collected), collected - skip);
  const std::int64_t first = std::max<std::int64_t>(0, shown_end - rows);
  const std::int64_t missing = rows + skip - collected;
  viewed.below = below;
  viewed.above = talk.anchor && missing > 0 && i == 0 ? -std::min(missing, std::max<std::int64_t>(skip, 0)) : first + (i > 0 ? 1 : 0);
  all.resize(static_cast<std::size_t>(shown_end));
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first));
  return all;
}

void draw_title(const Canvas& canvas, const Area& area) {
  const Model& model = canvas.model;
  const Address& peer = model.talk.peer;
  const ContactInfo* contact = contact_of(model, peer);
  int column = canvas.text(area.top, area.left, safe_name(peer_name(model, peer), canvas.safe), Style::nick, area.right);
  std::string rest;
  if (contact != nullptr && !contact->name.empty()) rest += "  " + tail_hex(peer.view(), canvas.wide ? 6 : 4, 4);
  if (contact != nullptr) {
    if (contact->verified != 0)
      rest += canvas.wide ? "  [verified " + date_text(contact->verified, model.utc_offset_minutes) + "]" : "  [verified]";
    if (is_request(*contact)) rest += "  [request]  /accept NAME  /decline  /block";
    if (contact->blocked) rest += "  [blocked]  /unblock";
    if (!canvas.wide && contact->last_ack != 0) {
      const std::string age = age_text(model.now - contact->last_ack);
      rest += "  last ack " + age + (age == "now" ? "" : " ago");
    }
  }
  canvas.own(area.top, column, rest, Style::dim, area.right);
}

int draw_banner(const Canvas& canvas, Area area) {
  const Model& model = canvas.model;
  if (!model.conflicts.contains(model.talk.peer)) return 0;
  const std::string name = safe_name(peer_name(model, model.talk.peer), canvas.safe);
  const std::string text = "!! Two different key records of the same number exist for " + name +
                           ": his secret may be in use elsewhere. Ask by another way; /verify ok ends this warning.";
  int used = 0;
  for (const Clusters& row : wrap(safe_clusters(text, canvas.safe), std::max(1, area.columns()))) {
    if (used >= area.rows() - 1) break;
    canvas.grid.put(area.top + used++, area.left, row, Style::bad, area.right);
  }
  return used;
}

}  // namespace

Style state_style(DeliveryState state) {
  switch (state) {
    case DeliveryState::delivered: return Style::good;
    case DeliveryState::expired:
    case DeliveryState::failed: return Style::bad;
    default: return Style::dim;
  }
}

void draw_talk(const Canvas& canvas, const Area& whole, Picture& picture) {
  Area area = whole;
  draw_title(canvas, area);
  ++area.top;
  area.top += draw_banner(canvas, area);
  if (canvas.model.info_open && !canvas.wide) {
    draw_lines(canvas, area, text_lines(canvas, info_texts(canvas, true), area.columns()), 0);
    return;
  }
  const Measure m = measure(canvas, area);
  draw_lines(canvas, area, visible(canvas, area, m, picture.viewed), 0);
}

}  // namespace comm::view
