// Every schema rule of parse_packet, broken one at a time. Built with protobuf directly: the encoder cannot err.
#include <functional>

#include "proto/schema/comm.pb.h"
#include "proto/wire/packet.h"
#include "tests/unit/wire/expect.h"

using namespace comm;

namespace {

std::string sized(std::size_t size) { return std::string(size, 'x'); }

void expect_schema(const pb::Packet& packet, std::string_view reason) {
  const std::string bytes = packet.SerializeAsString();
  const auto parsed = parse_packet(as_bytes(bytes));
  BOOST_TEST_INFO("expected " << reason);
  expect_reject(parsed, Stage::schema, reason);
  BOOST_TEST((parsed.error().scope == Scope::count));
}

using Change = std::function<void(pb::Packet&)>;

// `good` must be accepted; after each change, made to a fresh copy, the packet must be rejected for its reason.
void expect_each(const pb::Packet& good, const std::vector<std::pair<const char*, Change>>& changes) {
  const std::string bytes = good.SerializeAsString();
  BOOST_REQUIRE(parse_packet(as_bytes(bytes)).has_value());
  for (const auto& [reason, change] : changes) {
    pb::Packet packet = good;
    change(packet);
    expect_schema(packet, reason);
  }
}

pb::HelloBody good_hello() {
  pb::HelloBody out;
  out.set_version(1);
  out.set_node_key(sized(32));
  out.set_nonce(sized(32));
  out.add_endpoints(sized(18));
  out.set_role(1);
  out.set_time_ms(1);
  return out;
}

const std::vector<std::pair<const char*, std::function<void(pb::HelloBody&)>>> kHelloChanges{
    {"hello-version", [](auto& h) { h.set_version(0); }},
    {"hello-node-key", [](auto& h) { h.set_node_key(sized(31)); }},
    {"hello-node-key", [](auto& h) { h.clear_node_key(); }},
    {"hello-nonce", [](auto& h) { h.set_nonce(sized(33)); }},
    {"hello-endpoints", [](auto& h) { h.add_endpoints(sized(17)); }},
    {"hello-endpoints", [](auto& h) { for (int i = 0; i < 4; ++i) h.add_endpoints(sized(18)); }},
    {"hello-role", [](auto& h) { h.set_role(0); }},
    {"hello-role", [](auto& h) { h.set_role(3); }},
    {"hello-role", [](auto& h) { h.set_role(257); }},
    {"hello-time", [](auto& h) { h.set_time_ms(UINT64_MAX); }},
    {"hello-time", [](auto& h) { h.set_time_ms(static_cast<std::uint64_t>(kMaxTimestamp) + 1); }}};

}  // namespace

BOOST_AUTO_TEST_SUITE(packet_schema)

BOOST_AUTO_TEST_CASE(hello) {
  pb::Packet good;
  good.set_hello(good_hello().SerializeAsString());
  BOOST_REQUIRE(parse_packet(as_bytes(good.SerializeAsString())).has_value());
  for (const auto& [reason, change] : kHelloChanges) {
    pb::HelloBody body = good_hello();
    change(body);
    good.set_hello(body.SerializeAsString());
    expect_schema(good, reason);
  }
  good.set_hello("");
  expect_schema(good, "hello-version");
}

BOOST_AUTO_TEST_CASE(hello_of_another_version_is_for_the_session_to_answer) {
  pb::HelloBody later = good_hello();
  later.set_version(2);
  later.set_capabilities(UINT64_MAX);
  const std::string bytes = later.SerializeAsString();
  const auto body = parse_hello_body(as_bytes(bytes));
  BOOST_REQUIRE(body);
  BOOST_TEST(body->version == 2u);
}

BOOST_AUTO_TEST_CASE(welcome_and_auth) {
  pb::Packet good;
  good.mutable_welcome()->set_body(good_hello().SerializeAsString());
  good.mutable_welcome()->set_signature(sized(64));
  expect_each(good, {{"welcome-signature", [](auto& p) { p.mutable_welcome()->set_signature(sized(63)); }},
                     {"hello-version", [](auto& p) { p.mutable_welcome()->clear_body(); }}});
  pb::Packet auth;
  auth.mutable_auth()->set_signature(sized(64));
  expect_each(auth, {{"auth-signature", [](auto& p) { p.mutable_auth()->set_signature(sized(65)); }}});
}

