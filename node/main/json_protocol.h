// The JSON protocol of `comm chat --json` and `comm relay --json` (version 1): one object per line in both directions.
// Pure: lines to commands, events to lines. Input is bounded (1 MiB, depth 8) before it is parsed; text that is not
// UTF-8 is refused.
#pragma once
#include <string>
#include <string_view>
#include <variant>

#include "node/shell/runtime.h"

namespace comm {

inline constexpr int kMaxJsonDepth = 8;
inline constexpr std::size_t kMaxRefBytes = 4'096;

struct JsonSend { Address to; std::string text; std::string ref; };  // ref: JSON text, "" if none was given
struct JsonTick { std::int64_t milliseconds = 0; bool step = false; };  // step: the wall clock alone, either way
struct JsonBlock { Address address; bool blocked = true; };
struct JsonWithdraw { MessageUid uid; };
struct JsonQuit {};
struct JsonBad { std::string what; std::string ref; };               // answered by an error event
struct JsonUnknown { std::string what; };                            // answered by an unsupported event
using JsonCommand = std::variant<JsonSend, JsonTick, JsonBlock, JsonWithdraw, JsonQuit, JsonBad, JsonUnknown>;

JsonCommand parse_json_command(std::string_view line);

// Lines without a newline.
std::string json_ready(const Ready& ready);
std::string json_error(const std::string& what, const std::string& ref = {});
std::string json_unsupported(const std::string& what);
std::string json_ticked();
std::string json_store(const Totals& totals);
std::string json_user(const UserEvent& event);  // "" for events that have no line
std::string json_version();
// One object of these names and texts.
std::string json_texts(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace comm
