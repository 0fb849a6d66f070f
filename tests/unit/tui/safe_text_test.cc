#include "client_tui/view/safe_text.h"

#include <boost/test/unit_test.hpp>
#include <clocale>

using namespace comm;

namespace {
// Columns are wcwidth's, which needs a UTF-8 locale; Debian always has this one.
struct Utf8 {
  Utf8() { BOOST_REQUIRE(std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr); }
};
std::string safe(std::string_view raw) { return safe_text(raw, {}); }
int columns(std::string_view raw) { return columns_of(safe_clusters(raw, {})); }
std::vector<std::string> wrapped(std::string_view raw, int width) {
  std::vector<std::string> out;
  for (const Clusters& line : wrap(safe_clusters(raw, {}), width)) {
    out.emplace_back();
    for (const Cluster& cluster : line) out.back() += cluster.text;
  }
  return out;
}
}  // namespace

BOOST_FIXTURE_TEST_SUITE(safe_text_suite, Utf8)

BOOST_AUTO_TEST_CASE(plain_text_passes) {
  BOOST_TEST(safe("Hi there, 100 %!") == "Hi there, 100 %!");
  BOOST_TEST(safe("Grüße 你好") == "Grüße 你好");
  BOOST_TEST(columns("你好") == 4);
  BOOST_TEST(safe("") == "");
}

BOOST_AUTO_TEST_CASE(bad_utf8_becomes_replacement) {
  BOOST_TEST(safe("a\xff\xfe z") == "a\xef\xbf\xbd\xef\xbf\xbd z");
  BOOST_TEST(safe("\xc0\xaf") == "\xef\xbf\xbd\xef\xbf\xbd");           // overlong
  BOOST_TEST(safe("\xed\xa0\x80").find('\xed') == std::string::npos);  // surrogate
  BOOST_TEST(safe("cut \xe4\xbd") == "cut \xef\xbf\xbd\xef\xbf\xbd");
}

BOOST_AUTO_TEST_CASE(controls_become_visible) {
  BOOST_TEST(safe("\x1b[31mred\x1b]52;c;x\x07") == "^[[31mred^[]52;c;x^G");
  BOOST_TEST(safe(std::string_view("a\0b\r\x7f", 5)) == "a^@b^M^?");
  BOOST_TEST(safe("\xc2\x9b" "2J") == "^[[2J");  // C1 CSI
  BOOST_TEST(safe("a\tb") == "a    b");
  BOOST_TEST(safe("a\nb") == "a\nb");
  BOOST_TEST(safe_text("a\nb", {.single_line = true}) == "a^Jb");
}

BOOST_AUTO_TEST_CASE(bidi_and_tags_are_removed_and_marked) {
  BOOST_TEST(safe("abc\xe2\x80\xae" "fed") == "abc<hidden>fed");
  BOOST_TEST(safe("\xe2\x80\xaa\xe2\x80\xab\xe2\x81\xa6x") == "<hidden>x");           // one mark for a run
  BOOST_TEST(safe("a\xf3\xa0\x81\xa1\xf3\xa0\x81\xa2z") == "a<hidden>z");          // tag characters
  BOOST_TEST(safe("\xd8\x9c") == "<hidden>");                                        // U+061C
}

BOOST_AUTO_TEST_CASE(what_has_no_width_is_replaced) {
  BOOST_TEST(safe("\xee\x80\x80") == "\xef\xbf\xbd");      // private use
  BOOST_TEST(safe("\xf0\x9f\xab\xa8") == "\xef\xbf\xbd");  // U+1FAE8: newer than glibc's table
  BOOST_TEST(safe("a\xe2\x80\xa8z") == "a\xef\xbf\xbdz");  // line separator
  BOOST_TEST(safe("a\xe2\x80\x8b") == "a");                // zero width space shows nothing and takes nothing
}

