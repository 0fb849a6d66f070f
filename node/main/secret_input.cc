#include "node/main/secret_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "node/main/output.h"

namespace comm {
namespace {

std::optional<SecretBytes> from_file(const std::string& path, Failure& failure) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    failure = {errno == EACCES ? kExitPermission : kExitConfig,
               "cannot read the secret from " + path + ": " + std::strerror(errno) + "."};
    return std::nullopt;
  }
  struct stat info {};
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 077) != 0)
    complain("warning: " + path + " can be read by other users. `chmod 600` keeps the secret to yourself.");
  auto secret = read_secret_line(fd, failure);
  ::close(fd);
  return secret;
}

// Echo is off between construction and destruction.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &saved_) != 0) return;
    termios quiet = saved_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    active_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  ~NoEcho() {
    if (active_) ::tcsetattr(fd_, TCSAFLUSH, &saved_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  int fd_;
  bool active_ = false;
  termios saved_{};
};

std::optional<SecretBytes> from_terminal(Failure& failure) {
  const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    failure = {kExitUsage, "there is no terminal to ask for the secret on. Use --secret-file or --secret-fd."};
    return std::nullopt;
  }
  Output terminal(fd);
  terminal.write("Secret: ");
  std::optional<SecretBytes> secret;
  {
    NoEcho quiet(fd);
    secret = read_secret_line(fd, failure);
  }
  terminal.write("\n");
  ::close(fd);
  return secret;
}

}  // namespace

std::optional<SecretBytes> read_secret_line(int fd, Failure& failure) {
  WipedBytes line;
  line.bytes.reserve(kMaxSecretBytes);  // never grows, so no copy of it stays behind
  for (;;) {
    std::uint8_t byte = 0;
    const ssize_t got = ::read(fd, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      failure = {kExitIo, std::string("cannot read the secret: ") + std::strerror(errno) + "."};
      return std::nullopt;
    }
    if (got == 0 || byte == '\n') break;
    if (line.bytes.size() == kMaxSecretBytes) {
      failure = {kExitUsage, "the secret is longer than " + std::to_string(kMaxSecretBytes) + " bytes."};
      return std::nullopt;
    }
    line.bytes.push_back(byte);
  }
  if (!line.bytes.empty() && line.bytes.back() == '\r') line.bytes.pop_back();
  if (line.bytes.empty()) {
    failure = {kExitUsage, "the secret is empty. The first line must hold it."};
    return std::nullopt;
  }
  return SecretBytes(line.bytes);
}

std::optional<SecretBytes> obtain_secret(const Options& options, bool from_stdin, Failure& failure) {
  if (!options.secret_file.empty() && options.secret_file != "-") return from_file(options.secret_file, failure);
  if (options.secret_fd) return read_secret_line(*options.secret_fd, failure);
  if (from_stdin || options.secret_file == "-") return read_secret_line(STDIN_FILENO, failure);
  if (const char* credentials = std::getenv("CREDENTIALS_DIRECTORY")) {
    const std::string path = std::string(credentials) + "/identity";
    if (::access(path.c_str(), F_OK) == 0) return from_file(path, failure);
  }
  if (::isatty(STDIN_FILENO) != 0) return from_terminal(failure);
  failure = {kExitUsage,
             "no secret was given. Use --secret-file FILE, --secret-fd FD, or `comm - HOST:PORT` with the secret on the "
             "first line of standard input."};
  return std::nullopt;
}

}  // namespace comm
