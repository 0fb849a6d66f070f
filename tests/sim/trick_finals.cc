// Acknowledgements kept back, and made up.
#include "proto/wire/header.h"
#include "tests/sim/adversary.h"

namespace comm::sim {
namespace {

class AckWithhold final : public Trick {
 public:
  bool comes(TrickTurn&, LinkId, Packet& packet) override {
    if (auto* stored = std::get_if<Stored>(&packet.body)) {
      std::erase_if(stored->items, [](const StoredItem& item) { return item.status == StoredStatus::acknowledged; });
      return !stored->items.empty();
    }
    return !std::holds_alternative<Ack>(packet.body);
  }
  bool leaves(TrickTurn&, LinkId, Packet& packet) override { return !std::holds_alternative<Ack>(packet.body); }
};

// Every third lie a refusal: checking one costs a signature.
class ForgeAck final : public Trick {
 public:
  bool comes(TrickTurn& turn, LinkId link, Packet& packet) override {
    Ack forged;
    if (const auto* offer = std::get_if<Offer>(&packet.body))
      for (const OfferItem& item : offer->items) forged.records.push_back(forge(turn, item.header, item.nonce));
    if (const auto* message = std::get_if<Message>(&packet.body))
      for (const SealedItem& item : message->items) forged.records.push_back(forge(turn, item.header, item.nonce));
    if (forged.records.empty()) return true;
    turn.send(link, {0, forged});
    if (const auto other = turn.honest_link(); other && *other != link) turn.send(*other, {0, std::move(forged)});
    return true;
  }

 private:
  static Bytes forge(TrickTurn& turn, const HeaderBytes& header, const StampNonce& nonce) {
    if (turn.random.chance(1, 3)) {
      RefusalRecord refusal{header, nonce, {}, {}};
      turn.random.fill(refusal.mailbox_key);
      turn.random.fill(refusal.signature);
      return encode_refusal(refusal);
    }
    AckRecord ack{header, nonce, {}};
    turn.random.fill(ack.ack);
    return encode_ack(ack);
  }
};

}  // namespace

std::unique_ptr<Trick> final_trick(TrickKind kind) {
  if (kind == TrickKind::ack_withhold) return std::make_unique<AckWithhold>();
  return std::make_unique<ForgeAck>();
}

}  // namespace comm::sim
