// What must hold, watched from outside the nodes (spec 40-custody, 50-ack: the protocol's invariants). The oracle sees
// every message asked for, everything shown to users, every staged and committed store transition and every Stored that
// leaves a node. It knows true time, which no node does. Each violation is one sentence. Owned by the Simulation.
//
//   I1 final never becomes live again        I5 Stored implies durable
//   I3 final records prove themselves        I6 everything delivered, shown once (judged at the end)
//   I4 an ack implies a durable plaintext    I7 nothing unexpired is deleted      I8 bounded
//
// I2 (connected custodians converge) is judged once, at the end of scenarios that ask for it: convergence.h.
#pragma once
#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "node/core/effect.h"

namespace comm::sim {

struct TrackedMessage {
  std::uint32_t from = 0, to = 0;      // node indices
  std::string text;
  Millis sent_at = -1;                 // virtual time of the command that was accepted; -1 = never
  Millis shown_at = -1;
  Millis delivered_at = -1;            // the sender saw "delivered"
  std::uint32_t received = 0;
  bool asked = false;                  // the command was given and neither accepted nor refused yet
  bool accepted = false;               // a first state was shown: it is durable at its sender
  bool reached = false;                // the recipient was up when it was sent
  DeliveryState state = DeliveryState::needs_key;
  std::optional<MessageUid> uid;
};

struct OracleTotals {
  std::uint64_t sent = 0, shown = 0, delivered = 0, duplicates = 0;
  // Mail that its recipient has acknowledged, grants included, by the kind of mailbox that it was sent to.
  std::uint64_t by_public = 0, by_pairwise = 0;
};

class Oracle {
 public:
  explicit Oracle(std::string reproduce) : reproduce_(std::move(reproduce)) {}

  // --- set up ---
  void set_user(std::uint32_t node, const Address& address);
  void set_mailbox(std::uint32_t node, const MailboxId& mailbox, bool pairwise = false) {
    mailboxes_.emplace(mailbox, Mailbox{node, pairwise});
  }
  std::uint32_t add_message(std::uint32_t from, std::uint32_t to, std::string text);

  // --- what users do and see ---
  void asked(std::uint32_t message, Millis now, bool recipient_up);
  // Sends not yet accepted were lost with the writes they waited for. Returns them, to be asked again.
  std::vector<std::uint32_t> forget_unaccepted(std::uint32_t node);
  // Returns the message whose state changed or whose sending was refused (accepted and asked are then false).
  std::optional<std::uint32_t> user_event(std::uint32_t node, Millis now, const UserEvent& event);

  // --- what stores do; `wall` is true Unix time, whatever the node's clock says ---
  void put(std::uint32_t node, Millis now, const MessageId& id, Custody held);
  void final(std::uint32_t node, Millis now, const PutTombstone& op, bool with_agent_row);
  void erase_message(std::uint32_t node, Millis now, Millis wall, const MessageId& id, std::uint32_t expires);
  void erase_tombstone(std::uint32_t node, Millis now, Millis wall, const MessageId& id, std::uint32_t expires);
  // A sealed copy of an own message, which is named by one of these rows: its other copies have the same one.
  void copy(const MessageId& id, const std::set<Bytes>& rows) { letters_[id].assign(rows.begin(), rows.end()); }
  // True the first time.
  bool owner_ack_committed(const MessageId& id);
  void set_outlaw(std::uint32_t node) { outlaws_.insert(node); }  // it may break any rule within itself
  std::optional<std::uint32_t> mailbox_owner(const MailboxId& mailbox) const;
  void not_durable(std::uint32_t node, Millis now, const MessageId& id, const char* why);  // I5
  void over_bound(std::uint32_t node, Millis now, const std::string& what);                // I8
  void violation(std::uint32_t node, Millis now, const std::string& what);

  // --- judgement ---
  bool all_delivered() const { return totals_.delivered == messages_.size(); }
  // Everything still missing becomes a violation; `explain` adds what the run can tell about a message.
  using Explain = std::function<std::string(const TrackedMessage&)>;
  void finish(Millis now, const std::vector<std::uint64_t>& live_per_node, const Explain& explain = {});
  const std::vector<TrackedMessage>& messages() const { return messages_; }
  const std::vector<std::string>& violations() const { return violations_; }
  std::uint64_t violation_count() const { return violation_count_; }
  const OracleTotals& totals() const { return totals_; }
  const Address& address(std::uint32_t node) const { return addresses_.at(node); }

 private:
  void received(std::uint32_t node, Millis now, const Received& event);
  std::optional<std::uint32_t> state_changed(std::uint32_t node, Millis now, const StateChanged& event);
  std::optional<std::uint32_t> refused(std::uint32_t node, const UserError& event);
  std::optional<std::uint32_t> find(std::uint32_t node, const StateChanged& event);

  std::string reproduce_;
  std::vector<TrackedMessage> messages_;
  std::vector<Address> addresses_;
  std::vector<std::vector<std::uint32_t>> sent_by_;                  // per node
  std::unordered_map<MessageUid, std::uint32_t> uids_;               // looked up, never walked
  struct Mailbox { std::uint32_t owner = 0; bool pairwise = false; };
  std::unordered_map<MailboxId, Mailbox> mailboxes_;
  void tell(const MessageId& id, std::set<Bytes>& told);
  bool told_by_another(const MessageId& id, const std::set<Bytes>& told) const;
  std::unordered_map<MessageId, std::vector<Bytes>> letters_;         // of own messages: their outbox rows
  std::set<Bytes> shown_rows_, acked_rows_;                          // a copy's text is staged, its ack is committed
  std::unordered_set<MessageId> arrived_;                            // acknowledged by their owners, staged
  std::unordered_set<MessageId> owner_acked_;
  std::set<std::uint32_t> outlaws_;
  std::vector<std::string> violations_;                              // the first kMaxViolations
  std::uint64_t violation_count_ = 0;
  OracleTotals totals_;
};

inline constexpr std::size_t kMaxViolations = 20;

// "m17 xxxx" is the text of message 17.
std::string message_text(std::uint32_t index, std::size_t bytes);
std::optional<std::uint32_t> message_of_text(std::string_view text);

}  // namespace comm::sim
