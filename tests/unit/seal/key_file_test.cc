// The key file: what goes in comes out, a wrong passphrase and every kind of damage are told, and nothing secret stands
// in an encrypted one.
#include "proto/seal/key_file.h"

#include <boost/test/unit_test.hpp>

#include "proto/seal/os_random.h"

using namespace comm;

namespace {

constexpr PassphraseCost kCheap{1, 8};

SecretBytes phrase(std::string_view text) { return SecretBytes(as_bytes(text)); }

Bytes sealed(const IdentitySeed& seed, std::string_view passphrase) {
  OsRandom random;
  const SecretBytes secret = phrase(passphrase);
  return *seal_key_file(seed, &secret, random, kCheap);
}

std::string reason(ByteView file, std::string_view passphrase) {
  const SecretBytes secret = phrase(passphrase);
  const auto opened = open_key_file(file, &secret);
  return opened ? "opened" : opened.error().reason;
}

bool holds(ByteView file, ByteView secret) {
  return std::search(file.begin(), file.end(), secret.begin(), secret.end()) != file.end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_file)

BOOST_AUTO_TEST_CASE(round_trip_of_both_kinds_and_forms) {
  OsRandom random;
  for (const bool from_secret : {false, true}) {
    const auto seed = from_secret ? identity_of_secret(phrase("alep")) : generate_identity(random);
    const SecretBytes pass = phrase("a passphrase");
    for (const SecretBytes* passphrase : {&pass, static_cast<const SecretBytes*>(nullptr)}) {
      const Bytes file = *seal_key_file(*seed, passphrase, random, kCheap);
      const auto head = read_key_file_head(file);
      BOOST_REQUIRE(head);
      BOOST_TEST(head->encrypted == (passphrase != nullptr));
      BOOST_TEST((head->address == identity_of_seed(*seed)->address()));
      const auto opened = open_key_file(file, passphrase);
      BOOST_REQUIRE(opened);
      BOOST_TEST(((*opened)->seed == seed->seed));
      BOOST_TEST(((*opened)->kind == seed->kind));
      BOOST_TEST(identity_of_seed(**opened)->derived_prekeys() == from_secret);
      BOOST_TEST(holds(file, seed->seed.view()) == (passphrase == nullptr));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_identity_from_a_secret_is_the_same_as_the_positional_one) {
  const auto seed = identity_of_secret(phrase("alep"));
  BOOST_TEST(to_hex(identity_of_seed(*seed)->address().view()) == "06db9efe7cfe2a68af2280930189351762586201");
}

BOOST_AUTO_TEST_CASE(two_generated_ones_differ_and_so_do_two_files_of_one) {
  OsRandom random;
  const auto one = generate_identity(random), other = generate_identity(random);
  BOOST_TEST(!(one->seed == other->seed));
  BOOST_TEST((sealed(*one, "x") != sealed(*one, "x")));
}

BOOST_AUTO_TEST_CASE(a_wrong_passphrase) {
  OsRandom random;
  const Bytes file = sealed(*generate_identity(random), "right");
  BOOST_TEST(reason(file, "right") == "opened");
  BOOST_TEST(reason(file, "Right") == "key-file-passphrase");
  BOOST_TEST(reason(file, "right ") == "key-file-passphrase");
}

BOOST_AUTO_TEST_CASE(no_changed_bit_goes_unnoticed) {
  OsRandom random;
  const auto seed = generate_identity(random);
  for (const Bytes& good : {sealed(*seed, "p"), *seal_key_file(*seed, nullptr, random)}) {
    for (std::size_t at = 0; at < good.size(); ++at) {
      Bytes file = good;
      file[at] ^= 1;
      // The address, and in a file in the clear its unused salt and cost, are covered by check or tag like all else.
      BOOST_TEST_INFO("byte " << at);
      BOOST_TEST(reason(file, "p") != "opened");
    }
  }
}

BOOST_AUTO_TEST_CASE(cut_longer_and_foreign_files) {
  OsRandom random;
  const Bytes file = sealed(*generate_identity(random), "p");
  for (std::size_t size = 0; size < file.size(); ++size)
    BOOST_TEST(reason(ByteView(file).first(size), "p") == "key-file-form");
  Bytes longer = file;
  longer.push_back(0);
  BOOST_TEST(reason(longer, "p") == "key-file-form");
  BOOST_TEST(reason(as_bytes("correct horse battery staple\n"), "p") == "key-file-form");
  Bytes newer = file;
  newer[14] = 2;
  BOOST_TEST(reason(newer, "p") == "key-file-version");
}

BOOST_AUTO_TEST_CASE(a_file_cannot_ask_for_endless_work) {
  OsRandom random;
  const Bytes file = sealed(*generate_identity(random), "p");
  for (const std::size_t at : {16u, 20u}) {  // passes, memory
    Bytes costly = file;
    costly[at] = 0xff;
    BOOST_TEST(reason(costly, "p") == "key-file-cost");
  }
  Bytes none = file;
  none[19] = 0;
  BOOST_TEST(reason(none, "p") == "key-file-cost");
}

BOOST_AUTO_TEST_CASE(recovery_words_give_a_generated_identity) {
  OsRandom random;
  const auto seed = generate_identity(random);
  const auto again = identity_of_key(SecretBytes(seed->seed.view()));
  BOOST_REQUIRE(again);
  BOOST_TEST((again->seed == seed->seed));
  BOOST_TEST((again->kind == IdentityKind::generated));
  BOOST_TEST(!identity_of_key(phrase("too short")));
}

BOOST_AUTO_TEST_SUITE_END()
