// What a typed line means: a command, `ADDRESS text`, or text for the conversation. One parser for the chat screen and
// --plain. Pure; borrows nothing from its argument after returning. Any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "client_tui/model/commands.h"
#include "proto/base/bech32m.h"

namespace comm {

struct LineEmpty {};
struct LineText { std::string text; };                     // to the present addressee
struct LineTo { Address to; std::string text; };           // empty text: only choose the addressee
struct LineAsk { std::string why; std::string text; };     // a mistyped address: `text` is sent only if the user says so
struct LineCommand { const CommandSpec* command; std::string arguments; };  // trimmed
struct LineRefused { std::string why; };                   // never sent; the draft stays
using InputLine = std::variant<LineEmpty, LineText, LineTo, LineAsk, LineCommand, LineRefused>;

// `pasted`: the line began with pasted text, which is never executed as a command.
// A leading run of 30 or more hex digits that is not 40 long, or a wrong Bech32m checksum, is a mistyped address and is
// asked about. A leading space makes any line plain text; `//x` is the text `/x`. Unknown `/x` is refused.
InputLine parse_line(std::string_view line, bool pasted = false);

// The address a line being typed begins with, for the prompt.
std::optional<Address> leading_address(std::string_view line);

// Like parse_address; also "COMM:<hex>" as QR codes say it.
std::optional<Address> typed_address(std::string_view word);
bool looks_like_address(std::string_view word);
// Why `text` is not an address, as a sentence.
std::string address_error(std::string_view text);

// The first word of `text`, which moves on behind it and the blanks that follow.
std::string_view take_word(std::string_view& text);
std::string_view trim(std::string_view text);

// "30m", "12h", "7d" as minutes; nothing if malformed, 0 or above kMaxLifetimeMinutes.
std::optional<std::uint16_t> parse_lifetime(std::string_view text);

}  // namespace comm
