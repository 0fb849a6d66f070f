// The user's side of a node (spec 20 to 60): contacts, outbox, inbox, prekeys, key records and the state a person sees.
// Pure: commands and notices come in, effects go out; its rows are encrypted under a key of the identity before they
// reach the store. Delivery states never regress (delivery_state.h). Owned by the Driver; one thread.
#pragma once
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
using UserCommand = std::variant<SendText, AddContact, BlockContact, CancelMessage, RetryMessage, RefuseMail>;

struct ContactInfo {
  Address address;
  std::string name;        // petname, local
  bool accepted = false;   // false: a stranger, their messages are requests
  bool blocked = false;
  bool has_key = false;
  Millis last_ack = 0;     // wall clock of their newest acknowledgement, 0 = never
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
  void handle_store_failed(TimePoint now, Effects& out);  // uncommitted writes were lost: say so, forget them
  std::optional<Millis> next_deadline() const;            // mono

  const Address& address() const;
  Signature sign_collect(const MailboxKey& key, const Hash& hash) const override;

  std::vector<ContactInfo> contacts() const;
  // Newest `limit` items with `peer` (all peers if nullopt) before `before` (0 = from the end), oldest first.
  std::vector<HistoryItem> history(const std::optional<Address>& peer, std::uint64_t before, std::size_t limit) const;
  // Messages sent and not yet acknowledged, expired or failed; and of those, how many no relay has stored.
  struct Outbox { std::size_t open = 0; std::size_t unstored = 0; };
  Outbox outbox() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace comm
