// The contacts at the left, the details at the right, and the pages that are no conversation.
#include <algorithm>

#include "client_tui/view/parts.h"

namespace comm::view {
namespace {

constexpr int kLabelColumns = 7;            // of the details: "state  "
constexpr std::size_t kRequestsListed = 3;  // more than these become one line

struct Row {
  std::string text;          // a heading or a whole line
  const ContactInfo* contact = nullptr;
  bool request = false;
  std::optional<WindowRef> window;
};

std::vector<Row> sidebar_rows(const Canvas& canvas) {
  const Model& model = canvas.model;
  std::vector<Row> out;
  out.push_back({canvas.wide ? "CONTACTS        last ack" : "CONTACTS", nullptr, false, std::nullopt});
  for (const Address& address : contact_order(model))
    out.push_back({{}, contact_of(model, address), false, WindowRef{Page::talk, address}});
  // A conversation just begun with somebody who is in no list yet.
  if (model.window.page == Page::talk && contact_of(model, model.window.peer) == nullptr)
    out.push_back({"> " + short_hex(model.window.peer.view()), nullptr, false, model.window});
  const auto requests = request_order(model);
  if (!requests.empty()) {
    out.push_back({});
    out.push_back({"REQUESTS", nullptr, false, std::nullopt});
    if (requests.size() > kRequestsListed)
      out.push_back({"  " + std::to_string(requests.size()) + "  /requests", nullptr, false, std::nullopt});
    else
      for (const Address& address : requests)
        out.push_back({{}, contact_of(model, address), true, WindowRef{Page::talk, address}});
  }
  if (!canvas.wide) return out;
  out.push_back({});
  out.push_back({"NOTES", nullptr, false, std::nullopt});
  out.push_back({"  home", nullptr, false, WindowRef{Page::home, {}}});
  out.push_back({"  log", nullptr, false, WindowRef{Page::log, {}}});
  return out;
}

std::string badge_of(const Canvas& canvas, const ContactInfo& contact) {
  std::string out = contact.troubles > 0 ? "!" : "";
  if (contact.unread > 0) return out + "(" + (contact.unread > 99 ? "99+" : std::to_string(contact.unread)) + ")";
  const bool here = canvas.model.window == WindowRef{Page::talk, contact.address};
  if (!here && has_draft(canvas.model, contact.address)) out += canvas.wide ? "+draft" : "+d";
  return out;
}

void draw_contact(const Canvas& canvas, int at, const Area& area, const Row& row) {
  const Model& model = canvas.model;
  const ContactInfo& contact = *row.contact;
  const bool here = model.window == WindowRef{Page::talk, contact.address};
  if (here) canvas.own(at, area.left, ">", Style::prompt, area.right);
  // Columns from the right edge: mark, two spaces, the age in three.
  const int mark = area.right - (canvas.wide ? 10 : 7);
  const int field = mark - 1 - (area.left + 2);
  const std::string badge = row.request ? "" : badge_of(canvas, contact);
  const int room = std::max(1, field - (badge.empty() ? 0 : static_cast<int>(badge.size()) + 1));
  const Style style = here ? Style::prompt : contact.unread > 0 && !row.request && !contact.muted ? Style::nick : Style::normal;
  const std::string name = safe_excerpt(peer_name(model, contact.address), room, canvas.safe);
  const int behind = canvas.text(at, area.left + 2, name, style, mark);
  if (!badge.empty()) {
    const int most = mark - 1 - static_cast<int>(badge.size());
    canvas.own(at, canvas.wide ? most : std::min(behind + 2, most), badge, contact.troubles > 0 ? Style::bad : style, mark);
  }
  const Millis since = row.request ? contact.last_at : contact.last_ack;
  const Millis age = model.now - since;
  const char* presence = row.request ? "?" : since == 0 ? "-" : age < kPresent ? "*" : "o";
  canvas.own(at, mark, presence, since != 0 && age < kPresent ? Style::good : Style::dim, area.right);
  if (row.request && !canvas.wide) return;
  std::string text = since == 0 ? (canvas.wide ? "never" : "") : age_text(age);
  if (canvas.wide && text.size() < 3) text.insert(0, 3 - text.size(), ' ');
  canvas.own(at, mark + 3, text, Style::dim, area.right);
}

}  // namespace

void draw_sidebar(const Canvas& canvas, const Area& area) {
  const std::vector<Row> rows = sidebar_rows(canvas);
  // The open window stays in sight.
  std::size_t current = 0;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].window && *rows[i].window == canvas.model.window) current = i;
  const auto height = static_cast<std::size_t>(std::max(1, area.rows()));
  const std::size_t first = current < height ? 0 : current - height + 1;
  for (std::size_t i = first; i < rows.size() && i - first < height; ++i) {
    const int at = area.top + static_cast<int>(i - first);
    const Row& row = rows[i];
    if (row.contact != nullptr) {
      draw_contact(canvas, at, area, row);
    } else {
      const bool here = row.window && *row.window == canvas.model.window;
      canvas.own(at, area.left, row.text, row.window ? (here ? Style::prompt : Style::normal) : Style::dim, area.right);
      if (here) canvas.own(at, area.left, ">", Style::prompt, area.right);
    }
  }
}

// --- details ---

