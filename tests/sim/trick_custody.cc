// Custodians that keep nothing.
#include "proto/seal/hash.h"
#include "tests/sim/adversary.h"

namespace comm::sim {
namespace {

// Routing is served, so that everyone knows and asks it; all else falls into silence.
class Drop final : public Trick {
 public:
  bool comes(TrickTurn&, LinkId, Packet& packet) override {
    const PacketBody& body = packet.body;
    return std::holds_alternative<Ping>(body) || std::holds_alternative<Pong>(body) ||
           std::holds_alternative<FindNode>(body) || std::holds_alternative<Nodes>(body) ||
           std::holds_alternative<ErrorBody>(body);
  }
};

// The best of custodians, by its own account.
class AcceptThenForget final : public Trick {
 public:
  bool comes(TrickTurn& turn, LinkId link, Packet& packet) override {
    if (const auto* message = std::get_if<Message>(&packet.body)) {
      Stored answer;
      for (const SealedItem& item : message->items)
        answer.items.push_back({.id = message_id(item.header), .status = StoredStatus::stored});
      return turn.send(link, {packet.request_id, std::move(answer)}), false;
    }
    if (const auto* offer = std::get_if<Offer>(&packet.body)) {
      Stored answer;
      for (const OfferItem& item : offer->items)
        answer.items.push_back({.id = message_id(item.header), .status = StoredStatus::duplicate});
      return turn.send(link, {0, std::move(answer)}), false;
    }
    if (const auto* get = std::get_if<GetRecord>(&packet.body))
      return turn.send(link, {packet.request_id, Record{get->address, {}}}), false;
    if (std::holds_alternative<PutRecord>(packet.body)) return answer_put(turn, link, packet), false;
    return !std::holds_alternative<Ack>(packet.body) && !std::holds_alternative<Sync>(packet.body) &&
           !std::holds_alternative<Want>(packet.body);
  }

 private:
  static void answer_put(TrickTurn& turn, LinkId link, Packet& packet) {
    SignedRecord record = std::get<PutRecord>(packet.body).record;
    turn.send(link, {packet.request_id, Record{{}, std::move(record)}});
  }
};

}  // namespace

std::unique_ptr<Trick> custody_trick(TrickKind kind) {
  if (kind == TrickKind::drop) return std::make_unique<Drop>();
  return std::make_unique<AcceptThenForget>();
}

}  // namespace comm::sim
