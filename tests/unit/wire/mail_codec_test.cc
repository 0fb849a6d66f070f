#include <boost/test/unit_test.hpp>

#include "proto/base/random.h"
#include "proto/schema/comm.pb.h"
#include "proto/wire/mail_codec.h"
#include "tests/unit/wire/expect.h"

namespace comm {
namespace {

SealedItem random_item(Prng& random) {
  SealedItem out;
  random.fill(out.header.data);
  random.fill(out.nonce.data);
  out.header.data[3] = static_cast<std::uint8_t>(random.below(3));
  out.body.resize(kBodyClassBytes[out.header.data[3]]);
  random.fill(out.body);
  return out;
}

Packet random_mail(Prng& random) {
  Message out;
  for (std::uint64_t n = 1 + random.below(5); n > 0; --n) out.items.push_back(random_item(random));
  return {random.chance(1, 3) ? 0 : static_cast<std::uint32_t>(random.next()), std::move(out)};
}

const std::string text(ByteView bytes) { return std::string(as_text(bytes)); }

pb::Packet as_protobuf(const Packet& packet) {
  pb::Packet out;
  out.set_request_id(packet.request_id);
  for (const SealedItem& item : std::get<Message>(packet.body).items) {
    pb::SealedItem& to = *out.mutable_message()->add_items();
    to.set_header(text(item.header.view()));
    to.set_nonce(text(item.nonce.view()));
    to.set_body(text(item.body));
  }
  return out;
}

bool same(const pb::Packet& a, const pb::Packet& b) { return a.SerializeAsString() == b.SerializeAsString(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(mail_codec)

BOOST_AUTO_TEST_CASE(writes_what_protobuf_writes_and_reads_it) {
  Prng random(1);
  for (int i = 0; i < 200; ++i) {
    const Packet packet = random_mail(random);
    const Bytes bytes = encode_packet(packet);
    BOOST_REQUIRE(text(bytes) == as_protobuf(packet).SerializeAsString());
    const auto read = codec::read_mail(bytes);
    BOOST_REQUIRE(read.has_value());
    BOOST_REQUIRE(same(as_protobuf(*read), as_protobuf(packet)));
  }
}

// What it takes, protobuf would have taken, as the same.
BOOST_AUTO_TEST_CASE(takes_nothing_that_protobuf_reads_otherwise) {
  Prng random(2);
  int taken = 0, left = 0;
  for (int i = 0; i < 20'000; ++i) {
    Bytes bytes = encode_packet({static_cast<std::uint32_t>(random.below(2)), Message{{random_item(random)}}});
    const std::size_t near = std::min<std::size_t>(bytes.size(), 130);  // where the tags and lengths are
    for (std::uint64_t n = random.below(3); n > 0; --n) bytes[random.below(near)] = static_cast<std::uint8_t>(random.next());
    if (random.chance(1, 8)) bytes.resize(random.below(bytes.size() + 1));
    if (random.chance(1, 8)) bytes.push_back(static_cast<std::uint8_t>(random.next()));
    const auto read = codec::read_mail(bytes);
    ++(read ? taken : left);
    if (!read) continue;
    pb::Packet packet;
    BOOST_REQUIRE(packet.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    BOOST_REQUIRE(same(packet, as_protobuf(*read)));
  }
  BOOST_TEST(taken > 5'000);
  BOOST_TEST(left > 5'000);
}

// Fields in another order, twice, or unknown ones: rare, and read all the same.
BOOST_AUTO_TEST_CASE(leaves_other_forms_to_protobuf) {
  Prng random(3);
  const Packet packet = random_mail(random);
  std::string bytes = as_protobuf(packet).SerializeAsString();
  bytes += std::string("\xf8\x01\x05", 3);  // field 31, a number
  BOOST_TEST(!codec::read_mail(as_bytes(bytes)).has_value());
  const auto read = parse_packet(as_bytes(bytes));
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST(same(as_protobuf(*read), as_protobuf(packet)));
  BOOST_TEST(!codec::read_mail({}).has_value());
  BOOST_TEST(!codec::read_mail(as_bytes(std::string("\x5a\x00", 2))).has_value());  // no items
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
