// Where a reader's characters begin and end in UTF-8 (utf8proc's grapheme clusters), words, and text compared without
// regard to case. Pure; any thread. Invalid bytes count as one character each.
#pragma once
#include <string>
#include <string_view>

namespace comm {

std::size_t next_grapheme(std::string_view text, std::size_t at);      // text.size() at the end
std::size_t previous_grapheme(std::string_view text, std::size_t at);  // 0 at the beginning
std::size_t next_word(std::string_view text, std::size_t at);          // behind the end of the next word
std::size_t previous_word(std::string_view text, std::size_t at);      // the beginning of the word before
// For comparing: case folded, composed.
std::string fold_case(std::string_view text);

}  // namespace comm
