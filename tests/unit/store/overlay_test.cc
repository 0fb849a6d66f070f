#include <boost/test/unit_test.hpp>

#include "relay_store/overlay.h"

namespace comm {

namespace {

std::size_t bytes_of(const StagedBatch& batch) {
  std::size_t out = 0;
  for (const KvWrite& write : batch.writes) out += write.key.size() + write.value.size();
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(overlay)

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
