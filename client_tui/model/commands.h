// The commands of the chat, as a table: parser, /help and Tab completion read nothing else. Constant; any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace comm {

enum class CommandId : std::uint8_t {
  help, me, copy, add, rename, msg, query, close, requests, accept, decline, block, unblock, verify, info, retry, cancel,
  forget, outbox, search, ttl, mute, clear, history, peers, connect, status, set, log, quit
};

enum class ArgumentKind : std::uint8_t { none, contact, request, command, text, words };

struct CommandSpec {
  CommandId id;
  const char* name;      // with the slash
  const char* usage;     // arguments
  const char* summary;   // one line
  const char* detail;    // more, for /help NAME; lines end with \n but the last
  ArgumentKind first;    // what Tab offers for the first argument
  const char* words;     // of ArgumentKind::words
};

extern const CommandSpec kCommandSpecs[];
extern const std::size_t kCommandSpecCount;

const CommandSpec* find_command(std::string_view name);  // with the slash; null if there is none
std::string usage_of(const CommandSpec& command);        // "Usage: /add ADDRESS NAME"
std::vector<std::string> help_overview();
std::vector<std::string> help_of(const CommandSpec& command);

}  // namespace comm
