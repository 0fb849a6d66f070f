#include "client_tui/model/graphemes.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

namespace comm {
namespace {

struct Point {
  utf8proc_int32_t code = 0xfffd;
  std::size_t bytes = 1;
};

Point point_at(std::string_view text, std::size_t at) {
  Point out;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  utf8proc_int32_t code = -1;
  const auto used = utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  if (used > 0 && code >= 0) out = {code, static_cast<std::size_t>(used)};
  return out;
}

bool continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t'; }

bool plain_ascii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

}  // namespace

std::size_t next_grapheme(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  Point before = point_at(text, at);
  at += before.bytes;
  utf8proc_int32_t state = 0;
  while (at < text.size()) {
    const Point next = point_at(text, at);
    if (utf8proc_grapheme_break_stateful(before.code, next.code, &state)) break;
    at += next.bytes;
    before = next;
  }
  return at;
}

// Clusters cannot be found backwards (flags pair up from the left): start at the beginning of the line.
std::size_t previous_grapheme(std::string_view text, std::size_t at) {
  if (at == 0) return 0;
  std::size_t start = at - 1;
  if (text[start] == '\n') return start;
  // A line may be long: far enough back, at a space or at ASCII, a cluster begins for certain.
  while (start > 0 && text[start - 1] != '\n' && (at - start < 64 || continuation(text[start]) || text[start] != ' ')) --start;
  std::size_t last = start;
  while (start < at) {
    last = start;
    start = next_grapheme(text, start);
  }
  return last;
}

std::size_t next_word(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  while (at < text.size() && !is_space(text[at])) ++at;
  return at;
}

std::size_t previous_word(std::string_view text, std::size_t at) {
  while (at > 0 && is_space(text[at - 1])) --at;
  while (at > 0 && !is_space(text[at - 1])) --at;
  return at;
}

std::string fold_case(std::string_view text) {
  std::string out(text);
  if (plain_ascii(text)) {
    for (char& c : out)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
  }
  utf8proc_uint8_t* folded = nullptr;
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &folded,
                                   static_cast<utf8proc_option_t>(UTF8PROC_CASEFOLD | UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(folded, &std::free);
  if (length >= 0 && folded != nullptr)
    out.assign(reinterpret_cast<const char*>(folded), static_cast<std::size_t>(length));
  return out;
}

}  // namespace comm
