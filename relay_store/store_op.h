// Value types of custody: what a store is told (StoreOp) and what it answers (StoreView). No I/O here; the pure core
// includes this header and nothing else of relay_store.
//
// Writes are effects: a turn's StoreOps form one batch under one Ticket, staged at once (reads see them) and durable
// when the committer says so. Reads are direct calls: they are answered from the staged overlay, memory or LevelDB's
// caches in microseconds, and a decision made within one turn cannot race its own pending query.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "proto/base/ids.h"
#include "proto/base/time.h"
#include "proto/wire/header.h"

namespace comm {

inline constexpr std::size_t kMaxElementsRead = 16'384;  // rows that one call of elements() looks at
inline constexpr std::size_t kMaxWorksCompared = 256;    // different works that one call of least_work_of() looks at
inline constexpr std::size_t kMaxUsersCompared = 256;    // peers that one call of least_work() looks at

using Ticket = std::uint64_t;  // rising from 1; 0 = no ticket

// The merge order of protocol states: a store never moves an id to a lower one before its tombstone is collected.
enum class Custody : std::uint8_t { absent = 0, live = 1, refused = 2, acknowledged = 3 };

struct PutMessage {
  MessageId id;
  HeaderBytes header;
  StampNonce nonce;
  Bytes body;
  NodeId ingress;          // whose quota it counts against; zero = this node's own user
  Millis received = 0;     // wall clock
};
// The message (if held) leaves in the same batch; `record` is the 136- or 200-byte final record.
struct PutTombstone {
  MessageId id;
  Custody kind = Custody::acknowledged;  // refused or acknowledged
  Bytes record;
  NodeId ingress;
  bool foreign = false;    // no message was held: counts against the evictable foreign share
};
struct EraseMessage { MessageId id; };    // expired: message and custody state leave
struct EraseTombstone { MessageId id; };
// Backoff and exchange state of a live message, opaque to the store; `due` indexes it, 0 = never due. Lost updates only cost a
// re-offer, so nothing waits for it. Ignored if the message is not live.
struct PutCustody { MessageId id; Millis due = 0; Bytes state; };
struct PutKeyRecord { Address address; std::uint64_t seq = 0; Millis expires = 0; Bytes record; };  // encoded SignedRecord
struct EraseKeyRecord { Address address; };

// Rows of other owners: ordered by key within a table, never interpreted here.
enum class Table : std::uint8_t { meta = 1, contacts = 2, agent = 3 };
struct PutRow { Table table; Bytes key; Bytes value; };
struct EraseRow { Table table; Bytes key; };

using StoreOp = std::variant<PutMessage, PutTombstone, EraseMessage, EraseTombstone, PutCustody, PutKeyRecord,
                             EraseKeyRecord, PutRow, EraseRow>;

struct StoredHeader {
  HeaderBytes header;
  StampNonce nonce;
  NodeId ingress;
  Millis received = 0;
  std::uint64_t sequence = 0;  // arrival order in this store
};
struct MailboxItem { std::uint64_t sequence; MessageId id; StoredHeader stored; };
struct DueItem { Millis due; MessageId id; Bytes state; };
struct ExpiringItem { std::uint32_t expires; MessageId id; Custody kind; };
// Where something stands among the messages and tombstones in the order of (expires, id): of reconciliation.
struct ElementPlace {
  std::uint32_t expires = 0;  // minutes
  MessageId id;
  friend auto operator<=>(const ElementPlace&, const ElementPlace&) = default;
};
struct Element { ElementPlace place; Custody kind; MailboxId mailbox; };
struct ElementPage {
  std::vector<Element> elements;
  std::optional<ElementPlace> next;  // where to go on, if the page ended early
};
// A message that may be evicted. `work` is its work_key.
struct WorkItem { std::uint64_t work; MessageId id; StoredHeader stored; std::uint64_t bytes; };
struct ForeignItem { std::uint64_t work; MessageId id; };
struct RowItem { Bytes key; Bytes value; };
struct KeyRecordItem {
  Address address;
  Millis expires = 0;  // as it was put
  Bytes record;
  friend bool operator==(const KeyRecordItem&, const KeyRecordItem&) = default;
};
struct Totals {
  std::uint64_t live = 0;           // messages
  std::uint64_t acknowledged = 0;   // tombstones of both kinds
  std::uint64_t foreign = 0;        // of those, never held as a message
  std::uint64_t bytes = 0;          // bodies + headers of live messages + kTombstoneCostBytes per tombstone
  std::uint64_t records = 0;        // key records
  friend bool operator==(const Totals&, const Totals&) = default;
};

// Reads see every staged op at once, committed or not. Pages are bounded by `limit`; a cursor continues after the last
// item returned. Thread: the one that stages.
class StoreView {
 public:
  virtual ~StoreView() = default;
  virtual Custody custody_of(const MessageId& id) const = 0;
  virtual std::optional<StoredHeader> message(const MessageId& id) const = 0;  // live only, without the body
  virtual std::optional<Bytes> body(const MessageId& id) const = 0;            // live only
  // Of live messages, by their sequences, in that order; those that lie close together are read in one walk.
  // REQUIRES: each above the one before. Empty where the disk has lost it.
  virtual std::vector<Bytes> bodies(std::span<const std::uint64_t> sequences) const = 0;
  virtual std::optional<Bytes> final_record(const MessageId& id) const = 0;    // refused or acknowledged only
  virtual std::optional<Bytes> custody_state(const MessageId& id) const = 0;   // last PutCustody of a live message
  // Live messages of a mailbox in arrival order, sequence > after.
  virtual std::vector<MailboxItem> mailbox_page(const MailboxId& mailbox, std::uint64_t after,
                                                std::size_t limit) const = 0;
  // Live messages in arrival order over all mailboxes, sequence > after (recovery, repair).
  virtual std::vector<MailboxItem> live_page(std::uint64_t after, std::size_t limit) const = 0;
  // Live messages whose custody is due at or before `until`, earliest first.
  virtual std::vector<DueItem> due_page(Millis until, std::size_t limit) const = 0;
  virtual std::optional<Millis> next_due() const = 0;
  // Messages and tombstones with expires (minutes) <= until, earliest first.
  virtual std::vector<ExpiringItem> expiring_page(std::uint32_t until, std::size_t limit) const = 0;
  virtual std::optional<std::uint32_t> next_expiry() const = 0;
  // Messages and tombstones with from <= (expires, id) < until whose mailbox is `wanted`, in that order. At most `limit`,
  // and of at most kMaxElementsRead rows. `wanted` must not call the store.
  virtual ElementPage elements(const ElementPlace& from, const ElementPlace& until,
                               const std::function<bool(const MailboxId&)>& wanted, std::size_t limit) const = 0;
  // Whom eviction meets first: messages of the least work there is, all of one ingress peer (of those that have some, the
  // one that uses most), oldest first. Never this node's own. Empty if there is nothing to evict.
  virtual std::vector<WorkItem> least_work(std::size_t limit) const = 0;
  // Messages of other nodes with a work_key of `from` or more, least first; equals by ingress peer, oldest first.
  virtual std::vector<WorkItem> by_work(std::uint64_t from, std::size_t limit) const = 0;
  // The messages of one ingress peer, least work first, oldest first; of at most kMaxWorksCompared different works.
  virtual std::vector<WorkItem> least_work_of(const NodeId& ingress, std::size_t limit) const = 0;
  // Foreign tombstones, least work first.
  virtual std::vector<ForeignItem> least_foreign(std::size_t limit) const = 0;
  // Staged and not yet durable.
  virtual std::size_t staged_bytes() const = 0;
  virtual std::optional<Bytes> key_record(const Address& address) const = 0;
  virtual std::vector<KeyRecordItem> key_records_page(const std::optional<Address>& after, std::size_t limit) const = 0;
  virtual std::optional<Bytes> row(Table table, ByteView key) const = 0;
  // Rows with prefix <= key in order, strictly after `after` if given.
  virtual std::vector<RowItem> rows(Table table, ByteView prefix, const std::optional<Bytes>& after,
                                    std::size_t limit) const = 0;
  virtual Totals totals() const = 0;
  virtual std::uint64_t mailbox_bytes(const MailboxId& mailbox) const = 0;   // live bytes
  virtual std::uint64_t ingress_bytes(const NodeId& peer) const = 0;         // live and tombstone bytes
};

// Where a turn's writes go: staged at once under the turn's ticket.
class StoreStage {
 public:
  virtual ~StoreStage() = default;
  virtual void stage(Ticket ticket, std::span<const StoreOp> ops) = 0;
};

}  // namespace comm
