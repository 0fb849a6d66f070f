// Which key does what. Keys have names ("C-a", "M-Enter", "PgUp", "F1"), actions have the names of the configuration
// ([keys] in config.toml). Pure; a Keymap is a value of the model. Bounded: one action per key.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace comm {

enum class KeyAction : std::uint8_t {
  send, newline, scroll_up, scroll_down, to_oldest, to_newest, window, previous_window, next_window, next_unread,
  switcher, search, info, sidebar, history_previous, history_next, line_start, line_end, cut_word, cut_word_right,
  cut_to_line_start, put_back, word_left, word_right, left, right, up, down, backspace, erase, editor, complete, redraw,
  clear, help, close, select_older, select_newer
};

struct KeyBinding {
  KeyAction action;
  int window = -1;  // of KeyAction::window: 0 home, 1 to 9 the contacts
};

class Keymap {
 public:
  Keymap();  // the defaults
  std::optional<KeyBinding> find(const std::string& key) const;
  // Replaces every key of the action. False: no such action.
  bool bind(std::string_view action, const std::vector<std::string>& keys);
  // "Enter send" and so on, one line per action.
  std::vector<std::string> describe() const;

 private:
  std::map<std::string, KeyBinding> keys_;
};

// The canonical name: "ctrl-A", "^a" and "c-a" are "C-a"; "alt-x", "m-x" are "M-x". Nothing if there is no such key.
std::optional<std::string> parse_key_name(std::string_view text);

}  // namespace comm
