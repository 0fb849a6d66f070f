// Text from strangers made fit for a terminal: the one pipeline used by the chat screen, --plain and notices.
// Nothing that comes out can move the cursor, change a mode, reorder a line or take more columns than it says.
// Pure, except that columns are glibc's wcwidth() (ncurses counts with it), which follows the LC_CTYPE of the process:
// with a locale that is not UTF-8 ask for `ascii`. Any thread. Output is at most 8 times the input.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace comm {

inline constexpr int kMaxNameColumns = 24;
inline constexpr int kMaxCombiningMarks = 4;  // ncurses keeps five characters in a cell

struct SafeOptions {
  bool ascii = false;        // every cluster outside ASCII becomes '?'
  bool single_line = false;  // a newline becomes a visible ^J
};

// What a reader sees as one character: never split, `columns` wide. A newline is a cluster of its own, 0 columns.
struct Cluster {
  std::string text;
  int columns = 0;
  bool newline() const { return text == "\n"; }
  friend bool operator==(const Cluster&, const Cluster&) = default;
};
using Clusters = std::vector<Cluster>;

// 1. Bytes that are not UTF-8 become U+FFFD. 2. C0, C1 and DEL become visible (^[), a tab four spaces. 3. Bidirectional
// controls and tag characters are removed; "<hidden>" marks each run of them. 4. What has no width or is for private
// use becomes U+FFFD. 5. At most four combining marks stay. 6. Columns by wcwidth. 7. Joiners, variation selectors and
// skin tones between emoji are dropped, so that every terminal agrees on the width.
Clusters safe_clusters(std::string_view raw, const SafeOptions& options);

std::string safe_text(std::string_view raw, const SafeOptions& options);

// A nickname: one line, at most kMaxNameColumns columns.
std::string safe_name(std::string_view raw, const SafeOptions& options);

// The first `columns` columns on one line; ".." replaces what is cut off.
std::string safe_excerpt(std::string_view raw, int columns, const SafeOptions& options);

// Lines of at most `columns` columns, broken after spaces and around wide characters, else between clusters.
// REQUIRES: columns > 0. A cluster wider than that is replaced by '?'. Never empty.
std::vector<Clusters> wrap(const Clusters& text, int columns);

int columns_of(const Clusters& text);

}  // namespace comm
