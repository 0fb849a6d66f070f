// Values computed by an independent program from the definitions in the specification.
#include "proto/seal/hash.h"

#include "proto/wire/header.h"
#include "tests/unit/wire/expect.h"

using namespace comm;

namespace {
template <class Id>
std::string hex(const Id& id) { return to_hex(id.view()); }
}  // namespace

BOOST_AUTO_TEST_SUITE(hash)

BOOST_AUTO_TEST_CASE(pinned_values) {
  MessageHeader header;
  header.size_class = 2;
  header.expires = 29'000'000;
  header.effort = 3;
  header.mailbox = filled<MailboxId>(0xaa);
  header.ack_hash = filled<AckHash>(0xbb);
  header.body_hash = filled<BodyHash>(0xcc);
  BOOST_TEST(hex(message_id(encode_header(header))) ==
             "fcc49e74cc76e8fced1994afdea264c8cdb05116190eb405a6fd6cf3dd417543");
  BOOST_TEST(hex(body_hash(Bytes(1024))) == "347ebd71659fe9f2bc7c182fb475b03112785953498185042565590a1bfb89a2");
  BOOST_TEST(hex(ack_hash(AckSecret{})) == "bd133ca4890577a0b329c9a3687aa861353cbeff92c8e159ee4628ae71157c4a");
  const auto address = Address::from(*from_hex("06db9efe7cfe2a68af2280930189351762586201"));
  BOOST_TEST(hex(record_region(*address)) == "819ac3bad1317c1aa838af6e8c2c6b1122f8e0a2");
  BOOST_TEST(hex(hmac_sha256(Bytes(40, 'k'), as_bytes("data"))) ==
             "0ae96ca066b479ee4773cce2da5eba058e24ef147098408b86dbda41382babfd");
}

BOOST_AUTO_TEST_CASE(tags_separate) {
  BOOST_TEST((tagged_hash("ab", {}) != tagged_hash("a", {as_bytes("b")})));
  BOOST_TEST((tagged_hash("a", {as_bytes("b"), as_bytes("c")}) == tagged_hash("a", {as_bytes("bc")})));
}

BOOST_AUTO_TEST_CASE(stamps) {
  const auto id = filled<MessageId>(7);
  const auto nonce = mine_stamp(id, 12, 0, 1 << 20);
  BOOST_REQUIRE(nonce);
  BOOST_TEST(get_be<std::uint64_t>(nonce->view()) == 5'838u);
  BOOST_TEST(stamp_valid(id, *nonce, 12));
  BOOST_TEST(stamp_effort(id, *nonce) >= 12);
  BOOST_TEST(!stamp_valid(id, *nonce, static_cast<std::uint8_t>(stamp_effort(id, *nonce) + 1)));
  BOOST_TEST(!stamp_valid(filled<MessageId>(8), *nonce, 12));
  BOOST_TEST(stamp_valid(id, StampNonce{}, 0));
  BOOST_TEST(!stamp_valid(id, *nonce, 255));
}

BOOST_AUTO_TEST_CASE(mining_goes_on_where_it_stopped) {
  const auto id = filled<MessageId>(7);
  BOOST_TEST(!mine_stamp(id, 12, 0, 5'838));
  BOOST_TEST(mine_stamp(id, 12, 5'838, 1).has_value());
  BOOST_TEST(mine_stamp(id, 0, UINT64_MAX, 1).has_value());
  BOOST_TEST(!mine_stamp(id, 0, 0, 0));
}

BOOST_AUTO_TEST_CASE(node_ids) {
  NodeKey key;
  for (std::size_t i = 0; i < 32; ++i) key.data[i] = static_cast<std::uint8_t>(i);
  BOOST_TEST(hex(derive_node_id(key, true)) == "c7ea9661ef59138b80388ac222ac5cd814531c26");
  BOOST_TEST(hex(derive_node_id(key, false)) == "c1671ce8c4ee634af9759062dda5b16df0d2baf3");
}

BOOST_AUTO_TEST_SUITE_END()
