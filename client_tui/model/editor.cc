#include "client_tui/model/editor.h"

#include <algorithm>

#include "client_tui/model/graphemes.h"
#include "proto/wire/content.h"

namespace comm {

bool Editor::insert(std::string_view text, bool pasted) {
  if (text_.size() + text.size() > kMaxEditorBytes) return false;
  if (cursor_ == 0 && !text.empty()) pasted_ = pasted;
  text_.insert(cursor_, text);
  cursor_ += text.size();
  return true;
}

void Editor::set(std::string text, bool pasted) {
  text_ = std::move(text);
  cursor_ = text_.size();
  pasted_ = pasted;
}

void Editor::replace(std::size_t from, std::size_t to, std::string_view with) {
  text_.replace(from, to - from, with);
  cursor_ = from + with.size();
}

void Editor::left() { cursor_ = previous_grapheme(text_, cursor_); }
void Editor::right() { cursor_ = next_grapheme(text_, cursor_); }
void Editor::word_left() { cursor_ = previous_word(text_, cursor_); }
void Editor::word_right() { cursor_ = next_word(text_, cursor_); }
void Editor::line_start() { cursor_ = start_of_line(); }
void Editor::line_end() { cursor_ = end_of_line(); }

std::size_t Editor::start_of_line() const {
  const std::size_t newline = cursor_ == 0 ? std::string::npos : text_.rfind('\n', cursor_ - 1);
  return newline == std::string::npos ? 0 : newline + 1;
}

std::size_t Editor::end_of_line() const { return std::min(text_.find('\n', cursor_), text_.size()); }

// Keeps the number of characters from the start of the line.
bool Editor::line_up() {
  const std::size_t start = start_of_line();
  if (start == 0) return false;
  std::size_t steps = 0;
  for (std::size_t at = start; at < cursor_; at = next_grapheme(text_, at)) ++steps;
  cursor_ = start - 1;
  const std::size_t end = cursor_;
  cursor_ = start_of_line();
  for (; steps > 0 && cursor_ < end; --steps) cursor_ = next_grapheme(text_, cursor_);
  return true;
}

bool Editor::line_down() {
  const std::size_t end = end_of_line();
  if (end == text_.size()) return false;
  std::size_t steps = 0;
  for (std::size_t at = start_of_line(); at < cursor_; at = next_grapheme(text_, at)) ++steps;
  cursor_ = end + 1;
  const std::size_t stop = end_of_line();
  for (; steps > 0 && cursor_ < stop; --steps) cursor_ = next_grapheme(text_, cursor_);
  return true;
}

void Editor::backspace() {
  const std::size_t from = previous_grapheme(text_, cursor_);
  text_.erase(from, cursor_ - from);
  cursor_ = from;
  if (text_.empty()) pasted_ = false;
}

void Editor::erase() {
  text_.erase(cursor_, next_grapheme(text_, cursor_) - cursor_);
  if (text_.empty()) pasted_ = false;
}

void Editor::cut(std::size_t from, std::size_t to) {
  if (from >= to) return;
  cut_ = text_.substr(from, to - from);
  text_.erase(from, to - from);
  cursor_ = from;
  if (text_.empty()) pasted_ = false;
}

void Editor::cut_word() { cut(previous_word(text_, cursor_), cursor_); }
void Editor::cut_word_right() { cut(cursor_, next_word(text_, cursor_)); }
void Editor::cut_to_line_start() { cut(start_of_line(), cursor_); }
void Editor::put_back() { insert(cut_); }

std::string clean_paste(std::string_view rest) {
  std::string clean;
  while (!rest.empty()) {
    const std::size_t good = valid_utf8_prefix(rest);
    for (std::size_t i = 0; i < good; ++i) {
      const char c = rest[i];
      if (c == '\r') {
        if (i + 1 >= good || rest[i + 1] != '\n') clean += '\n';
      } else if (c == '\n' || c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) {
        clean += c;
      }
    }
    rest.remove_prefix(std::min(rest.size(), good + 1));
  }
  while (!clean.empty() && clean.back() == '\n') clean.pop_back();
  return clean;
}

}  // namespace comm
