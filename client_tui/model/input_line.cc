#include "client_tui/model/input_line.h"

namespace comm {
namespace {

constexpr std::size_t kLooksLikeAddress = 30;  // hex digits in a row that no one types as a word

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view first_word(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && !is_space(text[end])) ++end;
  return text.substr(0, end);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool all_hex(std::string_view word) {
  for (const char c : word)
    if (!is_hex(c)) return false;
  return !word.empty();
}

// "comm1..." long enough that no word of a language is meant.
bool looks_bech32m(std::string_view word) {
  if (word.size() < kLooksLikeAddress) return false;
  constexpr std::string_view kPrefix = "comm1";
  for (std::size_t i = 0; i < kPrefix.size(); ++i)
    if (lower(word[i]) != kPrefix[i]) return false;
  return true;
}

bool looks_like_address(std::string_view word) {
  return (word.size() >= kLooksLikeAddress && all_hex(word)) || looks_bech32m(word);
}

std::string usage(const char* form) { return std::string("Usage: ") + form; }

InputLine parse_add(std::string_view rest) {
  const std::string_view word = first_word(rest);
  const std::string_view name = trim(rest.substr(word.size()));
  if (word.empty() || name.empty()) return LineRefused{usage("/add ADDRESS NAME")};
  const auto address = parse_address(word);
  if (!address) return LineRefused{address_error(word)};
  return LineAdd{*address, std::string(name)};
}

InputLine parse_msg(std::string_view rest) {
  const std::string_view word = first_word(rest);
  const std::string_view text = trim(rest.substr(word.size()));
  if (word.empty() || text.empty()) return LineRefused{usage("/msg NAME TEXT")};
  if (!looks_like_address(word)) return LineMessage{std::string(word), std::string(text)};
  const auto address = parse_address(word);
  if (!address) return LineRefused{address_error(word)};
  return LineTo{*address, std::string(text)};
}

InputLine parse_command(std::string_view line) {
  const std::string_view name = first_word(line);
  const std::string_view rest = trim(line.substr(name.size()));
  if (name == "/quit") return LineQuit{};
  if (name == "/help") return LineHelp{};
  if (name == "/me") return LineMe{};
  if (name == "/peers") return LinePeers{};
  if (name == "/add") return parse_add(rest);
  if (name == "/msg") return parse_msg(rest);
  if (name == "/connect") {
    if (rest.empty() || first_word(rest).size() != rest.size()) return LineRefused{usage("/connect HOST:PORT")};
    return LineConnect{std::string(rest)};
  }
  return LineRefused{"There is no command " + std::string(name.substr(0, 20)) +
                     ". /help lists them; // at the start sends a text that begins with /."};
}

}  // namespace

const char* const kHelpLines[] = {
    "ADDRESS text         write to an address (40 hex digits, or comm1...)",
    "text                 write to whoever the prompt names",
    "/msg NAME TEXT       write to a contact, and go on with them",
    "/add ADDRESS NAME    name an address, accept its messages",
    "/me                  your own address, to give to others",
    "/peers               whom this program is connected to",
    "/connect HOST:PORT   another relay or node",
    "/quit                leave; what no relay has yet is kept on this machine",
    "States: ? looking for the key, . sealed, ~ kept here, ^n on n relays, then delivered, expired or ! failed.",
};
const std::size_t kHelpLineCount = sizeof kHelpLines / sizeof kHelpLines[0];

std::string address_error(std::string_view text) {
  const auto parsed = parse_address(text);
  if (parsed) return {};
  if (text.size() >= 20 && all_hex(text))
    return "That is no address: it has " + std::to_string(text.size()) +
           " hex digits, an address has 40. Nothing was sent; check it and try again.";
  if (std::string_view(parsed.error().reason) == "address-checksum" || looks_bech32m(text))
    return "That is no address: the checksum of comm1... is wrong, so a character is mistyped. "
           "Nothing was sent; check it and try again.";
  return "That is no address: one has 40 hex digits, or begins with comm1. Nothing was sent.";
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
  if (!address) return LineRefused{address_error(word)};
  return LineTo{*address, std::string(trim(line.substr(word.size())))};
}

std::optional<Address> leading_address(std::string_view line) {
  const std::string_view word = first_word(line);
  if (!looks_like_address(word)) return std::nullopt;
  const auto address = parse_address(word);
  if (!address) return std::nullopt;
  return *address;
}

}  // namespace comm
