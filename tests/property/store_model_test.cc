// Random histories of a store against a naive model: stage, take, commit, report, fail, crash and compact in any order.
// COMM_SEED=n COMM_ROUNDS=n replay or extend; a failure prints its seed.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <deque>
#include <filesystem>

#include "tests/property/store_model.h"

using namespace comm;
using namespace comm::test;

namespace {

// Whether `found` is what the earliest of `all` is keyed by, or nothing if there is none.
template <class Key>
bool is_first(const std::optional<Key>& found, const std::set<std::pair<Key, MessageId>>& all) {
  if (all.empty() || !found) return all.empty() && !found;
  return *found == all.begin()->first;
}

// One history. Returns what differed, or nothing.
class History {
 public:
  History(Prng& random, const std::string& path) : random_(random), path_(path) { open(); }
  std::string run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      if (random_.chance(1, 4) || i + 1 == steps)
        if (std::string fault = compare(); !fault.empty()) return fault + " after step " + std::to_string(i);
    }
    return store_->verify();
  }

 private:
  struct Staged { Ticket ticket; std::vector<StoreOp> ops; };
  struct Taken { std::unique_ptr<WriteSet> set; std::vector<Staged> staged; };

  void open() {
    if (path_.empty()) {
      store_ = make_mem_store();
      return;
    }
    store_.reset();
    OpenResult opened = open_leveldb_store(path_);
    BOOST_REQUIRE_MESSAGE(opened.store, opened.detail);
    store_ = std::move(opened.store);
  }
  void step();
  void commit();
  void lose();
  std::string compare() const;
  std::string compare_messages() const;
  std::string compare_pages() const;
  std::string compare_elements() const;
  std::string compare_least_work() const;
  std::string compare_rest() const;

  Prng& random_;
  const std::string path_;
  std::unique_ptr<Store> store_;
  Model now_, durable_;
  std::vector<Staged> untaken_;
  std::deque<Taken> taken_;
  std::deque<Ticket> unreported_;
  Ticket ticket_ = 0;
};

