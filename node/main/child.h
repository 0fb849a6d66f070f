// Child processes of the demo: this program again (/proc/self/exe), its JSON lines read from a pipe. A child dies with
// its parent (PR_SET_PDEATHSIG) and when its Child is destroyed. One thread.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace comm {

using Deadline = std::chrono::steady_clock::time_point;

class Child {
 public:
  // `secret` non-empty: given on a pipe as --secret-fd.
  Child(std::string name, std::vector<std::string> arguments, const std::string& secret = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // The next line of output; nullopt at the deadline or at the end of output.
  std::optional<std::string> read_line(Deadline deadline);
  bool write_line(const std::string& line);
  void close_input();
  void signal(int number);
  // Exit status as the shell tells it (128 + signal); nullopt if it still runs at the deadline.
  std::optional<int> wait(Deadline deadline);

  const std::string& name() const { return name_; }
  pid_t pid() const { return pid_; }
  int output_fd() const { return output_; }
  const std::deque<std::string>& last_lines() const { return last_lines_; }  // a few, for error reports

 private:
  std::string name_;
  pid_t pid_ = -1;
  int input_ = -1, output_ = -1;
  std::string partial_;
  std::deque<std::string> last_lines_;
  std::optional<int> status_;
};

// A fresh directory under $TMPDIR, removed with all it contains when destroyed.
class TemporaryDir {
 public:
  TemporaryDir();
  ~TemporaryDir();
  TemporaryDir(const TemporaryDir&) = delete;
  TemporaryDir& operator=(const TemporaryDir&) = delete;
  const std::string& path() const { return path_; }  // empty: could not be made

 private:
  std::string path_;
};

}  // namespace comm