namespace {

void message_texts(const Canvas& canvas, const Entry& entry, bool whole, std::vector<std::string>& out) {
  const Model& model = canvas.model;
  const int offset = model.utc_offset_minutes;
  const std::string name = peer_name(model, model.talk.peer), digits = short_hex(model.talk.peer.view());
  const std::string peer = name == digits ? digits : name + " " + digits;
  out.push_back("MESSAGE " + clock_text(entry.at, offset) + "  id " + tail_hex(entry.uid.view(), 4, 2));
  out.push_back((entry.outgoing ? "to     " : "from   ") + peer);
  if (!entry.outgoing) {
    out.push_back("came   " + day_text(entry.at, offset, model.now) + " " + seconds_text(entry.at, offset));
    return;
  }
  std::string sentence = state_sentence(model, entry);
  const bool fits = whole || static_cast<int>(sentence.size()) + 7 <= kInfoColumns;
  if (!fits) sentence = sentence.substr(0, sentence.find(", "));
  out.push_back("state  " + sentence);
  if (model.info_sequence != entry.sequence) return;
  const MessageDetail& detail = model.info;
  if (detail.sealed_at != 0)
    out.push_back("sealed " + seconds_text(detail.sealed_at, offset) + "  " + size_text(detail.sealed_bytes));
  for (std::size_t i = 0; i < detail.holders.size(); ++i)
    out.push_back((i == 0 ? "relays " : "       ") + to_hex(detail.holders[i].node.view()).substr(0, 4) + ".. " +
                  seconds_text(detail.holders[i].since, offset));
  const bool final = entry.state >= DeliveryState::delivered;
  if (entry.state == DeliveryState::delivered && detail.acked_at != 0)
    out.push_back("ack    " + seconds_text(detail.acked_at, offset));
  else if (!final)
    out.push_back("ack    none yet");
  if (detail.expires != 0)
    out.push_back("expires " + day_text(detail.expires, offset, model.now) + " " + clock_text(detail.expires, offset));
  if (!final && model.next_try > 0)
    out.push_back(model.next_try > model.now
                      ? "next try in " + age_text(std::max(model.next_try - model.now, kMinute)) + " (backoff)"
                      : std::string("next try now"));
}

void contact_texts(const Canvas& canvas, bool whole, std::vector<std::string>& out) {
  const Model& model = canvas.model;
  const Address& peer = model.talk.peer;
  const ContactInfo* contact = contact_of(model, peer);
  const std::string name = peer_name(model, peer);
  const std::string bech32m = address_bech32m(peer);
  out.push_back("CONTACT " + name);
  out.push_back("addr   " + (whole ? bech32m : bech32m.substr(0, 8) + ".." + bech32m.substr(bech32m.size() - 4)));
  if (whole) out.push_back("       " + address_hex(peer));
  out.push_back("verify /verify " + name);
  if (contact != nullptr) {
    if (contact->added != 0) out.push_back("since  " + date_text(contact->added, model.utc_offset_minutes));
    out.push_back(std::string("mute   ") + (contact->muted ? "on" : "off"));
    if (contact->troubles > 0) out.push_back("failed " + std::to_string(contact->troubles) + ": /retry or /forget");
  }
  if (model.conflicts.contains(peer)) {
    out.emplace_back("keys   two records of one");
    out.emplace_back("       number: his secret may");
    out.emplace_back("       be in use elsewhere");
  }
}

}  // namespace

std::vector<std::string> info_texts(const Canvas& canvas, bool whole) {
  std::vector<std::string> out;
  if (const Entry* entry = selected_entry(canvas.model)) {
    message_texts(canvas, *entry, whole, out);
    out.emplace_back();
  }
  contact_texts(canvas, whole, out);
  return out;
}

void draw_info(const Canvas& canvas, const Area& area) {
  int row = area.top;
  for (const std::string& text : info_texts(canvas, false)) {
    if (row >= area.bottom) break;
    const bool heading = text.starts_with("MESSAGE") || text.starts_with("CONTACT");
    SafeOptions single = canvas.safe;
    single.single_line = true;
    bool first = true;
    // "state  received by ...": what does not fit goes on below itself.
    const Clusters whole = safe_clusters(text, single);
    const int room = columns_of(whole) <= area.columns() ? area.columns() : area.columns() - kLabelColumns;
    for (const Clusters& line : wrap(whole, room)) {
      if (row >= area.bottom) break;
      canvas.grid.put(row++, area.left + (first ? 0 : kLabelColumns), line, heading ? Style::nick : Style::normal, area.right);
      first = false;
    }
  }
}

void draw_page(const Canvas& canvas, const Area& area) {
  const Model& model = canvas.model;
  std::vector<std::string> texts;
  if (model.window.page == Page::home) {
    texts = {"HOME", "You are " + address_bech32m(model.own), "     or " + address_hex(model.own), "",
             "1. /me                shows your address, to give away",
             "2. ADDRESS text       writes to an address you were given",
             "3. /add ADDRESS NAME  names it: it is in your list then", "",
             "/help lists commands and keys. /quit leaves; all is kept.", ""};
  } else {
    texts = {"LOG of this run"};
  }
  auto lines = text_lines(canvas, texts, area.columns());
  if (!lines.empty()) lines.front().text_style = Style::nick;
  const std::size_t kept = model.window.page == Page::home ? lines.size() : 1;
  std::vector<std::string> said;
  for (const NoticeLine& notice : model.notices)
    said.push_back(clock_text(notice.at, model.utc_offset_minutes) + "  " + notice.text);
  auto log = text_lines(canvas, said, area.columns());
  const auto room = static_cast<std::size_t>(std::max(0, area.rows() - static_cast<int>(kept)));
  for (std::size_t i = log.size() > room ? log.size() - room : 0; i < log.size(); ++i) lines.push_back(std::move(log[i]));
  draw_lines(canvas, area, lines, 0);
}

}  // namespace comm::view
