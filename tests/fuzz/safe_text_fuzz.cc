// Texts of strangers on their way to a terminal: whatever comes in, what goes out cannot act and is as wide as it says.
#include <wchar.h>

#include <clocale>

#include "client_tui/view/safe_text.h"
#include "proto/base/bytes.h"
#include "proto/base/check.h"
#include "proto/wire/content.h"

using namespace comm;

namespace {

// What the terminal would make of it, character by character.
int terminal_columns(const std::string& text) {
  std::mbstate_t state{};
  int columns = 0;
  for (std::size_t i = 0; i < text.size();) {
    wchar_t c = 0;
    const std::size_t used = std::mbrtowc(&c, text.data() + i, text.size() - i, &state);
    CHECK(used != 0 && used <= text.size() - i);
    const int width = ::wcwidth(c);
    CHECK(width >= 0);
    columns += width;
    i += used;
  }
  return columns;
}

void check(const Clusters& clusters, const SafeOptions& options) {
  for (const Cluster& cluster : clusters) {
    if (cluster.newline()) {
      CHECK(!options.single_line);
      continue;
    }
    CHECK(!cluster.text.empty() && valid_utf8(cluster.text));
    for (const char c : cluster.text) {
      CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
      CHECK(!options.ascii || static_cast<unsigned char>(c) < 0x7f);
    }
    CHECK(terminal_columns(cluster.text) == cluster.columns);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool utf8 = std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr;
  CHECK(utf8);
  const std::string_view text = as_text(ByteView(data, size));
  for (const bool ascii : {false, true})
    for (const bool single_line : {false, true}) {
      const SafeOptions options{.ascii = ascii, .single_line = single_line};
      const Clusters clusters = safe_clusters(text, options);
      check(clusters, options);
      for (const int columns : {1, 7, 80})
        for (const Clusters& line : wrap(clusters, columns)) CHECK(columns_of(line) <= columns);
      CHECK(columns_of(safe_clusters(safe_name(text, options), options)) <= kMaxNameColumns);
    }
  return 0;
}