BOOST_AUTO_TEST_CASE(find_node_and_nodes) {
  pb::Packet find;
  find.mutable_find_node()->set_target(sized(20));
  expect_each(find, {{"find-node-target", [](auto& p) { p.mutable_find_node()->set_target(sized(32)); }},
                     {"find-node-known", [](auto& p) { p.mutable_find_node()->set_known(sized(7)); }},
                     {"find-node-known", [](auto& p) { p.mutable_find_node()->set_known(sized(4 * kMaxKnownPerFind + 4)); }}});
  pb::Packet good;
  pb::Contact& contact = *good.mutable_nodes()->add_contacts();
  contact.set_node_id(sized(20));
  contact.set_node_key(sized(32));
  contact.set_endpoint(sized(18));
  const auto first = [](pb::Packet& p) { return p.mutable_nodes()->mutable_contacts(0); };
  expect_each(good, {{"nodes-id", [&](auto& p) { first(p)->set_node_id(sized(19)); }},
                     {"nodes-key", [&](auto& p) { first(p)->set_node_key(""); }},
                     {"nodes-endpoint", [&](auto& p) { first(p)->set_endpoint(sized(6)); }},
                     {"nodes-endpoint", [&](auto& p) { first(p)->set_endpoint(sized(16) + std::string(2, '\0')); }},
                     {"nodes-count", [&](auto& p) {
                        for (int i = 0; i < 16; ++i) *p.mutable_nodes()->add_contacts() = contact;
                      }}});
}

BOOST_AUTO_TEST_CASE(offer_and_want) {
  pb::Packet good;
  pb::OfferItem& item = *good.mutable_offer()->add_items();
  item.set_header(sized(96));
  item.set_nonce(sized(8));
  expect_each(good, {{"offer-count", [](auto& p) { p.mutable_offer()->clear_items(); }},
                     {"offer-count", [&](auto& p) { for (int i = 0; i < 512; ++i) *p.mutable_offer()->add_items() = item; }},
                     {"offer-header", [](auto& p) { p.mutable_offer()->mutable_items(0)->set_header(sized(95)); }},
                     {"offer-nonce", [](auto& p) { p.mutable_offer()->mutable_items(0)->set_nonce(sized(9)); }}});
  pb::Packet want;
  want.mutable_want()->add_ids(sized(32));
  expect_each(want, {{"want-count", [](auto& p) { p.mutable_want()->clear_ids(); }},
                     {"want-count", [](auto& p) { for (int i = 0; i < 1024; ++i) p.mutable_want()->add_ids(sized(32)); }},
                     {"want-id", [](auto& p) { p.mutable_want()->add_ids(sized(31)); }}});
}

BOOST_AUTO_TEST_CASE(message) {
  pb::Packet good;
  pb::SealedItem& item = *good.mutable_message()->add_items();
  std::string header = sized(96);
  header[3] = 1;
  item.set_header(header);
  item.set_nonce(sized(8));
  item.set_body(sized(4096));
  const auto first = [](pb::Packet& p) { return p.mutable_message()->mutable_items(0); };
  expect_each(good, {{"message-count", [](auto& p) { p.mutable_message()->clear_items(); }},
                     {"message-count", [](auto& p) {
                        std::string tiny = sized(96);
                        tiny[3] = 0;
                        p.mutable_message()->clear_items();
                        for (int i = 0; i < 65; ++i) {
                          pb::SealedItem& to = *p.mutable_message()->add_items();
                          to.set_header(tiny);
                          to.set_nonce(sized(8));
                          to.set_body(sized(1024));
                        }
                      }},
                     {"message-header", [&](auto& p) { first(p)->set_header(sized(97)); }},
                     {"message-nonce", [&](auto& p) { first(p)->set_nonce(""); }},
                     {"message-body-size", [&](auto& p) { first(p)->set_body(sized(4095)); }},
                     {"message-body-size", [&](auto& p) { first(p)->set_body(sized(1024)); }},
                     {"message-body-size", [&](auto& p) { first(p)->clear_body(); }},
                     {"message-body-size", [&](auto& p) { (*first(p)->mutable_header())[3] = 4; }},
                     {"message-body-size", [&](auto& p) { (*first(p)->mutable_header())[3] = '\xff'; }}});
}

