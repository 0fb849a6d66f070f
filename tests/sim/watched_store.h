// A Store that passes everything on to a MemStore and tells the oracle what changes and when it becomes durable.
// Outlives its node's processes, as a disk does. Owned by a SimNode; one thread.
#pragma once
#include <set>

#include "relay_store/store.h"
#include "tests/sim/measures.h"
#include "tests/sim/oracle.h"

namespace comm::sim {

// True time as the oracle needs it; kept by the Simulation.
struct TrueTime { Millis now = 0; Millis wall = 0; };

class WatchedStore final : public Store {
 public:
  WatchedStore(std::uint32_t node, const TrueTime& time, Oracle& oracle, Measures& measures)
      : node_(node), time_(time), oracle_(oracle), measures_(measures), store_(make_mem_store()) {}

  // A Stored packet leaves with this id as stored or duplicate: it must be durable by now, and stay so.
  void promise(const MessageId& id);
  // After a crash: everything promised is still here, or ended as it should.
  void check_promises();

  void keep(std::span<const StoreOp> rows);  // of an earlier run, before the first

  // --- watched ---
  void stage(Ticket ticket, std::span<const StoreOp> ops) override;
  void committed(Ticket ticket) override;
  void failed() override;
  std::unique_ptr<WriteSet> take() override;  // ends a turn

  // --- passed on ---
  CommitResult commit(std::span<const std::unique_ptr<WriteSet>> sets) override { return store_->commit(sets); }
  std::string verify() const override { return store_->verify(); }
  Custody custody_of(const MessageId& id) const override { return store_->custody_of(id); }
  std::optional<StoredHeader> message(const MessageId& id) const override { return store_->message(id); }
  std::optional<Bytes> body(const MessageId& id) const override { return store_->body(id); }
  std::vector<Bytes> bodies(std::span<const std::uint64_t> s) const override { return store_->bodies(s); }
  std::optional<Bytes> final_record(const MessageId& id) const override { return store_->final_record(id); }
  std::optional<Bytes> custody_state(const MessageId& id) const override { return store_->custody_state(id); }
  std::vector<MailboxItem> mailbox_page(const MailboxId& mailbox, std::uint64_t after,
                                        std::size_t limit) const override {
    return store_->mailbox_page(mailbox, after, limit);
  }
  std::vector<MailboxItem> live_page(std::uint64_t after, std::size_t limit) const override {
    return store_->live_page(after, limit);
  }
  std::vector<DueItem> due_page(Millis until, std::size_t limit) const override {
    return store_->due_page(until, limit);
  }
  std::optional<Millis> next_due() const override { return store_->next_due(); }
  std::vector<ExpiringItem> expiring_page(std::uint32_t until, std::size_t limit) const override {
    return store_->expiring_page(until, limit);
  }
  std::optional<std::uint32_t> next_expiry() const override { return store_->next_expiry(); }
  ElementPage elements(const ElementPlace& from, const ElementPlace& until,
                       const std::function<bool(const MailboxId&)>& wanted, std::size_t limit) const override {
    return store_->elements(from, until, wanted, limit);
  }
  std::vector<WorkItem> least_work(std::size_t limit) const override { return store_->least_work(limit); }
  std::vector<WorkItem> by_work(std::uint64_t from, std::size_t limit) const override {
    return store_->by_work(from, limit);
  }
  std::vector<WorkItem> least_work_of(const NodeId& ingress, std::size_t limit) const override {
    return store_->least_work_of(ingress, limit);
  }
  std::vector<ForeignItem> least_foreign(std::size_t limit) const override { return store_->least_foreign(limit); }
  std::size_t staged_bytes() const override { return store_->staged_bytes(); }
  std::optional<Bytes> key_record(const Address& address) const override { return store_->key_record(address); }
  std::vector<KeyRecordItem> key_records_page(const std::optional<Address>& after, std::size_t limit) const override {
    return store_->key_records_page(after, limit);
  }
  std::optional<Bytes> row(Table table, ByteView key) const override { return store_->row(table, key); }
  std::vector<RowItem> rows(Table table, ByteView prefix, const std::optional<Bytes>& after,
                            std::size_t limit) const override {
    return store_->rows(table, prefix, after, limit);
  }
  Totals totals() const override { return store_->totals(); }
  std::uint64_t mailbox_bytes(const MailboxId& mailbox) const override { return store_->mailbox_bytes(mailbox); }
  std::uint64_t ingress_bytes(const NodeId& peer) const override { return store_->ingress_bytes(peer); }

 private:
  struct Pending {
    Ticket ticket;
    MessageId id;
    bool owner_ack;  // else a put
  };
  void watch(const StoreOp& op);
  void close_turn();
  void release(const MessageId& id) { std::erase(promised_, id); }
  void judge_evictions();
  void judge_foreign();
  template <class Enough>
  bool keeps_foreign(const Enough& enough) const;

  std::uint32_t node_;
  const TrueTime& time_;
  Oracle& oracle_;
  Measures& measures_;
  std::unique_ptr<Store> store_;
  std::vector<Pending> pending_;          // staged, not yet durable
  std::vector<MessageId> promised_;
  // The open turn: its acks are judged when it is whole, as the text may be staged after the ack.
  Ticket open_ = 0;
  bool agent_row_ = false;
  std::vector<PutTombstone> finals_;
  std::vector<MessageId> own_put_;        // copies of own messages, and whose they may be: keys of outbox rows
  std::set<Bytes> outbox_rows_;
  std::vector<HeaderBytes> put_;          // messages of others
  std::vector<std::pair<MessageId, HeaderBytes>> early_;  // erased before they expired: to make room for one of put_
  std::vector<std::pair<MessageId, HeaderBytes>> foreign_;  // final records of messages never held, erased early
  std::set<MessageId> foreign_held_;
  std::set<MessageId> evicted_;           // a Stored for one of these may still be on its way out
};

}  // namespace comm::sim
