#include "client_tui/model/input_line.h"

#include "proto/base/limits.h"

namespace comm {
namespace {

constexpr std::size_t kLooksLikeAddress = 30;  // hex digits in a row that no one types as a word
constexpr std::string_view kUriPrefix = "comm:";

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view first_word(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && !is_space(text[end])) ++end;
  return text.substr(0, end);
}

bool all_hex(std::string_view word) {
  for (const char c : word)
    if (!is_hex(c)) return false;
  return !word.empty();
}

bool begins_with(std::string_view word, std::string_view lower_prefix) {
  if (word.size() < lower_prefix.size()) return false;
  for (std::size_t i = 0; i < lower_prefix.size(); ++i)
    if (lower(word[i]) != lower_prefix[i]) return false;
  return true;
}

// "comm1..." long enough that no word of a language is meant.
bool looks_bech32m(std::string_view word) { return word.size() >= kLooksLikeAddress && begins_with(word, "comm1"); }

InputLine parse_command(std::string_view line) {
  const std::string_view name = take_word(line);
  const CommandSpec* command = find_command(name);
  if (command != nullptr) return LineCommand{command, std::string(trim(line))};
  return LineRefused{"There is no command " + std::string(name.substr(0, 20)) +
                     ". /help lists them; // at the start sends a text that begins with /."};
}

}  // namespace

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view take_word(std::string_view& text) {
  const std::string_view word = first_word(text);
  text.remove_prefix(word.size());
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return word;
}

bool looks_like_address(std::string_view word) {
  return (word.size() >= kLooksLikeAddress && all_hex(word)) || looks_bech32m(word);
}

std::optional<Address> typed_address(std::string_view word) {
  if (begins_with(word, kUriPrefix)) word.remove_prefix(kUriPrefix.size());
  const auto address = parse_address(word);
  if (!address) return std::nullopt;
  return *address;
}

std::string address_error(std::string_view text) {
  const auto parsed = parse_address(text);
  if (parsed) return {};
  if (text.size() >= 20 && all_hex(text)) return std::to_string(text.size()) + " characters, an address needs 40.";
  if (std::string_view(parsed.error().reason) == "address-checksum" || looks_bech32m(text))
    return "The checksum of comm1... is wrong, so a character is mistyped.";
  return "That is no address: one has 40 hex digits, or begins with comm1.";
}

InputLine parse_line(std::string_view line, bool pasted) {
  if (trim(line).empty()) return LineEmpty{};
  if (line.front() == '/' && !pasted) {
    if (line.size() > 1 && line[1] == '/') return LineText{std::string(line.substr(1))};
    return parse_command(trim(line));
  }
  const std::string_view word = first_word(line);
  if (!looks_like_address(word)) return LineText{std::string(line)};
  const auto address = parse_address(word);
  if (!address) return LineAsk{address_error(word), std::string(line)};
  return LineTo{*address, std::string(trim(line.substr(word.size())))};
}

std::optional<Address> leading_address(std::string_view line) {
  const std::string_view word = first_word(line);
  if (!looks_like_address(word)) return std::nullopt;
  return typed_address(word);
}

std::optional<std::uint16_t> parse_lifetime(std::string_view text) {
  if (text.size() < 2 || text.size() > 6) return std::nullopt;
  std::uint32_t number = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  const char unit = lower(text.back());
  if (unit != 'm' && unit != 'h' && unit != 'd') return std::nullopt;
  number *= unit == 'm' ? 1 : unit == 'h' ? 60 : 1'440;
  if (number == 0 || number > kMaxLifetimeMinutes) return std::nullopt;
  return static_cast<std::uint16_t>(number);
}

}  // namespace comm
