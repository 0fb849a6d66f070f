// A text being typed: several lines, a cursor that moves by what a reader sees as characters, a cut text to put back.
// Pure; owned by the model. Bounded by kMaxEditorBytes: what would go beyond is refused as a whole.
#pragma once
#include <string>
#include <string_view>

#include "proto/base/limits.h"

namespace comm {

inline constexpr std::size_t kMaxEditorBytes = kMaxTextBytes + 128;  // a text and the address before it

class Editor {
 public:
  const std::string& text() const { return text_; }
  std::size_t cursor() const { return cursor_; }  // byte offset, at the boundary of a character
  bool empty() const { return text_.empty(); }
  bool pasted() const { return pasted_; }         // the first character was pasted: no command then

  // False if it would grow too long. `pasted`: the bytes come from a paste.
  bool insert(std::string_view text, bool pasted = false);
  void set(std::string text, bool pasted = false);  // cursor at the end
  void replace(std::size_t from, std::size_t to, std::string_view with);
  void clear() { set({}); }

  void left();
  void right();
  void word_left();
  void word_right();
  void line_start();
  void line_end();
  bool line_up();                                 // false on the first line
  bool line_down();
  void backspace();
  void erase();
  void cut_word();                                // the word before the cursor
  void cut_word_right();
  void cut_to_line_start();
  void put_back();                                // what was cut last

 private:
  void cut(std::size_t from, std::size_t to);
  std::size_t start_of_line() const;
  std::size_t end_of_line() const;

  std::string text_;
  std::string cut_;
  std::size_t cursor_ = 0;
  bool pasted_ = false;
};

// What of a paste may become part of a draft: valid UTF-8 without controls; line ends become \n, trailing ones go.
std::string clean_paste(std::string_view bytes);

}  // namespace comm
