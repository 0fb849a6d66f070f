#include "node/main/command_line.h"

#include <boost/test/unit_test.hpp>

using namespace comm;

namespace {
using Words = std::vector<std::string_view>;
CommandLine scan(const Words& words) { return scan_command_line(words); }
std::string joined(const CommandLine& line) {
  std::string out = line.command;
  for (const std::string& word : line.words) out += " " + word;
  return out;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(command_line)

BOOST_AUTO_TEST_CASE(positional_form) {
  const CommandLine line = scan({"alice", "0.0.0.0:6667", "host:1", "other:2"});
  BOOST_TEST((line.form == Form::positional));
  BOOST_TEST(line.secret_index.value() == 0u);
  BOOST_TEST(joined(line) == "chat --listen 0.0.0.0:6667 --bootstrap host:1 --bootstrap other:2");
}

BOOST_AUTO_TEST_CASE(options_stand_anywhere) {
  const CommandLine line = scan({"--json", "--data", "relay", "alice", "--linger=3", "[::1]:0", "--network", "n", "h:1"});
  BOOST_TEST((line.form == Form::positional));
  BOOST_TEST(line.secret_index.value() == 3u);
  BOOST_TEST(joined(line) == "chat --json --data relay --linger=3 --network n --listen [::1]:0 --bootstrap h:1");
  BOOST_TEST(joined(scan({"--data", "d", "relay", "--listen", "x:1"})) == "relay --data d --listen x:1");
}

BOOST_AUTO_TEST_CASE(secret_never_reaches_the_option_parser) {
  for (const Words& words : {Words{"s3cret", "h:1"}, Words{"chat", "s3cret", "h:1"}, Words{"address", "s3cret"},
                             Words{"--", "s3cret", "h:1"}, Words{"--plain", "s3cret", "h:1", "b:2"}}) {
    const CommandLine line = scan(words);
    BOOST_REQUIRE(line.secret_index.has_value());
    BOOST_TEST(words[*line.secret_index] == "s3cret");
    BOOST_TEST(joined(line).find("s3cret") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_first_word_may_be_a_secret) {
  const CommandLine line = scan({"rely"});
  BOOST_TEST((line.form == Form::unknown));
  BOOST_TEST(line.hint == "relay");
  BOOST_TEST(line.secret_index.value() == 0u);
  BOOST_TEST((scan({"alice", "6667"}).form == Form::unknown));
  BOOST_TEST(scan({"correct horse battery staple"}).hint.empty());
  BOOST_TEST((scan({"chat", "alice"}).form == Form::unknown));
}

BOOST_AUTO_TEST_CASE(secret_from_elsewhere) {
  const CommandLine input = scan({"-", "0.0.0.0:6667"});
  BOOST_TEST((input.form == Form::positional));
  BOOST_TEST(input.secret_from_stdin);
  BOOST_TEST(!input.secret_index.has_value());
  const CommandLine file = scan({"--secret-file", "f", "0.0.0.0:6667", "host:1"});
  BOOST_TEST((file.form == Form::positional));
  BOOST_TEST(!file.secret_index.has_value());
  BOOST_TEST(joined(file) == "chat --secret-file f --listen 0.0.0.0:6667 --bootstrap host:1");
  BOOST_TEST(joined(scan({"--secret-fd=3", "--listen", "x:1"})) == "chat --secret-fd=3 --listen x:1");
  BOOST_TEST(scan({"address", "-"}).secret_from_stdin);
}

BOOST_AUTO_TEST_CASE(options_alone) {
  BOOST_TEST((scan({}).form == Form::bare));
  BOOST_TEST(scan({"--help"}).command.empty());
  BOOST_TEST(scan({"--version"}).command.empty());
}

BOOST_AUTO_TEST_CASE(host_port) {
  for (const char* good : {"0.0.0.0:0", "a:65535", "[::1]:6667", "relay.example:4242"})
    BOOST_TEST(is_host_port(good), good);
  for (const char* bad : {"", ":", "a:", ":1", "a:65536", "a:-1", "a:1x", "::1:6667", "[::1]", "[]:1", "a b:1", "a@b:1", "6667"})
    BOOST_TEST(!is_host_port(bad), bad);
  BOOST_TEST(!is_bootstrap("a:0"));
  BOOST_TEST(is_bootstrap("00112233445566778899aabbccddeeff00112233@a:1"));
  BOOST_TEST(!is_bootstrap("0011@a:1"));
}

BOOST_AUTO_TEST_CASE(sizes) {
  BOOST_TEST(parse_size("1048576").value() == 1048576u);
  BOOST_TEST(parse_size("64M").value() == 64u << 20);
  BOOST_TEST(parse_size("2GiB").value() == 2ull << 30);
  for (const char* bad : {"", "M", "1X", "-1", "99999999999999999999", "18446744073709551615K"})
    BOOST_TEST(!parse_size(bad).has_value(), bad);
}

BOOST_AUTO_TEST_SUITE_END()
