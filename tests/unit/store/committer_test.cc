// Group commit: order, merging, failure epochs, back-pressure. The real thread; run these under ThreadSanitizer too.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "relay_store/committer.h"
#include "tests/unit/store/store_fixture.h"

using namespace comm;
using namespace comm::test;

namespace {

// A MemStore whose commits can be held up, counted and failed.
class GatedStore final : public Store {
 public:
  // StoreView and staging: as the real one.
  Custody custody_of(const MessageId& id) const override { return real_->custody_of(id); }
  std::optional<StoredHeader> message(const MessageId& id) const override { return real_->message(id); }
  std::optional<Bytes> body(const MessageId& id) const override { return real_->body(id); }
  std::vector<Bytes> bodies(std::span<const std::uint64_t> s) const override { return real_->bodies(s); }
  std::optional<Bytes> final_record(const MessageId& id) const override { return real_->final_record(id); }
  std::optional<Bytes> custody_state(const MessageId& id) const override { return real_->custody_state(id); }
  std::vector<MailboxItem> mailbox_page(const MailboxId& m, std::uint64_t a, std::size_t l) const override {
    return real_->mailbox_page(m, a, l);
  }
  std::vector<MailboxItem> live_page(std::uint64_t a, std::size_t l) const override { return real_->live_page(a, l); }
  std::vector<DueItem> due_page(Millis u, std::size_t l) const override { return real_->due_page(u, l); }
  std::optional<Millis> next_due() const override { return real_->next_due(); }
  std::vector<ExpiringItem> expiring_page(std::uint32_t u, std::size_t l) const override {
    return real_->expiring_page(u, l);
  }
  std::optional<std::uint32_t> next_expiry() const override { return real_->next_expiry(); }
  ElementPage elements(const ElementPlace& f, const ElementPlace& u, const std::function<bool(const MailboxId&)>& w,
                       std::size_t l) const override {
    return real_->elements(f, u, w, l);
  }
  std::vector<WorkItem> least_work(std::size_t l) const override { return real_->least_work(l); }
  std::vector<WorkItem> by_work(std::uint64_t f, std::size_t l) const override { return real_->by_work(f, l); }
  std::vector<WorkItem> least_work_of(const NodeId& n, std::size_t l) const override {
    return real_->least_work_of(n, l);
  }
  std::vector<ForeignItem> least_foreign(std::size_t l) const override { return real_->least_foreign(l); }
  std::size_t staged_bytes() const override { return real_->staged_bytes(); }
  std::optional<Bytes> key_record(const Address& a) const override { return real_->key_record(a); }
  std::vector<KeyRecordItem> key_records_page(const std::optional<Address>& a, std::size_t l) const override {
    return real_->key_records_page(a, l);
  }
  std::optional<Bytes> row(Table t, ByteView k) const override { return real_->row(t, k); }
  std::vector<RowItem> rows(Table t, ByteView p, const std::optional<Bytes>& a, std::size_t l) const override {
    return real_->rows(t, p, a, l);
  }
  Totals totals() const override { return real_->totals(); }
  std::uint64_t mailbox_bytes(const MailboxId& m) const override { return real_->mailbox_bytes(m); }
  std::uint64_t ingress_bytes(const NodeId& p) const override { return real_->ingress_bytes(p); }
  void stage(Ticket t, std::span<const StoreOp> ops) override { real_->stage(t, ops); }
  std::unique_ptr<WriteSet> take() override { return real_->take(); }
  void committed(Ticket t) override { real_->committed(t); }
  void failed() override { real_->failed(); }

  CommitResult commit(std::span<const std::unique_ptr<WriteSet>> sets) override {
    std::unique_lock lock(mutex_);
    groups_.push_back(sets.size());
    entered_.notify_all();
    open_.wait(lock, [this] { return !held_; });
    const CommitResult result = next_;
    next_ = CommitResult::ok;
    return result == CommitResult::ok ? real_->commit(sets) : result;
  }
  std::string failure_detail() const override { return "as ordered"; }
  std::uint64_t erased() const override { return erased_; }
  bool compact_step() override {
    if (erased_ == 0) return false;
    erased_ = erased_ - 1'000;
    return true;
  }
  void pretend_erased(std::uint64_t rows) { erased_ = rows; }

  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release(CommitResult result = CommitResult::ok) {
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
      next_ = result;
    }
    open_.notify_all();
  }
  void wait_for_commits(std::size_t count) {
    std::unique_lock lock(mutex_);
    entered_.wait(lock, [&] { return groups_.size() >= count; });
  }
  std::vector<std::size_t> groups() {
    const std::lock_guard lock(mutex_);
    return groups_;
  }

 private:
  std::unique_ptr<Store> real_ = make_mem_store();
  std::mutex mutex_;
  std::condition_variable open_, entered_;
  bool held_ = false;
  CommitResult next_ = CommitResult::ok;
  std::vector<std::size_t> groups_;
  std::atomic<std::uint64_t> erased_{0};
};

struct Bench {
  GatedStore store;
  std::atomic<int> wakes{0};
  std::unique_ptr<Committer> committer = std::make_unique<Committer>(store, [this] { ++wakes; });

