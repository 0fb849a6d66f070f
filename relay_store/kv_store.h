// The Store contract over any Kv: rows as keys.h lays them out, staged rows in an Overlay above the durable ones.
// Owned by main (or a simulated node). One thread stages and reads; commit and compact_step may run on another.
// Memory: the overlay (bounded by the committer's queue), the row cache, the filter of ids and one counter row; all else
// is the Kv's.
#pragma once
#include <map>

#include "relay_store/id_filter.h"
#include "relay_store/kv.h"
#include "relay_store/overlay.h"
#include "relay_store/row_cache.h"

namespace comm {

class KvStore final : public Store {
 public:
  // REQUIRES: the rows of `kv`, if any, are of keys::kFormat.
  // `caching`: reads of `kv` are slower than a look at memory.
  explicit KvStore(std::unique_ptr<Kv> kv, bool caching = false);

  Custody custody_of(const MessageId& id) const override;
  std::optional<StoredHeader> message(const MessageId& id) const override;
  std::optional<Bytes> body(const MessageId& id) const override;
  std::vector<Bytes> bodies(std::span<const std::uint64_t> sequences) const override;
  std::optional<Bytes> final_record(const MessageId& id) const override;
  std::optional<Bytes> custody_state(const MessageId& id) const override;
  std::vector<MailboxItem> mailbox_page(const MailboxId& mailbox, std::uint64_t after,
                                        std::size_t limit) const override;
  std::vector<MailboxItem> live_page(std::uint64_t after, std::size_t limit) const override;
  std::vector<DueItem> due_page(Millis until, std::size_t limit) const override;
  std::optional<Millis> next_due() const override;
  std::vector<ExpiringItem> expiring_page(std::uint32_t until, std::size_t limit) const override;
  std::optional<std::uint32_t> next_expiry() const override;
  ElementPage elements(const ElementPlace& from, const ElementPlace& until,
                       const std::function<bool(const MailboxId&)>& wanted, std::size_t limit) const override;
  std::vector<WorkItem> least_work(std::size_t limit) const override;
  std::vector<WorkItem> by_work(std::uint64_t from, std::size_t limit) const override;
  std::vector<WorkItem> least_work_of(const NodeId& ingress, std::size_t limit) const override;
  std::vector<ForeignItem> least_foreign(std::size_t limit) const override;
  std::size_t staged_bytes() const override { return overlay_.bytes(); }
  std::optional<Bytes> key_record(const Address& address) const override;
  std::vector<KeyRecordItem> key_records_page(const std::optional<Address>& after, std::size_t limit) const override;
  std::optional<Bytes> row(Table table, ByteView key) const override;
  std::vector<RowItem> rows(Table table, ByteView prefix, const std::optional<Bytes>& after,
                            std::size_t limit) const override;
  Totals totals() const override { return counted_.totals; }
  std::uint64_t mailbox_bytes(const MailboxId& mailbox) const override;
  std::uint64_t ingress_bytes(const NodeId& peer) const override;

  void stage(Ticket ticket, std::span<const StoreOp> ops) override;
  std::unique_ptr<WriteSet> take() override;
  void committed(Ticket ticket) override { overlay_.committed(ticket); }
  void failed() override;
  CommitResult commit(std::span<const std::unique_ptr<WriteSet>> sets) override;
  std::string failure_detail() const override { return kv_->failure_detail(); }
  std::string read_failure() const override { return kv_->read_failure(); }
  std::uint64_t erased() const override { return kv_->erased(); }
  bool compact_step() override { return kv_->compact_step(); }
  std::string verify() const override;

 private:
  friend class Salvage;  // reads rows of damaged databases

  struct HeaderRow {
    MessageId id;
    StoredHeader stored;
    std::uint32_t body_bytes = 0;
    std::uint64_t cost() const { return std::uint64_t{body_bytes} + kHeaderBytes; }
  };
  struct IdRow {
    Custody kind = Custody::absent;
    std::uint64_t sequence = 0;  // live
    bool foreign = false;        // refused, acknowledged: this and the next two
    NodeId ingress;
    std::string record;
  };
  // Row 'T'.
  struct Counted {
    std::uint64_t next_sequence = 1;
    Totals totals;
    friend bool operator==(const Counted&, const Counted&) = default;
  };
  // What one stage call adds to the per-mailbox and per-ingress counters: each row is written once, at its end.
  struct Turn {
    Counted before;
    std::map<MailboxId, std::int64_t> mailboxes;
    std::map<NodeId, std::int64_t> ingresses;
  };
  // The lowest key of an index is asked for every turn; without a floor each time would step over the erased rows in
  // front of it.
  struct Head {
    explicit Head(char of_kind);
    void written(std::string_view key);
    void erased(std::string_view key);
    char kind;
    std::string floor;   // no row of the kind is below it
    bool exact = false;  // floor is the lowest key, or the end of the kind if there is none
  };

  // Raw rows: staged over durable.
  bool get(std::string_view key, std::string& value) const;
  void scan(std::string_view from, std::string_view until, const Kv::Visit& visit) const;
  void put(std::string_view key, std::string_view value);
  void erase(std::string_view key);

  void prefetch(const std::vector<MailboxItem>& items) const;  // what their headers and custody states are read from next
  IdRow id_row(const MessageId& id) const;
  // The row of a sequence that an index leads to: null only if the disk lost it (Kv::read_failed).
  std::optional<HeaderRow> header_row(std::uint64_t sequence) const;
  bool get_indexed(std::string_view key, std::string& value) const;
  static HeaderRow decode_header(std::uint64_t sequence, std::string_view row);
  static IdRow decode_id(std::string_view row);
  std::uint64_t counter(const std::string& key) const;
  Counted durable_counted() const;
  static std::string encode_counted(const Counted& counted);
  const std::string& head(Head& head) const;
  std::optional<std::string> first_key(std::string_view from, std::string_view until) const;
  std::vector<WorkItem> work_items(std::string_view from, std::string_view until, std::size_t limit) const;
  std::optional<NodeId> biggest_user(std::uint64_t work) const;

  // kv_stage.cc
  void apply(Turn& turn, const PutMessage& op);
  void apply(Turn& turn, const PutTombstone& op);
  void apply(Turn& turn, const EraseMessage& op);
  void apply(Turn& turn, const EraseTombstone& op);
  void apply(Turn& turn, const PutCustody& op);
  void apply(Turn& turn, const PutKeyRecord& op);
  void apply(Turn& turn, const EraseKeyRecord& op);
  void apply(Turn& turn, const PutRow& op);
  void apply(Turn& turn, const EraseRow& op);
  void erase_live(Turn& turn, const HeaderRow& row);
  // Adds to a counter; answers what it was and is, 0 and 0 if nothing changed.
  std::pair<std::uint64_t, std::uint64_t> add(const std::string& key, std::int64_t bytes);
  void add_user(const NodeId& ingress, std::int64_t bytes);
  void finish(const Turn& turn);

  // kv_verify.cc
  struct Recount;
  std::string verify_messages(Recount& recount) const;
  std::string verify_ids(Recount& recount) const;
  std::string verify_indices(const Recount& recount) const;
  std::string verify_counters(const Recount& recount) const;

  std::unique_ptr<Kv> kv_;
  Overlay overlay_;
  const bool caching_;
  mutable RowCache cache_;
  IdFilter ids_;                   // if caching_
  Counted counted_;  // with everything staged
  mutable Head due_head_;
  mutable Head expiry_head_;
  mutable Head work_head_;
};

}  // namespace comm
