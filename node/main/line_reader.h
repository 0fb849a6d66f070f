// Lines from a descriptor, read piece by piece when it is readable. A line longer than the cap is reported once and
// skipped to its end, so memory stays at cap + 64 KiB whatever comes in. One thread.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace comm {

inline constexpr std::size_t kMaxInputLineBytes = 1 << 20;

class LineReader {
 public:
  struct Handler {
    std::function<void(std::string_view line)> line;  // without its newline
    std::function<void()> too_long;
    std::function<void()> end;                        // once, after the last line
  };
  LineReader(std::size_t cap, Handler handler) : cap_(cap), handler_(std::move(handler)) {}

  // One read(2). REQUIRES: fd is readable or at its end, else this waits.
  void read_from(int fd);
  void feed(std::string_view bytes);
  void finish();  // end of input: an unfinished last line counts

 private:
  std::size_t cap_;
  Handler handler_;
  std::string partial_;
  bool skipping_ = false;
  bool ended_ = false;
};

}  // namespace comm
