#include "node/main/line_reader.h"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace comm {

void LineReader::read_from(int fd) {
  std::array<char, 65'536> buffer;
  const ssize_t got = ::read(fd, buffer.data(), buffer.size());
  if (got > 0) return feed({buffer.data(), static_cast<std::size_t>(got)});
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  finish();  // an error on input (a terminal that hung up) is its end
}

void LineReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, newline);
    if (!skipping_ && partial_.size() + piece.size() > cap_) {
      skipping_ = true;
      partial_.clear();
      partial_.shrink_to_fit();
      handler_.too_long();
    }
    if (!skipping_) partial_ += piece;
    if (newline == std::string_view::npos) return;
    bytes.remove_prefix(newline + 1);
    if (std::exchange(skipping_, false)) continue;
    const std::string line = std::exchange(partial_, {});
    handler_.line(line);
  }
}

void LineReader::finish() {
  if (std::exchange(ended_, true)) return;
  if (!partial_.empty() && !skipping_) handler_.line(std::exchange(partial_, {}));
  handler_.end();
}

}  // namespace comm