  void submit(Ticket ticket, std::size_t body_bytes = 100) {
    store.stage(ticket, std::vector<StoreOp>{put_of({.number = ticket, .body_bytes = body_bytes})});
    committer->submit(store.take());
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(store_committer)

BOOST_AUTO_TEST_CASE(reports_rise_and_groups_merge) {
  Bench bench;
  bench.store.hold();
  bench.submit(1);
  bench.store.wait_for_commits(1);
  for (Ticket ticket = 2; ticket <= 50; ++ticket) bench.submit(ticket);
  bench.store.release();
  bench.committer->flush();
  BOOST_TEST((bench.store.groups() == std::vector<std::size_t>{1, 49}));  // two syncs for fifty sets
  BOOST_TEST(bench.committer->poll()->ticket == 1u);
  const auto report = bench.committer->poll();
  BOOST_TEST(report->ticket == 50u);
  BOOST_TEST((report->result == CommitResult::ok));
  BOOST_TEST(!bench.committer->poll());
  BOOST_TEST(bench.wakes == 2);
  bench.store.committed(50);
  bench.store.failed();
  BOOST_TEST(bench.store.totals().live == 50u);
}

BOOST_AUTO_TEST_CASE(groups_are_bounded) {
  Bench bench;
  bench.store.hold();
  bench.submit(1);
  bench.store.wait_for_commits(1);
  for (Ticket ticket = 2; ticket <= 11; ++ticket) bench.submit(ticket, 300'000);
  bench.submit(12, 2'000'000);  // larger than a group: alone
  bench.submit(13);
  bench.store.release();
  bench.committer->flush();
  BOOST_TEST((bench.store.groups() == std::vector<std::size_t>{1, 3, 3, 3, 1, 1, 1}));
}

BOOST_AUTO_TEST_CASE(queue_is_bounded) {
  Bench bench;
  bench.store.hold();
  Ticket ticket = 0;
  while (bench.committer->has_room()) bench.submit(++ticket, 1'000'000);
  BOOST_TEST(ticket > 10u);
  BOOST_TEST(ticket < 20u);
  bench.store.release();
  bench.committer->flush();
  BOOST_TEST(bench.committer->has_room());
}

BOOST_AUTO_TEST_CASE(a_failed_group_takes_everything_after_it_along) {
  Bench bench;
  bench.submit(1);
  bench.committer->flush();
  BOOST_TEST(bench.committer->poll()->ticket == 1u);
  bench.store.committed(1);

  bench.store.hold();
  bench.submit(2);
  bench.store.wait_for_commits(2);
  bench.submit(3);
  bench.store.release(CommitResult::disk_full);
  bench.committer->flush();
  const auto report = bench.committer->poll();
  BOOST_REQUIRE(report);
  BOOST_TEST((report->result == CommitResult::disk_full));
  BOOST_TEST(report->ticket == 3u);
  BOOST_TEST(report->detail == "as ordered");

  bench.submit(4);  // the reactor has not heard yet
  bench.committer->flush();
  BOOST_TEST(!bench.committer->poll());
  BOOST_TEST(bench.committer->has_room());
  bench.store.failed();
  bench.committer->resume();
  BOOST_TEST(bench.store.totals().live == 1u);

  bench.submit(5);
  bench.committer->flush();
  BOOST_TEST(bench.committer->poll()->ticket == 5u);
  bench.store.committed(5);
  BOOST_TEST(bench.store.totals().live == 2u);
  BOOST_TEST(bench.store.groups().size() == 3u);
}

BOOST_AUTO_TEST_CASE(destruction_commits_what_is_queued) {
  Bench bench;
  bench.store.hold();
  for (Ticket ticket = 1; ticket <= 20; ++ticket) bench.submit(ticket);
  bench.store.release();
  bench.committer.reset();
  bench.store.failed();
  BOOST_TEST(bench.store.totals().live == 20u);
}

BOOST_AUTO_TEST_CASE(compacts_when_idle) {
  GatedStore store;
  Committer committer(store, {}, std::chrono::milliseconds(1));
  store.pretend_erased(5'000);
  for (int i = 0; i < 10'000 && store.erased() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  BOOST_TEST(store.erased() == 0u);
}

// Both threads at full speed on both real stores: staging and reading here, committing there.
BOOST_AUTO_TEST_CASE(stage_read_and_commit_at_once) {
  for (const StoreKind kind : kBothStores) {
    StoreUnderTest store(kind);
    std::atomic<int> wakes{0};
    Committer committer(*store, [&] { ++wakes; });
    Ticket durable = 0;
    const auto drain = [&] {
      while (const auto report = committer.poll()) {
        BOOST_REQUIRE((report->result == CommitResult::ok));
        BOOST_TEST(report->ticket > durable);
        durable = report->ticket;
        store->committed(durable);
      }
    };
    for (std::uint64_t i = 1; i <= 400; ++i) {
      std::vector<StoreOp> ops{put_of({.number = i, .mailbox = i % 5}), PutCustody{message_id(i), 5, {1}}};
      if (i > 10) ops.push_back(tombstone_of({.number = i - 10, .mailbox = (i - 10) % 5}));
      const Ticket ticket = store.stage(ops);
      BOOST_REQUIRE(ticket == i);
      committer.submit(store->take());
      drain();
      BOOST_REQUIRE(store->totals().live == std::min<std::uint64_t>(i, 10));
      BOOST_REQUIRE(store->body(message_id(i)));
      BOOST_REQUIRE(store->due_page(INT64_MAX, 100).size() == std::min<std::uint64_t>(i, 10));
      BOOST_REQUIRE((store->custody_of(message_id(i / 2)) != Custody::live || i < 20));
    }
    committer.flush();
    drain();
    BOOST_TEST(durable == 400u);
    store->failed();
    BOOST_TEST(store->totals().live == 10u);
    BOOST_TEST(store->verify() == "");
  }
}

BOOST_AUTO_TEST_SUITE_END()
