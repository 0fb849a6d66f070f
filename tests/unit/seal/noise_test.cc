// Noise_X_25519_ChaChaPoly_SHA256 against the published vectors quoted in conformance/vectors/noise_x.json.
#include "proto/seal/noise.h"

#include <sodium.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/unit/seal/make.h"

using namespace comm;

namespace {

using Json = nlohmann::json;

Bytes hex_field(const Json& object, const char* name) { return *from_hex(object.at(name).get<std::string>()); }

DhPair pair_of(const Bytes& secret) {
  DhPair out;
  std::copy(secret.begin(), secret.end(), out.secret.data());
  crypto_scalarmult_base(out.public_key.data.data(), secret.data());
  return out;
}

struct Vector {
  Bytes prologue;
  DhPair initiator, ephemeral, responder;
  Json messages;
  Bytes payload() const { return hex_field(messages.at(0), "payload"); }
  Bytes ciphertext() const { return hex_field(messages.at(0), "ciphertext"); }
};

std::vector<Vector> vectors() {
  std::ifstream file(COMM_SOURCE_DIR "/conformance/vectors/noise_x.json");
  BOOST_REQUIRE(file.good());
  const Json document = Json::parse(file);
  std::vector<Vector> out;
  for (const Json& json : document.at("vectors")) {
    BOOST_REQUIRE(json.at("protocol_name") == "Noise_X_25519_ChaChaPoly_SHA256");
    out.push_back({hex_field(json, "init_prologue"), pair_of(hex_field(json, "init_static")),
                   pair_of(hex_field(json, "init_ephemeral")), pair_of(hex_field(json, "resp_static")),
                   json.at("messages")});
    BOOST_TEST(to_hex(out.back().responder.public_key.view()) == to_hex(hex_field(json, "init_remote_static")));
  }
  BOOST_REQUIRE(!out.empty());
  return out;
}

// Split() of the Noise specification: the initiator's transport key, first HKDF output of the chaining key.
Hash transport_key(const Secret<32>& chaining_key) {
  const Hash temporary = hmac_sha256(chaining_key.view(), {});
  return hmac_sha256(temporary.view(), Bytes{1});
}

Bytes transport_encrypt(const Hash& key, std::uint8_t counter, const Bytes& payload) {
  Bytes nonce(12), out(payload.size() + 16);
  nonce[4] = counter;
  crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, payload.data(), payload.size(), nullptr, 0, nullptr,
                                            nonce.data(), key.data.data());
  return out;
}

// Points of small order on Curve25519 (and its twist); X25519 with any of them gives zero.
const std::vector<DhKey>& low_order_points() {
  static const std::vector<DhKey> kPoints = [] {
    std::vector<DhKey> out;
    for (const char* hex : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"})
      out.push_back(*DhKey::from(*from_hex(hex)));
    return out;
  }();
  return kPoints;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(noise)

BOOST_AUTO_TEST_CASE(published_handshake_message) {
  for (const Vector& v : vectors()) {
    const auto sealed = noise_x_seal(v.prologue, v.initiator, v.ephemeral, v.responder.public_key, v.payload());
    BOOST_REQUIRE(sealed);
    BOOST_TEST(to_hex(sealed->message) == to_hex(v.ciphertext()));
    const auto opened = noise_x_open(v.prologue, v.responder, v.ciphertext());
    BOOST_REQUIRE(opened);
    BOOST_TEST(to_hex(opened->payload.bytes) == to_hex(v.payload()));
    BOOST_TEST((opened->remote_static == v.initiator.public_key));
    BOOST_TEST((opened->chaining_key == sealed->chaining_key));
  }
}

// The chaining key is in no vector, but the transport messages that follow are encrypted under keys split from it.
BOOST_AUTO_TEST_CASE(published_transport_messages_prove_the_chaining_key) {
  for (const Vector& v : vectors()) {
    const auto opened = noise_x_open(v.prologue, v.responder, v.ciphertext());
    BOOST_REQUIRE(opened);
    const Hash key = transport_key(opened->chaining_key);
    for (std::uint8_t i = 1; i < v.messages.size(); ++i) {
      const Json& message = v.messages.at(i);
      BOOST_TEST(to_hex(transport_encrypt(key, static_cast<std::uint8_t>(i - 1), hex_field(message, "payload"))) ==
                 to_hex(hex_field(message, "ciphertext")));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_refused) {
  for (const Vector& v : vectors()) {
    const Bytes good = v.ciphertext();
    for (std::size_t i = 0; i < good.size() * 8; ++i) {
      Bytes wrong = good;
      wrong[i / 8] = static_cast<std::uint8_t>(wrong[i / 8] ^ (1u << i % 8));
      BOOST_TEST(!noise_x_open(v.prologue, v.responder, wrong));
    }
    for (std::size_t size = 0; size < good.size(); ++size)
      BOOST_TEST(!noise_x_open(v.prologue, v.responder, ByteView(good).first(size)));
    Bytes longer = good;
    longer.push_back(0);
    BOOST_TEST(!noise_x_open(v.prologue, v.responder, longer));
  }
}

BOOST_AUTO_TEST_CASE(prologue_and_recipient_are_bound) {
  for (const Vector& v : vectors()) {
    Bytes prologue = v.prologue;
    prologue[0] ^= 1;
    expect_reject(noise_x_open(prologue, v.responder, v.ciphertext()), Stage::crypto, "not-openable");
    expect_reject(noise_x_open({}, v.responder, v.ciphertext()), Stage::crypto, "not-openable");
    expect_reject(noise_x_open(v.prologue, v.initiator, v.ciphertext()), Stage::crypto, "not-openable");
    expect_reject(noise_x_open(v.prologue, v.responder, ByteView()), Stage::crypto, "noise-size");
  }
}

BOOST_AUTO_TEST_CASE(empty_payload) {
  Prng random(3);
  const DhPair a = random_dh_pair(random), b = random_dh_pair(random), e = random_dh_pair(random);
  const auto sealed = noise_x_seal({}, a, e, b.public_key, {});
  BOOST_REQUIRE(sealed);
  BOOST_TEST(sealed->message.size() == kNoiseXOverhead);
  BOOST_TEST(noise_x_open({}, b, sealed->message)->payload.bytes.empty());
}

BOOST_AUTO_TEST_CASE(low_order_keys_are_refused) {
  Prng random(4);
  const DhPair a = random_dh_pair(random), b = random_dh_pair(random), e = random_dh_pair(random);
  for (const DhKey& point : low_order_points()) {
    expect_reject(noise_x_seal({}, a, e, point, as_bytes("x")), Stage::crypto, "small-order");  // a bad prekey
    Bytes message(kNoiseXOverhead);
    std::copy(point.data.begin(), point.data.end(), message.begin());
    expect_reject(noise_x_open({}, b, message), Stage::crypto, "small-order");  // a bad ephemeral
    DhPair hostile;
    hostile.public_key = point;  // sealed correctly up to the sender's own claim of a static key
    hostile.secret = a.secret.copy();
    const auto sealed = noise_x_seal({}, hostile, e, b.public_key, as_bytes("x"));
    BOOST_REQUIRE(sealed);
    expect_reject(noise_x_open({}, b, sealed->message), Stage::crypto, "small-order");
  }
}

BOOST_AUTO_TEST_SUITE_END()
