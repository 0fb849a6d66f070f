#include "tests/unit/seal/make.h"

using namespace comm;

namespace {

SealedMessage sealed(std::uint8_t effort = 0) {
  const auto alice = person(1), bob = person(2);
  Prng random(1);
  SealRequest request = request_to(*bob);
  request.effort = effort;
  auto out = seal_message(*alice, text_from(*alice, "hello"), request, random);
  BOOST_REQUIRE(out);
  if (effort > 0) out->nonce = *mine_stamp(out->id, effort, 0, 1 << 16);
  return *std::move(out);
}

Bytes ack_for(const SealedMessage& message) { return encode_ack({message.header, message.nonce, message.ack}); }

Bytes refusal_for(const SealedMessage& message, const Identity& owner) {
  return make_refusal(owner.mailbox(kTestWeek), message.header, message.nonce);
}

Bytes with(Bytes bytes, std::size_t at) {
  bytes[at] ^= 1;
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(final_record)

BOOST_AUTO_TEST_CASE(acknowledgement) {
  const SealedMessage message = sealed();
  const Bytes bytes = ack_for(message);
  const auto record = check_final_record(bytes);
  BOOST_REQUIRE(record);
  BOOST_TEST((record->kind == FinalKind::acknowledged));
  BOOST_TEST((record->id == message.id));
  BOOST_TEST((record->header_bytes == message.header));
  BOOST_TEST((record->header == *parse_header(message.header)));
  BOOST_TEST((record->bytes == bytes));
}

BOOST_AUTO_TEST_CASE(forged_acknowledgements) {
  const Bytes good = ack_for(sealed());
  for (std::size_t i = 104; i < 136; ++i)
    expect_reject(check_final_record(with(good, i)), Stage::crypto, "ack-forged");
  for (std::size_t i = 32; i < 64; ++i) expect_reject(check_final_record(with(good, i)), Stage::crypto, "ack-forged");
  expect_reject(check_final_record(with(good, 0)), Stage::schema, "header-version");
  // Another header with the same acknowledgement hash is another message: the id tells.
  const auto other = check_final_record(with(good, 70));
  BOOST_REQUIRE(other);
  BOOST_TEST((other->id != sealed().id));
}

BOOST_AUTO_TEST_CASE(refusal) {
  const auto bob = person(2);
  const SealedMessage message = sealed();
  const Bytes bytes = refusal_for(message, *bob);
  BOOST_TEST(bytes.size() == kRefusalRecordBytes);
  const auto record = check_final_record(bytes);
  BOOST_REQUIRE(record);
  BOOST_TEST((record->kind == FinalKind::refused));
  BOOST_TEST((record->id == message.id));
  BOOST_TEST((FinalKind::refused < FinalKind::acknowledged));  // merged by maximum
}

BOOST_AUTO_TEST_CASE(forged_refusals) {
  const SealedMessage message = sealed();
  expect_reject(check_final_record(refusal_for(message, *person(3))), Stage::crypto, "refusal-mailbox");
  const Bytes good = refusal_for(message, *person(2));
  for (std::size_t i = 104; i < 136; ++i)
    expect_reject(check_final_record(with(good, i)), Stage::crypto, "refusal-mailbox");
  for (std::size_t i = 136; i < 200; ++i)
    expect_reject(check_final_record(with(good, i)), Stage::crypto, "refusal-signature");
  for (std::size_t i = 32; i < 96; ++i)  // the signature covers the id, so the whole header
    expect_reject(check_final_record(with(good, i)), Stage::crypto, "refusal-signature");
}

BOOST_AUTO_TEST_CASE(stamps_are_part_of_it) {
  const SealedMessage message = sealed(8);
  BOOST_TEST(check_final_record(ack_for(message)).has_value());
  SealedMessage unstamped = message;
  while (stamp_effort(unstamped.id, unstamped.nonce) >= 8) ++unstamped.nonce.data[7];
  expect_reject(check_final_record(ack_for(unstamped)), Stage::crypto, "stamp");
  expect_reject(check_final_record(refusal_for(unstamped, *person(2))), Stage::crypto, "stamp");
}

BOOST_AUTO_TEST_CASE(any_other_size) {
  for (const std::size_t size : {0u, 1u, 135u, 137u, 199u, 201u, 4096u})
    expect_reject(check_final_record(Bytes(size, 1)), Stage::schema, "final-record-size");
}

BOOST_AUTO_TEST_SUITE_END()
