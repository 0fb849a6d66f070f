// Settings: what is written reads back, and the more particular file wins. Mistakes with their places are
// tests/functional/test_identity.py's.
#include "node/main/settings.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

using namespace comm;

namespace {

struct TempFile {
  std::string path = "/tmp/comm-settings-" + std::to_string(::getpid());
  explicit TempFile(const std::string& text) { std::ofstream(path) << text; }
  ~TempFile() { ::unlink(path.c_str()); }
};

std::optional<Settings> load(const std::string& text, Failure& failure) {
  const TempFile file(text);
  return load_settings(file.path, true, failure);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(settings)

BOOST_AUTO_TEST_CASE(times) {
  BOOST_TEST(parse_ttl_minutes("1m").value() == 1u);
  BOOST_TEST(parse_ttl_minutes("12h").value() == 720u);
  BOOST_TEST(parse_ttl_minutes("30d").value() == kMaxLifetimeMinutes);
  for (const char* bad : {"", "d", "7", "0d", "31d", "-1d", "7 d", "1w", "99999999999d", "50000m", "7dd"})
    BOOST_TEST(!parse_ttl_minutes(bad), bad);
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_back) {
  Settings settings;
  settings.name = "Ali \"ce\"\n\\ 你好";
  settings.listen = "[::1]:4242";
  settings.bootstrap = std::vector<std::string>{"a.example:1", "b.example:2"};
  settings.ttl_minutes = 90;
  settings.ascii = true;
  Failure failure;
  const auto back = load(settings_text(settings), failure);
  BOOST_REQUIRE_MESSAGE(back, failure.sentence);
  BOOST_TEST(*back->name == *settings.name);
  BOOST_TEST(*back->listen == *settings.listen);
  BOOST_TEST(*back->bootstrap == *settings.bootstrap, boost::test_tools::per_element());
  BOOST_TEST(*back->ttl_minutes == 90u);
  BOOST_TEST(*back->ascii);
  BOOST_TEST(!back->key_file);
}

BOOST_AUTO_TEST_CASE(the_more_particular_wins) {
  Failure failure;
  const auto over = load("[network]\nbootstrap = []\n", failure);
  const auto under = load("[network]\nlisten = \"a:1\"\nbootstrap = [\"b:2\"]\n", failure);
  BOOST_REQUIRE((over && under));
  const Settings merged = merge_settings(*over, *under);
  BOOST_TEST(*merged.listen == "a:1");
  BOOST_TEST(merged.bootstrap->empty());
}

BOOST_AUTO_TEST_CASE(an_absent_file) {
  Failure failure;
  BOOST_TEST(load_settings("/nonexistent/x.toml", false, failure).has_value());
  BOOST_TEST(!load_settings("/nonexistent/x.toml", true, failure));
  BOOST_TEST(failure.exit_code == kExitConfig);
}

BOOST_AUTO_TEST_SUITE_END()
