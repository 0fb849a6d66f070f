// What a typed line means: a command, `ADDRESS text`, or text for the last addressee. One parser for the chat screen
// and --plain. Pure; borrows nothing from its argument after returning. Any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proto/base/bech32m.h"

namespace comm {

struct LineEmpty {};
struct LineText { std::string text; };                     // to the last addressee
struct LineTo { Address to; std::string text; };           // empty text: only choose the addressee
struct LineMessage { std::string name; std::string text; };  // /msg NAME TEXT
struct LineAdd { Address address; std::string name; };
struct LineConnect { std::string endpoint; };
struct LineMe {};
struct LinePeers {};
struct LineHelp {};
struct LineQuit {};
struct LineRefused { std::string why; };                   // never sent; the draft stays
using InputLine = std::variant<LineEmpty, LineText, LineTo, LineMessage, LineAdd, LineConnect, LineMe, LinePeers,
                               LineHelp, LineQuit, LineRefused>;

// `pasted`: the line began with pasted text, which is never executed as a command.
// A leading run of 30 or more hex digits that is not 40 long, or a wrong Bech32m checksum, is refused: it is a
// mistyped address. A leading space makes any line plain text; `//x` is the text `/x`.
InputLine parse_line(std::string_view line, bool pasted = false);

// The address a line being typed begins with, for the prompt.
std::optional<Address> leading_address(std::string_view line);

// Why `text` is not an address, as a sentence.
std::string address_error(std::string_view text);

// One line per command.
extern const char* const kHelpLines[];
extern const std::size_t kHelpLineCount;

}  // namespace comm
