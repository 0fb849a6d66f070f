#include <boost/test/unit_test.hpp>

#include "node/shell/log.h"

namespace comm {
namespace {

struct Lines {
  std::vector<std::string> all;
  Log log(LogLevel level, bool journal = false) {
    return Log(level, journal, [this](std::string_view line) { all.emplace_back(line); });
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(log)

BOOST_AUTO_TEST_CASE(form_of_a_line) {
  Lines lines;
  Log log = lines.log(LogLevel::debug);
  log.note(0, {Severity::warning, "bootstrap-unresolved", "seed.example: no such host"});
  log.note(0, {Severity::debug, "plain", {}});
  BOOST_REQUIRE_EQUAL(lines.all.size(), 2u);
  BOOST_CHECK_EQUAL(lines.all[0], "comm[warning] bootstrap-unresolved: seed.example: no such host");
  BOOST_CHECK_EQUAL(lines.all[1], "comm[debug] plain");
}

BOOST_AUTO_TEST_CASE(priority_under_the_journal) {
  Lines lines;
  Log log = lines.log(LogLevel::debug, true);
  log.note(0, {Severity::error, "e", {}});
  log.note(0, {Severity::warning, "w", {}});
  log.note(0, {Severity::info, "i", {}});
  log.note(0, {Severity::debug, "d", {}});
  BOOST_REQUIRE_EQUAL(lines.all.size(), 4u);
  BOOST_CHECK_EQUAL(lines.all[0], "<3>comm[error] e");
  BOOST_CHECK_EQUAL(lines.all[1].substr(0, 3), "<4>");
  BOOST_CHECK_EQUAL(lines.all[2].substr(0, 3), "<6>");
  BOOST_CHECK_EQUAL(lines.all[3].substr(0, 3), "<7>");
}

BOOST_AUTO_TEST_CASE(level_filters) {
  Lines lines;
  Log log = lines.log(LogLevel::warning);
  log.note(0, {Severity::info, "quiet", {}});
  log.note(0, {Severity::error, "loud", {}});
  BOOST_REQUIRE_EQUAL(lines.all.size(), 1u);
  BOOST_CHECK(parse_log_level("debug") == LogLevel::debug);
  BOOST_CHECK(!parse_log_level("verbose"));
}

BOOST_AUTO_TEST_CASE(one_code_is_limited_and_the_rest_counted) {
  Lines lines;
  Log log = lines.log(LogLevel::info);
  for (int i = 0; i < 1'000; ++i) log.note(100'000 + i, {Severity::info, "noise", "x"});
  log.note(101'000, {Severity::info, "other", {}});
  BOOST_CHECK_EQUAL(lines.all.size(), static_cast<std::size_t>(kLogLinesPerMinute) + 1);
  log.tick(130'000);
  BOOST_CHECK_EQUAL(lines.all.size(), static_cast<std::size_t>(kLogLinesPerMinute) + 1);
  log.tick(170'000);
  BOOST_CHECK_EQUAL(lines.all.back(), "comm[info] noise: 990 more of these in that minute");
  log.note(170'001, {Severity::info, "noise", "again"});
  BOOST_CHECK_EQUAL(lines.all.back(), "comm[info] noise: again");
}

BOOST_AUTO_TEST_CASE(control_characters_are_escaped) {
  Lines lines;
  Log log = lines.log(LogLevel::info);
  log.note(0, {Severity::info, "name", "a\nb\x1b[31m\xff"});
  BOOST_CHECK_EQUAL(lines.all.at(0), "comm[info] name: a\\x0ab\\x1b[31m\\xff");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
