// Writes the seeds of the fuzz targets, one folder per target. Deterministic: same formats, same files.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "proto/base/bech32m.h"
#include "proto/seal/message.h"
#include "proto/seal/os_random.h"

using namespace comm;

namespace {

constexpr std::uint32_t kTestWeek = 2'900;
constexpr Millis kWall = Millis{kTestWeek} * kWeek;

LockedBox<Identity> person(std::uint8_t number) {
  Seed seed;
  seed.data()[0] = number;
  return Identity::from_seed(seed, true);
}

struct Seeds {
  std::filesystem::path root;
  void write(const char* target, const std::string& name, ByteView bytes) const {
    std::filesystem::create_directories(root / target);
    std::ofstream file(root / target / name, std::ios::binary);
    file << as_text(bytes);
  }
};

HelloBody hello_body() {
  HelloBody out;
  out.capabilities = 1;
  out.node_key.data.fill(1);
  out.nonce.data.fill(2);
  out.endpoints = {*parse_endpoint("192.0.2.1:6667"), *parse_endpoint("[2001:db8::1]:6667")};
  out.time = kWall;
  return out;
}

KeyRecord key_record(const Identity& identity) {
  KeyRecord out;
  out.sign_key = identity.sign_pair().public_key();
  out.dh_key = identity.dh_pair().public_key;
  out.seq = static_cast<std::uint64_t>(kWall);
  out.created = kWall;
  out.expires = kWall + kRecordLifetime;
  out.prekey = identity.prekey(kTestWeek).public_key;
  for (std::uint32_t week = kTestWeek; week < kTestWeek + 3; ++week)
    out.mailboxes.push_back({week, mailbox_id(identity.mailbox(week).public_key())});
  return out;
}

Sealed content(const Identity& sender, Content content) {
  Sealed out;
  out.sign_key = sender.sign_pair().public_key();
  out.record = sign_record(sender, key_record(sender));
  out.uid.data.fill(3);
  out.sent_at = kWall;
  out.content = std::move(content);
  return out;
}

Bytes tagged(std::uint8_t first, ByteView rest) {
  Bytes out{first};
  append(out, rest);
  return out;
}

Sync sync_session(const MessageId& id) {
  Sync out{SyncOpening{}, {}, true};
  SyncRange whole{{1, {}}, {9, {}}, SyncMode::fingerprint};
  SyncRange list{{9, {}}, {10, {}}, SyncMode::list};
  list.elements.push_back({{9, id}, SyncState::refused});
  SyncRange again{{10, {}}, {kSyncRecord, {}}, SyncMode::again};
  out.ranges = {whole, list, again};
  return out;
}

void write_packets(const Seeds& seeds, const SealedMessage& message, const SignedRecord& record, const Bytes& refusal) {
  const Bytes hello = encode_hello_body(hello_body());
  const Bytes ack = encode_ack({message.header, message.nonce, message.ack});
  StoredItem stored{message.id, StoredStatus::acknowledged, RefuseReason::none, 0, ack};
  StoredItem refused{message.id, StoredStatus::refused, RefuseReason::price, 12, {}};
  const Contact contact{NodeId{}, NodeKey{}, *parse_endpoint("192.0.2.1:6667")};
  const std::vector<PacketBody> bodies{Hello{hello, {}},
                                       Welcome{hello, {}, {}},
                                       Auth{},
                                       Ping{},
                                       Pong{},
                                       FindNode{},
                                       Nodes{{contact, contact}},
                                       Offer{{{message.header, message.nonce}}},
                                       Want{{message.id, message.id}},
                                       Message{{{message.header, message.nonce, message.body}}},
                                       Stored{{stored, refused}},
                                       Ack{{ack, refusal}},
                                       Collect{},
                                       Collected{},
                                       PutRecord{record},
                                       GetRecord{},
                                       Record{Address{}, record},
                                       ErrorBody{4, "not held"},
                                       sync_session(message.id)};
  for (const PacketBody& body : bodies) seeds.write("packet", packet_name(body), encode_packet({7, body}));
  seeds.write("packet", "none-held", encode_packet({7, Record{}}));
  seeds.write("hello", "relay", hello);
}

void write_texts(const Seeds& seeds, const Address& address) {
  seeds.write("address", "hex", as_bytes(address_hex(address)));
  seeds.write("address", "bech32m", as_bytes(address_bech32m(address)));
  seeds.write("address", "bip350", as_bytes("split1checkupstagehandshakeupstreamerranterredcaperredlc445v"));
  seeds.write("address", "ipv4", as_bytes("192.0.2.1:6667"));
  seeds.write("address", "ipv6", as_bytes("[2001:db8::ffff:192.0.2.1]:6667"));
}

// One step of node_core_fuzz.cc: a packet on a link, padded to the length the step can express.
Bytes step(std::uint8_t link, const Packet& packet) {
  const Bytes bytes = encode_packet(packet);
  const bool large = bytes.size() > 255;
  // Padding is an unknown length-delimited field, so that the packet still parses.
  const std::size_t units = large ? (bytes.size() + 3 + 15) / 16 : bytes.size();
  Bytes out{static_cast<std::uint8_t>(large ? 0x80 : 0), link, static_cast<std::uint8_t>(units)};
  append(out, bytes);
  if (!large) return out;
  const std::size_t padding = units * 16 - bytes.size() - 3;
  append(out, Bytes{0xe2, 0x03, static_cast<std::uint8_t>(padding)});
  out.resize(out.size() + padding);
  return out;
}

void write_core(const Seeds& seeds, const SealedMessage& message, const SignedRecord& record, const Address& address,
                const Bytes& refusal) {
  const SealedItem item{message.header, message.nonce, message.body};
  Bytes all;
  const auto add = [&](const char* name, std::vector<std::pair<std::uint8_t, PacketBody>> bodies) {
    Bytes script;
    std::uint32_t id = 1;
    for (auto& [link, body] : bodies) append(script, step(link, Packet{id++, std::move(body)}));
    append(script, Bytes{6, 0, 3, 0, 0, 0});  // time passes
    seeds.write("node_core", name, script);
    append(all, script);
  };
  const Bytes ack = encode_ack({message.header, message.nonce, message.ack});
  add("message_ack", {{0, Message{{item}}}, {1, Want{{message.id}}}, {1, Ack{{ack}}}, {0, Message{{item}}}});
  add("offer", {{0, Offer{{{message.header, message.nonce}}}}, {1, Offer{{{message.header, message.nonce}}}}, {0, Message{{item}}}});
  add("refusal", {{0, Message{{item}}}, {1, Ack{{refusal}}}, {0, Ack{{ack}}}});
  add("records", {{0, PutRecord{record}}, {1, GetRecord{address}}, {0, FindNode{}}, {1, Ping{}}});
  seeds.write("node_core", "all", all);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " tests/fuzz/corpus\n";
    return 2;
  }
  init_crypto();
  const Seeds seeds{argv[1]};
  const auto alice = person(1), bob = person(2);
  Prng random(1);
  const Sealed text = content(*alice, TextContent{"hello, Bob: \xe2\x9c\x93"});
  const SealRequest request{bob->address(), bob->prekey(kTestWeek).public_key,
                            mailbox_id(bob->mailbox(kTestWeek).public_key()), minute_of(kWall) + 60, 60, 0};
  const SealedMessage message = *seal_message(*alice, text, request, random);
  const Bytes refusal = make_refusal(bob->mailbox(kTestWeek), message.header, message.nonce);

  write_packets(seeds, message, text.record, refusal);
  write_texts(seeds, alice->address());
  write_core(seeds, message, text.record, alice->address(), refusal);
  seeds.write("header", "direct", message.header.view());
  seeds.write("final_record", "ack", encode_ack({message.header, message.nonce, message.ack}));
  seeds.write("final_record", "refusal", refusal);
  const Sealed grant = content(*alice, MailboxGrant{alice->pairwise_mailbox(bob->address(), kTestWeek).public_key(), kWall});
  seeds.write("content", "record", tagged(0, text.record.record));
  seeds.write("content", "text", tagged(1, encode_sealed(text)));
  seeds.write("content", "grant", tagged(1, encode_sealed(grant)));
  seeds.write("content", "utf8", tagged(2, as_bytes("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82")));
  Bytes delivered = to_bytes(message.header.view());
  append(delivered, message.body);
  seeds.write("open_message", "delivered", tagged(0, delivered));
  Bytes plaintext;
  put_be(plaintext, static_cast<std::uint32_t>(encode_sealed(text).size()));
  append(plaintext, encode_sealed(text));
  seeds.write("open_message", "plaintext", tagged(1, plaintext));
  return 0;
}
