// From the bytes that a terminal sends to key presses and pastes: UTF-8, control keys, escape sequences, bracketed
// pastes, and pastes of terminals that do not bracket them. Pure, so that it can be tested and fuzzed without a
// terminal; owned by the Screen. A paste is bounded by kMaxPasteBytes: the rest of it is dropped, never typed. An
// unfinished sequence waits for kMaxSequenceBytes at most.
#pragma once
#include <array>
#include <map>
#include <string>
#include <vector>

#include "client_tui/model/model.h"

namespace comm {

inline constexpr std::size_t kMaxPasteBytes = 256 * 1'024;
inline constexpr std::size_t kMaxSequenceBytes = 64;

// Whether bytes that came at once are a paste without brackets: a line that ends and another that begins. Nobody types
// on behind Enter that fast; who does finds it in the draft.
bool is_paste_burst(std::string_view burst);

class KeyDecoder {
 public:
  KeyDecoder();
  // A key of this terminal's description, named as Keymap names keys. Those of xterm and its kin are known.
  void learn(std::string sequence, std::string name);
  // The character that a byte of 0x80 and above is in this locale where it is no UTF-8; U+FFFD until told.
  void learn_byte(unsigned char byte, std::uint32_t code) { stray_[byte & 0x7f] = code; }

  // What came at once.
  void take(std::string_view burst, std::vector<ModelEvent>& out);
  // Something unfinished waits for more bytes, or for a pause.
  bool waiting() const { return !pasting_ && !rest_.empty(); }
  // Nothing more has come for now: an ESC that waits was the key itself.
  void pause(std::vector<ModelEvent>& out);
  bool pasting() const { return pasting_; }

 private:
  struct Letter { std::uint32_t code = 0; std::size_t bytes = 0; };  // no bytes: unfinished
  Letter letter_at(std::string_view in) const;
  // Each takes one thing from the front; false if that is unfinished.
  bool take_pasted(std::string_view& in, std::vector<ModelEvent>& out);
  bool take_escape(std::string_view& in, std::vector<ModelEvent>& out);
  bool take_letter(std::string_view& in, std::size_t at, bool alt, std::vector<ModelEvent>& out);
  void named(std::string_view sequence, std::vector<ModelEvent>& out);

  std::map<std::string, std::string, std::less<>> learned_;
  std::array<std::uint32_t, 128> stray_;
  std::string rest_;       // unfinished, as received
  bool alt_ = false;       // ESC came before another ESC: a sequence now comes with Alt
  bool pasting_ = false;
  std::string paste_;
};

std::string utf8_of(std::uint32_t code);

}  // namespace comm
