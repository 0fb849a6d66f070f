#include "client_tui/model/keymap.h"

#include <algorithm>
#include <iterator>

#include "client_tui/model/graphemes.h"

namespace comm {
namespace {

struct Named {
  const char* name;
  KeyAction action;
  const char* keys;  // by default, separated by spaces
  const char* what;
};

constexpr Named kActions[] = {
    {"send", KeyAction::send, "Enter", "send the draft"},
    {"newline", KeyAction::newline, "M-Enter C-j", "a new line in the draft"},
    {"next_unread", KeyAction::next_unread, "M-a", "next unread"},
    {"switcher", KeyAction::switcher, "C-k", "choose a window by typing"},
    {"previous_window", KeyAction::previous_window, "M-Up", "window before"},
    {"next_window", KeyAction::next_window, "M-Down", "window after"},
    {"search", KeyAction::search, "C-f", "search all messages"},
    {"scroll_up", KeyAction::scroll_up, "PgUp", "older messages"},
    {"scroll_down", KeyAction::scroll_down, "PgDn", "newer messages"},
    {"to_oldest", KeyAction::to_oldest, "C-Home", "the first message"},
    {"to_newest", KeyAction::to_newest, "C-End", "the newest message"},
    {"select_older", KeyAction::select_older, "M-k", "select the message before"},
    {"select_newer", KeyAction::select_newer, "M-j", "select the message after"},
    {"info", KeyAction::info, "M-i", "details of message and contact"},
    {"sidebar", KeyAction::sidebar, "M-s", "show or hide the contacts"},
    {"complete", KeyAction::complete, "Tab", "complete a command, name or address"},
    {"editor", KeyAction::editor, "M-e", "edit the draft in $EDITOR"},
    {"history_previous", KeyAction::history_previous, "C-p", "what was sent before"},
    {"history_next", KeyAction::history_next, "C-n", "what was sent after"},
    {"line_start", KeyAction::line_start, "C-a Home", "start of the line"},
    {"line_end", KeyAction::line_end, "C-e End", "end of the line"},
    {"word_left", KeyAction::word_left, "M-b C-Left", "a word to the left"},
    {"word_right", KeyAction::word_right, "M-f C-Right", "a word to the right"},
    {"cut_word", KeyAction::cut_word, "C-w M-Backspace", "cut the word before the cursor"},
    {"cut_word_right", KeyAction::cut_word_right, "M-d", "cut the word after the cursor"},
    {"cut_to_line_start", KeyAction::cut_to_line_start, "C-u", "cut to the start of the line"},
    {"put_back", KeyAction::put_back, "C-y", "put back what was cut"},
    {"left", KeyAction::left, "Left", ""},
    {"right", KeyAction::right, "Right", ""},
    {"up", KeyAction::up, "Up", "line above; history when empty"},
    {"down", KeyAction::down, "Down", "line below; history when empty"},
    {"backspace", KeyAction::backspace, "Backspace C-h", ""},
    {"erase", KeyAction::erase, "Delete C-d", ""},
    {"redraw", KeyAction::redraw, "C-l", "draw the screen anew"},
    {"clear", KeyAction::clear, "C-c", "clear the draft (history keeps it); twice quits"},
    {"help", KeyAction::help, "F1 M-h", "help"},
    {"close", KeyAction::close, "Esc", "close what lies above"},
};

constexpr const char* kNamedKeys[] = {"Enter", "Esc",  "Tab", "Space", "Backspace", "Delete", "Insert", "Home", "End",
                                      "PgUp",  "PgDn", "Up",  "Down",  "Left",      "Right"};

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// Takes "C-", "ctrl-" or "^" from the front.
bool take_prefix(std::string_view& text, std::initializer_list<std::string_view> forms) {
  const std::string folded = fold_case(text);
  for (const std::string_view form : forms)
    if (text.size() > form.size() && std::string_view(folded).substr(0, form.size()) == form) {
      text.remove_prefix(form.size());
      return true;
    }
  return false;
}

std::optional<std::string> base_key(std::string_view text) {
  const std::string folded = fold_case(text);
  for (const char* name : kNamedKeys)
    if (folded == fold_case(name)) return name;
  if (folded == "pageup") return "PgUp";
  if (folded == "pagedown") return "PgDn";
  if (folded == "escape") return "Esc";
  if (folded == "return") return "Enter";
  if (folded.size() >= 2 && folded[0] == 'f' && folded.find_first_not_of("0123456789", 1) == std::string::npos) {
    const int number = folded.size() > 3 ? 99 : std::stoi(folded.substr(1));
    if (number >= 1 && number <= 12) return "F" + std::to_string(number);
    return std::nullopt;
  }
  if (text.size() == 1 && text[0] > ' ' && text[0] < 0x7f) return std::string(text);
  return std::nullopt;
}

}  // namespace

Keymap::Keymap() {
  for (const Named& action : kActions)
    for (const std::string& key : words(action.keys)) keys_[key] = {action.action};
  for (int i = 0; i <= 9; ++i) keys_["M-" + std::to_string(i)] = {KeyAction::window, i};
}

std::optional<KeyBinding> Keymap::find(const std::string& key) const {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return std::nullopt;
  return found->second;
}

bool Keymap::bind(std::string_view name, const std::vector<std::string>& keys) {
  KeyBinding binding{KeyAction::window, -1};
  if (name.size() == 8 && name.substr(0, 7) == "window_" && name[7] >= '0' && name[7] <= '9') {
    binding.window = name[7] - '0';
  } else {
    const auto* const found =
        std::find_if(std::begin(kActions), std::end(kActions), [&](const Named& action) { return name == action.name; });
    if (found == std::end(kActions)) return false;
    binding.action = found->action;
  }
  std::erase_if(keys_, [&](const auto& item) {
    return item.second.action == binding.action && item.second.window == binding.window;
  });
  for (const std::string& key : keys) keys_[key] = binding;
  return true;
}

std::vector<std::string> Keymap::describe() const {
  std::vector<std::string> out;
  for (const Named& action : kActions) {
    if (action.what[0] == '\0') continue;
    std::string keys;
    for (const auto& [key, binding] : keys_)
      if (binding.action == action.action) keys += (keys.empty() ? "" : " ") + key;
    if (keys.empty()) continue;
    keys.resize(std::max<std::size_t>(keys.size() + 1, 17), ' ');
    out.push_back(keys + action.what);
  }
  out.emplace_back("M-1 .. M-9       a contact by its place; M-0 home");
  return out;
}

std::optional<std::string> parse_key_name(std::string_view text) {
  const bool control = take_prefix(text, {"c-", "ctrl-", "^"});
  const bool alt = take_prefix(text, {"m-", "alt-", "meta-"});
  const bool control_after = !control && take_prefix(text, {"c-", "ctrl-", "^"});
  auto base = base_key(text);
  if (!base) return std::nullopt;
  const bool with_control = control || control_after;
  if (with_control && base->size() == 1) {
    const char letter = (*base)[0];
    if (letter >= 'A' && letter <= 'Z') (*base)[0] = static_cast<char>(letter + 32);
    else if (letter < 'a' || letter > 'z') return std::nullopt;
  }
  return std::string(alt ? "M-" : "") + (with_control ? "C-" : "") + *base;
}

}  // namespace comm
