// Who keeps silent is not named to others and is soon asked again (RTE-031).
#include <boost/test/unit_test.hpp>

#include "node/core/routing_table.h"

namespace comm {

BOOST_AUTO_TEST_SUITE(silent_nodes)

BOOST_AUTO_TEST_CASE(who_keeps_silent_is_not_named_and_soon_asked_again) {
  RoutingTable table(NodeId{});
  const Endpoint at = *parse_endpoint("127.0.0.1:6667");
  std::vector<Contact> nodes(kBucketSize);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    nodes[n].id.data[0] = 0x80;
    nodes[n].id.data[19] = static_cast<std::uint8_t>(n);
    nodes[n].endpoint = at;
    table.heard(nodes[n], Role::relay, true, at, 0);
    table.answered(nodes[n].id, 0);
  }
  const NodeId silent = nodes[3].id, other = nodes[4].id;
  table.unanswered(silent);
  const auto named = table.closest_answering(overlay_point(silent), 2 * kBucketSize);
  BOOST_TEST(named.size() == kBucketSize - 1);
  for (const Contact& one : named) BOOST_TEST((one.id != silent));
  BOOST_TEST((table.closest(overlay_point(silent), 1, true).front().id == silent));
  const Millis soon = 2 * kMinute;
  BOOST_TEST((table.liveness(*table.find(silent), soon) == Liveness::questionable));
  BOOST_TEST((table.liveness(*table.find(other), soon) == Liveness::good));
  table.answered(silent, soon);
  BOOST_TEST((table.closest_answering(overlay_point(silent), 1).front().id == silent));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
