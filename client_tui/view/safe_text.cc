#include "client_tui/view/safe_text.h"

#include <utf8proc.h>

#include <cwchar>

namespace comm {
namespace {

constexpr char32_t kReplacement = 0xfffd;
constexpr char32_t kHidden = 0x110000;      // beyond Unicode: a run of removed characters
constexpr std::string_view kHiddenMark = "<hidden>";

bool bidi_or_tag(char32_t c) {
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || (c >= 0xe0000 && c <= 0xe007f);
}

bool private_use(char32_t c) {
  return (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xf0000 && c <= 0xffffd) || (c >= 0x100000 && c <= 0x10fffd);
}

bool pictographic(char32_t c) {
  const auto bound = utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->boundclass;
  return bound == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC || bound == UTF8PROC_BOUNDCLASS_E_ZWG;
}

bool skin_tone(char32_t c) { return c >= 0x1f3fb && c <= 0x1f3ff; }

std::string encode(char32_t c) {
  utf8proc_uint8_t buffer[4];
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), buffer);
  return {reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(length)};
}

// Step 1: code points, one U+FFFD for each byte that starts no character.
std::vector<char32_t> decode(std::string_view raw) {
  std::vector<char32_t> out;
  out.reserve(raw.size());
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(raw.data());
  for (std::size_t i = 0; i < raw.size();) {
    utf8proc_int32_t c = -1;
    const auto used = utf8proc_iterate(bytes + i, static_cast<utf8proc_ssize_t>(raw.size() - i), &c);
    if (used <= 0 || c < 0) {
      out.push_back(kReplacement);
      ++i;
    } else {
      out.push_back(static_cast<char32_t>(c));
      i += static_cast<std::size_t>(used);
    }
  }
  return out;
}

void push_caret(std::vector<char32_t>& out, char32_t letter) {
  out.push_back(U'^');
  out.push_back(letter);
}

// Steps 2 to 4: everything that acts instead of showing becomes something that shows.
std::vector<char32_t> disarm(const std::vector<char32_t>& in, bool single_line) {
  std::vector<char32_t> out;
  out.reserve(in.size());
  for (const char32_t c : in) {
    if (c == U'\n' && !single_line) {
      out.push_back(c);
    } else if (c == U'\t') {
      out.insert(out.end(), 4, U' ');
    } else if (c < 0x20) {
      push_caret(out, c + 0x40);
    } else if (c == 0x7f) {
      push_caret(out, U'?');
    } else if (c >= 0x80 && c < 0xa0) {  // C1 is ESC and a letter in seven bits: show it so
      push_caret(out, U'[');
      out.push_back(c - 0x40);
    } else if (bidi_or_tag(c)) {
      if (out.empty() || out.back() != kHidden) out.push_back(kHidden);
    } else if (c < 0x7f || (!private_use(c) && ::wcwidth(static_cast<wchar_t>(c)) >= 0)) {
      out.push_back(c);
    } else {
      out.push_back(kReplacement);
    }
  }
  return out;
}

int width(char32_t c) {
  const int columns = ::wcwidth(static_cast<wchar_t>(c));
  return columns < 0 ? 1 : columns;
}

// Steps 5 to 7 on one grapheme cluster; appends nothing, one or (emoji sequences) several Clusters.
void finish(const std::vector<char32_t>& cluster, Clusters& out) {
  const bool emoji = pictographic(cluster.front());
  Cluster made;
  int marks = 0;
  for (const char32_t c : cluster) {
    if (emoji && (c == 0x200d || c == 0xfe0f || (skin_tone(c) && !made.text.empty()))) continue;
    const int columns = width(c);
    if (columns == 0) {
      if (made.text.empty()) {  // a mark without a base gets one; an invisible joiner alone is dropped
        const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
        if (category != UTF8PROC_CATEGORY_MN && category != UTF8PROC_CATEGORY_ME) continue;
        made = {" ", 1};
      }
      if (++marks > kMaxCombiningMarks) continue;
    } else if (emoji && !made.text.empty()) {
      out.push_back(std::move(made));
      made = {};
      marks = 0;
    }
    made.text += encode(c);
    made.columns += columns;
  }
  if (!made.text.empty()) out.push_back(std::move(made));
}

