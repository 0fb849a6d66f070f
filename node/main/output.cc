#include "node/main/output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace comm {

bool Output::write(std::string_view bytes) {
  while (!failed_ && !bytes.empty()) {
    const ssize_t wrote = ::write(fd_, bytes.data(), bytes.size());
    if (wrote > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(wrote));
    } else if (wrote < 0 && errno == EAGAIN) {  // someone else made the descriptor non-blocking
      pollfd waiting{fd_, POLLOUT, 0};
      ::poll(&waiting, 1, 1000);
    } else if (wrote < 0 && errno != EINTR) {
      failed_ = true;
      error_ = std::strerror(errno);
    }
  }
  return !failed_;
}

bool Output::line(std::string_view text) {
  std::string whole(text);
  whole += '\n';
  return write(whole);
}

void complain(std::string_view sentence) {
  Output error(2);
  error.line("comm: " + std::string(sentence));
}

}  // namespace comm
