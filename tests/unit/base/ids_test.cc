#include "proto/base/ids.h"

#include <boost/test/unit_test.hpp>

using namespace comm;

namespace {
Endpoint endpoint(const std::string& text) {
  const auto out = parse_endpoint(text);
  BOOST_REQUIRE_MESSAGE(out, text);
  return *out;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(ids)

BOOST_AUTO_TEST_CASE(distance_is_xor_and_orders) {
  NodeId a, b;
  a.data[0] = 0xf0;
  b.data[0] = 0x0f;
  const Distance far = distance(overlay_point(a), overlay_point(b));
  BOOST_TEST(far.data[0] == 0xff);
  BOOST_TEST(distance(overlay_point(a), overlay_point(a)).is_zero());
  BOOST_TEST((Distance{} < far));
}

BOOST_AUTO_TEST_CASE(leading_zero_bits) {
  BOOST_TEST(leading_zeros(Bytes{0x80}) == 0);
  BOOST_TEST(leading_zeros(Bytes{0x00, 0x01}) == 15);
  BOOST_TEST(leading_zeros(NodeId{}.view()) == 160);
}

BOOST_AUTO_TEST_CASE(short_form) {
  BOOST_TEST(short_hex(Bytes{0x44, 0x75, 0, 0, 0, 0xd5, 0x19}) == "4475..d519");
  BOOST_TEST(short_hex(Bytes{0x44, 0x75}) == "4475");
}

BOOST_AUTO_TEST_CASE(endpoints_round_trip) {
  for (const char* text : {"1.2.3.4:6667", "0.0.0.0:0", "255.255.255.255:65535", "[::]:1", "[::1]:6667",
                           "[2001:db8::8:0:0:1]:80", "[2001:db8:1:2:3:4:5:6]:9", "[fe80::1]:1", "[1::]:2"})
    BOOST_TEST(to_string(endpoint(text)) == text);
}

BOOST_AUTO_TEST_CASE(endpoints_have_one_shortest_text) {
  BOOST_TEST(to_string(endpoint("[2001:0DB8:0:0:0:0:0:0001]:80")) == "[2001:db8::1]:80");
  BOOST_TEST(to_string(endpoint("[1:0:0:2:0:0:0:3]:80")) == "[1:0:0:2::3]:80");
  BOOST_TEST(to_string(endpoint("[::ffff:1.2.3.4]:80")) == "1.2.3.4:80");
}

BOOST_AUTO_TEST_CASE(not_endpoints) {
  for (const char* text :
       {"", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:+1", "1.2.3.4:000001", "1.2.3:1",
        "1.2.3.4.5:1", "256.1.1.1:1", "01.2.3.4:1", "1.2.3.4 :1", "::1:80", "[::1]", "[::1]80", "[]:1", "[:::]:1",
        "[1::2::3]:1", "[1:2:3:4:5:6:7]:1", "[1:2:3:4:5:6:7:8:9]:1", "[12345::]:1", "[g::]:1", "[::1:80", "host:1",
        "[1:2:3:4:5:6:7::8]:1", "[::1%eth0]:1"})
    BOOST_TEST(!parse_endpoint(text), text);
}

BOOST_AUTO_TEST_CASE(local_ranges) {
  for (const char* text : {"127.0.0.1:1", "127.255.0.9:1", "10.1.2.3:1", "172.16.0.1:1", "172.31.255.1:1",
                           "192.168.9.9:1", "169.254.1.1:1", "[::1]:1", "[fd00::1]:1", "[fe80::1]:1", "[febf::1]:1"})
    BOOST_TEST(endpoint(text).is_local(), text);
  for (const char* text : {"128.0.0.1:1", "11.0.0.1:1", "172.15.0.1:1", "172.32.0.1:1", "192.169.0.1:1", "8.8.8.8:1",
                           "[2001:db8::1]:1", "[fec0::1]:1", "[::2]:1"})
    BOOST_TEST(!endpoint(text).is_local(), text);
}

BOOST_AUTO_TEST_CASE(unspecified) {
  BOOST_TEST(endpoint("0.0.0.0:5").is_unspecified());
  BOOST_TEST(endpoint("[::]:5").is_unspecified());
  BOOST_TEST(!endpoint("[::1]:5").is_unspecified());
}

BOOST_AUTO_TEST_CASE(prefixes) {
  BOOST_TEST((endpoint("1.2.3.4:1").prefix() == endpoint("1.2.3.99:7").prefix()));
  BOOST_TEST((endpoint("1.2.3.4:1").prefix() != endpoint("1.2.4.4:1").prefix()));
  BOOST_TEST((endpoint("[2001:db8:1:2::1]:1").prefix() == endpoint("[2001:db8:1:ffff::9]:1").prefix()));
  BOOST_TEST((endpoint("[2001:db8:1::1]:1").prefix() != endpoint("[2001:db8:2::1]:1").prefix()));
  const std::vector<std::string> all = {"1.2.3.4:1", "1.2.3.99:7", "1.2.4.4:1", "129.2.3.4:1", "[2001:db8:1:2::1]:1",
                                        "[2001:db8:1:ffff::9]:1", "[2001:db8:2::1]:1", "[::1]:1", "[::2:0:0:1]:1", "0.0.0.0:1"};
  for (const std::string& a : all)
    for (const std::string& b : all)
      BOOST_TEST(endpoint(a).same_prefix(endpoint(b)) == (endpoint(a).prefix() == endpoint(b).prefix()), a << " " << b);
}

BOOST_AUTO_TEST_SUITE_END()
