#include "node/main/output.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "node/main/safe_output.h"

namespace comm {

namespace {

constexpr int kStopCheckMs = 200;

bool ready_for_more(int fd, int wait_ms) {
  pollfd waiting{fd, POLLOUT, 0};
  return ::poll(&waiting, 1, wait_ms) > 0;
}

// Signals that end the program are blocked and read elsewhere; while we wait here nobody reads them. Taken here, as our
// failure ends the program too.
bool asked_to_end() {
  sigset_t ending;
  ::sigemptyset(&ending);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&ending, signal);
  const timespec at_once{};
  return ::sigtimedwait(&ending, nullptr, &at_once) > 0;
}

}  // namespace

bool Output::writable() const { return ready_for_more(fd_, 0); }

bool Output::write(std::string_view bytes) {
  while (!failed_ && !bytes.empty()) {
    if (!ready_for_more(fd_, kStopCheckMs)) {
      if (asked_to_end()) fail("nobody reads it");
      continue;
    }
    // A pipe that is ready takes so much without blocking.
    const ssize_t wrote = ::write(fd_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (wrote > 0) bytes.remove_prefix(static_cast<std::size_t>(wrote));
    else if (wrote < 0 && errno != EINTR && errno != EAGAIN) fail(std::strerror(errno));
  }
  return !failed_;
}

void Output::fail(const char* why) {
  failed_ = true;
  error_ = why;
}

bool Output::line(std::string_view text) {
  std::string whole(text);
  whole += '\n';
  return write(whole);
}

namespace {
std::string g_called_as = "comm";  // set before any thread starts
}  // namespace

void called_as(std::string_view name) {
  if (!name.empty()) g_called_as = name;
}

const std::string& program_name() { return g_called_as; }

std::string with_program_name(std::string_view text) {
  constexpr std::string_view kName = "comm";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view before = text.substr(0, at), rest = text.substr(at);
    const bool named = rest.starts_with(kName) && (rest.size() == kName.size() || rest[kName.size()] == ' ' || rest[kName.size()] == '`');
    const bool command = before.ends_with("`") || before.ends_with("\n  ") || before == "  ";
    if (named && command) {
      out += g_called_as;
      at += kName.size();
    } else {
      out += text[at++];
    }
  }
  return out;
}

void complain(std::string_view sentence) {
  Output error(2);
  if (!error.writable()) return;  // the end of a program waits for nobody
  error.line("comm: " + safe_text(with_program_name(sentence), safe_options(2)));
}

}  // namespace comm
