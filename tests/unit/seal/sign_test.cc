#include "proto/seal/sign.h"

#include "tests/unit/wire/expect.h"

using namespace comm;

namespace {
NodeSigningKey node_key() {
  Seed seed;
  seed.data()[31] = 1;
  return NodeSigningKey::from_seed(seed);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(sign)

// RFC 8032, section 7.1, test 1: the key derivation.
BOOST_AUTO_TEST_CASE(published_key) {
  const auto seed = *Hash::from(*from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  const auto key = NodeSigningKey::from_seed(Seed(std::span<const std::uint8_t, 32>(seed.data)));
  BOOST_TEST(to_hex(key.public_key().view()) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

BOOST_AUTO_TEST_CASE(signatures_verify_and_only_as_signed) {
  const auto key = node_key();
  const auto hash = filled<Hash>(5);
  const Signature signature = key.sign(hash);
  BOOST_TEST(verify(key.public_key(), hash, signature));
  BOOST_TEST(!verify(key.public_key(), filled<Hash>(6), signature));
  for (std::size_t i = 0; i < 64; ++i) {
    Signature wrong = signature;
    wrong.data[i] ^= 1;
    BOOST_TEST(!verify(key.public_key(), hash, wrong));
  }
}

BOOST_AUTO_TEST_CASE(signatures_are_not_malleable) {
  const auto key = node_key();
  const auto hash = filled<Hash>(5);
  Signature wrong = key.sign(hash);
  // S + L, the same scalar modulo the group order L, little-endian.
  const Bytes order = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += unsigned{wrong.data[32 + i]} + order[i];
    wrong.data[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  BOOST_TEST(!verify(key.public_key(), hash, wrong));
}

BOOST_AUTO_TEST_CASE(small_order_and_non_canonical_keys_are_refused) {
  // With A of small order, (R = identity, S = 0) satisfies the bare equation for many messages.
  Signature trivial;
  trivial.data[0] = 1;
  for (const char* hex : {"0100000000000000000000000000000000000000000000000000000000000000",
                          "0000000000000000000000000000000000000000000000000000000000000000",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {  // p + 1: not canonical
    const auto key = *NodeKey::from(*from_hex(hex));
    for (std::uint8_t message = 0; message < 8; ++message)
      BOOST_TEST(!verify(key, filled<Hash>(message), trivial));
  }
}

BOOST_AUTO_TEST_CASE(session_transcript_is_pinned) {
  const auto hex = [](const Hash& hash) { return to_hex(hash.view()); };
  const Hash t = session_transcript(filled<CurveKey>(1), as_bytes("hello"), as_bytes("welcome"));
  BOOST_TEST(hex(t) == "661b092b17d04d1fdbf608f9e94963c07eb9896345604680372394150067a5f3");
  BOOST_TEST(hex(welcome_hash(t)) == "9b5cea9dabb014a0fba0ac8872e2117f35a75723f2430e326fd685f6f9f5d262");
  BOOST_TEST(hex(auth_hash(t)) == "e3402d219c13c51f2a649e250d4dfc2f52d25448425690d8f10d0f403c2bdb52");
  BOOST_TEST(hex(collect_hash(t, filled<MailboxKey>(2))) ==
             "17badf3a8c36250d5c0f50a8bf251d952c99fce5d0bcad444e4ee009889ea412");
  BOOST_TEST(hex(owner_ack_hash(filled<MessageId>(7))) ==
             "6c3962b36738bebb0c02be85e01f98be54a2a7a38cb204e9b08f1a08869d7c8a");
}

BOOST_AUTO_TEST_CASE(session_transcript_binds_everything) {
  const auto t = [](std::uint8_t curve, const char* hello, const char* welcome) {
    return session_transcript(filled<CurveKey>(curve), as_bytes(hello), as_bytes(welcome));
  };
  BOOST_TEST((t(1, "h", "w") != t(2, "h", "w")));  // a man in the middle has another client key
  BOOST_TEST((t(1, "h", "w") != t(1, "hw", "")));
  BOOST_TEST((t(1, "h", "w") != t(1, "h", "v")));
}

BOOST_AUTO_TEST_CASE(network_keys) {
  BOOST_TEST(to_hex(network_curve("comm").public_key.view()) ==
             "0a4ad9102e20b6c99e8a8e227a5201659819c813b8033a8769db0feccb97f919");
  BOOST_TEST((network_curve("other").public_key != network_curve("comm").public_key));
}

BOOST_AUTO_TEST_SUITE_END()
