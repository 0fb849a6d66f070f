#include "proto/wire/packet.h"

#include <set>

#include "tests/unit/wire/expect.h"

using namespace comm;

namespace {

HelloBody hello_body() {
  HelloBody out;
  out.capabilities = 5;
  out.node_key = filled<NodeKey>(1);
  out.nonce = filled<HelloNonce>(2);
  out.endpoints = {*parse_endpoint("1.2.3.4:5"), *parse_endpoint("[::]:0")};
  out.role = Role::client;
  out.time = 1'700'000'000'000;
  return out;
}

HeaderBytes header_of_class(std::uint8_t size_class) {
  HeaderBytes out;
  out.data[0] = out.data[1] = 1;
  out.data[3] = size_class;
  return out;
}

SealedItem sealed_item(std::uint8_t size_class) {
  return {header_of_class(size_class), filled<StampNonce>(4), Bytes(kBodyClassBytes[size_class], 7)};
}

SignedRecord signed_record(std::size_t size) { return {Bytes(size, 8), filled<Signature>(9), filled<StampNonce>(10)}; }

std::vector<StoredItem> stored_items() {
  const auto id = filled<MessageId>(3);
  return {{id, StoredStatus::stored, RefuseReason::none, 0, {}},
          {id, StoredStatus::duplicate, RefuseReason::none, 0, {}},
          {id, StoredStatus::acknowledged, RefuseReason::none, 0, Bytes(136, 1)},
          {id, StoredStatus::acknowledged, RefuseReason::none, 0, Bytes(200, 1)},
          {id, StoredStatus::refused, RefuseReason::price, 255, {}},
          {id, StoredStatus::busy, RefuseReason::none, 0, {}},
          {id, StoredStatus::evicted, RefuseReason::quota, 0, {}}};
}

// As much as one packet may hold.
std::vector<SyncRange> sync_ranges() {
  std::vector<SyncRange> out;
  for (std::uint32_t i = 0; i < kMaxSyncRangesPerPacket; ++i) {
    SyncRange& range = out.emplace_back(SyncRange{{i, {}}, {i + 1, {}}, SyncMode::fingerprint});
    range.fingerprint = filled<SyncFingerprint>(5);
    if (i == 7) range.mode = SyncMode::again, range.fingerprint = {};
    if (i != 8 && i != 9) continue;
    range.mode = i == 8 ? SyncMode::list : SyncMode::extra;
    range.fingerprint = {};
    for (std::size_t n = 0; n < kMaxSyncElementsPerPacket / 2; ++n) {
      SyncElement element{{i, {}}, SyncState::acknowledged};
      element.key.id.data[0] = static_cast<std::uint8_t>(n >> 8);
      element.key.id.data[1] = static_cast<std::uint8_t>(n);
      range.elements.push_back(element);
    }
  }
  return out;
}

std::vector<PacketBody> one_of_each() {
  const Bytes raw = encode_hello_body(hello_body());
  const Contact contact{filled<NodeId>(1), filled<NodeKey>(2), *parse_endpoint("[2001:db8::1]:6667")};
  return {Hello{raw, hello_body()},
          Welcome{raw, hello_body(), filled<Signature>(3)},
          Auth{filled<Signature>(4)},
          Ping{},
          Pong{},
          FindNode{filled<OverlayPoint>(5), std::vector<std::uint32_t>(kMaxKnownPerFind, 0x01020304)},
          Nodes{},
          Nodes{std::vector<Contact>(kMaxContactsPerPacket, contact)},
          Offer{std::vector<OfferItem>(kMaxOffersPerPacket, OfferItem{header_of_class(0), filled<StampNonce>(6)})},
          Want{std::vector<MessageId>(kMaxWantsPerPacket, filled<MessageId>(7))},
          Message{std::vector<SealedItem>(kMaxMessagesPerPacket, sealed_item(0))},
          Message{{sealed_item(3), sealed_item(2), sealed_item(1)}},
          Stored{stored_items()},
          Ack{{Bytes(136, 1), Bytes(200, 2)}},
          Ack{std::vector<Bytes>(480, Bytes(200, 3))},
          Collect{filled<MailboxKey>(8), filled<Signature>(9)},
          Collected{CollectStatus::refused, 4'000'000'000u},
          PutRecord{signed_record(kMaxRecordBytes)},
          GetRecord{filled<Address>(10)},
          Record{filled<Address>(11), {}},
          Record{filled<Address>(11), signed_record(1)},
          ErrorBody{static_cast<std::uint32_t>(ErrorCode::not_held), "h\xc3\xa9"},
          ErrorBody{4'000'000'000u, ""},
          Sync{{}, {}, true},
          Sync{SyncOpening{filled<SyncNonce>(1), filled<OverlayPoint>(2), filled<Distance>(3), 4}, sync_ranges(), false}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(packet)

BOOST_AUTO_TEST_CASE(each_body_round_trips) {
  std::set<std::string> names;
  for (const PacketBody& body : one_of_each()) {
    const Bytes bytes = encode_packet({77, body});
    const auto back = parse_packet(bytes);
    BOOST_TEST_INFO(packet_name(body));
    BOOST_REQUIRE(back);
    BOOST_TEST(back->request_id == 77u);
    BOOST_TEST(packet_name(back->body) == std::string(packet_name(body)));
    BOOST_TEST((encode_packet(*back) == bytes));
    names.insert(packet_name(body));
  }
  BOOST_TEST(names.size() == std::variant_size_v<PacketBody> - 1);  // all but unknown
}

BOOST_AUTO_TEST_CASE(values_survive) {
  const auto hello = parse_packet(encode_packet({1, one_of_each()[0]}));
  BOOST_TEST((std::get<Hello>(hello->body).body == hello_body()));
  const auto nodes = parse_packet(encode_packet({1, one_of_each()[7]}));
  BOOST_TEST(to_string(std::get<Nodes>(nodes->body).contacts.back().endpoint) == "[2001:db8::1]:6667");
  const auto stored = parse_packet(encode_packet({1, Stored{stored_items()}}));
  const auto& items = std::get<Stored>(stored->body).items;
  BOOST_TEST((items[4].status == StoredStatus::refused && items[4].reason == RefuseReason::price));
  BOOST_TEST(items[4].price == 255);
  BOOST_TEST(items[3].ack.size() == 200u);
  const auto record = parse_packet(encode_packet({1, Record{filled<Address>(1), signed_record(5)}}));
  BOOST_TEST((std::get<Record>(record->body).record == signed_record(5)));
  const auto error = parse_packet(encode_packet({1, ErrorBody{99, "text"}}));
  BOOST_TEST(std::get<ErrorBody>(error->body).text == "text");
}

BOOST_AUTO_TEST_CASE(size_estimates_never_fall_short) {
  for (const PacketBody& body : one_of_each()) {
    const Packet packet{UINT32_MAX, body};
    BOOST_TEST_INFO(packet_name(body));
    const std::size_t exact = encode_packet(packet).size();
    BOOST_TEST(wire_size(packet) >= exact);
    BOOST_TEST(wire_size(packet) <= exact + exact / 10 + 32);
    BOOST_TEST(exact <= kMaxPacketBytes);
  }
}

BOOST_AUTO_TEST_CASE(frame_stage) {
  expect_reject(parse_packet({}), Stage::frame, "packet-empty");
  const auto oversize = parse_packet(Bytes(kMaxPacketBytes + 1));
  expect_reject(oversize, Stage::frame, "packet-oversize");
  BOOST_TEST((oversize.error().scope == Scope::disconnect));
}

BOOST_AUTO_TEST_CASE(largest_packet_passes_the_frame_stage) {
  // One unknown field of wire type 2 fills the packet to the last byte.
  Bytes bytes{0xfa, 0x7f};  // field 2047, length-delimited
  std::size_t length = kMaxPacketBytes - 5;
  for (int i = 0; i < 3; ++i, length >>= 7) bytes.push_back(static_cast<std::uint8_t>((length & 127) | (i < 2 ? 128 : 0)));
  bytes.resize(kMaxPacketBytes);
  const auto packet = parse_packet(bytes);
  BOOST_REQUIRE(packet);
  BOOST_TEST(std::holds_alternative<Unknown>(packet->body));
}

BOOST_AUTO_TEST_CASE(decode_stage) {
  const auto truncated = encode_packet({1, FindNode{}});
  for (std::size_t size = 6; size < truncated.size(); ++size)
    expect_reject(parse_packet(ByteView(truncated).first(size)), Stage::decode, "packet-decode");
  expect_reject(parse_packet(Bytes{0x0f}), Stage::decode, "packet-decode");        // wire type 7
  expect_reject(parse_packet(Bytes{0x00, 0x00}), Stage::decode, "packet-decode");  // field 0
  expect_reject(parse_packet(Bytes{0x12, 0x02, 0xff, 0xff}), Stage::decode, "hello-decode");
}

BOOST_AUTO_TEST_CASE(deep_groups_are_no_stack_overflow) {
  expect_reject(parse_packet(Bytes(kMaxPacketBytes, 0xa3)), Stage::decode, "packet-decode");  // start-group, nested
}

BOOST_AUTO_TEST_CASE(a_later_version_of_the_protocol_is_unknown) {
  const Bytes only_id{0x0d, 0x2a, 0, 0, 0};
  const auto empty = parse_packet(only_id);
  BOOST_REQUIRE(empty);
  BOOST_TEST(std::holds_alternative<Unknown>(empty->body));
  BOOST_TEST(empty->request_id == 42u);
  Bytes later = only_id;
  append(later, Bytes{0xaa, 0x01, 0x02, 0x08, 0x01});  // field 21, a message
  BOOST_TEST(std::holds_alternative<Unknown>(parse_packet(later)->body));
  Bytes extended = encode_packet({1, Ping{}});
  append(extended, Bytes{0xf8, 0x7f, 0x01});  // a field added to Packet later
  BOOST_TEST(std::holds_alternative<Ping>(parse_packet(extended)->body));
}

BOOST_AUTO_TEST_CASE(error_text_is_cut_at_a_character) {
  std::string text(kMaxErrorTextBytes - 1, 'x');
  text += "\xc3\xa9 and more";
  const auto back = parse_packet(encode_packet({1, ErrorBody{2, text}}));
  BOOST_REQUIRE(back);
  BOOST_TEST(std::get<ErrorBody>(back->body).text == std::string(kMaxErrorTextBytes - 1, 'x'));
  const auto broken = parse_packet(encode_packet({1, ErrorBody{2, "ok\xff\xfe"}}));
  BOOST_REQUIRE(broken);
  BOOST_TEST(std::get<ErrorBody>(broken->body).text == "ok");
}

BOOST_AUTO_TEST_SUITE_END()
