#include <boost/test/unit_test.hpp>
#include <map>

#include "proto/base/random.h"
#include "relay_store/overlay.h"

namespace comm {

namespace {

std::size_t bytes_of(const StagedBatch& batch) {
  std::size_t out = 0;
  for (const KvWrite& write : batch.writes) out += write.key.size() + write.value.size();
  return out;
}

// The newest write of each key among the batches that are not durable.
using Newest = std::map<std::string, std::pair<std::string, bool>>;

Newest newest_of(const std::vector<Newest>& batches) {
  Newest out;
  for (const Newest& batch : batches)
    for (const auto& [key, write] : batch) out[key] = write;
  return out;
}

Newest rows_between(const Overlay& overlay, const std::string& from, const std::string& until) {
  Newest out;
  for (auto at = overlay.rows(from, until); at.row() != nullptr; at.next()) {
    BOOST_REQUIRE((out.empty() || std::prev(out.end())->first < at.row()->key));
    out[std::string(at.row()->key)] = {std::string(at.row()->value), at.row()->erase};
  }
  return out;
}

std::string random_key(Prng& random) {
  std::string key(1, static_cast<char>('A' + random.below(3)));
  key.append(random.below(2) * 20, 'x');  // some share more than a leaf compares
  return key + std::to_string(random.below(300));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(overlay)

BOOST_AUTO_TEST_CASE(it_shows_the_newest_of_what_is_not_durable) {
  Prng random(1);
  Overlay overlay;
  std::vector<Newest> batches;  // one for each ticket
  std::vector<std::vector<std::shared_ptr<const StagedBatch>>> taken;
  Ticket ticket = 0, durable = 0;
  for (int turn = 0; turn < 600; ++turn) {
    overlay.begin(++ticket);
    batches.emplace_back();
    for (std::uint64_t n = random.below(40); n > 0; --n) {
      const std::string key = random_key(random), value(random.below(30), static_cast<char>('a' + n % 20));
      const bool erase = random.chance(1, 3);
      if (erase) overlay.erase(key);
      else overlay.put(key, value);
      batches.back()[key] = {erase ? "" : value, erase};
    }
    taken.push_back(overlay.take());
    if (random.chance(1, 4)) {
      const auto count = static_cast<std::size_t>(random.below(batches.size() + 1));
      durable += count;
      overlay.committed(durable);
      batches.erase(batches.begin(), batches.begin() + static_cast<std::ptrdiff_t>(count));
      taken.erase(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(count));
    }
    const Newest newest = newest_of(batches);
    BOOST_REQUIRE(rows_between(overlay, "A", "Z") == newest);
    const std::string key = random_key(random), until = key + random_key(random);
    BOOST_REQUIRE(rows_between(overlay, key, until) == Newest(newest.lower_bound(key), newest.lower_bound(until)));
    const KvWrite* found = overlay.find(key);
    BOOST_REQUIRE((found != nullptr) == newest.contains(key));
    if (found != nullptr) BOOST_REQUIRE(found->value == newest.at(key).first);
  }
}

// What is staged bounds what a node takes (busy above kMaxStagedBytes): a byte counted twice, or never given back, would
// close a relay for good.
BOOST_AUTO_TEST_CASE(bytes_are_those_of_the_rows_staged) {
  Overlay overlay;
  overlay.begin(1);
  overlay.put("Aone", std::string(100, 'x'));
  BOOST_TEST(overlay.bytes() == 104u);
  overlay.put("Aone", std::string(10, 'x'));  // written again in one batch: the row stands once
  BOOST_TEST(overlay.bytes() == 14u);
  overlay.put("Aone", std::string(200, 'x'));
  overlay.erase("Btwo");
  BOOST_TEST(overlay.bytes() == 208u);
  overlay.erase("Aone");
  BOOST_TEST(overlay.bytes() == 8u);
  overlay.put("Aone", std::string(50, 'x'));
  BOOST_TEST(overlay.bytes() == 58u);
  const auto first = overlay.take();
  BOOST_REQUIRE(first.size() == 1u);
  BOOST_TEST(bytes_of(*first[0]) == first[0]->bytes);
  BOOST_TEST(first[0]->bytes == 58u);

  overlay.begin(2);
  overlay.put("Aone", std::string(7, 'y'));  // another batch: both wait for the disk
  BOOST_TEST(overlay.bytes() == 69u);
  const auto second = overlay.take();
  overlay.begin(3);
  overlay.put("Cthree", "z");
  BOOST_TEST(overlay.bytes() == 76u);
  overlay.committed(1);
  BOOST_TEST(overlay.bytes() == 18u);
  BOOST_TEST(overlay.find("Aone")->value == std::string(7, 'y'));
  overlay.committed(3);  // the third was never taken
  BOOST_TEST(overlay.bytes() == 7u);
  BOOST_TEST(bytes_of(*second.at(0)) == 11u);
  overlay.clear();
  BOOST_TEST(overlay.bytes() == 0u);
  overlay.begin(4);
  overlay.put("Aone", "v");
  BOOST_TEST(overlay.bytes() == 5u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
