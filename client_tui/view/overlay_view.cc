// What lies over the conversation: texts, lists to choose from, an address with its words and QR code.
#include <algorithm>

#include "client_tui/view/parts.h"
#include "client_tui/view/qr.h"
#include "proto/seal/words.h"

namespace comm::view {
namespace {

constexpr int kQrColumns = 33;
constexpr int kBesideQr = 36;  // columns that the text beside the code needs
constexpr int kWordsPerRow = 3;

std::vector<std::string> grouped(const std::string& hex) {
  std::vector<std::string> out;
  std::string row;
  for (std::size_t i = 0; i < hex.size(); i += 4) {
    row += (row.empty() ? "" : " ") + hex.substr(i, 4);
    if (i % 20 == 16) out.push_back(std::exchange(row, {}));
  }
  if (!row.empty()) out.push_back(row);
  return out;
}

// The fifteen words, numbered, three in a row.
std::vector<std::string> word_rows(const Address& address) {
  const SecretBytes words = words_of(address.view());
  std::vector<std::string> out;
  std::string row;
  int number = 0;
  std::string_view rest = as_text(words.view());
  while (!rest.empty()) {
    std::string cell = std::to_string(++number) + " " + std::string(take_word(rest));
    if (number < 10) cell.insert(0, " ");
    cell.resize(std::max<std::size_t>(cell.size(), 12), ' ');
    row += cell;
    if (number % kWordsPerRow == 0) out.push_back(std::exchange(row, {}));
  }
  if (!row.empty()) out.push_back(row);
  return out;
}

std::vector<std::string> address_texts(const Canvas& canvas, const Address& address) {
  const Model& model = canvas.model;
  const bool own = address == model.own;
  std::vector<std::string> out;
  out.push_back(own ? "YOUR ADDRESS" : "ADDRESS OF " + peer_name(model, address));
  for (std::string& row : grouped(address_hex(address))) out.push_back(std::move(row));
  const std::string bech32m = address_bech32m(address);
  out.push_back(bech32m.substr(0, bech32m.size() / 2));
  out.push_back(bech32m.substr(bech32m.size() / 2));
  out.emplace_back();
  for (std::string& row : word_rows(address)) out.push_back(std::move(row));
  out.emplace_back();
  if (own) {
    out.insert(out.end(), {"Others compare these words: /verify", "with your name shows them the same.", "/copy me copies the address."});
  } else {
    out.insert(out.end(), {"Compare with what /me shows them,", "by telephone or in person.", "The same: /verify ok",
                           "Not the same: /verify mismatch"});
  }
  return out;
}

void draw_address(const Canvas& canvas, const Area& area) {
  const Address& address = *canvas.model.overlay->address;
  const QrStyle style = canvas.safe.ascii ? QrStyle::ascii : QrStyle::light_blocks;
  std::vector<std::string> code = qr_rows(address_uri(address), style);
  const int code_columns = canvas.safe.ascii ? 2 * kQrColumns : kQrColumns;
  std::vector<std::string> texts = address_texts(canvas, address);
  const bool fits = area.columns() >= code_columns && area.rows() >= static_cast<int>(code.size());
  const bool beside = fits && area.columns() >= code_columns + 2 + kBesideQr;
  if (!fits) {
    texts.emplace_back();
    texts.emplace_back(canvas.safe.ascii ? "(The QR code needs a UTF-8 terminal, or a larger window.)"
                                         : "(The QR code needs a larger window.)");
    draw_lines(canvas, area, text_lines(canvas, texts, area.columns()), canvas.model.overlay->scroll);
    return;
  }
  for (std::size_t i = 0; i < code.size(); ++i)
    canvas.grid.put(area.top + static_cast<int>(i), area.left, safe_clusters(code[i], {}), Style::qr, area.right);
  Area text = area;
  if (beside) text.left += code_columns + 2;
  else text.top += static_cast<int>(code.size());
  auto lines = text_lines(canvas, texts, text.columns());
  lines.front().text_style = Style::nick;
  draw_lines(canvas, text, lines, 0);
}

std::string choice_text(const Canvas& canvas, const Choice& choice) {
  if (choice.sequence == 0) return choice.label;
  const Model& model = canvas.model;
  const int offset = model.utc_offset_minutes;
  SafeOptions single = canvas.safe;
  return day_text(choice.at, offset, model.now) + " " + clock_text(choice.at, offset) + "  " +
         (choice.outgoing ? "to " : "") + safe_excerpt(peer_name(model, choice.window.peer), 16, single) + "  " +
         safe_excerpt(choice.label, std::max(8, canvas.grid.columns() - 24), single);
}

void draw_choices(const Canvas& canvas, const Area& area) {
  const Overlay& overlay = *canvas.model.overlay;
  const auto height = static_cast<std::size_t>(std::max(1, area.rows()));
  const std::size_t first = overlay.selected < height ? 0 : overlay.selected - height + 1;
  for (std::size_t i = first; i < overlay.choices.size() && i - first < height; ++i) {
    const bool here = i == overlay.selected;
    const int row = area.top + static_cast<int>(i - first);
    canvas.text(row, area.left, (here ? "> " : "  ") + choice_text(canvas, overlay.choices[i]),
                here ? Style::selected : Style::normal, area.right);
  }
}

void draw_input(const Canvas& canvas, int row, const Area& area, Picture& picture) {
  const Overlay& overlay = *canvas.model.overlay;
  int column = canvas.own(row, area.left, overlay.title + ": ", Style::nick, area.right);
  const std::string& text = overlay.input.text();
  const int cursor = canvas.text(row, column, text.substr(0, overlay.input.cursor()), Style::normal, area.right);
  column = canvas.text(row, column, text, Style::normal, area.right);
  if (overlay.kind == OverlayKind::search && !overlay.typing) {
    const std::string count = "   " + std::to_string(overlay.choices.size()) + " found" +
                              (overlay.searching ? ", searching" : overlay.choices.size() >= kMaxFound ? " or more" : "");
    canvas.own(row, column, count, Style::dim, area.right);
  }
  picture.cursor_row = row;
  picture.cursor_column = std::min(cursor, area.right - 1);
}

}  // namespace

void draw_overlay(const Canvas& canvas, const Area& whole, Picture& picture) {
  const Overlay& overlay = *canvas.model.overlay;
  Area area = whole;
  if (overlay.kind == OverlayKind::address) return draw_address(canvas, area);
  if (overlay.kind == OverlayKind::switcher || overlay.kind == OverlayKind::search)
    draw_input(canvas, area.top++, area, picture);
  else
    canvas.text(area.top++, area.left, overlay.title, Style::nick, area.right);
  if (!overlay.choices.empty()) return draw_choices(canvas, area);
  const auto lines = text_lines(canvas, overlay.lines, area.columns());
  const auto height = static_cast<std::size_t>(std::max(1, area.rows()));
  const std::size_t last = lines.size() > height ? lines.size() - height : 0;
  draw_lines(canvas, area, lines, std::min(overlay.scroll, last));
}

}  // namespace comm::view
