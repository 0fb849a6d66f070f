// One own message that is not settled: what it takes to seal it (again), to recognise what comes back and to withdraw
// its copies. The text itself is in the history row. A row leaves with the acknowledgement, or when none can come.
#pragma once
#include "node/agent/rows.h"

namespace comm::agent {

enum class CopyState : std::uint8_t { live = 1, refused };

struct Copy {
  MessageId id;             // of header
  HeaderBytes header;
  StampNonce nonce;
  AckSecret ack;
  Hash own_record;          // our record it carries, whole or as hash
  CopyState state = CopyState::live;
};

struct OutboxRow {
  MessageUid uid;
  Address peer;
  std::uint64_t sequence = 0;      // in the history
  std::uint32_t expires = 0;       // minutes since 1970
  std::uint16_t lifetime = 0;      // minutes
  std::uint8_t reseals = 0;        // after refusals by the owner
  std::uint8_t paid_reseals = 0;   // after a price was named
  std::uint8_t effort = 0;         // the highest price agreed to
  bool needs_seal = true;          // a copy is to be made
  bool pairwise = false;           // one went to a pairwise mailbox: further ones go to the public one
  std::uint32_t fallback = 0;      // minute from which on the public mailbox is used as well, 0 = none
  std::uint32_t grant = 0;         // grants this period's mailbox and has no place in the history; 0 = a text
  std::vector<Copy> copies;        // oldest first
};

RowWriter encode_outbox_row(const OutboxRow& row);
std::optional<OutboxRow> decode_outbox_row(ByteView row);

}  // namespace comm::agent
