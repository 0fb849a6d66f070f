#include "proto/wire/header.h"

#include "proto/base/random.h"
#include "tests/unit/wire/expect.h"

using namespace comm;

namespace {

MessageHeader example() {
  MessageHeader out;
  out.size_class = 2;
  out.expires = 29'000'000;
  out.effort = 3;
  out.mailbox = filled<MailboxId>(0xaa);
  out.ack_hash = filled<AckHash>(0xbb);
  out.body_hash = filled<BodyHash>(0xcc);
  return out;
}

// The example's header with one byte replaced.
HeaderBytes with(std::size_t at, std::uint8_t value) {
  HeaderBytes out = encode_header(example());
  out.data[at] = value;
  return out;
}

MessageHeader lasting(std::uint32_t expires, std::uint16_t lifetime) {
  MessageHeader out = example();
  out.expires = expires;
  out.lifetime = lifetime;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(header)

BOOST_AUTO_TEST_CASE(layout) {
  const std::string hex = to_hex(encode_header(example()).view());
  BOOST_TEST(hex.substr(0, 24) == "01010002" "01ba8140" "2760" "03" "00");
  BOOST_TEST(hex.substr(24, 42) == std::string(40, 'a') + "bb");
  BOOST_TEST(hex.substr(126) == "bb" + std::string(64, 'c'));
  const auto back = parse_header(encode_header(example()));
  BOOST_REQUIRE(back);
  BOOST_TEST((*back == example()));
  BOOST_TEST(back->body_bytes() == 16'384u);
  BOOST_TEST(back->expires_ms() == 29'000'000 * kMinute);
}

BOOST_AUTO_TEST_CASE(every_field_is_judged) {
  for (const int version : {0, 2, 255})
    expect_reject(parse_header(with(0, static_cast<std::uint8_t>(version))), Stage::schema, "header-version");
  expect_reject(parse_header(with(1, 0)), Stage::schema, "header-suite");
  expect_reject(parse_header(with(1, 2)), Stage::schema, "header-suite");
  expect_reject(parse_header(with(2, 1)), Stage::schema, "header-kind");
  expect_reject(parse_header(with(3, 4)), Stage::schema, "header-class");
  expect_reject(parse_header(with(3, 255)), Stage::schema, "header-class");
  expect_reject(parse_header(with(11, 1)), Stage::schema, "header-reserved");
  expect_reject(parse_header(encode_header(lasting(1, 0))), Stage::schema, "header-lifetime");
  expect_reject(parse_header(encode_header(lasting(1, 43'201))), Stage::schema, "header-lifetime");
  BOOST_TEST(parse_header(encode_header(lasting(1, 43'200))).has_value());
  BOOST_TEST(parse_header(with(10, 255)).has_value());  // any effort may be claimed
}

BOOST_AUTO_TEST_CASE(lifetime_edges) {
  constexpr Millis kNow = 28'000'000 * kMinute;
  const auto lives = [](std::uint32_t expires, std::uint16_t lifetime, Millis wall) {
    return check_lifetime(lasting(expires, lifetime), wall);
  };
  expect_reject(lives(28'000'000, 10, kNow), Stage::policy, "expired");
  BOOST_TEST(lives(28'000'000, 10, kNow - 1).has_value());
  BOOST_TEST(lives(28'000'130, 10, kNow).has_value());
  expect_reject(lives(28'000'130, 10, kNow - 1), Stage::policy, "from-the-future");
  BOOST_TEST(lives(28'000'001, 43'200, kNow).has_value());
  BOOST_TEST(lives(5, 43'200, 0).has_value());  // began before 1970: no wrap-around
  expect_reject(lives(UINT32_MAX, 1, kNow), Stage::policy, "from-the-future");
}

BOOST_AUTO_TEST_CASE(acks_outlive_messages_by_two_hours) {
  const MessageHeader header = lasting(28'000'000, 10);
  BOOST_TEST(check_ack_age(header, header.expires_ms() + 2 * kHour - 1).has_value());
  expect_reject(check_ack_age(header, header.expires_ms() + 2 * kHour), Stage::policy, "ack-expired");
}

BOOST_AUTO_TEST_CASE(work_orders_exactly) {
  MessageHeader small = example(), large = example(), stamped = example();
  small.size_class = 0;
  large.size_class = 3;
  small.effort = large.effort = 0;
  stamped.size_class = 3;
  stamped.effort = 6;
  BOOST_TEST(less_work(work_of(large), work_of(small)));
  BOOST_TEST(less_work(work_of(small), work_of(stamped)));  // 64 hashes for 60 times the bytes
  BOOST_TEST(!less_work(work_of(small), work_of(small)));
  BOOST_TEST(work_of(small).numerator == 1u);
  BOOST_TEST(work_of(small).denominator == 1'024u * (10'080 + 120));
  MessageHeader greedy = stamped;
  greedy.effort = 255;
  BOOST_TEST(less_work(work_of(stamped), work_of(greedy)));
  BOOST_TEST(work_of(greedy).numerator == std::uint64_t{1} << 63);
}

// Every pair of two thousand headers, drawn to lie close together as often as not.
BOOST_AUTO_TEST_CASE(work_key_keeps_the_order_of_works) {
  Prng random(1);
  std::vector<Work> works;
  for (int i = 0; i < 2'000; ++i) {
    MessageHeader header;
    header.size_class = static_cast<std::uint8_t>(random.below(kBodyClassBytes.size()));
    header.lifetime = static_cast<std::uint16_t>(
        random.chance(1, 2) ? kMaxLifetimeMinutes - random.below(40) : 1 + random.below(kMaxLifetimeMinutes));
    header.effort = static_cast<std::uint8_t>(random.chance(1, 4) ? random.below(256) : random.below(4));
    works.push_back(work_of(header));
  }
  std::size_t wrong = 0, equal = 0;
  for (const Work& a : works) {
    for (const Work& b : works) {
      wrong += less_work(a, b) != (work_key(a) < work_key(b));
      equal += &a != &b && work_key(a) == work_key(b);
    }
  }
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(equal > 0u);
}

BOOST_AUTO_TEST_CASE(final_records_have_one_size) {
  const AckRecord ack{encode_header(example()), filled<StampNonce>(1), filled<AckSecret>(2)};
  const Bytes ack_bytes = encode_ack(ack);
  BOOST_TEST(ack_bytes.size() == 136u);
  const auto ack_back = parse_ack(ack_bytes);
  BOOST_REQUIRE(ack_back);
  BOOST_TEST((ack_back->header == ack.header && ack_back->nonce == ack.nonce && ack_back->ack == ack.ack));

  const RefusalRecord refusal{ack.header, ack.nonce, filled<MailboxKey>(3), filled<Signature>(4)};
  const Bytes refusal_bytes = encode_refusal(refusal);
  BOOST_TEST(refusal_bytes.size() == 200u);
  const auto refusal_back = parse_refusal(refusal_bytes);
  BOOST_REQUIRE(refusal_back);
  BOOST_TEST((refusal_back->mailbox_key == refusal.mailbox_key && refusal_back->signature == refusal.signature));

  BOOST_TEST(!parse_ack(refusal_bytes));
  BOOST_TEST(!parse_refusal(ack_bytes));
  BOOST_TEST(!parse_ack(ByteView(ack_bytes).first(135)));
  BOOST_TEST(!parse_ack({}));
}

BOOST_AUTO_TEST_SUITE_END()