BOOST_AUTO_TEST_CASE(stored) {
  pb::Packet good;
  pb::StoredItem& item = *good.mutable_stored()->add_items();
  item.set_id(sized(32));
  item.set_status(1);
  const auto first = [](pb::Packet& p) { return p.mutable_stored()->mutable_items(0); };
  expect_each(good, {{"stored-count", [](auto& p) { p.mutable_stored()->clear_items(); }},
                     {"stored-count", [&](auto& p) { for (int i = 0; i < 512; ++i) *p.mutable_stored()->add_items() = item; }},
                     {"stored-id", [&](auto& p) { first(p)->set_id(sized(20)); }},
                     {"stored-status", [&](auto& p) { first(p)->set_status(0); }},
                     {"stored-status", [&](auto& p) { first(p)->set_status(7); }},
                     {"stored-status", [&](auto& p) { first(p)->set_status(257); }},
                     {"stored-reason", [&](auto& p) { first(p)->set_reason(5); }},
                     {"stored-reason", [&](auto& p) { first(p)->set_status(4); }},
                     {"stored-price", [&](auto& p) { first(p)->set_price(256); }},
                     {"stored-ack", [&](auto& p) { first(p)->set_ack(sized(136)); }},
                     {"stored-ack", [&](auto& p) { first(p)->set_status(3); }},
                     {"stored-ack", [&](auto& p) { first(p)->set_status(3), first(p)->set_ack(sized(137)); }}});
}

BOOST_AUTO_TEST_CASE(ack) {
  pb::Packet good;
  good.mutable_ack()->add_records(sized(136));
  expect_each(good, {{"ack-count", [](auto& p) { p.mutable_ack()->clear_records(); }},
                     {"ack-count", [](auto& p) { for (int i = 0; i < 512; ++i) p.mutable_ack()->add_records(sized(136)); }},
                     {"ack-size", [](auto& p) { p.mutable_ack()->add_records(sized(135)); }},
                     {"ack-size", [](auto& p) { p.mutable_ack()->add_records(sized(201)); }},
                     {"ack-size", [](auto& p) { p.mutable_ack()->add_records(""); }}});
}

BOOST_AUTO_TEST_CASE(collect_and_collected) {
  pb::Packet good;
  good.mutable_collect()->set_mailbox_key(sized(32));
  good.mutable_collect()->set_signature(sized(64));
  expect_each(good, {{"collect-key", [](auto& p) { p.mutable_collect()->set_mailbox_key(sized(20)); }},
                     {"collect-signature", [](auto& p) { p.mutable_collect()->clear_signature(); }}});
  pb::Packet collected;
  collected.mutable_collected()->set_status(1);
  expect_each(collected, {{"collected-status", [](auto& p) { p.mutable_collected()->set_status(0); }},
                          {"collected-status", [](auto& p) { p.mutable_collected()->set_status(3); }}});
}

BOOST_AUTO_TEST_CASE(records) {
  pb::Packet put;
  put.mutable_put_record()->set_record(sized(4096));
  put.mutable_put_record()->set_signature(sized(64));
  put.mutable_put_record()->set_nonce(sized(8));
  constexpr const char* kPut = "put-record-record";
  expect_each(put, {{kPut, [](auto& p) { p.mutable_put_record()->set_record(sized(4097)); }},
                    {kPut, [](auto& p) { p.mutable_put_record()->clear_record(); }},
                    {kPut, [](auto& p) { p.mutable_put_record()->Clear(); }},
                    {kPut, [](auto& p) { p.mutable_put_record()->set_signature(sized(65)); }},
                    {kPut, [](auto& p) { p.mutable_put_record()->clear_nonce(); }}});
  pb::Packet get;
  get.mutable_get_record()->set_address(sized(20));
  expect_each(get, {{"get-record-address", [](auto& p) { p.mutable_get_record()->clear_address(); }}});
  pb::Packet none;
  none.mutable_record()->set_address(sized(20));
  expect_each(none, {{"record-address", [](auto& p) { p.mutable_record()->set_address(sized(21)); }},
                     {"record-record", [](auto& p) { p.mutable_record()->set_signature(sized(64)); }},
                     {"record-record", [](auto& p) { p.mutable_record()->set_nonce(sized(8)); }},
                     {"record-record", [](auto& p) { p.mutable_record()->set_record(sized(8)); }}});
}

