// The user's side of a node (spec 20 to 60): contacts, outbox, inbox, prekeys, key records and the state a person sees.
// Pure: commands and notices come in, effects go out; its rows are encrypted under a key of the identity before they
// reach the store. Delivery states never regress (delivery_state.h). Owned by the Driver; one thread.
#pragma once
#include <map>
#include <memory>

#include "node/core/node_core.h"

namespace comm {

// --- what a person or program asks ---
struct SendText {
  Address to;
  std::string text;   // valid UTF-8, at most kMaxTextBytes, else UserError
  std::string ref;    // echoed in every StateChanged of this run
  std::uint16_t lifetime = kDefaultLifetimeMinutes;
};
struct AddContact { Address address; std::string name; };        // also accepts a request
struct BlockContact { Address address; bool blocked = true; };
struct CancelMessage { MessageUid uid; };                        // withdraws copies by the message's own ack
struct RetryMessage { MessageUid uid; };                         // an expired or failed one is sealed anew
struct RefuseMail { MessageId id; };                             // owner refusal of mail that cannot be opened
struct MarkRead { Address peer; };                               // everything received from them so far
struct SetDraft { Address peer; std::string text; };             // unsent text, kept until it is set to ""
struct VerifyContact { Address address; bool verified = true; };  // the user compared the address with its owner
struct MuteContact { Address address; bool muted = true; };
struct DeclineRequest { Address address; };                      // a stranger and what they wrote are forgotten
struct ForgetMessage { MessageUid uid; };                        // leaves the history; an unsettled one is cancelled
struct DeleteHistory { Address peer; };                          // every settled message with them
using UserCommand = std::variant<SendText, AddContact, BlockContact, CancelMessage, RetryMessage, RefuseMail, MarkRead,
                                 SetDraft, VerifyContact, MuteContact, DeclineRequest, ForgetMessage, DeleteHistory>;

struct ContactInfo {
  Address address;
  std::string name;        // petname, local
  bool accepted = false;   // false: a stranger, their messages are requests
  bool blocked = false;
  bool has_key = false;
  Millis last_ack = 0;     // wall clock of their newest acknowledgement, 0 = never
  Millis last_at = 0;      // wall clock of the newest message, either way
  Millis added = 0;        // when they became a contact or first wrote
  Millis verified = 0;     // when the user compared addresses, 0 = never
  bool muted = false;
  std::uint32_t unread = 0;         // received since they were last read
  std::uint32_t troubles = 0;       // own messages expired or failed, neither retried nor forgotten
  std::uint64_t read_sequence = 0;  // newest item when they were last read
  std::uint64_t last_sequence = 0;  // newest item, 0 = none
};
struct HistoryItem {
  std::uint64_t sequence = 0;
  MessageUid uid;
  Address peer;
  bool outgoing = false;
  std::string text;
  Millis at = 0;           // sent (outgoing) or received, wall clock
  DeliveryState state = DeliveryState::delivered;
  std::uint32_t relays = 0;
  bool late = false;
  bool request = false;
  bool unknown_content = false;  // a later version's message: nothing to show but that it came
  std::string detail;      // why it failed and what to do next
  std::uint16_t lifetime = 0;  // minutes, outgoing
  Millis acked_at = 0;
};

// Everything known of one own message, for the info pane.
struct MessageDetail {
  Millis sealed_at = 0;             // wall clock, 0 = not yet
  std::uint32_t sealed_bytes = 0;   // on the wire
  Millis acked_at = 0;
  Millis expires = 0;               // 0 = settled
  struct Holder { NodeId node; Millis since = 0; };
  std::vector<Holder> holders;      // nodes that stored it, oldest first, at most kMaxHoldersKept
  std::vector<MessageId> copies;    // in custody, for NodeCore::message_info
};

struct AgentConfig {
  Profile profile;
};

class Agent final : public MailboxOwner {
 public:
  // The references outlive the agent.
  Agent(AgentConfig config, LockedBox<Identity> identity, const StoreView& store, RandomSource& random);
  ~Agent() override;

  void start(TimePoint now, Effects& out);  // loads its rows; asks the core to collect, publish and go on delivering
  void handle(TimePoint now, const Notice& notice, Effects& out);
  void handle(TimePoint now, const UserCommand& command, Effects& out);
  void handle_time(TimePoint now, Effects& out);
  void handle_store_failed(TimePoint now, Effects& out);  // uncommitted writes were lost: forget them
  std::optional<Millis> next_deadline() const;            // mono

  const Address& address() const;
  Signature sign_collect(const MailboxKey& key, const Hash& hash) const override;

  std::vector<ContactInfo> contacts() const;
  // Newest `limit` items with `peer` (all peers if nullopt) before `before` (0 = from the end), oldest first.
  std::vector<HistoryItem> history(const std::optional<Address>& peer, std::uint64_t before, std::size_t limit) const;
  // Oldest `limit` items with `peer` after `after`, oldest first.
  std::vector<HistoryItem> history_after(const Address& peer, std::uint64_t after, std::size_t limit) const;
  std::optional<HistoryItem> item(std::uint64_t sequence) const;
  std::optional<MessageDetail> message(std::uint64_t sequence) const;  // own messages only
  // Own messages not yet settled, oldest first.
  std::vector<HistoryItem> outbox_items(std::size_t limit) const;
  const std::map<Address, std::string>& drafts() const;                // none is empty
  // Messages sent and not yet acknowledged, expired or failed; and of those, how many no relay has stored.
  struct Outbox { std::size_t open = 0; std::size_t unstored = 0; std::uint64_t bytes = 0; };  // bytes: of their texts
  Outbox outbox() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace comm
