// Standard output in whole lines. A line is written completely or the program ends with exit code 74: nobody goes on
// talking into a closed pipe or a full disk. Waits while the reader is slow, but not once the program was asked to end.
// One thread.
#pragma once
#include <string>
#include <string_view>

namespace comm {

class Output {
 public:
  explicit Output(int fd = 1) : fd_(fd) {}
  // Appends the newline. False once anything could not be written; `error` then says why.
  bool line(std::string_view text);
  bool write(std::string_view bytes);
  // Whether a short line could be written without waiting.
  bool writable() const;
  bool failed() const { return failed_; }
  const std::string& error() const { return error_; }

 private:
  void fail(const char* why);

  int fd_;
  bool failed_ = false;
  std::string error_;
};

// "comm: ..." on stderr, one line.
void complain(std::string_view sentence);

// How this program was called (argv[0], once, at the start): coreutils has a `comm` of its own on every PATH.
void called_as(std::string_view name);
const std::string& program_name();
// Text for people with that name in its commands: those in backticks, and those on lines of their own, indented by two.
std::string with_program_name(std::string_view text);

}  // namespace comm
