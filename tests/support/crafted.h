// Messages and mailboxes that a stranger on the wire makes up, for tests that speak by a Probe.
#pragma once
#include "tests/support/pump.h"

namespace comm::test {

// A message to `mailbox` that no one here can open, valid in every checked respect.
struct Crafted { SealedItem item; MessageId id; AckSecret ack; };
inline Crafted craft(Net& net, const MailboxId& mailbox, std::uint16_t lifetime = 600, std::uint8_t effort = 0) {
  MessageHeader header;
  header.expires = minute_of(net.now().wall) + lifetime;
  header.lifetime = lifetime;
  header.mailbox = mailbox;
  header.effort = effort;
  Crafted out;
  out.item.body.resize(header.body_bytes());
  net.random.fill(std::span<std::uint8_t>(out.item.body));
  net.random.fill(out.ack);
  header.ack_hash = ack_hash(out.ack);
  header.body_hash = body_hash(out.item.body);
  out.item.header = encode_header(header);
  out.id = message_id(out.item.header);
  return out;
}

inline MailboxSigningKey some_mailbox(std::uint64_t n) {
  Prng prng(n);
  Seed seed;
  prng.fill(std::span<std::uint8_t>(seed.mut()));
  return MailboxSigningKey::from_seed(seed);
}

}  // namespace comm::test
