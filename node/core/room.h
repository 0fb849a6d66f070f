// Room for messages of others (spec 40-custody, Quotas): whether there is some, who would have to go, or what it would
// take. Decides only; CustodyService does it. Candidates come from the store's index of work; the messages of a full
// mailbox are put in order here, once, because no index does that. Memory: kMaxFullMailboxes lists of 16 bytes a message,
// each bounded by the mailbox quota, and a page of candidates.
#pragma once
#include <map>

#include "node/core/quota.h"
#include "node/core/refused_ids.h"
#include "relay_store/store_op.h"

namespace comm {

struct Core;

// The live messages of mailboxes that have been full, least Work first.
class FullMailboxes {
 public:
  explicit FullMailboxes(const StoreView& store) : store_(store) {}

  std::vector<WorkItem> least_work(const MailboxId& mailbox, std::size_t limit);
  std::size_t size() const { return lists_.size(); }

 private:
  struct Entry {
    std::uint64_t work = 0, sequence = 0;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };
  struct List {
    std::vector<Entry> entries;  // most work first, so that the least is at the end
    std::uint64_t newest = 0;    // sequence up to which the store was read
    std::uint64_t used = 0;      // when, in calls
  };
  List& list_of(const MailboxId& mailbox);
  void read_new(const MailboxId& mailbox, List& list);

  const StoreView& store_;
  std::map<MailboxId, List> lists_;
  std::uint64_t calls_ = 0;
};

class Room {
 public:
  explicit Room(Core& core);

  struct Place {
    std::optional<StoredItem> refusal;  // else there is room
    std::vector<Rival> evict;           // once these have gone
  };
  Place find(const MessageId& id, const MessageHeader& header, const NodeId& ingress);
  // For a final record of a message that was never held, of the store's quota alone: what has to go first; nothing if that
  // does not help.
  std::optional<std::vector<Rival>> find_for_record(const Work& work, const NodeId& ingress);
  void changed() { page_.reset(); }     // the store changed: candidates are looked up anew
  void evicted(const Rival& rival);
  RefusedIds& refused_ids() { return refused_; }

 private:
  struct Page { std::vector<Rival> rivals; bool all = false; };

  std::optional<StoredItem> refuse_unseen(const MessageId& id, const MessageHeader& header) const;
  const std::vector<Rival>& least_work();
  std::vector<Rival> rivals_of(std::vector<WorkItem> items) const;

  Core& core_;
  FullMailboxes mailboxes_;
  std::optional<Page> page_;
  RefusedIds refused_;
};

}  // namespace comm
