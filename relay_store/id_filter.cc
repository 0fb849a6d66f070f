#include "relay_store/id_filter.h"

#include <bit>

#include "relay_store/keys.h"

namespace comm {

IdFilter::Mark::Mark(std::string_view key) {
  CHECK(key.size() == 1 + MessageId::kSize);
  const ByteView id = as_bytes(key.substr(1));
  line = get_be<std::uint64_t>(id) * 0x9e37'79b9'7f4a'7c15;
  bits = get_be<std::uint64_t>(id.subspan(8)) ^ std::rotl(line, 31);
}

IdFilter::Lines::Lines(std::uint64_t ids) : most_(std::max(ids, kFewest)) {
  const std::uint64_t lines = std::bit_ceil(std::min<std::uint64_t>(most_, kMostLines * kLineBits) * kBitsForEach / kLineBits);
  lines_.resize(std::min<std::uint64_t>(lines, kMostLines));
  most_ = std::max(most_, lines_.size() * kLineBits / kBitsForEach);
}

bool IdFilter::Lines::may_hold(const Mark& mark) const {
  const Line& line = lines_[mark.line >> 20 & (lines_.size() - 1)];
  for (int i = 0; i < kBitsSet; ++i) {
    const std::uint64_t bit = mark.bits >> (9 * i) & (kLineBits - 1);
    if ((line[bit / 64] >> (bit % 64) & 1) == 0) return false;
  }
  return true;
}

void IdFilter::Lines::add(const Mark& mark) {
  if (may_hold(mark)) return;  // an acknowledged one stays
  Line& line = lines_[mark.line >> 20 & (lines_.size() - 1)];
  for (int i = 0; i < kBitsSet; ++i) {
    const std::uint64_t bit = mark.bits >> (9 * i) & (kLineBits - 1);
    line[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
  ++added_;
}

void IdFilter::add(std::string_view key) {
  const Mark mark(key);
  if (known_) known_->add(mark);
  if (next_) next_->add(mark);
}

void IdFilter::learn(const Kv& kv, const Overlay& staged, std::uint64_t ids) {
  if (!next_) {
    if (known_ && !known_->full()) return;
    next_.emplace(2 * ids);
    cursor_ = keys::of(keys::kId);
    // Erased ones too: if the commit fails they are here again.
    for (auto at = staged.rows(cursor_, keys::end_of(keys::kId)); at.row() != nullptr; at.next()) next_->add(Mark(at.row()->key));
  }
  std::size_t seen = 0;
  kv.scan(cursor_, keys::end_of(keys::kId), [&](std::string_view key, std::string_view) {
    next_->add(Mark(key));
    if (++seen < kPage) return true;
    cursor_ = std::string(key) + '\0';
    return false;
  });
  if (seen == kPage || kv.read_failed()) return;
  known_ = std::move(next_);
  next_.reset();
}

}  // namespace comm
