#include "node/shell/log.h"

#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace comm {
namespace {

constexpr std::size_t kMaxCodes = 256;    // codes are constants of the program; this bounds a mistake
constexpr std::size_t kMaxDetail = 1'000;

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::error: return "error";
    case LogLevel::warning: return "warning";
    case LogLevel::info: return "info";
    case LogLevel::debug: return "debug";
  }
  return "?";
}

int priority_of(LogLevel level) {  // of syslog
  switch (level) {
    case LogLevel::error: return 3;
    case LogLevel::warning: return 4;
    case LogLevel::info: return 6;
    case LogLevel::debug: return 7;
  }
  return 7;
}

LogLevel level_of(Severity severity) {
  switch (severity) {
    case Severity::debug: return LogLevel::debug;
    case Severity::info: return LogLevel::info;
    case Severity::warning: return LogLevel::warning;
    case Severity::error: return LogLevel::error;
  }
  return LogLevel::error;
}

void append_safely(std::string& out, std::string_view text) {
  const bool cut = text.size() > kMaxDetail;
  for (const char c : text.substr(0, kMaxDetail)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out.push_back(c);
    } else {
      out += "\\x" + to_hex(ByteView(&byte, 1));
    }
  }
  if (cut) out += "...";
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) {
  for (const LogLevel level : {LogLevel::error, LogLevel::warning, LogLevel::info, LogLevel::debug})
    if (text == name_of(level)) return level;
  return std::nullopt;
}

Log::Log(LogLevel level, bool journal, Sink sink) : level_(level), journal_(journal), sink_(std::move(sink)) {}

Log Log::to_stderr(LogLevel level) {
  return Log(level, std::getenv("JOURNAL_STREAM") != nullptr, [](std::string_view line) {
    // One write, so that lines of several programs on one terminal stay whole. Nobody to tell if it fails. A reader that
    // does not read must not stop the node: its lines are dropped.
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&ready, 1, 0) == 0) return;
    const std::string out = std::string(line) + "\n";
    static_cast<void>(::write(STDERR_FILENO, out.data(), out.size()) == 0);
  });
}

void Log::note(Millis now, const Note& note) { write(now, level_of(note.severity), note.code, note.detail); }

void Log::write(Millis now, LogLevel level, const std::string& code, std::string_view detail) {
  if (level > level_) return;
  auto found = codes_.find(code);
  if (found == codes_.end()) {
    if (codes_.size() >= kMaxCodes) return;
    found = codes_.emplace(code, Code{now, 0, 0, level}).first;
  }
  Code& state = found->second;
  if (now - state.window >= kMinute) {
    tell_suppressed(code, state);
    state.window = now;
    state.lines = 0;
  }
  if (state.lines >= kLogLinesPerMinute) {
    ++state.suppressed;
    return;
  }
  ++state.lines;
  state.level = level;
  print(level, code, detail);
}

void Log::tick(Millis now) {
  for (auto& [code, state] : codes_)
    if (now - state.window >= kMinute) tell_suppressed(code, state);
}

void Log::tell_suppressed(const std::string& code, Code& state) {
  if (const auto count = std::exchange(state.suppressed, 0); count > 0)
    print(state.level, code, std::to_string(count) + " more of these in that minute");
}

void Log::print(LogLevel level, std::string_view code, std::string_view detail) {
  std::string line;
  if (journal_) line = "<" + std::to_string(priority_of(level)) + ">";
  line += std::string("comm[") + name_of(level) + "] " + std::string(code);
  if (!detail.empty()) line += ": ";
  append_safely(line, detail);
  sink_(line);
}

}  // namespace comm
