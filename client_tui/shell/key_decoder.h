// From what the terminal library reads, one character or key code at a time, to key presses and pastes. Pure, so that it
// can be tested and fuzzed without a terminal; owned by the Screen. A paste is bounded by kMaxPasteBytes: the rest of
// it is dropped, never typed.
#pragma once
#include <string>
#include <vector>

#include "client_tui/model/model.h"

namespace comm {

inline constexpr std::size_t kMaxPasteBytes = 256 * 1'024;

// Keys that are not characters, named as Keymap names them; the Screen translates from ncurses' codes.
struct TerminalKey {
  enum Kind : std::uint8_t { character, named, paste_begin, paste_end, focus_in, focus_out, other } kind = other;
  std::uint32_t code = 0;     // of a character: code point
  const char* name = "";      // of a named key: "Up", "C-Home", "F1", ...
};

class KeyDecoder {
 public:
  void take(const TerminalKey& key, std::vector<ModelEvent>& out);
  // Nothing more has come for now: an ESC that waits was the key itself.
  void pause(std::vector<ModelEvent>& out);
  bool pasting() const { return pasting_; }

 private:
  void take_character(std::uint32_t code, std::vector<ModelEvent>& out);

  bool pasting_ = false;
  bool escaped_ = false;   // ESC was read: the next key comes with Alt
  std::string paste_;
};

std::string utf8_of(std::uint32_t code);

}  // namespace comm
