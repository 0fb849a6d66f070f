// The delivery state of one stored message, as it lies beside it in the store:
//
//   state = version(1) flags(1) spread(8) refresh(8) count(1) peer*count
//   peer  = node-id(20) flags(1) attempts(1) next(8)
//
// Instants are wall-clock milliseconds, 0 = none; they survive a restart.
#pragma once
#include "proto/base/ids.h"
#include "proto/base/limits.h"

namespace comm {

struct CustodyPeer {
  NodeId id;
  bool exchanged = false;   // Offer, Want, Message, Stored passed between us: it gets the acknowledgement
  bool stored = false;      // said that it holds the message
  bool owner = false;       // collects the mailbox: offered to whatever it said before
  bool disk_full = false;   // so it said when it was asked last, and the origin has turned to another
  std::uint8_t attempts = 0;
  Millis next = 0;
};

struct CustodyState {
  bool origin = false;      // this node's own user wrote it
  bool expired_told = false;
  bool queued_told = false;
  bool lazy = false;        // came as an answer to Want: others of the region most likely have it too
  bool few_told = false;    // the first few members have been offered it
  Millis spread = 0;        // when the region is to be given the message
  Millis refresh = 0;       // the slow re-offer that finds acknowledgements and members that lack it
  std::vector<CustodyPeer> peers;

  CustodyPeer* find(const NodeId& id);
  // Null when kMaxExchangedPeers are remembered already.
  CustodyPeer* add(const NodeId& id);
  // The owner of the mailbox always finds a place, if need be that of a peer that told us least.
  CustodyPeer& add_owner(const NodeId& id);
  std::uint32_t stored_by() const;
  std::vector<NodeId> exchanged() const;
  Millis due() const;       // earliest instant of all, 0 = none
};

Bytes encode_custody(const CustodyState& state);
CustodyState parse_custody(ByteView in);  // our own bytes; anything else yields an empty state

// (2^attempts - 1) units, capped: the wait after the attempt'th transmission (spec 40-custody).
Millis backoff_delay(int attempts, Millis unit);

}  // namespace comm
