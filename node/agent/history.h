// What was said, for good: one immutable row per message under a rising sequence, and one small status row per outgoing
// message. Owned by the Agent, one thread. Nothing but the next sequence is in memory. The items of one contact are
// chained backwards, so the last few are read without looking at anybody else's.
#pragma once
#include "node/agent/contacts.h"

namespace comm::agent {

struct HistoryRow {
  MessageUid uid;
  Address peer;
  bool outgoing = false;
  bool request = false;
  bool unknown_content = false;     // a later version's message: nothing to show but that it came
  Millis at = 0;
  std::uint16_t lifetime = 0;       // minutes, outgoing
  std::string text;
  std::uint64_t previous = 0;       // sequence of the item before it with this peer; set by add
  bool forgotten = false;           // by the user: only its place in the chain is left
};

inline constexpr std::size_t kMaxHoldersKept = 16;

struct StatusRow {
  DeliveryState state = DeliveryState::needs_key;
  std::uint32_t relays = 0;
  bool late = false;
  std::string detail;
  Bytes ack;                        // the acknowledgement, kept for good
  Millis sealed_at = 0;
  std::uint32_t sealed_bytes = 0;
  Millis acked_at = 0;
  std::vector<MessageDetail::Holder> holders;
};

class History {
 public:
  History(const Rows& rows, ContactBook& contacts) : rows_(rows), contacts_(contacts) {}

  void load();
  // Adds an item and saves the contact's entry; returns its sequence. REQUIRES: the contact exists.
  std::uint64_t add(HistoryRow row, Effects& out);
  std::optional<HistoryRow> read(std::uint64_t sequence) const;
  StatusRow status(std::uint64_t sequence) const;
  void put_status(std::uint64_t sequence, const StatusRow& status, Effects& out);
  std::optional<std::uint64_t> sequence_of(const MessageUid& uid) const;  // outgoing messages

  // Of what was received, by sender and uid.
  bool seen(const Address& sender, const MessageUid& uid) const;
  void mark_seen(const Address& sender, const MessageUid& uid, Effects& out);

  std::vector<HistoryItem> page(const std::optional<Address>& peer, std::uint64_t before, std::size_t limit) const;
  std::vector<HistoryItem> page_after(const Address& peer, std::uint64_t after, std::size_t limit) const;
  std::optional<HistoryItem> item(std::uint64_t sequence) const;  // nothing of what was forgotten
  // The text goes for good, its place stays, so that the chain holds.
  void forget(std::uint64_t sequence, Effects& out);

 private:
  HistoryItem shown(std::uint64_t sequence, HistoryRow row) const;
  void write(std::uint64_t sequence, const HistoryRow& item, Effects& out);
  std::uint64_t newest_of(const Address& peer, std::uint64_t before) const;
  Bytes seen_key(const Address& sender, const MessageUid& uid) const;

  const Rows& rows_;
  ContactBook& contacts_;
  std::uint64_t next_ = 1;
};

}  // namespace comm::agent
