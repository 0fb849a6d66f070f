// Own messages on their way: waits for keys, seals, hands copies to the core, follows their fate and tells the user.
// Owned by the Agent, one thread. In memory one small entry per unsettled message and one id per copy; the rest is in
// rows. A turn seals at most kSealsPerTurn messages and tries kStampSlice nonces, the rest follows at once.
#pragma once
#include <deque>
#include <set>

#include "node/agent/delivery_state.h"
#include "node/agent/grants.h"
#include "node/agent/history.h"
#include "node/agent/key_lookups.h"
#include "node/agent/outbox_row.h"
#include "node/agent/own_keys.h"

namespace comm::agent {

inline constexpr std::size_t kSealsPerTurn = 32;
inline constexpr std::size_t kTimersPerTurn = 256;
inline constexpr std::uint64_t kStampSlice = 4'096;      // nonces tried in one turn
inline constexpr int kMaxPaidReseals = 3;
inline constexpr std::uint32_t kSettledKeptMinutes = 180;  // past expiry, for late acknowledgements

// What a state brings with it.
struct Change {
  std::uint32_t relays = 0;
  std::string detail;
  Bytes ack;
  std::optional<NodeId> holder;    // the node that now has it
  std::uint32_t sealed_bytes = 0;
};

class Outbox {
 public:
  // The references outlive the outbox.
  Outbox(const Identity& identity, const Profile& profile, const StoreView& store, RandomSource& random,
         const Rows& rows, ContactBook& contacts, History& history, OwnKeys& own,
         Grants& grants);

  void load(TimePoint now);                    // memory from rows; no effects
  void start(TimePoint now, Effects& out);     // goes on where the last run ended
  void time(TimePoint now, Effects& out);
  // Reloads what is durable.
  void store_failed(TimePoint now);
  std::optional<Millis> next_deadline() const;

  void send(TimePoint now, const SendText& command, Effects& out);
  // Hands a contact the mailbox of the present period: a message that is sent like any and never shown.
  void grant(TimePoint now, const Address& contact, Effects& out);
  void cancel(TimePoint now, const MessageUid& uid, Effects& out);
  void retry(TimePoint now, const MessageUid& uid, Effects& out);

  void queued(TimePoint now, const MessageQueued& notice, Effects& out);
  void stored(TimePoint now, const MessageStored& notice, Effects& out);
  void refused(TimePoint now, const MessageRefused& notice, Effects& out);
  // Returns the contact whose acknowledgement it is, if it is one.
  std::optional<Address> settled(TimePoint now, const MessageFinal& notice, Effects& out);
  void expired(TimePoint now, const MessageExpired& notice, Effects& out);

  // A lookup ended; the contact book has taken what it found.
  void looked_up(TimePoint now, const RecordLookup& notice, Effects& out);
  void record_arrived(TimePoint now, const Address& address, Effects& out);  // inside a message of theirs
  void new_session(TimePoint now, bool first, Effects& out);
  // While the clock is in doubt nothing is given up for age; afterwards what waited for its key is looked at again.
  void doubt_clock(TimePoint now, bool doubted, Effects& out);

  // Stops what is under way and takes the message out of the history.
  void forget(TimePoint now, const MessageUid& uid, Effects& out);
  bool holds(const MessageUid& uid) const { return entries_.contains(uid); }  // not settled for good yet

  Agent::Outbox counts() const;
  std::vector<std::uint64_t> open_sequences() const;  // of messages not settled, rising
  std::optional<MessageDetail> detail(std::uint64_t sequence) const;

 private:
  struct Entry {
    MessageUid uid;
    Address peer;
    std::uint64_t sequence = 0;
    std::uint32_t expires = 0;      // minutes
    std::uint32_t fallback = 0;     // minute, 0 = none
    std::uint32_t grant = 0;        // period; such a message is neither counted nor shown
    std::uint32_t bytes = 0;        // of its text
    DeliveryState state = DeliveryState::needs_key;
    std::uint32_t relays = 0;
    bool needs_seal = false;
    bool announced = true;          // the user has been told of it in this run or an earlier one
    std::uint32_t timer = 0;        // minute of its place in timers_, 0 = none
    std::string ref;                // of the command, in this run
  };
  struct Draft {                    // sealed, not yet stamped
    MessageUid uid;
    SealedMessage sealed;
    std::uint8_t effort = 0;
    bool pairwise = false;
    Hash own_record;
    std::uint64_t next_nonce = 0;
  };

  // outbox.cc: entries, rows, timers
  Entry* find(const MessageUid& uid);
  std::optional<std::pair<Entry*, OutboxRow>> load_row(const MessageId& id);
  std::optional<OutboxRow> read_row(const MessageUid& uid) const;
  void save(Entry& entry, const OutboxRow& row, Effects& out);
  void drop(MessageUid uid, Effects& out);
  void set_timer(Entry& entry);
  bool advance(Entry& entry, DeliveryInput input, Effects& out, Change change = {});
  void announce(Entry& entry, const StatusRow& status, Effects& out);
  void run_timers(TimePoint now, Effects& out);
  void fall_back(TimePoint now, Entry& entry, Effects& out);
  void expire(Entry& entry, Effects& out);
  void resume(TimePoint now, Entry& entry, Effects& out);
  Entry& remember(const OutboxRow& row);
  std::optional<OutboxRow> revive(TimePoint now, const MessageUid& uid, Effects& out);

  // outbox_seal.cc: from text to copies in custody
  void want_seal(TimePoint now, Entry& entry, Effects& out);
  void want_seal_anew(TimePoint now, Entry& entry, Effects& out);  // after another look at the key record
  void pump(TimePoint now, Effects& out);
  void seal_one(TimePoint now, const MessageUid& uid, bool may_mine, Effects& out);
  void mine(TimePoint now, Effects& out);
  Sealed content_of(const OutboxRow& row);
  void submit(Draft draft, const StampNonce& nonce, Effects& out);
  void give_up(Entry& entry, OutboxRow& row, const char* detail, Effects& out);
  std::uint64_t write_down(const MessageUid& uid, const SendText& command, Effects& out);  // its place in the history
  void deliver_to_self(TimePoint now, const SendText& command, Effects& out);
  const char* objection(const SendText& command) const;
  bool busy() const { return !ready_.empty() || !to_mine_.empty() || draft_.has_value(); }

  // outbox_notices.cc: what became of them
  void delivered(TimePoint now, Entry& entry, OutboxRow& row, const MessageId& id, Bytes ack, Effects& out);
  void refused_by_owner(TimePoint now, Entry& entry, OutboxRow& row, const MessageId& id, Effects& out);
  void withdraw(const Copy& copy, Effects& out);

  const Identity& identity_;
  const StoreView& store_;
  RandomSource& random_;
  const Rows& rows_;
  ContactBook& contacts_;
  History& history_;
  OwnKeys& own_;
  Grants& grants_;

  std::map<MessageUid, Entry> entries_;
  std::map<MessageId, MessageUid> ids_;
  std::set<std::pair<std::uint32_t, MessageUid>> timers_;  // minute, uid
  KeyLookups lookups_;
  std::deque<MessageUid> ready_;    // to be sealed
  std::deque<MessageUid> to_mine_;  // to be sealed and stamped, one at a time
  std::optional<Draft> draft_;
  TimePoint now_;
  bool clock_doubted_ = false;
  Millis paused_until_ = 0;         // mono: the store failed, nothing is written of our own accord
};

}  // namespace comm::agent