void History::step() {
  switch (random_.below(10)) {
    default: {
      Staged staged{++ticket_, {}};
      for (std::uint64_t i = random_.below(6); i > 0; --i) staged.ops.push_back(random_op(random_, kIds, random_.chance(1, 8) ? 2'000 : 300));
      store_->stage(staged.ticket, staged.ops);
      now_.apply(staged.ops);
      untaken_.push_back(std::move(staged));
      break;
    }
    case 4: case 5: {
      auto set = store_->take();
      BOOST_REQUIRE((set != nullptr) == !untaken_.empty());
      if (set) {
        BOOST_REQUIRE(set->last_ticket() == untaken_.back().ticket);
        taken_.push_back({std::move(set), std::move(untaken_)});
        untaken_.clear();
      }
      break;
    }
    case 6: case 7: commit(); break;
    case 8:
      if (!unreported_.empty()) {
        store_->committed(unreported_.front());
        unreported_.pop_front();
      }
      break;
    case 9:
      if (random_.chance(1, 2)) {
        store_->failed();
        lose();
      } else if (random_.chance(1, 4)) {
        store_->compact();
      } else if (path_.empty()) {
        store_->failed();
        lose();
        ticket_ = 0;
      } else {
        open();
        lose();
        ticket_ = 0;
      }
  }
}

void History::commit() {
  std::vector<std::unique_ptr<WriteSet>> group;
  for (std::uint64_t i = random_.below(3); i > 0 && !taken_.empty(); --i) {
    for (const Staged& staged : taken_.front().staged) durable_.apply(staged.ops);
    group.push_back(std::move(taken_.front().set));
    taken_.pop_front();
  }
  BOOST_REQUIRE((store_->commit(group) == CommitResult::ok));
  if (!group.empty()) unreported_.push_back(group.back()->last_ticket());
}

void History::lose() {
  taken_.clear();
  untaken_.clear();
  unreported_.clear();
  now_ = durable_;
}

std::string History::compare() const {
  for (const auto& part : {&History::compare_messages, &History::compare_pages, &History::compare_elements,
                           &History::compare_least_work, &History::compare_rest})
    if (std::string fault = (this->*part)(); !fault.empty()) return fault;
  return {};
}

std::string History::compare_messages() const {
  for (std::uint64_t number = 0; number < kIds; ++number) {
    const auto id = id_of<MessageId>(number);
    const auto live = now_.live.find(id);
    const auto ended = now_.ended.find(id);
    const bool is_live = live != now_.live.end(), is_ended = ended != now_.ended.end();
    const Custody expected = is_live ? Custody::live : is_ended ? ended->second.put.kind : Custody::absent;
    if (store_->custody_of(id) != expected) return "custody_of";
    const auto held = store_->message(id);
    if (held.has_value() != is_live) return "message";
    if (held && (held->header != live->second.put.header || held->ingress != live->second.put.ingress ||
                 held->received != live->second.put.received))
      return "message's fields";
    const auto body = store_->body(id);
    if (body != (is_live ? std::optional(live->second.put.body) : std::nullopt)) return "body";
    if (store_->final_record(id) != (is_ended ? std::optional(ended->second.put.record) : std::nullopt))
      return "final_record";
    const bool has_state = is_live && live->second.custody;
    if (store_->custody_state(id) != (has_state ? std::optional(live->second.custody->state) : std::nullopt))
      return "custody_state";
  }
  return {};
}

std::string History::compare_pages() const {
  std::map<std::uint64_t, MessageId> arrival;
  std::map<MailboxId, std::map<std::uint64_t, MessageId>> boxes;
  std::set<std::pair<Millis, MessageId>> due;
  std::set<std::pair<std::uint32_t, MessageId>> expiring;
  for (const auto& [id, one] : now_.live) {
    arrival[one.order] = id;
    boxes[mailbox_of(one.number)][one.order] = id;
    if (one.custody && one.custody->due != 0) due.emplace(one.custody->due, id);
    expiring.emplace(expires_of(one.number), id);
  }
  for (const auto& [id, one] : now_.ended) expiring.emplace(expires_of(one.number), id);

  const auto same = [](const std::map<std::uint64_t, MessageId>& expected, const std::vector<MailboxItem>& items) {
    std::size_t at = 0;
    for (const auto& [order, id] : expected)
      if (at >= items.size() || items[at++].id != id) return false;
    return at == items.size();
  };
  if (!same(arrival, store_->live_page(0, 100))) return "live_page";
  for (std::uint64_t i = 0; i < kMailboxes; ++i) {
    const auto box = id_of<MailboxId>(i);
    if (!same(boxes[box], store_->mailbox_page(box, 0, 100))) return "mailbox_page";
    const auto first = store_->mailbox_page(box, 0, 1);
    const std::size_t rest = first.empty() ? 0 : store_->mailbox_page(box, first[0].sequence, 100).size();
    if (first.size() + rest != boxes[box].size()) return "mailbox_page's cursor";
  }
  const Millis until = static_cast<Millis>(random_.below(8)) - 2;
  std::vector<std::pair<Millis, MessageId>> found, wanted;
  for (const auto& item : store_->due_page(until, 4)) found.emplace_back(item.due, item.id);
  for (const auto& item : due)
    if (item.first <= until && wanted.size() < 4) wanted.push_back(item);
  if (found != wanted) return "due_page";
  if (!is_first(store_->next_due(), due)) return "next_due";
  const auto page = store_->expiring_page(52, 100);
  std::size_t at = 0;
  for (const auto& [minute, id] : expiring) {
    if (minute > 52) break;
    if (at >= page.size() || page[at].id != id || page[at].expires != minute ||
        page[at].kind != store_->custody_of(id))
      return "expiring_page";
    ++at;
  }
  if (at != page.size()) return "expiring_page's length";
  if (!is_first(store_->next_expiry(), expiring)) return "next_expiry";
  return {};
}

std::string History::compare_elements() const {
  std::map<ElementPlace, std::pair<Custody, MailboxId>> wanted;
  const MailboxId box = mailbox_of(random_.below(kMailboxes));
  const ElementPlace from{expires_of(random_.below(4)), id_of<MessageId>(random_.below(kIds))}, until{52, MessageId{}};
  const auto want = [&](std::uint64_t number, const MessageId& id, Custody kind) {
    const ElementPlace place{expires_of(number), id};
    if (from <= place && place < until && mailbox_of(number) == box) wanted[place] = {kind, box};
  };
  for (const auto& [id, one] : now_.live) want(one.number, id, Custody::live);
  for (const auto& [id, one] : now_.ended) want(one.number, id, one.put.kind);
  std::map<ElementPlace, std::pair<Custody, MailboxId>> found;
  std::optional<ElementPlace> at = from;
  for (int pages = 0; at && pages < 20; ++pages) {
    const auto page = store_->elements(*at, until, [&](const MailboxId& mailbox) { return mailbox == box; }, 2);
    if (page.elements.size() > 2) return "elements' page";
    for (const Element& one : page.elements) found[one.place] = {one.kind, one.mailbox};
    if (page.next && *page.next <= *at) return "elements' cursor";
    at = page.next;
  }
  return found == wanted ? "" : "elements";
}

std::string History::compare_least_work() const {
  // Least work, then most used by its peer, then (the store's choice among equals) the peer's id, then age.
  std::map<std::tuple<std::uint64_t, std::int64_t, NodeId, std::uint64_t>, MessageId> candidates;
  for (const auto& [id, one] : now_.live) {
    if (one.put.ingress == NodeId{}) continue;
    const auto used = static_cast<std::int64_t>(now_.used_by(one.put.ingress));
    candidates[{work_of(one.number), -used, one.put.ingress, one.order}] = id;
  }
  std::vector<MessageId> found, wanted;
  std::size_t limit = 1 + random_.below(3);
  for (const auto& item : store_->least_work(limit)) {
    found.push_back(item.id);
    if (item.bytes != Model::cost(now_.live.at(item.id))) return "least_work's bytes";
  }
  for (const auto& [key, id] : candidates) {
    const auto& first = candidates.begin()->first;
    if (std::get<0>(key) == std::get<0>(first) && std::get<2>(key) == std::get<2>(first) && wanted.size() < limit)
      wanted.push_back(id);
  }
  return found == wanted ? "" : "least_work";
}

std::string History::compare_rest() const {
  if (store_->totals() != now_.totals()) return "totals";
  for (std::uint64_t i = 0; i < kMailboxes; ++i) {
    std::uint64_t bytes = 0;
    for (const auto& [id, one] : now_.live)
      if (one.number % kMailboxes == i) bytes += Model::cost(one);
    if (store_->mailbox_bytes(id_of<MailboxId>(i)) != bytes) return "mailbox_bytes";
  }
  for (std::uint64_t i = 0; i < kPeers; ++i) {
    if (store_->ingress_bytes(id_of<NodeId>(i)) != now_.used_by(id_of<NodeId>(i))) return "ingress_bytes";
  }
  std::vector<KeyRecordItem> records;
  for (const auto& [address, item] : now_.records) records.push_back(item);
  if (store_->key_records_page(std::nullopt, 100) != records) return "key_records_page";
  std::size_t rows = 0;
  for (const Table table : {Table::meta, Table::contacts, Table::agent}) {
    for (const auto& item : store_->rows(table, {}, std::nullopt, 100)) {
      const auto expected = now_.rows.find({table, item.key});
      if (expected == now_.rows.end() || expected->second != item.value) return "rows";
      ++rows;
    }
  }
  return rows == now_.rows.size() ? "" : "rows' number";
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

std::string make_directory() {
  std::string pattern = "/tmp/comm-store-model-XXXXXX";
  BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  return pattern;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_model)

BOOST_AUTO_TEST_CASE(mem_store) {
  const std::uint64_t first = from_environment("COMM_SEED", 1), rounds = from_environment("COMM_ROUNDS", 3'000);
  for (std::uint64_t seed = first; seed < first + rounds; ++seed) {
    Prng random(seed);
    const std::string fault = History(random, "").run(60);
    BOOST_REQUIRE_MESSAGE(fault.empty(), "seed " << seed << ": " << fault);
  }
}

BOOST_AUTO_TEST_CASE(leveldb_store) {
  const std::uint64_t first = from_environment("COMM_SEED", 1), rounds = from_environment("COMM_ROUNDS", 200);
  for (std::uint64_t seed = first; seed < first + rounds; ++seed) {
    Prng random(seed);
    const std::string directory = make_directory();
    const std::string fault = History(random, directory + "/store").run(60);
    std::filesystem::remove_all(directory);
    BOOST_REQUIRE_MESSAGE(fault.empty(), "seed " << seed << ": " << fault);
  }
}

BOOST_AUTO_TEST_SUITE_END()
