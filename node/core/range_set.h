// Range-based set reconciliation (Meyer, 2022; spec 80-sync) as pure functions: what a range of our elements looks like,
// and what is answered to the other side's view of it. A fingerprint is the sum mod 2^128 of keyed hashes, so that
// digests of neighbouring ranges merge by addition and one pass over a range yields its parts too. Memory of a digest:
// kSyncSplit blocks and kSyncKept elements, however many it has seen.
#pragma once
#include "proto/seal/hash.h"
#include "proto/wire/packet.h"

namespace comm {

inline constexpr SyncKey kSyncEnd{kSyncRecord, {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}};

SyncFingerprint add(const SyncFingerprint& a, const SyncFingerprint& b);

class RangeDigest {
 public:
  RangeDigest(const SyncKey& lower, const SyncKey& upper) : lower_(lower), upper_(upper) {}

  // REQUIRES: rising keys within the range.
  void add(const SyncElement& element, const SyncFingerprint& hash);

  const SyncKey& lower() const { return lower_; }
  const SyncKey& upper() const { return upper_; }
  std::uint64_t count() const { return count_; }
  SyncFingerprint fingerprint() const;
  SyncRange whole() const { return {lower_, upper_, SyncMode::fingerprint, fingerprint(), {}}; }
  // The first kSyncKept elements: all there are if count() is not above.
  const std::vector<SyncElement>& kept() const { return kept_; }
  // Fingerprints of up to kSyncSplit parts that make up the range, of about as many elements each.
  std::vector<SyncRange> split() const;

 private:
  struct Block { SyncKey first; SyncFingerprint sum; std::uint64_t count = 0; };
  SyncKey lower_, upper_;
  std::vector<Block> blocks_;
  std::uint64_t block_size_ = 1;
  std::uint64_t count_ = 0;
  std::vector<SyncElement> kept_;
};

// What to answer to `theirs`, given all of ours in the range; nothing if there is nothing left to say. What they have and
// we lack is in their elements, not here.
std::vector<SyncRange> answer_range(const SyncRange& theirs, const RangeDigest& ours);

// Of theirs, by key: present and not below. REQUIRES: both rising.
std::vector<SyncElement> missing_from(const std::vector<SyncElement>& theirs, const std::vector<SyncElement>& ours);

}  // namespace comm
