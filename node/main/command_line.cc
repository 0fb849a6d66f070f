#include "node/main/command_line.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace comm {
namespace {

// Options that take a value in the next word; every subcommand's, so that a value is never taken for a secret.
constexpr std::array<std::string_view, 20> kValueOptions{
    "--data", "--network", "--log-level", "--virtual-clock", "--params", "--secret-file", "--secret-fd",
    "--linger", "--listen", "--bootstrap", "--store-limit", "--mailbox-limit", "--peer-limit", "--links",
    "--color", "--profile", "--config", "--passphrase-fd", "--new-passphrase-fd", "--name"};

bool is_command(std::string_view word) {
  return word == "echo" || word == "adapter" || word == "help" || std::find(kCommands.begin(), kCommands.end(), word) != kCommands.end();
}

bool takes_value(std::string_view word) {
  return std::find(kValueOptions.begin(), kValueOptions.end(), word) != kValueOptions.end();
}

std::string nearest_command(std::string_view word) {
  if (word.size() > 12) return {};
  for (const std::string_view command : kCommands)
    if (edit_distance(word, command) <= 2) return std::string(command);
  return {};
}

bool parse_port(std::string_view text, unsigned& port) {
  if (text.empty() || text.size() > 5) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port <= 65'535;
}

bool split_host_port(std::string_view text, unsigned& port) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || !parse_port(text.substr(colon + 1), port)) return false;
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[') {
    if (host.size() < 4 || host.back() != ']') return false;
    host = host.substr(1, host.size() - 2);
    return host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  return host.find_first_of(": []@/") == std::string_view::npos;
}

// What the scan of the words found: indices of the positional ones, and whether an option names the secret.
struct Sorted {
  std::vector<std::size_t> positional;
  bool secret_option = false;
};

Sorted sort_words(const std::vector<std::string_view>& words) {
  Sorted out;
  bool options = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (!options || word.empty() || word.front() != '-' || word == "-") {
      out.positional.push_back(i);
      continue;
    }
    if (word == "--") {
      options = false;
      continue;
    }
    if (word.substr(0, 13) == "--secret-file" || word.substr(0, 11) == "--secret-fd") out.secret_option = true;
    if (takes_value(word)) ++i;
  }
  return out;
}

// The words in order, without those at `drop`.
std::vector<std::string> without(const std::vector<std::string_view>& words, const std::vector<std::size_t>& drop) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (std::find(drop.begin(), drop.end(), i) == drop.end()) out.emplace_back(words[i]);
  return out;
}

void make_positional(const std::vector<std::string_view>& words, const std::vector<std::size_t>& endpoints,
                     std::vector<std::size_t> drop, CommandLine& out) {
  out.form = Form::positional;
  out.command = "chat";
  for (const std::size_t index : endpoints) drop.push_back(index);
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == "--") drop.push_back(i);
  out.words = without(words, drop);
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    out.words.emplace_back(i == 0 ? "--listen" : "--bootstrap");
    out.words.emplace_back(words[endpoints[i]]);
  }
}

// `comm [chat] [SECRET] HOST:PORT [BOOTSTRAP...]`: the words from at[skip] on.
CommandLine scan_secret_form(const std::vector<std::string_view>& words, const Sorted& sorted, std::size_t skip) {
  CommandLine out;
  const std::vector<std::size_t> drop(sorted.positional.begin(),
                                      sorted.positional.begin() + static_cast<std::ptrdiff_t>(skip));
  const std::vector<std::size_t> at(sorted.positional.begin() + static_cast<std::ptrdiff_t>(skip),
                                    sorted.positional.end());
  const std::string_view first = words[at[0]];
  if (sorted.secret_option && is_host_port(first)) {
    make_positional(words, at, drop, out);
    return out;
  }
  out.secret_from_stdin = first == "-";
  if (!out.secret_from_stdin) out.secret_index = at[0];
  if (at.size() < 2 || !is_host_port(words[at[1]])) {
    out.form = Form::unknown;
    if (!out.secret_from_stdin) out.hint = nearest_command(first);
    return out;
  }
  std::vector<std::size_t> gone = drop;
  gone.push_back(at[0]);
  make_positional(words, {at.begin() + 1, at.end()}, std::move(gone), out);
  return out;
}

bool asks_for_text(const std::vector<std::string_view>& words) {
  for (const std::string_view word : words)
    if (word == "--help" || word == "-h" || word == "--version") return true;
  return false;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

const std::vector<std::string_view> kCommands{"chat", "relay", "address", "identity", "demo", "version"};

bool is_host_port(std::string_view text) {
  unsigned port = 0;
  return split_host_port(text, port);
}

bool is_bootstrap(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at != std::string_view::npos) {
    const std::string_view pin = text.substr(0, at);
    if (pin.size() != 40 || pin.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) return false;
    text = text.substr(at + 1);
  }
  unsigned port = 0;
  return split_host_port(text, port) && port != 0;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (!unit.empty() && (unit.back() == 'B' || unit.back() == 'b')) unit.remove_suffix(1);
  if (!unit.empty() && unit.back() == 'i') unit.remove_suffix(1);
  int shift = 0;
  if (unit == "K" || unit == "k") shift = 10;
  else if (unit == "M" || unit == "m") shift = 20;
  else if (unit == "G" || unit == "g") shift = 30;
  else if (unit == "T" || unit == "t") shift = 40;
  else if (!unit.empty()) return std::nullopt;
  if (value > (UINT64_MAX >> shift)) return std::nullopt;
  return value << shift;
}

CommandLine scan_command_line(const std::vector<std::string_view>& words) {
  CommandLine out;
  out.command = "chat";
  if (words.empty()) return out;
  const Sorted sorted = sort_words(words);
  const auto& at = sorted.positional;
  if (at.empty()) {
    out.form = Form::subcommand;
    out.command = asks_for_text(words) ? "" : "chat";
    out.words = without(words, {});
    return out;
  }
  const std::string_view first = words[at[0]];
  if (first == "chat" && at.size() > 1) return scan_secret_form(words, sorted, 1);
  if (is_command(first)) {
    out.form = Form::subcommand;
    out.command = first;
    std::vector<std::size_t> drop{at[0]};
    if (first == "address" && at.size() > 1) {
      out.secret_from_stdin = words[at[1]] == "-";
      if (!out.secret_from_stdin) out.secret_index = at[1];
      drop.push_back(at[1]);
    }
    out.words = without(words, drop);
    return out;
  }
  return scan_secret_form(words, sorted, 0);
}

}  // namespace comm