BOOST_AUTO_TEST_CASE(zalgo_keeps_four_marks) {
  std::string zalgo = "a";
  for (int i = 0; i < 40; ++i) zalgo += "\xcc\x81";
  const Clusters clusters = safe_clusters(zalgo + "b", {});
  BOOST_REQUIRE_EQUAL(clusters.size(), 2u);
  BOOST_TEST(clusters[0].text.size() == 1u + 4u * 2u);
  BOOST_TEST(clusters[0].columns == 1);
  BOOST_TEST(safe("\xcc\x81x") == " \xcc\x81x");  // a mark without a base stands on a space
}

BOOST_AUTO_TEST_CASE(emoji_sequences_lose_their_glue) {
  // man ZWJ woman ZWJ girl: three emoji of two columns each
  const Clusters family = safe_clusters("\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", {});
  BOOST_REQUIRE_EQUAL(family.size(), 3u);
  BOOST_TEST(columns_of(family) == 6);
  BOOST_TEST(safe("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd") == "\xf0\x9f\x91\x8d");  // skin tone
  BOOST_TEST(safe("\xe2\x9d\xa4\xef\xb8\x8f") == "\xe2\x9d\xa4");              // VS16
}

BOOST_AUTO_TEST_CASE(clusters_are_not_split) {
  const Clusters flag = safe_clusters("\xf0\x9f\x87\xb3\xf0\x9f\x87\xb4", {});
  BOOST_REQUIRE_EQUAL(flag.size(), 1u);
  BOOST_TEST(flag[0].columns == 2);
  const Clusters devanagari = safe_clusters("\xe0\xa4\xa8\xe0\xa4\xbf", {});
  BOOST_REQUIRE_EQUAL(devanagari.size(), 1u);
  BOOST_TEST(devanagari[0].columns == 2);  // as ncurses will count it
}

BOOST_AUTO_TEST_CASE(ascii_locale) {
  BOOST_TEST(safe_text("Grüße \xf0\x9f\x91\x8d\x1b", {.ascii = true}) == "Gr??e ?^[");
}

BOOST_AUTO_TEST_CASE(names_are_one_short_line) {
  BOOST_TEST(safe_name("bob\nroot", {}) == "bob^Jroot");
  const std::string name = safe_name("a very long name that would push everything aside", {});
  BOOST_TEST(name == "a very long name that ..");
  BOOST_TEST(columns(name) == kMaxNameColumns);
  BOOST_TEST(safe_excerpt("abcdef", 1, {}) == ".");
  BOOST_TEST(safe_excerpt("abcdef", 6, {}) == "abcdef");
}

BOOST_AUTO_TEST_CASE(wrapping) {
  const auto check = [](std::string_view text, int width, const std::vector<std::string>& expected) {
    const auto got = wrapped(text, width);
    BOOST_CHECK_EQUAL_COLLECTIONS(got.begin(), got.end(), expected.begin(), expected.end());
  };
  check("one two three", 8, {"one two ", "three"});
  check("one two three", 7, {"one two", "three"});
  check("abcdefghij", 4, {"abcd", "efgh", "ij"});
  check("你好世界", 5, {"你好", "世界"});
  check("a\n\nb", 5, {"a", "", "b"});
  check("", 5, {""});
  check("好", 1, {"?"});
}

// Whatever bytes come in: no control character goes out, and no line is wider than asked.
BOOST_AUTO_TEST_CASE(any_bytes) {
  std::uint32_t seed = 1;
  const auto next = [&] { return seed = seed * 1664525u + 1013904223u, seed >> 24; };
  for (int round = 0; round < 400; ++round) {
    std::string raw;
    for (unsigned i = next(); i > 0; --i) raw += static_cast<char>(next());
    for (const bool ascii : {false, true}) {
      const Clusters clusters = safe_clusters(raw, {.ascii = ascii, .single_line = true});
      for (const Cluster& cluster : clusters)
        for (const char c : cluster.text) {
          BOOST_REQUIRE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
          if (ascii) BOOST_REQUIRE(static_cast<unsigned char>(c) < 0x80);
        }
      for (const Clusters& line : wrap(clusters, 7)) BOOST_REQUIRE(columns_of(line) <= 7);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
