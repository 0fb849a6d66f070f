// A lookup does not wait for who keeps silent (RTE-030).
#include <boost/test/unit_test.hpp>

#include "node/core/lookup.h"

namespace comm {

BOOST_AUTO_TEST_SUITE(lookup_patience)

BOOST_AUTO_TEST_CASE(who_keeps_silent_holds_nothing_up) {
  Prng random(13);
  std::vector<Contact> start(2 * kLookupParallelism);
  for (Contact& contact : start) {
    random.fill(contact.id);
    contact.endpoint = *parse_endpoint("127.0.0.1:6667");
  }
  OverlayPoint target;
  random.fill(target);
  Lookup lookup(NodeId{}, target, start, kBucketSize, Distance{}, random, {}, LookupStyle{.paths = 1});
  const std::vector<Contact> silent = lookup.next(1'000);
  BOOST_TEST(silent.size() == kLookupParallelism);
  lookup.lose_patience(999);  // too early
  BOOST_TEST(lookup.next(1'500).empty());
  lookup.lose_patience(1'000);
  const std::vector<Contact> others = lookup.next(3'000);
  BOOST_TEST(others.size() == kLookupParallelism);
  lookup.lose_patience(1'000);
  BOOST_TEST(lookup.in_flight() == kLookupParallelism);
  for (const Contact& other : others) lookup.answered(other.id, {}, 3'100);
  BOOST_TEST((lookup.done() && lookup.answers() == kLookupParallelism));
  lookup.answered(silent[0].id, {}, 3'200);  // late is better than never
  BOOST_TEST(lookup.answers() == kLookupParallelism + 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
