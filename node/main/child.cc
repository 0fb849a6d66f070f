#include "node/main/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace comm {
namespace {

constexpr std::size_t kRememberedLines = 6;
constexpr int kSecretFd = 3;

struct Pipe {
  int read_end = -1, write_end = -1;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  return {ends[0], ends[1]};
}

void close_fd(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

int milliseconds_left(Deadline deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(char* const* argv, int input, int output, int secret, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // the parent died before the line above
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  if (secret == kSecretFd) ::fcntl(secret, F_SETFD, 0);
  else if (secret >= 0) ::dup2(secret, kSecretFd);
  // Signals go back to normal: ignored ones and blocked ones would be inherited.
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGXFSZ, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setpgid(0, 0);  // C-c at the terminal is for the parent to handle
  ::execv("/proc/self/exe", argv);
  ::_exit(127);
}

}  // namespace

Child::Child(std::string name, std::vector<std::string> arguments, const std::string& secret) : name_(std::move(name)) {
  Pipe in = make_pipe(), out = make_pipe(), key;
  if (!secret.empty()) {
    key = make_pipe();
    arguments.insert(arguments.end(), {"--secret-fd", std::to_string(kSecretFd)});
    const std::string line = secret + "\n";  // far less than a pipe holds
    if (::write(key.write_end, line.data(), line.size()) < 0) return;
    close_fd(key.write_end);
  }
  arguments.insert(arguments.begin(), "comm");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(argv.data(), in.read_end, out.write_end, key.read_end, parent);
  close_fd(in.read_end);
  close_fd(out.write_end);
  close_fd(key.read_end);
  input_ = in.write_end;
  output_ = out.read_end;
}

Child::~Child() {
  if (pid_ > 0 && !status_) {
    signal(SIGTERM);
    if (!wait(std::chrono::steady_clock::now() + std::chrono::seconds(2))) {
      signal(SIGKILL);
      wait(std::chrono::steady_clock::now() + std::chrono::seconds(2));
    }
  }
  close_fd(input_);
  close_fd(output_);
}

std::optional<std::string> Child::read_line(Deadline deadline) {
  for (;;) {
    const std::size_t newline = partial_.find('\n');
    if (newline != std::string::npos) {
      std::string line = partial_.substr(0, newline);
      partial_.erase(0, newline + 1);
      last_lines_.push_back(line);
      if (last_lines_.size() > kRememberedLines) last_lines_.pop_front();
      return line;
    }
    pollfd waiting{output_, POLLIN, 0};
    if (output_ < 0 || ::poll(&waiting, 1, milliseconds_left(deadline)) <= 0) return std::nullopt;
    std::array<char, 4096> buffer;
    const ssize_t got = ::read(output_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      close_fd(output_);
      return std::nullopt;
    }
    partial_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

bool Child::write_line(const std::string& line) {
  const std::string whole = line + "\n";
  return input_ >= 0 && ::write(input_, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size());
}

void Child::close_input() { close_fd(input_); }

void Child::signal(int number) {
  if (pid_ > 0 && !status_) ::kill(pid_, number);
}

std::optional<int> Child::wait(Deadline deadline) {
  while (!status_ && pid_ > 0) {
    int status = 0;
    const pid_t got = ::waitpid(pid_, &status, WNOHANG);
    if (got == pid_) {
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (got < 0 && errno != EINTR) {
      status_ = 127;
    } else {
      if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  return status_;
}

TemporaryDir::TemporaryDir() {
  const char* base = std::getenv("TMPDIR");
  std::string path = std::string(base != nullptr && base[0] == '/' ? base : "/tmp") + "/comm-demo-XXXXXX";
  if (::mkdtemp(path.data()) != nullptr) path_ = path;
}

TemporaryDir::~TemporaryDir() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace comm