BOOST_AUTO_TEST_CASE(error_text_that_is_not_utf8_does_not_decode) {
  // Field 20 {text = "\xff"}: a proto3 string must be UTF-8.
  expect_reject(parse_packet(Bytes{0xa2, 0x01, 0x03, 0x12, 0x01, 0xff}), Stage::decode, "packet-decode");
}

BOOST_AUTO_TEST_CASE(sync_ranges) {
  const auto bound = [](char first) { return std::string(3, '\0') + first + std::string(32, 'i'); };
  pb::Packet good;
  pb::Sync& sync = *good.mutable_sync();
  sync.set_nonce(sized(32));
  sync.set_centre(sized(20));
  sync.set_radius(sized(20));
  sync.set_after(1);
  pb::SyncRange& fingerprint = *sync.add_ranges();
  fingerprint.set_lower(bound(1));
  fingerprint.set_upper(bound(2));
  fingerprint.set_mode(1);
  fingerprint.set_fingerprint(sized(16));
  pb::SyncRange& list = *sync.add_ranges();
  list.set_lower(bound(2));
  list.set_upper(bound(9));
  list.set_mode(2);
  list.set_elements(bound(3) + '\2' + bound(4) + '\0');
  const auto range = [](pb::Packet& p, int i) { return p.mutable_sync()->mutable_ranges(i); };
  expect_each(good, {{"sync-opening", [](auto& p) { p.mutable_sync()->set_nonce(sized(31)); }},
                     {"sync-opening", [](auto& p) { p.mutable_sync()->clear_nonce(); }},
                     {"sync-opening", [](auto& p) { p.mutable_sync()->clear_centre(); }},
                     {"sync-opening", [](auto& p) { p.mutable_sync()->set_radius(sized(21)); }},
                     {"sync-bound", [&](auto& p) { range(p, 0)->set_lower(sized(35)); }},
                     {"sync-bound", [&](auto& p) { range(p, 0)->set_upper(bound(1)); }},
                     {"sync-mode", [&](auto& p) { range(p, 0)->set_mode(0); }},
                     {"sync-mode", [&](auto& p) { range(p, 0)->set_mode(5); }},
                     {"sync-fingerprint", [&](auto& p) { range(p, 0)->set_fingerprint(sized(15)); }},
                     {"sync-fingerprint", [&](auto& p) { range(p, 1)->set_fingerprint(sized(16)); }},
                     {"sync-elements", [&](auto& p) { range(p, 0)->set_elements(bound(1) + '\0'); }},
                     {"sync-elements", [&](auto& p) { range(p, 1)->set_elements(sized(36)); }},
                     {"sync-elements", [&](auto& p) { range(p, 1)->set_elements(bound(3) + '\3'); }},
                     {"sync-elements", [&](auto& p) { range(p, 1)->set_elements(bound(1) + '\0'); }},
                     {"sync-elements", [&](auto& p) { range(p, 1)->set_elements(bound(9) + '\0'); }},
                     {"sync-elements", [&](auto& p) { range(p, 1)->set_elements(bound(3) + '\0' + bound(3) + '\1'); }},
                     {"sync-order", [&](auto& p) { range(p, 1)->set_lower(bound(1)); }},
                     {"sync-count", [&](auto& p) {
                        for (std::size_t i = 0; i < kMaxSyncRangesPerPacket; ++i)
                          *p.mutable_sync()->add_ranges() = *range(p, 0);
                      }},
                     {"sync-count", [&](auto& p) {
                        std::string many;
                        for (std::size_t i = 0; i <= kMaxSyncElementsPerPacket; ++i) many += bound(3) + '\0';
                        range(p, 1)->set_elements(many);
                      }}});
}

BOOST_AUTO_TEST_SUITE_END()
