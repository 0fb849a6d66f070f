#include "node/main/secret_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "client_tui/model/wizard.h"
#include "node/main/output.h"
#include "node/shell/unique_fd.h"
#include "proto/seal/key_file.h"

namespace comm {
namespace {

using ReadSecret = std::optional<SecretBytes> (*)(int fd, Failure& failure, const std::string& what);

std::optional<SecretBytes> from_file(const std::string& path, Failure& failure, const std::string& what, ReadSecret read) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    failure = {errno == EACCES ? kExitPermission : kExitConfig,
               "cannot read the " + what + " from " + path + ": " + std::strerror(errno) + "."};
    return std::nullopt;
  }
  struct stat info {};
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 077) != 0)
    complain("warning: " + path + " can be read by other users. `chmod 600` keeps the " + what + " to yourself.");
  auto secret = read(fd, failure, what);
  ::close(fd);
  return secret;
}

constexpr cc_t kInterrupt = 0x03;

// Echo is off between construction and destruction. The interrupt key ends the line instead of the process, which
// would leave the terminal mute.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &saved_) != 0) return;
    termios quiet = saved_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    quiet.c_cc[VEOL] = kInterrupt;
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

std::optional<SecretBytes> line_or_text(int fd, Failure& failure, const std::string& what, bool whole) {
  WipedBytes text;
  text.bytes.reserve(kMaxSecretBytes);  // never grows, so no copy of it stays behind
  for (;;) {
    std::uint8_t byte = 0;
    const ssize_t got = ::read(fd, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      failure = {kExitIo, "cannot read the " + what + ": " + std::strerror(errno) + "."};
      return std::nullopt;
    }
    const bool after_line = text.bytes.empty() || text.bytes.back() == '\n';
    if (got == 0 || (byte == '\n' && (!whole || after_line))) break;
    if (text.bytes.size() == kMaxSecretBytes) {
      failure = {kExitUsage, "the " + what + " is longer than " + std::to_string(kMaxSecretBytes) + " bytes."};
      return std::nullopt;
    }
    text.bytes.push_back(byte);
    if (byte == kInterrupt && ::isatty(fd) != 0) break;
  }
  if (!text.bytes.empty() && text.bytes.back() == '\r') text.bytes.pop_back();
  if (text.bytes.empty()) {
    failure = {kExitUsage, "the " + what + " is empty. The first line must hold it."};
    return std::nullopt;
  }
  return SecretBytes(text.bytes);
}

std::optional<SecretBytes> by_options(const Options& options, bool from_stdin, Failure& failure, const std::string& what,
                                      ReadSecret read) {
  if (!options.secret_file.empty() && options.secret_file != "-") return from_file(options.secret_file, failure, what, read);
  if (options.secret_fd) return read(*options.secret_fd, failure, what);
  if (from_stdin || options.secret_file == "-") return read(STDIN_FILENO, failure, what);
  failure = {};
  return std::nullopt;
}

bool given(const Options& options, bool from_stdin) {
  return !options.secret_file.empty() || options.secret_fd || from_stdin;
}

// The path of a credential of the service manager, "" if there is none of this name.
std::string credential(const char* name) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr) return {};
  const std::string path = std::string(directory) + "/" + name;
  return ::access(path.c_str(), F_OK) == 0 ? path : "";
}

}  // namespace

std::string key_file_in_credentials() {
  const std::string path = credential("identity");
  const UniqueFd fd(path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<std::uint8_t, 16> beginning{};
  if (!fd || ::read(fd.get(), beginning.data(), beginning.size()) != static_cast<ssize_t>(beginning.size())) return {};
  const bool key_file = looks_like_key_file(beginning);
  secure_zero(beginning);
  return key_file ? path : "";
}

bool secret_in_credentials() { return !credential("identity").empty() && key_file_in_credentials().empty(); }

bool can_ask() { return ::isatty(STDIN_FILENO) != 0; }

std::optional<SecretBytes> read_secret_line(int fd, Failure& failure, const std::string& what) {
  return line_or_text(fd, failure, what, false);
}

std::optional<SecretBytes> read_secret_text(int fd, Failure& failure, const std::string& what) {
  return line_or_text(fd, failure, what, true);
}

std::optional<SecretBytes> ask_secret(const std::string& prompt, Failure& failure, const std::string& what) {
  const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    failure = {kExitUsage, "there is no terminal to ask for the " + what + " on."};
    return std::nullopt;
  }
  Output terminal(fd);
  terminal.write(prompt);
  std::optional<SecretBytes> secret;
  {
    NoEcho quiet(fd);
    secret = read_secret_line(fd, failure, what);
  }
  terminal.write("\n");
  ::close(fd);
  if (secret && secret->view().back() == kInterrupt) ::raise(SIGINT);
  return secret;
}

std::optional<SecretBytes> obtain_secret(const Options& options, bool from_stdin, Failure& failure) {
  const std::string what = "secret";
  if (given(options, from_stdin)) return by_options(options, from_stdin, failure, what, read_secret_line);
  if (const std::string path = credential("identity"); !path.empty()) return from_file(path, failure, what, read_secret_line);
  if (can_ask()) return ask_secret("Secret: ", failure, what);
  failure = {kExitUsage,
             "no secret was given. Use --secret-file FILE, --secret-fd FD, or `comm - HOST:PORT` with the secret on the "
             "first line of standard input."};
  return std::nullopt;
}

std::optional<SecretBytes> obtain_words(const Options& options, bool from_stdin, Failure& failure) {
  const std::string what = "recovery words";
  if (given(options, from_stdin)) return by_options(options, from_stdin, failure, what, read_secret_text);
  if (can_ask()) return ask_secret("Recovery words, on one line: ", failure, what);
  return read_secret_text(STDIN_FILENO, failure, what);
}

std::optional<SecretBytes> obtain_passphrase(const std::optional<int>& fd, const std::string& prompt, Failure& failure) {
  const std::string what = "passphrase";
  if (fd) return read_secret_line(*fd, failure, what);
  if (const std::string path = credential("passphrase"); !path.empty()) return from_file(path, failure, what, read_secret_line);
  if (can_ask()) return ask_secret(prompt, failure, what);
  failure = {kExitConfig, "the key has a passphrase, and there is no terminal to ask for it on. Use --passphrase-fd N."};
  return std::nullopt;
}

std::optional<SecretBytes> obtain_new_passphrase(const std::optional<int>& fd, Failure& failure) {
  const std::string what = "passphrase";
  if (!fd && !can_ask()) {
    failure = {kExitConfig, "no passphrase was given, and there is no terminal to ask for one on. Use --passphrase-fd N, or "
                            "--no-passphrase to keep the key in the clear."};
    return std::nullopt;
  }
  auto first = fd ? read_secret_line(*fd, failure, what) : ask_secret("New passphrase: ", failure, what);
  if (!first) return std::nullopt;
  if (const std::string objection = passphrase_objection(first->view()); !objection.empty()) {
    failure = {kExitUsage, objection + " Nothing was written."};
    return std::nullopt;
  }
  if (fd) return first;
  const auto second = ask_secret("The same again: ", failure, what);
  if (!second) return std::nullopt;
  if (secure_equal(first->view(), second->view())) return first;
  failure = {kExitUsage, "the two passphrases differ. Nothing was written."};
  return std::nullopt;
}

}  // namespace comm
