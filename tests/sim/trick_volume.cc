// Much of the same, and much of nothing.
#include "proto/seal/hash.h"
#include "proto/wire/header.h"
#include "tests/sim/adversary.h"
#include "tests/sim/scenario.h"

namespace comm::sim {
namespace {

constexpr std::uint32_t kTicksPerMinute = 6;
constexpr std::size_t kItemsPerPacket = 16;

class Replay final : public Trick {
 public:
  explicit Replay(std::uint32_t per_minute) : per_minute_(per_minute) {}
  bool comes(TrickTurn& turn, LinkId, Packet& packet) override {
    if (const auto* message = std::get_if<Message>(&packet.body))
      for (const SealedItem& item : message->items) remember(turn, messages_, item);
    if (const auto* ack = std::get_if<Ack>(&packet.body))
      for (const Bytes& record : ack->records) remember(turn, acks_, record);
    return true;
  }
  void tick(TrickTurn& turn) override {
    for (std::uint32_t i = 0; i < (per_minute_ + kTicksPerMinute - 1) / kTicksPerMinute; ++i) {
      const auto link = turn.honest_link();
      if (!link) return;
      if (!acks_.empty() && turn.random.chance(1, 2))
        turn.send(*link, {0, Ack{{acks_[turn.random.below(acks_.size())]}}});
      else if (!messages_.empty())
        turn.send(*link, {0, Message{{messages_[turn.random.below(messages_.size())]}}});
    }
  }

 private:
  template <class Item>
  static void remember(TrickTurn& turn, std::vector<Item>& list, const Item& item) {
    if (list.size() < kMostRemembered) list.push_back(item);
    else list[turn.random.below(list.size())] = item;
  }
  std::uint32_t per_minute_;
  std::vector<SealedItem> messages_;
  std::vector<Bytes> acks_;
};

// Well-formed mail that nobody can open: for the victims if there are any, else for mailboxes nobody has.
class Flood final : public Trick {
 public:
  Flood(std::uint32_t per_minute, bool aimed) : per_minute_(per_minute), aimed_(aimed) {}
  void tick(TrickTurn& turn) override {
    std::uint32_t left = (per_minute_ + kTicksPerMinute - 1) / kTicksPerMinute;
    while (left > 0) {
      const auto link = turn.honest_link();
      if (!link) return;
      Message message;
      for (; left > 0 && message.items.size() < kItemsPerPacket; --left) message.items.push_back(make(turn));
      turn.send(*link, {0, std::move(message)});
    }
  }

 private:
  SealedItem make(TrickTurn& turn) const {
    SealedItem out;
    out.body.resize(kBodyClassBytes[0]);
    turn.random.fill(out.body);
    MessageHeader header;
    header.expires = static_cast<std::uint32_t>(turn.wall / kMinute) + kDefaultLifetimeMinutes;
    turn.random.fill(header.mailbox);
    if (aimed_ && !turn.coven.targets.empty())
      header.mailbox.data = turn.coven.targets[turn.random.below(turn.coven.targets.size())].data;
    turn.random.fill(header.ack_hash);
    header.body_hash = body_hash(out.body);
    out.header = encode_header(header);
    return out;
  }
  std::uint32_t per_minute_;
  bool aimed_;
};

}  // namespace

std::unique_ptr<Trick> volume_trick(TrickKind kind, const AdversaryPlan& plan) {
  if (kind == TrickKind::replay) return std::make_unique<Replay>(plan.per_minute);
  return std::make_unique<Flood>(plan.per_minute, plan.aimed);
}

}  // namespace comm::sim
