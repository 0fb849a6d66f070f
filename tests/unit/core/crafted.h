// Messages made by hand, and a relay with a stranger on a link: what the tests of custody's rules share.
#pragma once
#include <boost/test/unit_test.hpp>

#include "node/core/rate_limit.h"
#include "tests/support/pump.h"

namespace comm::test {

// A message to `mailbox` that no one here can open, valid in every checked respect.
struct Crafted { SealedItem item; MessageId id; AckSecret ack; };
inline Crafted craft(Net& net, const MailboxId& mailbox, std::uint16_t lifetime = 600, std::uint8_t effort = 0,
                     std::uint8_t size_class = 0) {
  MessageHeader header;
  header.expires = minute_of(net.now().wall) + lifetime;
  header.lifetime = lifetime;
  header.mailbox = mailbox;
  header.effort = effort;
  header.size_class = size_class;
  Crafted out;
  out.item.body.resize(header.body_bytes());
  net.random.fill(std::span<std::uint8_t>(out.item.body));
  net.random.fill(out.ack);
  header.ack_hash = ack_hash(out.ack);
  header.body_hash = body_hash(out.item.body);
  out.item.header = encode_header(header);
  out.id = message_id(out.item.header);
  out.item.nonce = mine_stamp(out.id, effort, 0, std::uint64_t{1} << 24).value_or(StampNonce{});
  return out;
}

inline MailboxSigningKey some_mailbox(std::uint64_t n) {
  Prng prng(n);
  Seed seed;
  prng.fill(std::span<std::uint8_t>(seed.mut()));
  return MailboxSigningKey::from_seed(seed);
}

struct Pair {
  Net net;
  TestNode& relay = net.relay();
  Probe& probe = net.probe();
  LinkId link = probe.connect(relay);
  MailboxSigningKey mailbox = some_mailbox(7);
  MailboxId box = mailbox_id(mailbox.public_key());
  std::size_t rejected(Stage stage) { return relay.core->status().rejected[static_cast<std::size_t>(stage)]; }
  std::size_t reason(const std::string& name) {
    const auto status = relay.core->status();
    const auto it = status.rejected_reasons.find(name);
    return it == status.rejected_reasons.end() ? 0 : static_cast<std::size_t>(it->second);
  }
  StoredItem give(const SealedItem& item) {
    probe.inbox.clear();
    probe.send(link, 500, Message{{item}});
    net.run(100);
    const auto answers = probe.got<Stored>();
    BOOST_REQUIRE(answers.size() == 1u);
    return answers[0].items.at(0);
  }
};

}  // namespace comm::test
