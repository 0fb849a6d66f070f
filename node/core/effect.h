// What a node does: the outputs of NodeCore::handle and Agent::handle. `Effects` belongs to one turn; its writes share
// one ticket and are staged at once. An effect with `after` waits in the CommitGate until that ticket is durable.
#pragma once
#include <map>
#include <string>

#include "node/core/event.h"

namespace comm {

// --- to the transport ---
struct OpenLink { LinkId link = 0; Endpoint endpoint; };
struct CloseLink { LinkId link = 0; };
struct SendPacket { LinkId link = 0; Packet packet; };
// --- to the hasher ---
struct ComputeNodeId { NodeKey key; };

// --- notices of the core to this node's user (agent) ---
struct MailArrived { MessageId id; SealedItem item; NodeId from; };   // for a collected mailbox, checks passed
struct MessageQueued { MessageId id; };                               // no peer to take it now
struct MessageStored { MessageId id; NodeId peer; std::uint32_t relays = 0; };  // distinct nodes that answered Stored
struct MessageRefused { MessageId id; RefuseReason reason; std::uint8_t price = 0; };  // by a peer; others may take it
struct MessageFinal { MessageId id; FinalKind kind; Bytes record; };  // acknowledged, or refused by the mailbox owner
struct MessageExpired { MessageId id; };
struct RecordLookup { Address address; std::optional<SignedRecord> best; bool conflict = false; std::uint32_t answers = 0; };
struct RecordPublished { std::uint32_t holders = 0; };
struct RecordSeen { Address address; SignedRecord record; };          // own address seen with a record we did not make
struct ClockDoubt { bool suspicious = false; };                        // nothing is deleted for age meanwhile
struct PeersChanged { std::uint32_t sessions = 0; std::uint32_t relays = 0; };
using Notice = std::variant<MailArrived, MessageQueued, MessageStored, MessageRefused, MessageFinal, MessageExpired,
                            RecordLookup, RecordPublished, RecordSeen, ClockDoubt, PeersChanged>;

// --- to people: what the user's programs show. Texts are as received; make them safe before display. ---
enum class DeliveryState : std::uint8_t { needs_key, sealed, queued, relayed, delivered, expired, failed };
const char* to_string(DeliveryState state);  // "needs_key", ...
struct StateChanged {
  MessageUid uid;
  Address peer;
  std::string ref;       // the caller's, verbatim (JSON text); empty if none or of an earlier run
  DeliveryState state = DeliveryState::sealed;
  std::uint32_t relays = 0;
  bool late = false;     // delivered after it had been shown as expired
  std::string detail;    // a failure's reason and next step
  std::uint64_t sequence = 0;  // of the history item
};
struct Received {
  MessageUid uid;
  Address from;
  std::string text;
  Millis sent_at = 0;
  Millis received_at = 0;
  bool request = false;
  std::uint64_t sequence = 0;  // of the history item
};
struct Undecryptable { MessageId id; std::string reason; };
struct KeyConflict { Address address; };  // two records of one number: the secret may be in use elsewhere
struct UserError { std::string what; std::string ref; };
struct PeerStatus { std::uint32_t sessions = 0; std::uint32_t relays = 0; };
using UserEvent = std::variant<StateChanged, Received, Undecryptable, KeyConflict, UserError, PeerStatus>;

// --- to the log: a code and fields, rate-limited by who prints it; never contains text of messages ---
enum class Severity : std::uint8_t { debug, info, warning, error };
struct Note { Severity severity = Severity::debug; const char* code = ""; std::string detail; };

using Effect = std::variant<OpenLink, CloseLink, SendPacket, ComputeNodeId, Notice, Event, UserEvent, Note>;

struct PendingEffect { Effect effect; Ticket after = 0; };

class Effects {
 public:
  // `ticket` is this turn's, used only if something is stored; `last` the newest ticket that any write went under. `room`
  // is empty; its memory is used.
  Effects(StoreStage& stage, Ticket ticket, Ticket last, std::vector<PendingEffect> room = {})
      : stage_(stage), ticket_(ticket), last_(last), list_(std::move(room)) {}

  void store(StoreOp op) {
    stage_.stage(ticket_, std::span<const StoreOp>(&op, 1));
    last_ = ticket_;
    stored_ = true;
  }
  void now(Effect effect) { list_.push_back({std::move(effect), 0}); }
  // Waits until everything staged so far, in this turn or earlier ones, is durable.
  void durable(Effect effect) { list_.push_back({std::move(effect), last_}); }

  void send(LinkId link, std::uint32_t request_id, PacketBody body) {
    now(SendPacket{link, Packet{request_id, std::move(body)}});
  }
  void send_durable(LinkId link, std::uint32_t request_id, PacketBody body) {
    durable(SendPacket{link, Packet{request_id, std::move(body)}});
  }
  void note(Severity severity, const char* code, std::string detail = {}) {
    now(Note{severity, code, std::move(detail)});
  }

  bool stored() const { return stored_; }
  Ticket last_ticket() const { return last_; }
  std::vector<PendingEffect>& list() { return list_; }

 private:
  StoreStage& stage_;
  Ticket ticket_;
  Ticket last_;
  bool stored_ = false;
  std::vector<PendingEffect> list_;
};

}  // namespace comm
