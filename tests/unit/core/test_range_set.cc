// Reconciliation of two sets by ranges, without a network: for any two sets both sides learn exactly what they lack, in
// few rounds and with traffic that goes with the difference.
#include <boost/test/unit_test.hpp>

#include <map>

#include "node/core/range_set.h"
#include "proto/base/random.h"

using namespace comm;

namespace {

using Set = std::map<SyncKey, SyncState>;

SyncElement element(RandomSource& random) {
  SyncElement out;
  out.key.expires = static_cast<std::uint32_t>(100 + random.below(50));
  random.fill(out.key.id);
  out.state = static_cast<SyncState>(random.below(3));
  return out;
}

RangeDigest digest(const Set& set, const SyncKey& lower, const SyncKey& upper, const Hash& key) {
  RangeDigest out(lower, upper);
  for (auto it = set.lower_bound(lower); it != set.end() && it->first < upper; ++it)
    out.add({it->first, it->second}, sync_hash(key, {it->first, it->second}));
  return out;
}

struct Side {
  Set set;
  Set lacks;  // what the other has and this side does not, or in a lower state

  std::vector<SyncRange> hear(const std::vector<SyncRange>& ranges, const Hash& key) {
    std::vector<SyncRange> out;
    for (const SyncRange& range : ranges) {
      for (const SyncElement& theirs : range.elements) {
        const auto own = set.find(theirs.key);
        if (own == set.end() || own->second < theirs.state) lacks[theirs.key] = theirs.state;
      }
      for (SyncRange& one : answer_range(range, digest(set, range.lower, range.upper, key))) out.push_back(std::move(one));
    }
    return out;
  }
};

struct Run { std::size_t rounds = 0, elements = 0, ranges = 0; };

Run reconcile(Side& a, Side& b, const Hash& key) {
  Run out;
  std::vector<SyncRange> words{digest(b.set, {}, kSyncEnd, key).whole()};
  bool a_listens = true;
  while (!words.empty()) {
    BOOST_TEST_REQUIRE(++out.rounds < 64u);
    out.ranges += words.size();
    for (const SyncRange& range : words) out.elements += range.elements.size();
    words = (a_listens ? a : b).hear(words, key);
    a_listens = !a_listens;
  }
  return out;
}

Set expected(const Set& own, const Set& other) {
  Set out;
  for (const auto& [key, state] : other)
    if (!own.contains(key) || own.at(key) < state) out.emplace(key, state);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(range_set)

BOOST_AUTO_TEST_CASE(fingerprints_add_up_in_any_grouping) {
  Prng random(1);
  const Hash key = sync_key(SyncNonce{}, SyncNonce{});
  Set set;
  for (int i = 0; i < 1'000; ++i) {
    const SyncElement one = element(random);
    set.emplace(one.key, one.state);
  }
  const RangeDigest whole = digest(set, {}, kSyncEnd, key);
  BOOST_TEST(whole.count() == 1'000u);
  SyncFingerprint sum;
  SyncKey at;
  const auto parts = whole.split();
  BOOST_TEST((parts.size() >= kSyncSplit / 2 && parts.size() <= kSyncSplit));
  for (const SyncRange& part : parts) {
    BOOST_TEST((part.lower == at));
    BOOST_TEST((digest(set, part.lower, part.upper, key).fingerprint() == part.fingerprint));
    sum = add(sum, part.fingerprint);
    at = part.upper;
  }
  BOOST_TEST((at == kSyncEnd));
  BOOST_TEST((sum == whole.fingerprint()));
}

BOOST_AUTO_TEST_CASE(addition_carries) {
  SyncFingerprint ones;
  ones.data.fill(0xff);
  SyncFingerprint one;
  one.data.back() = 1;
  BOOST_TEST((add(ones, one) == SyncFingerprint{}));
}

BOOST_AUTO_TEST_CASE(a_fingerprint_depends_on_session_id_and_state) {
  Prng random(2);
  SyncElement one = element(random);
  SyncNonce a, b;
  random.fill(a);
  random.fill(b);
  const auto hash = sync_hash(sync_key(a, b), one);
  BOOST_TEST((hash != sync_hash(sync_key(b, a), one)));
  SyncElement other = one;
  other.state = one.state == SyncState::live ? SyncState::refused : SyncState::live;
  BOOST_TEST((hash != sync_hash(sync_key(a, b), other)));
  other = one;
  other.key.id.data[31] ^= 1;
  BOOST_TEST((hash != sync_hash(sync_key(a, b), other)));
}

BOOST_AUTO_TEST_CASE(equal_sets_cost_one_fingerprint) {
  Prng random(3);
  Side a, b;
  for (int i = 0; i < 500; ++i) {
    const SyncElement one = element(random);
    a.set.emplace(one.key, one.state);
  }
  b.set = a.set;
  const Run run = reconcile(a, b, sync_key({}, {}));
  BOOST_TEST(run.rounds == 1u);
  BOOST_TEST(run.ranges == 1u);
  BOOST_TEST((a.lacks.empty() && b.lacks.empty()));
}

// Property: whatever the two sets, both learn exactly their differences.
BOOST_AUTO_TEST_CASE(both_sides_learn_exactly_what_they_lack) {
  Prng random(4);
  for (int round = 0; round < 200; ++round) {
    Side a, b;
    const std::uint64_t shared = random.below(random.chance(1, 10) ? 5'000 : 200);
    for (std::uint64_t i = 0; i < shared; ++i) {
      SyncElement one = element(random);
      a.set.emplace(one.key, one.state);
      if (random.chance(1, 10)) one.state = static_cast<SyncState>(random.below(3));
      b.set.emplace(one.key, one.state);
    }
    for (Side* side : {&a, &b}) {
      const std::uint64_t own = random.below(random.chance(1, 10) ? 3'000 : 50);
      for (std::uint64_t i = 0; i < own; ++i) {
        const SyncElement one = element(random);
        side->set.emplace(one.key, one.state);
      }
    }
    SyncNonce nonce;
    random.fill(nonce);
    reconcile(a, b, sync_key(nonce, {}));
    BOOST_TEST_REQUIRE((a.lacks == expected(a.set, b.set)));
    BOOST_TEST_REQUIRE((b.lacks == expected(b.set, a.set)));
  }
}

BOOST_AUTO_TEST_CASE(traffic_goes_with_the_difference_not_with_the_sets) {
  Prng random(5);
  Side a, b;
  for (int i = 0; i < 20'000; ++i) {
    const SyncElement one = element(random);
    a.set.emplace(one.key, one.state);
    b.set.emplace(one.key, one.state);
  }
  for (int i = 0; i < 10; ++i) a.set.emplace(element(random).key, SyncState::live);
  const Run run = reconcile(a, b, sync_key({}, {}));
  BOOST_TEST(b.lacks.size() == 10u);
  BOOST_TEST(run.elements <= 2u * 10u * kSyncListed);
  BOOST_TEST(run.ranges <= 1u + 10u * 4u * kSyncSplit);
}

BOOST_AUTO_TEST_SUITE_END()
