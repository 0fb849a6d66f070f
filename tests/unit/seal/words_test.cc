// Words for keys: the published vectors of BIP-39 (github.com/trezor/python-mnemonic, vectors.json, English).
#include "proto/seal/words.h"

#include <boost/test/unit_test.hpp>
#include <sodium.h>

using namespace comm;

namespace {

struct Vector {
  const char* key;
  const char* words;
};
const Vector kPublished[] = {
    {"00000000000000000000000000000000",
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f", "legal winner thank year wave sausage worth useful legal winner thank yellow"},
    {"80808080808080808080808080808080", "letter advice cage absurd amount doctor acoustic avoid letter advice cage above"},
    {"ffffffffffffffffffffffffffffffff", "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"},
    {"0ce452419635c1a5faf44d60f2029f73fdc43419b4de1f03",
     "artefact card motor cluster foster spray type meadow genius mosquito pond tree sword borrow grocery orange business "
     "burger"},
    {"0000000000000000000000000000000000000000000000000000000000000000",
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon art"},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner "
     "thank year wave sausage worth title"},
    {"8080808080808080808080808080808080808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter "
     "advice cage absurd amount doctor acoustic bless"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo vote"},
    {"00ac97c48106f0aeb8ba061e0250a559b3251dc35854e694780ba51d53a50120",
     "absent gorilla van acoustic humor firm title dolphin bulk barely citizen recall crane moment aspect appear track "
     "phrase actual enforce steel spoon afraid benefit"},
    {"3edc83b60740d77af3afa2fcb82c2f1bc541ee4e2518ddef4996d32453f54a3c",
     "disagree tomato unique attend aspect runway solid violin witness scrap armed daring favorite warm decade perfect "
     "target kid grant play early wide cigar night"},
    {"89bb4bc5555992cdaf3444c5e7ca5a6e9f27efab894f1990bae41be8b2a26ea4",
     "meadow surge vanish primary odor grocery rubber mass shine dinner notable tag venue water purchase clarify book magic "
     "ribbon daughter menu eye ritual orchard"},
    {"911fec0fbd88029f6fa99164896c18d898c9232af18bdcca3e42d53b86493104",
     "much youth advance kitchen lens exile salt cram goose enter alert raise milk muscle profit cousin system faint mouse "
     "price reveal cause series long"},
};

std::string words_text(ByteView key) { return std::string(as_text(words_of(key).view())); }

}  // namespace

BOOST_AUTO_TEST_SUITE(words)

BOOST_AUTO_TEST_CASE(the_list_is_the_published_one) {
  std::string file(kWordList);
  std::replace(file.begin(), file.end(), ' ', '\n');
  file += '\n';
  BOOST_TEST(std::count(file.begin(), file.end(), '\n') == 2'048);
  Bytes hash(crypto_hash_sha256_BYTES);
  crypto_hash_sha256(hash.data(), as_bytes(file).data(), file.size());
  BOOST_TEST(to_hex(hash) == "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
}

BOOST_AUTO_TEST_CASE(published_vectors) {
  for (const Vector& vector : kPublished) {
    const Bytes key = *from_hex(vector.key);
    BOOST_TEST(words_text(key) == vector.words);
    WordsProblem problem;
    const auto back = key_of_words(as_bytes(vector.words), key.size() * 3 / 4, problem);
    BOOST_REQUIRE(back);
    BOOST_TEST(to_hex(back->view()) == vector.key);
  }
}

BOOST_AUTO_TEST_CASE(an_address_is_fifteen_words) {
  const Bytes address = *from_hex("06db9efe7cfe2a68af2280930189351762586201");
  const std::string text = words_text(address);
  BOOST_TEST(count_words(as_bytes(text)) == kAddressWords);
  WordsProblem problem;
  BOOST_TEST(to_hex(key_of_words(as_bytes(text), kAddressWords, problem)->view()) == to_hex(address));
}

BOOST_AUTO_TEST_CASE(case_and_blanks_do_not_matter) {
  WordsProblem problem;
  const std::string_view text =
      "  Much YOUTH advance kitchen\tlens exile\nsalt cram goose enter alert raise\r\nmilk muscle profit cousin system faint "
      "mouse price reveal cause   series long\n";
  const auto key = key_of_words(as_bytes(text), kSeedWords, problem);
  BOOST_REQUIRE(key);
  BOOST_TEST(to_hex(key->view()) == "911fec0fbd88029f6fa99164896c18d898c9232af18bdcca3e42d53b86493104");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named) {
  const std::string good =
      "much youth advance kitchen lens exile salt cram goose enter alert raise milk muscle profit cousin system faint mouse "
      "price reveal cause series long";
  const auto problem_of = [](std::string_view text) {
    WordsProblem problem;
    BOOST_TEST(!key_of_words(as_bytes(text), kSeedWords, problem));
    return problem;
  };
  BOOST_TEST(problem_of(good + " long").kind == WordsProblem::count);
  BOOST_TEST(problem_of(good + " long").words == 25u);
  BOOST_TEST(problem_of("").words == 0u);
  BOOST_TEST(problem_of(std::string(kMaxWordsBytes, ' ') + good).kind == WordsProblem::count);
  std::string misspelt = good;
  misspelt.replace(good.find("lens"), 4, "lense");
  BOOST_TEST(problem_of(misspelt).kind == WordsProblem::unknown_word);
  BOOST_TEST(problem_of(misspelt).position == 5u);
  misspelt.replace(misspelt.find("lense"), 5, "abandonment");  // a word of the list and more
  BOOST_TEST(problem_of(misspelt).position == 5u);
  std::string swapped = good;
  swapped.replace(good.find("much youth"), 10, "youth much");
  BOOST_TEST(problem_of(swapped).kind == WordsProblem::checksum);
}

BOOST_AUTO_TEST_SUITE_END()
