// What lies over the conversation: texts, addresses, the switcher, the search.
#include <algorithm>

#include "client_tui/model/graphemes.h"
#include "client_tui/model/parts.h"

namespace comm::model {
namespace {

constexpr std::size_t kShortestQuery = 2;

void filter_switcher(Model& model) {
  Overlay& overlay = *model.overlay;
  const std::string wanted = fold_case(overlay.input.text());
  overlay.choices.clear();
  overlay.selected = 0;
  const auto offer = [&](std::string label, const WindowRef& window) {
    if (fold_case(label).find(wanted) != std::string::npos) overlay.choices.push_back({std::move(label), window, 0, 0, false});
  };
  for (const Address& address : contact_order(model))
    offer(peer_name(model, address) + "  " + short_hex(address.view()), {Page::talk, address});
  for (const Address& address : request_order(model))
    offer(short_hex(address.view()) + "  (request)", {Page::talk, address});
  offer("home", {});
  offer("log", {Page::log, {}});
}

void start_search(Model& model, Actions& out) {
  Overlay& overlay = *model.overlay;
  const std::string query = fold_case(trim(overlay.input.text()));
  overlay.choices.clear();
  overlay.selected = overlay.scroll = 0;
  overlay.lines.clear();
  if (query.size() < kShortestQuery) {
    overlay.lines = {"Type at least two letters."};
    return;
  }
  overlay.typing = false;
  overlay.searching = true;
  out.emplace_back(DoSearch{query, 0});
}

void choose(Model& model, Actions& out) {
  const Overlay& overlay = *model.overlay;
  if (overlay.selected >= overlay.choices.size()) return;
  const Choice choice = overlay.choices[overlay.selected];
  open_window(model, choice.window, out, choice.sequence);
}

void move(Overlay& overlay, std::int64_t by) {
  const auto last = static_cast<std::int64_t>(overlay.choices.size()) - 1;
  if (!overlay.choices.empty()) {
    overlay.selected =
        static_cast<std::size_t>(std::clamp<std::int64_t>(static_cast<std::int64_t>(overlay.selected) + by, 0, last));
  } else {
    const auto lines = static_cast<std::int64_t>(overlay.lines.size());
    overlay.scroll =
        static_cast<std::size_t>(std::clamp<std::int64_t>(static_cast<std::int64_t>(overlay.scroll) + by, 0, lines));
  }
}

void edit_input(Model& model, const KeyPressed& press, std::optional<KeyBinding> binding) {
  Overlay& overlay = *model.overlay;
  const std::string before = overlay.input.text();
  if (!binding) {
    if (!press.text.empty()) overlay.input.insert(press.text);
  } else {
    switch (binding->action) {
      case KeyAction::backspace: overlay.input.backspace(); break;
      case KeyAction::erase: overlay.input.erase(); break;
      case KeyAction::left: overlay.input.left(); break;
      case KeyAction::right: overlay.input.right(); break;
      case KeyAction::line_start: overlay.input.line_start(); break;
      case KeyAction::line_end: overlay.input.line_end(); break;
      case KeyAction::cut_word: overlay.input.cut_word(); break;
      case KeyAction::cut_to_line_start: overlay.input.cut_to_line_start(); break;
      case KeyAction::put_back: overlay.input.put_back(); break;
      default: break;
    }
  }
  if (overlay.kind == OverlayKind::switcher && overlay.input.text() != before) filter_switcher(model);
}

}  // namespace

void open_text(Model& model, std::string title, std::vector<std::string> lines) {
  Overlay overlay;
  overlay.title = std::move(title);
  overlay.lines = std::move(lines);
  model.overlay = std::move(overlay);
}

void open_help(Model& model, const CommandSpec* command) {
  if (command != nullptr) return open_text(model, std::string("HELP ") + command->name, help_of(*command));
  std::vector<std::string> lines = help_overview();
  lines.emplace_back();
  for (std::string& key : model.keymap.describe()) lines.push_back(std::move(key));
  lines.insert(lines.end(), {"", "? looking for the key   . sealed   ~ kept here, no relay yet   ^n on n relays",
                             "then delivered, expired or ! failed. States never go backwards.",
                             "* acknowledged within 5 minutes, o longer ago, - never: a guess, not a promise."});
  open_text(model, "HELP  (PgUp PgDn scroll, Esc closes; /help COMMAND tells more)", std::move(lines));
}

void open_address(Model& model, const Address& address) {
  Overlay overlay;
  overlay.kind = OverlayKind::address;
  overlay.address = address;
  model.overlay = std::move(overlay);
}

void open_switcher(Model& model) {
  Overlay overlay;
  overlay.kind = OverlayKind::switcher;
  overlay.title = "SWITCH TO";
  overlay.typing = true;
  model.overlay = std::move(overlay);
  filter_switcher(model);
}

void open_search(Model& model, std::string text, Actions& out) {
  Overlay overlay;
  overlay.kind = OverlayKind::search;
  overlay.title = "SEARCH";
  overlay.typing = true;
  overlay.input.set(std::move(text));
  model.overlay = std::move(overlay);
  if (!model.overlay->input.empty()) start_search(model, out);
}

void found(Model& model, const Found& found, Actions& out) {
  if (!model.overlay || model.overlay->kind != OverlayKind::search || !model.overlay->searching) return;
  Overlay& overlay = *model.overlay;
  if (fold_case(trim(overlay.input.text())) != found.query) return;  // of an earlier question
  for (const HistoryItem& item : found.items) {
    if (overlay.choices.size() >= kMaxFound) break;
    overlay.choices.push_back({item.text, {Page::talk, item.peer}, item.sequence, item.at, item.outgoing});
  }
  overlay.searching = found.before != 0 && overlay.choices.size() < kMaxFound;
  if (overlay.searching) out.emplace_back(DoSearch{found.query, found.before});
}

bool overlay_key(Model& model, const KeyPressed& press, std::optional<KeyBinding> binding, Actions& out) {
  if (!model.overlay) return false;
  Overlay& overlay = *model.overlay;
  const std::int64_t half = std::max(1, model.rows / 2);
  const bool typing = overlay.typing;
  if (binding) {
    switch (binding->action) {
      case KeyAction::close:
      case KeyAction::clear:
        if (overlay.kind == OverlayKind::search) overlay.searching = false;
        model.overlay.reset();
        mark_read(model, out);
        return true;
      case KeyAction::scroll_up: move(overlay, -half); return true;
      case KeyAction::scroll_down: move(overlay, half); return true;
      case KeyAction::up:
      case KeyAction::history_previous:
      case KeyAction::select_older: move(overlay, -1); return true;
      case KeyAction::down:
      case KeyAction::history_next:
      case KeyAction::select_newer: move(overlay, 1); return true;
      case KeyAction::search:
        if (overlay.kind == OverlayKind::search) overlay.typing = true;
        else open_search(model, {}, out);
        return true;
      case KeyAction::send:
        if (overlay.kind == OverlayKind::address && !model.editor.empty()) return false;
        if (overlay.kind == OverlayKind::search && typing) start_search(model, out);
        else if (!overlay.choices.empty()) choose(model, out);
        else if (overlay.kind == OverlayKind::text || overlay.kind == OverlayKind::address) model.overlay.reset();
        return true;
      case KeyAction::redraw: return false;
      default: break;
    }
  }
  if (typing) {
    edit_input(model, press, binding);
    return true;
  }
  if (overlay.kind == OverlayKind::search && (press.text == "n" || press.text == "N")) {
    move(overlay, press.text == "n" ? 1 : -1);
    return true;
  }
  if (overlay.kind == OverlayKind::text && press.text == "q") {
    model.overlay.reset();
    return true;
  }
  // Over an address the draft goes on being typed: /verify ok is written there.
  if (overlay.kind == OverlayKind::address) {
    if (!binding && press.text == "q" && model.editor.empty()) {
      model.overlay.reset();
      return true;
    }
    return false;
  }
  return true;
}

}  // namespace comm::model
