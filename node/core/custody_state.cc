#include "node/core/custody_state.h"

namespace comm {

CustodyPeer* CustodyState::find(const NodeId& id) {
  for (auto& peer : peers)
    if (peer.id == id) return &peer;
  return nullptr;
}

CustodyPeer* CustodyState::add(const NodeId& id) {
  if (CustodyPeer* peer = find(id)) return peer;
  if (peers.size() >= kMaxExchangedPeers) return nullptr;
  peers.push_back({.id = id});
  return &peers.back();
}

CustodyPeer& CustodyState::add_owner(const NodeId& id) {
  CustodyPeer* place = add(id);
  const auto give_up = [&](auto&& may_go) {
    for (auto& peer : peers)
      if (place == nullptr && may_go(peer)) *(place = &peer) = {.id = id};
  };
  give_up([](const CustodyPeer& peer) { return !peer.owner && !peer.exchanged; });
  give_up([](const CustodyPeer& peer) { return !peer.owner && !peer.stored; });
  give_up([](const CustodyPeer& peer) { return !peer.owner; });
  give_up([](const CustodyPeer&) { return true; });
  place->owner = true;
  return *place;
}

std::uint32_t CustodyState::stored_by() const {
  std::uint32_t count = 0;
  for (const auto& peer : peers) count += peer.stored ? 1 : 0;
  return count;
}

std::vector<NodeId> CustodyState::exchanged() const {
  std::vector<NodeId> out;
  for (const auto& peer : peers)
    if (peer.exchanged) out.push_back(peer.id);
  return out;
}

Millis CustodyState::due() const {
  Millis earliest = 0;
  const auto consider = [&](Millis at) {
    if (at != 0 && (earliest == 0 || at < earliest)) earliest = at;
  };
  consider(spread);
  consider(refresh);
  for (const auto& peer : peers) consider(peer.next);
  return earliest;
}

Bytes encode_custody(const CustodyState& state) {
  Bytes out;
  out.reserve(19 + state.peers.size() * 30);
  out.push_back(1);
  out.push_back(static_cast<std::uint8_t>(state.origin | state.expired_told << 1 | state.queued_told << 2 | state.lazy << 3 |
                                          state.few_told << 4));
  put_be<std::int64_t>(out, state.spread);
  put_be<std::int64_t>(out, state.refresh);
  out.push_back(static_cast<std::uint8_t>(state.peers.size()));
  for (const auto& peer : state.peers) {
    append(out, peer.id.view());
    out.push_back(static_cast<std::uint8_t>(peer.exchanged | peer.stored << 1 | peer.owner << 2 | peer.disk_full << 3));
    out.push_back(peer.attempts);
    put_be<std::int64_t>(out, peer.next);
  }
  return out;
}

CustodyState parse_custody(ByteView in) {
  CustodyState out;
  if (in.size() < 19 || in[0] != 1 || in.size() != 19u + in[18] * 30u) return out;
  out.origin = in[1] & 1;
  out.expired_told = in[1] & 2;
  out.queued_told = in[1] & 4;
  out.lazy = in[1] & 8;
  out.few_told = in[1] & 16;
  out.spread = get_be<std::int64_t>(in.subspan(2));
  out.refresh = get_be<std::int64_t>(in.subspan(10));
  for (std::size_t at = 19; at < in.size(); at += 30) {
    CustodyPeer peer;
    std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(at), 20, peer.id.data.begin());
    peer.exchanged = in[at + 20] & 1;
    peer.stored = in[at + 20] & 2;
    peer.owner = in[at + 20] & 4;
    peer.disk_full = in[at + 20] & 8;
    peer.attempts = in[at + 21];
    peer.next = get_be<std::int64_t>(in.subspan(at + 22));
    out.peers.push_back(peer);
  }
  return out;
}

Millis backoff_delay(int attempts, Millis unit) {
  if (attempts >= 22) return kBackoffCap;
  return std::min(kBackoffCap, ((Millis{1} << attempts) - 1) * unit);
}

}  // namespace comm