void to_ascii(Cluster& cluster) {
  for (const char c : cluster.text)
    if (static_cast<unsigned char>(c) >= 0x80) {
      cluster = {"?", 1};
      return;
    }
}

}  // namespace

Clusters safe_clusters(std::string_view raw, const SafeOptions& options) {
  const std::vector<char32_t> points = disarm(decode(raw), options.single_line);
  Clusters out;
  out.reserve(points.size());
  std::vector<char32_t> cluster;
  utf8proc_int32_t state = 0;
  const auto flush = [&] {
    if (!cluster.empty()) finish(cluster, out);
    cluster.clear();
    state = 0;
  };
  for (const char32_t c : points) {
    if (c == U'\n' || c == kHidden) {
      flush();
      if (c == U'\n') out.push_back({"\n", 0});
      else
        for (const char letter : kHiddenMark) out.push_back({std::string(1, letter), 1});
      continue;
    }
    if (!cluster.empty() && utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(cluster.back()),
                                                             static_cast<utf8proc_int32_t>(c), &state)) {
      finish(cluster, out);
      cluster.clear();
    }
    cluster.push_back(c);
  }
  flush();
  if (options.ascii)
    for (Cluster& item : out) to_ascii(item);
  return out;
}

std::string safe_text(std::string_view raw, const SafeOptions& options) {
  std::string out;
  for (const Cluster& cluster : safe_clusters(raw, options)) out += cluster.text;
  return out;
}

std::string safe_excerpt(std::string_view raw, int columns, const SafeOptions& options) {
  SafeOptions single = options;
  single.single_line = true;
  // No more than a screenful of a long text is worth looking at: four bytes a character, and marks.
  const std::size_t enough = static_cast<std::size_t>(columns + 1) * 64;
  const Clusters clusters = safe_clusters(raw.substr(0, enough), single);
  const bool whole = raw.size() <= enough && columns_of(clusters) <= columns;
  std::string out;
  int used = 0;
  const int room = whole ? columns : std::max(0, columns - 2);
  for (const Cluster& cluster : clusters) {
    if (used + cluster.columns > room) break;
    used += cluster.columns;
    out += cluster.text;
  }
  if (!whole) out += std::string_view("..").substr(0, static_cast<std::size_t>(std::min(2, columns)));
  return out;
}

std::string safe_name(std::string_view raw, const SafeOptions& options) {
  return safe_excerpt(raw, kMaxNameColumns, options);
}

int columns_of(const Clusters& text) {
  int total = 0;
  for (const Cluster& cluster : text) total += cluster.columns;
  return total;
}

std::vector<Clusters> wrap(const Clusters& text, int columns) {
  std::vector<Clusters> lines(1);
  int used = 0;
  std::size_t break_at = 0;  // clusters of the current line up to its last opportunity to break
  for (const Cluster& item : text) {
    if (item.newline()) {
      lines.emplace_back();
      used = 0;
      break_at = 0;
      continue;
    }
    const Cluster cluster = item.columns > columns ? Cluster{"?", 1} : item;
    if (used + cluster.columns > columns) {
      if (cluster.text == " ") {  // a space at the end of a full line is the break itself
        lines.emplace_back();
        used = 0;
        break_at = 0;
        continue;
      }
      Clusters rest;
      Clusters& line = lines.back();
      if (break_at > 0 && break_at < line.size()) {
        rest.assign(line.begin() + static_cast<std::ptrdiff_t>(break_at), line.end());
        line.resize(break_at);
      }
      used = columns_of(rest);
      lines.push_back(std::move(rest));
      break_at = 0;
    }
    if (cluster.columns == 2) break_at = lines.back().size();  // between wide characters a line may break
    lines.back().push_back(cluster);
    used += cluster.columns;
    if (cluster.text == " " || cluster.columns == 2) break_at = lines.back().size();
  }
  return lines;
}

}  // namespace comm
