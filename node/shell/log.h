// The program's log: one line per event to stderr, `comm[level] code: detail`, under systemd with its <N> priority in
// front (JOURNAL_STREAM is set). Rate-limited per code, because strangers cause most events; what was suppressed is
// counted and told. Never given text of messages; control characters are escaped. Reactor's thread.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "node/shell/runtime.h"

namespace comm {

inline constexpr int kLogLinesPerMinute = 10;  // of one code

class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;  // without the newline
  Log(LogLevel level, bool journal, Sink sink);
  static Log to_stderr(LogLevel level);

  void note(Millis now, const Note& note);
  void write(Millis now, LogLevel level, const std::string& code, std::string_view detail);
  // Tells of lines suppressed in minutes that are over. Call now and then.
  void tick(Millis now);
  LogLevel level() const { return level_; }

 private:
  struct Code { Millis window = 0; int lines = 0; std::uint64_t suppressed = 0; LogLevel level = LogLevel::info; };
  void print(LogLevel level, std::string_view code, std::string_view detail);
  void tell_suppressed(const std::string& code, Code& state);

  LogLevel level_;
  bool journal_;
  Sink sink_;
  std::map<std::string, Code> codes_;
};

}  // namespace comm
