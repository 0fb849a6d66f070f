// First look at the command line, before anything else of the program runs: which form it is, where in argv a SECRET
// stands, and the same words in the order the option parser wants (subcommand first, secret left out).
// Pure and quick: the secret is visible to other processes until main has acted on the answer.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace comm {

enum class Form {
  bare,        // no words at all: the chat of the default profile
  subcommand,  // `comm relay ...`, and options alone (`comm --version`)
  positional,  // `comm SECRET HOST:PORT [BOOTSTRAP...]`, or without SECRET if --secret-file or --secret-fd names it
  unknown      // the first word is no command and the second no HOST:PORT
};

struct CommandLine {
  Form form = Form::bare;
  std::string command;                       // "chat" for the positional form, "" for options alone
  std::optional<std::size_t> secret_index;   // into the words given; also of an unknown first word: it may be a secret
  bool secret_from_stdin = false;            // the SECRET's place holds "-"
  std::vector<std::string> words;            // for the option parser, after the command
  std::string hint;                          // unknown: the command that was probably meant
};

// `words` is argv without the program's name.
CommandLine scan_command_line(const std::vector<std::string_view>& words);

// "HOST:PORT" or "[V6]:PORT", port 0 to 65535; says nothing about whether the host exists.
bool is_host_port(std::string_view text);
// HOST:PORT with a port that can be dialled, perhaps after "NODEID@" (40 hex digits).
bool is_bootstrap(std::string_view text);
// "1048576", "64M", "2G" (powers of 1024).
std::optional<std::uint64_t> parse_size(std::string_view text);

// Letters to insert, delete or replace to get from one word to the other (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b);

extern const std::vector<std::string_view> kCommands;  // those people are told of

}  // namespace comm
