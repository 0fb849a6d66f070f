#include "node/main/output.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

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

void complain(std::string_view sentence) {
  Output error(2);
  if (error.writable()) error.line("comm: " + std::string(sentence));  // the end of a program waits for nobody
}

}  // namespace comm
