#include "tests/bench/mail_maker.h"

namespace comm::bench {
namespace {

constexpr std::size_t kPacketReserve = 1'024;  // of a packet's greatest size, for its own fields

}  // namespace

MailMaker::MailMaker(std::uint64_t seed) : seed_(seed), random_(seed) {}

const MailboxSigningKey& MailMaker::mailbox(std::size_t number) {
  while (keys_.size() <= number) {
    Seed seed;
    random_.fill(seed.mut());
    keys_.push_back(MailboxSigningKey::from_seed(seed));
    ids_.push_back(mailbox_id(keys_.back().public_key()));
  }
  return keys_[number];
}

// Nobody is after it: no hash, which would be measured with the relay.
AckSecret MailMaker::secret_of(std::uint64_t number) const {
  Bytes secret;
  put_be(secret, seed_);
  put_be(secret, number);
  secret.resize(AckSecret::kSize);
  return *AckSecret::from(secret);
}

SealedItem MailMaker::make(std::size_t mailbox_number, std::uint8_t size_class, Millis wall) {
  static_cast<void>(mailbox(mailbox_number));
  const std::uint64_t number = next_++;
  SealedItem out;
  put_be(out.body, number);
  out.body.resize(kBodyClassBytes[size_class]);
  random_.fill(std::span<std::uint8_t>(out.body).subspan(8));
  MessageHeader header;
  header.size_class = size_class;
  header.expires = static_cast<std::uint32_t>(wall / kMinute) + kDefaultLifetimeMinutes;
  header.mailbox = ids_[mailbox_number];
  header.ack_hash = ack_hash(secret_of(number));
  header.body_hash = body_hash(out.body);
  out.header = encode_header(header);
  return out;
}

Bytes MailMaker::acknowledge(const SealedItem& item) const {
  return encode_ack({item.header, item.nonce, secret_of(get_be<std::uint64_t>(item.body))});
}

void PacketFiller::add(SealedItem item) {
  const std::size_t size = wire_size(item);
  if (open_.items.size() >= most_ || bytes_ + size + kPacketReserve > kMaxPacketBytes) close();
  bytes_ += size;
  open_.items.push_back(std::move(item));
}

void PacketFiller::close() {
  if (open_.items.empty()) return;
  const std::size_t count = open_.items.size();
  packets_.push_back({encode_packet(Packet{0, std::move(open_)}), count});
  open_ = {};
  bytes_ = 0;
}

std::vector<MailPacket> PacketFiller::finish() {
  close();
  return std::move(packets_);
}

}  // namespace comm::bench
