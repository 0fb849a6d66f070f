#include "tests/sim/adversary.h"

#include <array>

#include "proto/base/check.h"
#include "tests/sim/scenario.h"

namespace comm::sim {
namespace {

constexpr std::array<std::pair<std::string_view, TrickKind>, 10> kNames{{
    {"lie-fixed", TrickKind::lie_fixed},
    {"lie-adaptive", TrickKind::lie_adaptive},
    {"truncate", TrickKind::truncate},
    {"early-stop", TrickKind::early_stop},
    {"drop", TrickKind::drop},
    {"accept-then-forget", TrickKind::accept_then_forget},
    {"ack-withhold", TrickKind::ack_withhold},
    {"forge-ack", TrickKind::forge_ack},
    {"replay", TrickKind::replay},
    {"flood", TrickKind::flood},
}};

std::unique_ptr<Trick> make_trick(TrickKind kind, const AdversaryPlan& plan) {
  if (kind <= TrickKind::early_stop) return routing_trick(kind);
  if (kind <= TrickKind::accept_then_forget) return custody_trick(kind);
  if (kind <= TrickKind::forge_ack) return final_trick(kind);
  return volume_trick(kind, plan);
}

bool is_handshake(const PacketBody& body) {
  return std::holds_alternative<Hello>(body) || std::holds_alternative<Welcome>(body) ||
         std::holds_alternative<Auth>(body);
}

}  // namespace

std::optional<TrickKind> parse_trick(std::string_view name) {
  for (const auto& [text, kind] : kNames)
    if (text == name) return kind;
  return std::nullopt;
}

std::optional<LinkId> TrickTurn::honest_link() const {
  std::vector<LinkId> found;
  for (const auto& [link, member] : links)
    if (!member) found.push_back(link);
  if (found.empty()) return std::nullopt;
  return found[random.below(found.size())];
}

Adversary::Adversary(const AdversaryPlan& plan, const Coven& coven, std::uint64_t seed, Send send)
    : coven_(coven), random_(seed), send_(std::move(send)), honest_until_(plan.honest_until) {
  for (const TrickKind kind : plan.tricks) tricks_.push_back(make_trick(kind, plan));
}

TrickTurn Adversary::turn(Millis now, Millis wall) { return {now, wall, coven_, random_, links_, send_}; }

// Who is at the other end is in its Hello or Welcome; whatever follows the handshake shows that there is a session.
void Adversary::note_session(LinkId link, const Packet& packet) {
  if (const auto* hello = std::get_if<Hello>(&packet.body)) handshakes_[link] = coven_.has(hello->body.node_key);
  else if (const auto* welcome = std::get_if<Welcome>(&packet.body)) handshakes_[link] = coven_.has(welcome->body.node_key);
  else if (const auto known = handshakes_.find(link); known != handshakes_.end() && !is_handshake(packet.body))
    links_[link] = known->second;
}

bool Adversary::comes(Millis now, Millis wall, LinkId link, Packet& packet) {
  note_session(link, packet);
  const auto session = links_.find(link);
  // Among themselves they play by the rules: their tables are good.
  if (honest(now) || is_handshake(packet.body) || session == links_.end() || session->second) return true;
  TrickTurn now_turn = turn(now, wall);
  bool passes = true;
  for (const auto& trick : tricks_) passes = trick->comes(now_turn, link, packet) && passes;
  return passes;
}

bool Adversary::leaves(Millis now, Millis wall, LinkId link, Packet& packet) {
  const auto session = links_.find(link);
  if (honest(now) || is_handshake(packet.body) || session == links_.end() || session->second) return true;
  TrickTurn now_turn = turn(now, wall);
  bool passes = true;
  for (const auto& trick : tricks_) passes = trick->leaves(now_turn, link, packet) && passes;
  return passes;
}

void Adversary::tick(Millis now, Millis wall) {
  if (honest(now)) return;
  TrickTurn now_turn = turn(now, wall);
  for (const auto& trick : tricks_) trick->tick(now_turn);
}

}  // namespace comm::sim
