// The identity of a SECRET is pinned: every machine and every implementation must find the same. Values computed
// by an independent program.
#include "proto/seal/identity.h"

#include "proto/base/bech32m.h"
#include "tests/unit/seal/make.h"

using namespace comm;

namespace {
template <class Id>
std::string hex(const Id& id) { return to_hex(id.view()); }
}  // namespace

BOOST_AUTO_TEST_SUITE(identity)

BOOST_AUTO_TEST_CASE(pinned) {
  const auto alep = Identity::from_secret(SecretBytes(as_bytes("alep")));
  BOOST_TEST(address_hex(alep->address()) == "06db9efe7cfe2a68af2280930189351762586201");
  BOOST_TEST(address_bech32m(alep->address()) == "comm1qmdealnulc4x3tezszfsrzf4za39scsp4ygafr");
  BOOST_TEST(hex(alep->sign_pair().public_key()) == "35134e74c7f8ed7813cea07918e5f98c1525347401bf9f6713abf5f746ffd874");
  BOOST_TEST(hex(alep->dh_pair().public_key) == "ed4564ae7f37dbf32e200281a3a9da1747cecfbdee169af153c744ecdf585a00");
  BOOST_TEST(hex(mailbox_id(alep->mailbox(2'900).public_key())) == "3d5eaae6e935bea3b39c5b84d9c44f3da8b9997a");
  BOOST_TEST(hex(alep->prekey(2'900).public_key) == "3ce14651d80aa816a85586e11d161505210c74a8360119eb5b82d8611751f63a");
  BOOST_TEST(hex(alep->storage_key()) == "4a23a328c2bedae06928fa27b65b410366e6127339023ea67c6dd32be4549fcd");
  BOOST_TEST(alep->derived_prekeys());
}

BOOST_AUTO_TEST_CASE(secret_and_its_seed_are_one_identity) {
  const Bytes bytes = *from_hex("6f2759013f7d0dd6732890ea9bb2c9d23b5b395d35b592103ca6dc5384907de2");
  const auto alep = Identity::from_seed(Seed(std::span<const std::uint8_t, 32>(bytes)), false);
  BOOST_TEST(address_hex(alep->address()) == "06db9efe7cfe2a68af2280930189351762586201");
  BOOST_TEST(!alep->derived_prekeys());
}

BOOST_AUTO_TEST_CASE(people_and_weeks_differ) {
  const auto a = person(1), b = person(2);
  BOOST_TEST((a->address() != b->address()));
  BOOST_TEST((a->mailbox(1).public_key() != b->mailbox(1).public_key()));
  BOOST_TEST((a->mailbox(1).public_key() != a->mailbox(2).public_key()));
  BOOST_TEST((a->prekey(1).public_key != a->prekey(2).public_key));
  BOOST_TEST((a->prekey(1).public_key == a->prekey(1).public_key));
}

BOOST_AUTO_TEST_CASE(random_pairs_follow_their_source) {
  Prng one(1), again(1), two(2);
  BOOST_TEST((random_dh_pair(one).public_key == random_dh_pair(again).public_key));
  BOOST_TEST((random_dh_pair(one).public_key != random_dh_pair(two).public_key));
}

BOOST_AUTO_TEST_CASE(strength_of_typed_secrets) {
  const auto bits = [](std::string_view text) { return secret_strength_bits(as_bytes(text)); };
  BOOST_TEST(bits("") == 0);
  BOOST_TEST(bits("alep") <= 8);
  BOOST_TEST(bits("aaaaaaaaaaaaaaaaaaaaaaaa") < 4);
  BOOST_TEST(bits("1234567890") < 10);
  BOOST_TEST(bits("abcdefgh") < 10);
  BOOST_TEST(bits("qwxqwxqwxqwxqwx") < 10);
  BOOST_TEST(bits("correct horse battery staple") >= 30);
  BOOST_TEST(bits("correct horse battery staple") < 60);
  BOOST_TEST(bits("T7#kq!9zR@2mW&5x") >= 40);
}

// A simulator makes ten thousand of them.
BOOST_AUTO_TEST_CASE(many_identities_fit) {
  std::vector<LockedBox<Identity>> people;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    Seed seed;
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&i), sizeof(i), seed.data());
    people.push_back(Identity::from_seed(seed, true));
  }
  BOOST_TEST((people.front()->address() != people.back()->address()));
}

BOOST_AUTO_TEST_SUITE_END()
