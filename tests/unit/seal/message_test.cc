#include "proto/seal/message.h"

#include "tests/unit/seal/make.h"

using namespace comm;

namespace {

struct Scene {
  LockedBox<Identity> alice = person(1), bob = person(2), carol = person(3);
  Prng random{42};

  SealedMessage seal(std::string text) {
    auto out = seal_message(*alice, text_from(*alice, std::move(text)), request_to(*bob), random);
    BOOST_REQUIRE(out);
    return *std::move(out);
  }
  Result<OpenedMessage> open(const Identity& self, const HeaderBytes& header, ByteView body) const {
    const DhPair newest = self.prekey(kTestWeek + 1), current = self.prekey(kTestWeek);
    const std::array<const DhPair*, 2> keys{&newest, &current};
    return open_message(self.address(), keys, header, body);
  }
};

// A message whose plaintext is `plaintext` padded or not as given: what a faulty or hostile sender can make.
SealedMessage seal_raw(const Scene& scene, Bytes plaintext, bool right_ack) {
  Prng random(7);
  const SealRequest request = request_to(*scene.bob);
  MessageHeader header;
  header.expires = request.expires;
  header.lifetime = request.lifetime;
  header.mailbox = request.mailbox;
  Bytes prologue = to_bytes(encode_header(header).view().first(32));
  append(prologue, request.recipient.view());
  plaintext.resize(kBodyClassBytes[0] - kNoiseXOverhead, plaintext.empty() ? 0 : plaintext.back());
  const auto noise =
      noise_x_seal(prologue, scene.alice->dh_pair(), random_dh_pair(random), request.prekey, plaintext);
  BOOST_REQUIRE(noise);
  SealedMessage out;
  out.body = noise->message;
  out.ack = AckSecret{hmac_sha256(noise->chaining_key.view(), as_bytes("comm/1 ack")).data};
  header.ack_hash = right_ack ? ack_hash(out.ack) : filled<AckHash>(1);
  header.body_hash = body_hash(out.body);
  out.header = encode_header(header);
  out.id = message_id(out.header);
  return out;
}

Bytes framed(ByteView sealed) {
  Bytes out;
  put_be(out, static_cast<std::uint32_t>(sealed.size()));
  append(out, sealed);
  out.push_back(0);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(message)

BOOST_AUTO_TEST_CASE(every_size_class_opens) {
  Scene scene;
  const std::vector<std::pair<std::size_t, std::uint8_t>> cases{
      {0, 0}, {1, 0}, {1'000, 1}, {3'000, 1}, {4'000, 2}, {15'000, 2}, {16'000, 3}, {kMaxTextBytes, 3}};
  for (const auto& [length, size_class] : cases) {
    const SealedMessage sealed = scene.seal(std::string(length, 't'));
    const auto header = parse_header(sealed.header);
    BOOST_REQUIRE(header);
    BOOST_TEST(header->size_class == size_class);
    BOOST_TEST(sealed.body.size() == kBodyClassBytes[size_class]);
    BOOST_TEST(check_body(*header, sealed.body).has_value());
    BOOST_TEST((message_id(sealed.header) == sealed.id));
    BOOST_TEST(check_stamp(*header, sealed.id, sealed.nonce).has_value());
    const auto opened = scene.open(*scene.bob, sealed.header, sealed.body);
    BOOST_REQUIRE(opened);
    BOOST_TEST((std::get<TextContent>(opened->content.content).text == std::string(length, 't')));
    BOOST_TEST((opened->sender == scene.alice->address()));
    BOOST_TEST((opened->sender_dh == scene.alice->dh_pair().public_key));
    BOOST_TEST((opened->ack == sealed.ack));
  }
}

BOOST_AUTO_TEST_CASE(classes_are_filled_to_the_last_byte) {
  Scene scene;
  Sealed content = text_from(*scene.alice, "");
  content.record = {};
  content.record_hash = filled<Hash>(1);
  std::size_t longest = 0;
  for (std::size_t length = 700; length < 1'000; ++length) {
    content.content = TextContent{std::string(length, 'x')};
    if (4 + encode_sealed(content).size() + kNoiseXOverhead == kBodyClassBytes[0]) longest = length;
  }
  BOOST_REQUIRE(longest > 0);
  for (const std::size_t more : {std::size_t{0}, std::size_t{1}}) {
    content.content = TextContent{std::string(longest + more, 'x')};
    const auto sealed = seal_message(*scene.alice, content, request_to(*scene.bob), scene.random);
    BOOST_REQUIRE(sealed);
    BOOST_TEST(sealed->body.size() == kBodyClassBytes[more]);
    BOOST_TEST(scene.open(*scene.bob, sealed->header, sealed->body).has_value());
  }
}

BOOST_AUTO_TEST_CASE(no_two_seals_are_alike) {
  Scene scene;
  const SealedMessage one = scene.seal("same"), two = scene.seal("same");
  BOOST_TEST((one.id != two.id));
  BOOST_TEST((one.ack != two.ack));
  BOOST_TEST((one.body != two.body));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_sealed) {
  Scene scene;
  const auto seal = [&](const Sealed& content) {
    return seal_message(*scene.alice, content, request_to(*scene.bob), scene.random);
  };
  expect_reject(seal(text_from(*scene.alice, std::string(kMaxTextBytes + 1, 'x'))), Stage::schema, "too-large");
  expect_reject(seal(text_from(*scene.alice, "\xff")), Stage::schema, "bad-content");
  Sealed bulky = text_from(*scene.alice, std::string(kMaxTextBytes, 'x'));
  bulky.record.record.resize(kMaxRecordBytes);
  expect_reject(seal(bulky), Stage::schema, "too-large");
  SealRequest request = request_to(*scene.bob);
  request.prekey = DhKey{};
  expect_reject(seal_message(*scene.alice, text_from(*scene.alice, "x"), request, scene.random), Stage::crypto,
                "small-order");
}

BOOST_AUTO_TEST_CASE(only_the_recipient_opens) {
  Scene scene;
  const SealedMessage sealed = scene.seal("hello");
  expect_reject(scene.open(*scene.carol, sealed.header, sealed.body), Stage::crypto, "not-openable");
  const DhPair key = scene.bob->prekey(kTestWeek);
  const std::array<const DhPair*, 1> keys{&key};
  expect_reject(open_message(scene.carol->address(), keys, sealed.header, sealed.body), Stage::crypto, "not-openable");
  expect_reject(open_message(scene.bob->address(), {}, sealed.header, sealed.body), Stage::crypto, "not-openable");
}

BOOST_AUTO_TEST_CASE(the_envelope_cannot_be_changed) {
  Scene scene;
  const SealedMessage sealed = scene.seal("hello");
  for (std::size_t i = 0; i < kHeaderBytes; ++i) {
    HeaderBytes header = sealed.header;
    header.data[i] ^= 1;
    BOOST_TEST((message_id(header) != sealed.id));
    const auto opened = scene.open(*scene.bob, header, sealed.body);
    if (i < 64)
      BOOST_TEST(!opened);  // prologue, then the acknowledgement hash
    else
      BOOST_TEST(!check_body(*parse_header(header), sealed.body));  // the body hash is the relays' to check
  }
  HeaderBytes other_ack = sealed.header;
  other_ack.data[40] ^= 1;
  expect_reject(scene.open(*scene.bob, other_ack, sealed.body), Stage::crypto, "ack-mismatch");
}

BOOST_AUTO_TEST_CASE(the_body_cannot_be_changed) {
  Scene scene;
  const SealedMessage sealed = scene.seal("hello");
  const auto header = *parse_header(sealed.header);
  for (std::size_t i = 0; i < sealed.body.size(); i += 31) {
    Bytes body = sealed.body;
    body[i] ^= 1;
    expect_reject(check_body(header, body), Stage::crypto, "body-hash");
    expect_reject(scene.open(*scene.bob, sealed.header, body), Stage::crypto, "not-openable");
  }
  const ByteView cut = ByteView(sealed.body).first(1'023);
  expect_reject(check_body(header, cut), Stage::crypto, "body-size");
  expect_reject(scene.open(*scene.bob, sealed.header, cut), Stage::crypto, "body-size");
}

BOOST_AUTO_TEST_CASE(low_order_ephemeral_is_not_openable) {
  Scene scene;
  const SealedMessage sealed = scene.seal("hello");
  Bytes body = sealed.body;
  std::fill_n(body.begin(), 32, std::uint8_t{0});
  expect_reject(scene.open(*scene.bob, sealed.header, body), Stage::crypto, "not-openable");
}

BOOST_AUTO_TEST_CASE(opened_but_wrong) {
  const Scene scene;
  const auto open = [&](const SealedMessage& m) { return scene.open(*scene.bob, m.header, m.body); };
  const Bytes good = encode_sealed(text_from(*scene.alice, "x"));
  BOOST_TEST(open(seal_raw(scene, framed(good), true)).has_value());
  expect_reject(open(seal_raw(scene, framed(good), false)), Stage::crypto, "ack-mismatch");

  Bytes dirty = framed(good);
  dirty.back() = 1;  // repeated to the end by seal_raw
  expect_reject(open(seal_raw(scene, dirty, true)), Stage::crypto, "bad-padding");
  expect_reject(open(seal_raw(scene, Bytes{0xff, 0xff, 0xff, 0xff}, true)), Stage::crypto, "bad-padding");
  expect_reject(open(seal_raw(scene, Bytes{0, 0, 3, 0x9d, 0}, true)), Stage::crypto, "bad-padding");  // 925 > 924
  expect_reject(open(seal_raw(scene, Bytes{0, 0, 0, 1, 0xff, 0}, true)), Stage::crypto, "bad-content");
  expect_reject(open(seal_raw(scene, Bytes{}, true)), Stage::crypto, "bad-content");

  Sealed foreign = text_from(*scene.alice, "x");
  foreign.record = sign_record(*scene.carol, record_of(*scene.carol));
  expect_reject(open(seal_raw(scene, framed(encode_sealed(foreign)), true)), Stage::crypto, "sender-mismatch");
  Sealed broken = text_from(*scene.alice, "x");
  broken.record.record = {0xff};
  expect_reject(open(seal_raw(scene, framed(encode_sealed(broken)), true)), Stage::crypto, "bad-content");
}

// Claiming another's signature key gives another address, never hers.
BOOST_AUTO_TEST_CASE(a_sender_cannot_claim_another_address) {
  Scene scene;
  Sealed content = text_from(*scene.alice, "x");
  content.sign_key = scene.carol->sign_pair().public_key();
  content.record = {};
  content.record_hash = filled<Hash>(1);
  const auto opened =
      scene.open(*scene.bob, seal_raw(scene, framed(encode_sealed(content)), true).header,
                 seal_raw(scene, framed(encode_sealed(content)), true).body);
  BOOST_REQUIRE(opened);
  BOOST_TEST((opened->sender != scene.carol->address()));
  BOOST_TEST((opened->sender != scene.alice->address()));
}

BOOST_AUTO_TEST_CASE(stamps_are_checked) {
  Scene scene;
  SealRequest request = request_to(*scene.bob);
  request.effort = 8;
  const auto sealed = seal_message(*scene.alice, text_from(*scene.alice, "x"), request, scene.random);
  BOOST_REQUIRE(sealed);
  const auto header = *parse_header(sealed->header);
  const auto nonce = mine_stamp(sealed->id, 8, 0, 1 << 16);
  BOOST_REQUIRE(nonce);
  BOOST_TEST(check_stamp(header, sealed->id, *nonce).has_value());
  StampNonce wrong = *nonce;
  while (stamp_effort(sealed->id, wrong) >= 8) ++wrong.data[7];
  expect_reject(check_stamp(header, sealed->id, wrong), Stage::crypto, "stamp");
}

BOOST_AUTO_TEST_SUITE_END()
