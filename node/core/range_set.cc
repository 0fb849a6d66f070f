#include "node/core/range_set.h"

#include "proto/base/check.h"

namespace comm {

SyncFingerprint add(const SyncFingerprint& a, const SyncFingerprint& b) {
  SyncFingerprint out;
  unsigned carry = 0;
  for (std::size_t i = SyncFingerprint::kSize; i-- > 0;) {
    carry += unsigned{a.data[i]} + b.data[i];
    out.data[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return out;
}

void RangeDigest::add(const SyncElement& element, const SyncFingerprint& hash) {
  ++count_;
  if (kept_.size() < kSyncKept) kept_.push_back(element);
  if (!blocks_.empty() && blocks_.back().count < block_size_) {
    blocks_.back().sum = comm::add(blocks_.back().sum, hash);
    ++blocks_.back().count;
    return;
  }
  if (blocks_.size() == kSyncSplit) {
    for (std::size_t i = 0; i < kSyncSplit / 2; ++i) {
      const Block& left = blocks_[2 * i];
      const Block& right = blocks_[2 * i + 1];
      blocks_[i] = {left.first, comm::add(left.sum, right.sum), left.count + right.count};
    }
    blocks_.resize(kSyncSplit / 2);
    block_size_ *= 2;
  }
  blocks_.push_back({element.key, hash, 1});
}

SyncFingerprint RangeDigest::fingerprint() const {
  SyncFingerprint out;
  for (const Block& block : blocks_) out = comm::add(out, block.sum);
  return out;
}

std::vector<SyncRange> RangeDigest::split() const {
  std::vector<SyncRange> out;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const SyncKey from = i == 0 ? lower_ : blocks_[i].first;
    const SyncKey to = i + 1 == blocks_.size() ? upper_ : blocks_[i + 1].first;
    out.push_back({from, to, SyncMode::fingerprint, blocks_[i].sum, {}});
  }
  return out;
}

std::vector<SyncElement> missing_from(const std::vector<SyncElement>& theirs, const std::vector<SyncElement>& ours) {
  std::vector<SyncElement> out;
  auto at = theirs.begin();
  for (const SyncElement& element : ours) {
    while (at != theirs.end() && at->key < element.key) ++at;
    if (at == theirs.end() || at->key != element.key || at->state < element.state) out.push_back(element);
  }
  return out;
}

std::vector<SyncRange> answer_range(const SyncRange& theirs, const RangeDigest& ours) {
  CHECK(theirs.lower == ours.lower() && theirs.upper == ours.upper());
  switch (theirs.mode) {
    case SyncMode::extra: return {};
    case SyncMode::again: return {ours.whole()};
    case SyncMode::fingerprint:
      if (theirs.fingerprint == ours.fingerprint()) return {};
      if (ours.count() > kSyncListed) return ours.split();
      return {{theirs.lower, theirs.upper, SyncMode::list, {}, ours.kept()}};
    case SyncMode::list: break;
  }
  if (ours.count() > kSyncKept) return ours.split();
  auto extra = missing_from(theirs.elements, ours.kept());
  if (extra.empty()) return {};
  return {{theirs.lower, theirs.upper, SyncMode::extra, {}, std::move(extra)}};
}

}  // namespace comm
