// Messages that pass every check of a relay: header, body hash, acknowledgement hash, lifetime, stamp of effort 0. The
// body is noise, as a sealed one is to everybody but its reader; its first bytes number the message, so that whoever
// drains it finds the secret that acknowledges it. Deterministic in the seed.
#pragma once
#include "proto/base/random.h"
#include "proto/seal/message.h"

namespace comm::bench {

class MailMaker {
 public:
  explicit MailMaker(std::uint64_t seed);

  const MailboxSigningKey& mailbox(std::size_t number);  // made when first asked for
  SealedItem make(std::size_t mailbox, std::uint8_t size_class, Millis wall);
  // The final record of a message made here; `body` names it.
  Bytes acknowledge(const SealedItem& item) const;

 private:
  AckSecret secret_of(std::uint64_t number) const;

  std::uint64_t seed_;
  Prng random_;
  std::uint64_t next_ = 0;
  std::vector<MailboxSigningKey> keys_;
  std::vector<MailboxId> ids_;
};

// Packets of as many messages as fit, at most `most` in one.
struct MailPacket {
  Bytes bytes;
  std::size_t messages = 0;
};
class PacketFiller {
 public:
  explicit PacketFiller(std::size_t most) : most_(std::min(most, kMaxMessagesPerPacket)) {}
  void add(SealedItem item);
  std::vector<MailPacket> finish();

 private:
  void close();
  std::size_t most_;
  std::size_t bytes_ = 0;
  Message open_;
  std::vector<MailPacket> packets_;
};

}  // namespace comm::bench
