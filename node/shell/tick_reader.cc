#include "node/shell/tick_reader.h"

#include <charconv>

namespace comm {
namespace {

constexpr std::size_t kMaxLine = 64;
constexpr Millis kMaxTick = 3'650 * kDay;

std::optional<Millis> number_after(std::string_view word, std::string_view line, Millis least) {
  if (line.substr(0, word.size()) != word) return std::nullopt;
  line.remove_prefix(word.size());
  Millis value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc{} || end != line.data() + line.size() || value < least || value > kMaxTick) return std::nullopt;
  return value;
}

}  // namespace

std::vector<TickReader::Line> TickReader::feed(std::string_view bytes) {
  std::vector<Line> out;
  for (const char c : bytes) {
    if (c != '\n') {
      if (partial_.size() <= kMaxLine) partial_.push_back(c);
      continue;
    }
    if (!partial_.empty() && partial_.back() == '\r') partial_.pop_back();
    if (!partial_.empty()) out.push_back({number_after("tick ", partial_, 0), number_after("step ", partial_, -kMaxTick), partial_});
    partial_.clear();
  }
  return out;
}

}  // namespace comm
