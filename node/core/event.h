// What can happen to a node: the inputs of NodeCore::handle. Everything the core learns comes through here, so a run
// is a function of its events, its store and its random source. Value types; bounded by the wire limits.
#pragma once
#include <variant>

#include "proto/seal/message.h"
#include "relay_store/store_op.h"

namespace comm {

// --- from the transport ---
// A link can carry packets. Dialled: answers OpenLink at once, with the fresh client key of that dial. Accepted: before
// its first packet. `client_curve` is the dialler's CURVE key as this side sees it; `remote` the peer's observed
// address (accepted: its ephemeral port).
struct LinkUp { LinkId link = 0; bool dialled = false; CurveKey client_curve; Endpoint remote; };
struct LinkDown { LinkId link = 0; };  // nothing arrives on it or leaves by it any more
struct PacketArrived { LinkId link = 0; Packet packet; };
struct PacketRejected { LinkId link = 0; Error error; };  // bytes that parse_packet refused
// --- from the hasher ---
struct NodeIdComputed { NodeKey key; NodeId id; };
// --- from the driver ---
struct TimePassed {};
// Every write not yet committed was dropped; reads show the durable state again. `unsaid`: answers that waited for them.
struct UnsaidAnswer { LinkId link = 0; std::uint32_t request_id = 0; Stored stored; };
struct StoreFailed { std::vector<UnsaidAnswer> unsaid; };

// --- from this node's own user (agent) ---
struct SubmitMessage { SealedItem item; MessageId id; };  // already checked: our own
struct SubmitFinal { MessageId id; Bytes record; };       // own ack, refusal or withdrawal; tombstone already staged
struct DeclineMail { MessageId id; SealedItem item; NodeId from; };  // own mailbox, cannot be opened: keep as custodian
struct CollectMailboxes {  // the complete set to be collected
  std::vector<MailboxKey> keys;          // public, written to now: at every member of their regions
  std::vector<MailboxKey> seldom{};      // public, hardly written to: there too, but rarely
  std::vector<MailboxKey> pairwise{};    // in use by one contact each: at a few members whose sessions are kept
  std::vector<MailboxKey> past{};        // may still get what is on its way: asked for now and then
};
struct FindRecord { Address address; };                   // answered by RecordLookup
struct PublishRecord { Address address; SignedRecord record; };
struct TellFinal { NodeId to; Bytes record; };            // final record, durable now: dial whoever has no session
struct RestartDelivery { MessageId id; };                 // /retry: all backoff of an own message starts anew

using Event = std::variant<LinkUp, LinkDown, PacketArrived, PacketRejected, NodeIdComputed, TimePassed, StoreFailed,
                           SubmitMessage, SubmitFinal, DeclineMail, CollectMailboxes, FindRecord, PublishRecord,
                           TellFinal, RestartDelivery>;

}  // namespace comm
