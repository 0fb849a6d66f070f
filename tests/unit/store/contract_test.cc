// The contract of store.h and store_op.h, word by word, over both stores.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/unit/store/store_fixture.h"

using namespace comm;
using namespace comm::test;
namespace data = boost::unit_test::data;

namespace {

std::vector<std::uint64_t> numbers(const std::vector<MailboxItem>& items) {
  std::vector<std::uint64_t> out;
  for (const auto& item : items) out.push_back(get_be<std::uint64_t>(item.id.view()));
  return out;
}
std::vector<std::uint64_t> numbers(const std::vector<DueItem>& items) {
  std::vector<std::uint64_t> out;
  for (const auto& item : items) out.push_back(get_be<std::uint64_t>(item.id.view()));
  return out;
}
using Numbers = std::vector<std::uint64_t>;

constexpr std::uint64_t kCost = 100 + kHeaderBytes;  // of a default message

}  // namespace

BOOST_AUTO_TEST_SUITE(store_contract)

BOOST_DATA_TEST_CASE(empty_store, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  BOOST_TEST((store->totals() == Totals{}));
  BOOST_TEST((store->custody_of(message_id(1)) == Custody::absent));
  BOOST_TEST(!store->message(message_id(1)));
  BOOST_TEST(!store->body(message_id(1)));
  BOOST_TEST(!store->final_record(message_id(1)));
  BOOST_TEST(!store->next_due());
  BOOST_TEST(!store->next_expiry());
  BOOST_TEST(store->live_page(0, 10).empty());
  BOOST_TEST(!store->take());
  store.write({EraseMessage{message_id(1)}, EraseTombstone{message_id(1)}, PutCustody{message_id(1), 5, {}},
               EraseKeyRecord{address_of(1)}, EraseRow{Table::agent, {1}}});
  BOOST_TEST((store->totals() == Totals{}));
  BOOST_TEST(!store->next_due());
  BOOST_TEST(store->verify() == "");
}

// Half of them committed; close together and far apart.
BOOST_DATA_TEST_CASE(bodies_are_read_in_the_order_of_arrival, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  for (std::uint64_t number = 1; number <= 40; ++number) {
    store.stage({put_of({.number = number, .body_bytes = number})});
    if (number == 20) store.commit();
  }
  store.write({EraseMessage{message_id(7)}, EraseMessage{message_id(30)}});
  store.stage({put_of({.number = 41})});
  const auto live = store->live_page(0, 100);
  BOOST_REQUIRE(live.size() == 39u);
  for (const std::size_t step : {1u, 3u, 11u}) {
    std::vector<std::uint64_t> sequences;
    std::vector<Bytes> wanted;
    for (std::size_t i = 0; i < live.size(); i += step) {
      sequences.push_back(live[i].sequence);
      wanted.push_back(store->body(live[i].id).value());
    }
    BOOST_TEST((store->bodies(sequences) == wanted));
  }
  BOOST_TEST(store->bodies({}).empty());
}

BOOST_DATA_TEST_CASE(put_is_read_back_before_and_after_commit, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  const MessageSpec spec{7, 3, 9, 500, 100};
  const auto check = [&] {
    const auto held = store->message(message_id(7));
    BOOST_REQUIRE(held);
    BOOST_TEST((held->header == header_of(spec)));
    BOOST_TEST((held->nonce == id_of<StampNonce>(7)));
    BOOST_TEST((held->ingress == node_id(9)));
    BOOST_TEST(held->received == 1'000'007);
    BOOST_TEST((store->custody_of(message_id(7)) == Custody::live));
    BOOST_TEST((store->body(message_id(7)) == body_of(spec)));
    BOOST_TEST(!store->final_record(message_id(7)));
    BOOST_TEST((store->totals() == Totals{1, 0, 0, kCost, 0}));
    BOOST_TEST(store->mailbox_bytes(mailbox_id(3)) == kCost);
    BOOST_TEST(store->ingress_bytes(node_id(9)) == kCost);
    BOOST_TEST(store->next_expiry().value() == 500u);
    BOOST_TEST(store->verify() == "");
  };
  store.stage({put_of(spec)});
  check();
  store.commit();
  check();
}

BOOST_DATA_TEST_CASE(duplicate_put_changes_nothing_but_its_ticket_is_reported, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  store.write({put_of({.number = 1})});
  const auto before = store->message(message_id(1));
  const Ticket ticket = store.stage({put_of({.number = 1, .ingress = 2, .body_bytes = 200})});
  BOOST_TEST((store->totals() == Totals{1, 0, 0, kCost, 0}));
  BOOST_TEST(store->message(message_id(1))->sequence == before->sequence);
  BOOST_TEST(store->ingress_bytes(node_id(2)) == 0u);
  const auto set = store->take();
  BOOST_REQUIRE(set);
  BOOST_TEST(set->last_ticket() == ticket);
  BOOST_TEST((store->commit({&set, 1}) == CommitResult::ok));
}

BOOST_DATA_TEST_CASE(acknowledgement_replaces_the_message, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  const MessageSpec spec{.number = 1, .mailbox = 2, .ingress = 3, .expires = 77};
  store.write({put_of(spec), PutCustody{message_id(1), 50, {1, 2}}});
  PutTombstone ack = tombstone_of(spec, Custody::acknowledged, true);
  ack.ingress = node_id(4);  // who brought the acknowledgement does not pay: who brought the message does
  store.write({ack});
  BOOST_TEST((store->custody_of(message_id(1)) == Custody::acknowledged));
  BOOST_TEST(!store->message(message_id(1)));
  BOOST_TEST(!store->body(message_id(1)));
  BOOST_TEST(!store->custody_state(message_id(1)));
  BOOST_TEST((store->final_record(message_id(1)) == ack.record));
  BOOST_TEST(!store->next_due());
  BOOST_TEST(store->mailbox_page(mailbox_id(2), 0, 10).empty());
  BOOST_TEST(store->mailbox_bytes(mailbox_id(2)) == 0u);
  BOOST_TEST(store->ingress_bytes(node_id(3)) == kTombstoneCostBytes);
  BOOST_TEST(store->ingress_bytes(node_id(4)) == 0u);
  BOOST_TEST((store->totals() == Totals{0, 1, 0, kTombstoneCostBytes, 0}));
  const auto expiring = store->expiring_page(77, 10);
  BOOST_REQUIRE(expiring.size() == 1u);
  BOOST_TEST((expiring[0].kind == Custody::acknowledged));
  BOOST_TEST(store->verify() == "");
}

BOOST_DATA_TEST_CASE(never_resurrects, data::make(kBothStores)) {
  for (const Custody kind : {Custody::refused, Custody::acknowledged}) {
    StoreUnderTest store(sample);
    store.write({put_of({.number = 1}), tombstone_of({.number = 1}, kind)});
    store.write({put_of({.number = 1})});
    store.write({PutCustody{message_id(1), 5, {}}, EraseMessage{message_id(1)}});
    BOOST_TEST((store->custody_of(message_id(1)) == kind));
    store.crash();
    if (sample == StoreKind::leveldb) {
      store.write({put_of({.number = 1})});
      BOOST_TEST((store->custody_of(message_id(1)) == kind));
    }
    BOOST_TEST((store->totals() == Totals{0, 1, 0, kTombstoneCostBytes, 0}));
    store.write({EraseTombstone{message_id(1)}, put_of({.number = 1})});  // collected: it may come again
    BOOST_TEST((store->custody_of(message_id(1)) == Custody::live));
    BOOST_TEST(store->verify() == "");
  }
}

BOOST_DATA_TEST_CASE(acknowledged_supersedes_refused_and_not_the_reverse, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  const PutTombstone refusal = tombstone_of({.number = 1, .ingress = 5}, Custody::refused, true);
  PutTombstone ack = tombstone_of({.number = 1, .ingress = 6});
  store.write({refusal});
  BOOST_TEST((store->totals() == Totals{0, 1, 1, kTombstoneCostBytes, 0}));
  store.write({ack});
  BOOST_TEST((store->final_record(message_id(1)) == ack.record));
  BOOST_TEST((store->totals() == Totals{0, 1, 1, kTombstoneCostBytes, 0}));
  BOOST_TEST(store->ingress_bytes(node_id(5)) == kTombstoneCostBytes);
  BOOST_TEST(store->ingress_bytes(node_id(6)) == 0u);
  store.write({refusal});
  BOOST_TEST((store->custody_of(message_id(1)) == Custody::acknowledged));
  BOOST_TEST((store->final_record(message_id(1)) == ack.record));
  ack.record.back() ^= 1;
  store.write({ack});  // the first acknowledgement stays
  BOOST_TEST((store->final_record(message_id(1)) != ack.record));
  store.write({EraseTombstone{message_id(1)}});
  BOOST_TEST((store->totals() == Totals{}));
  BOOST_TEST(store->ingress_bytes(node_id(5)) == 0u);
  BOOST_TEST(!store->next_expiry());
  BOOST_TEST(store->verify() == "");
}

BOOST_DATA_TEST_CASE(erasing_the_wrong_kind_is_a_no_op, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  store.write({put_of({.number = 1}), tombstone_of({.number = 2})});
  store.write({EraseTombstone{message_id(1)}, EraseMessage{message_id(2)}});
  BOOST_TEST((store->custody_of(message_id(1)) == Custody::live));
  BOOST_TEST((store->custody_of(message_id(2)) == Custody::acknowledged));
  store.write({EraseMessage{message_id(1)}, EraseMessage{message_id(1)}});
  BOOST_TEST((store->totals() == Totals{0, 1, 0, kTombstoneCostBytes, 0}));
  BOOST_TEST(store->verify() == "");
}

BOOST_DATA_TEST_CASE(pages_follow_arrival, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  // Half is durable, half staged; ids run against arrival; 5 and 20 leave again, one of them uncommitted.
  std::vector<StoreOp> first, second;
  for (std::uint64_t i = 30; i > 15; --i) first.push_back(put_of({.number = i, .mailbox = i % 2}));
  for (std::uint64_t i = 15; i > 0; --i) second.push_back(put_of({.number = i, .mailbox = i % 2}));
  store.write(first);
  store.stage(second);
  store.stage({EraseMessage{message_id(20)}, EraseMessage{message_id(5)}});
  Numbers even, all;
  for (std::uint64_t i = 30; i > 0; --i) {
    if (i == 20 || i == 5) continue;
    all.push_back(i);
    if (i % 2 == 0) even.push_back(i);
  }
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST((numbers(store->mailbox_page(mailbox_id(0), 0, 100)) == even));
    BOOST_TEST((numbers(store->live_page(0, 100)) == all));
    Numbers paged;
    std::uint64_t after = 0;
    for (auto page = store->live_page(0, 4); !page.empty(); page = store->live_page(after, 4)) {
      BOOST_TEST(page.size() <= 4u);
      for (const auto n : numbers(page)) paged.push_back(n);
      BOOST_TEST(page.back().sequence > after);
      after = page.back().sequence;
    }
    BOOST_TEST((paged == all));
    const auto item = store->mailbox_page(mailbox_id(0), 0, 1).at(0);
    BOOST_TEST((item.stored.header == header_of({.number = 30, .mailbox = 0})));
    BOOST_TEST(item.stored.sequence == item.sequence);
    BOOST_TEST(store->mailbox_page(mailbox_id(0), UINT64_MAX, 10).empty());
    BOOST_TEST(store->mailbox_page(mailbox_id(0), 0, 0).empty());
    BOOST_TEST(store->mailbox_page(mailbox_id(77), 0, 10).empty());
    store.commit();
  }
}

BOOST_DATA_TEST_CASE(due_order_follows_put_custody, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  store.write({put_of({.number = 1}), put_of({.number = 2}), put_of({.number = 3}),
               PutCustody{message_id(1), 300, {1}}, PutCustody{message_id(2), 200, {2}}});
  BOOST_TEST(store->next_due().value() == 200);
  BOOST_TEST((numbers(store->due_page(1000, 10)) == Numbers{2, 1}));  // 3 has no custody state yet
  BOOST_TEST(store->due_page(199, 10).empty());
  BOOST_TEST((numbers(store->due_page(200, 10)) == Numbers{2}));
  store.stage({PutCustody{message_id(2), 400, {22}}, PutCustody{message_id(3), -5, {3}}});
  BOOST_TEST(store->next_due().value() == -5);
  const auto due = store->due_page(INT64_MAX, 10);
  BOOST_TEST((numbers(due) == Numbers{3, 1, 2}));
  BOOST_TEST((due[2].state == Bytes{22}));
  BOOST_TEST(due[2].due == 400);
  BOOST_TEST((numbers(store->due_page(INT64_MAX, 2)) == Numbers{3, 1}));
  BOOST_TEST((store->custody_state(message_id(2)) == Bytes{22}));
  store.stage({PutCustody{message_id(2), 400, {23}}});  // the same due, another state
  BOOST_TEST((store->custody_state(message_id(2)) == Bytes{23}));
  store->failed();
  BOOST_TEST((numbers(store->due_page(INT64_MAX, 10)) == Numbers{2, 1}));
  BOOST_TEST(store->next_due().value() == 200);
  store.write({EraseMessage{message_id(2)}});
  BOOST_TEST(store->next_due().value() == 300);
  store.write({EraseMessage{message_id(1)}});
  BOOST_TEST(!store->next_due());
  BOOST_TEST(store->verify() == "");
}

BOOST_DATA_TEST_CASE(expiry_order, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  store.write({put_of({.number = 1, .expires = 30}), put_of({.number = 2, .expires = 10})});
  store.stage({tombstone_of({.number = 3, .expires = 20}, Custody::refused), put_of({.number = 4, .expires = UINT32_MAX})});
  const auto page = store->expiring_page(UINT32_MAX, 10);
  BOOST_REQUIRE(page.size() == 4u);
  BOOST_TEST((page[0].id == message_id(2) && page[0].expires == 10 && page[0].kind == Custody::live));
  BOOST_TEST((page[1].id == message_id(3) && page[1].expires == 20 && page[1].kind == Custody::refused));
  BOOST_TEST((page[2].id == message_id(1)));
  BOOST_TEST(store->expiring_page(20, 10).size() == 2u);
  BOOST_TEST(store->expiring_page(9, 10).empty());
  BOOST_TEST(store->expiring_page(UINT32_MAX, 3).size() == 3u);
  store.stage({EraseMessage{message_id(2)}});
  BOOST_TEST(store->next_expiry().value() == 20u);
}

BOOST_DATA_TEST_CASE(elements_are_in_order_and_of_the_mailboxes_asked_for, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  store.write({put_of({.number = 1, .mailbox = 1, .expires = 30}), put_of({.number = 2, .mailbox = 2, .expires = 10}),
               put_of({.number = 3, .mailbox = 1, .expires = 20})});
  store.stage({tombstone_of({.number = 3, .mailbox = 1, .expires = 20}),
               tombstone_of({.number = 4, .mailbox = 2, .expires = 20}, Custody::refused, true)});
  const auto any = [](const MailboxId&) { return true; };
  const ElementPlace first{}, last{UINT32_MAX, {}};
  for (int round = 0; round < 2; ++round) {
    const auto all = store->elements(first, last, any, 10);
    BOOST_REQUIRE(all.elements.size() == 4u);
    BOOST_TEST(!all.next);
    BOOST_TEST((all.elements[0].place == ElementPlace{10, message_id(2)} && all.elements[0].kind == Custody::live));
    BOOST_TEST((all.elements[1].place == ElementPlace{20, message_id(3)}));
    BOOST_TEST((all.elements[1].kind == Custody::acknowledged && all.elements[1].mailbox == mailbox_id(1)));
    BOOST_TEST((all.elements[2].kind == Custody::refused && all.elements[2].mailbox == mailbox_id(2)));
    const auto page = store->elements(first, last, any, 3);
    BOOST_REQUIRE(page.next);
    BOOST_TEST((*page.next == ElementPlace{30, message_id(1)}));
    BOOST_TEST(store->elements(*page.next, last, any, 3).elements.size() == 1u);
    BOOST_TEST(store->elements(first, *page.next, any, 10).elements.size() == 3u);
    BOOST_TEST(store->elements({20, message_id(4)}, {20, message_id(4)}, any, 10).elements.empty());
    const auto mine = store->elements(first, last, [](const MailboxId& box) { return box == mailbox_id(1); }, 10);
    BOOST_TEST(mine.elements.size() == 2u);
    store.commit();
  }
}

BOOST_DATA_TEST_CASE(one_call_looks_at_a_bounded_number_of_elements, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  std::vector<StoreOp> ops;
  for (std::uint64_t i = 0; i <= kMaxElementsRead; ++i) ops.push_back(tombstone_of({.number = i, .mailbox = 9}));
  store.write(std::move(ops));
  const auto none = [](const MailboxId&) { return false; };
  const auto page = store->elements({}, {UINT32_MAX, {}}, none, 10);
  BOOST_TEST(page.elements.empty());
  BOOST_REQUIRE(page.next);
  BOOST_TEST((page.next->id == message_id(kMaxElementsRead)));
  BOOST_TEST(!store->elements(*page.next, {UINT32_MAX, {}}, none, 10).next);
}

BOOST_DATA_TEST_CASE(work_is_listed_for_all_and_for_one_peer, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  const auto numbers = [](const std::vector<WorkItem>& items) {
    Numbers out;
    for (const auto& item : items) out.push_back(get_be<std::uint64_t>(item.id.view()));
    return out;
  };
  store.write({put_of({.number = 1, .ingress = 2, .effort = 3}), put_of({.number = 2, .ingress = 1, .effort = 3}),
               put_of({.number = 3, .ingress = 2, .effort = 1}), put_of({.number = 4, .ingress = 2, .effort = 9}),
               put_of({.number = 5, .ingress = 2, .effort = 1})});
  BOOST_TEST((numbers(store->by_work(0, 9)) == Numbers{3, 5, 2, 1, 4}));
  const std::uint64_t third = store->by_work(0, 3)[2].work;
  BOOST_TEST((numbers(store->by_work(third, 9)) == Numbers{2, 1, 4}));
  BOOST_TEST((numbers(store->by_work(third + 1, 1)) == Numbers{4}));
  BOOST_TEST((numbers(store->least_work_of(node_id(2), 9)) == Numbers{3, 5, 1, 4}));
  BOOST_TEST((numbers(store->least_work_of(node_id(2), 3)) == Numbers{3, 5, 1}));
  BOOST_TEST(store->least_work_of(node_id(3), 9).empty());
}

BOOST_DATA_TEST_CASE(foreign_tombstones_are_listed_by_work, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  const auto numbers = [&] {
    Numbers out;
    for (const auto& item : store->least_foreign(9)) out.push_back(get_be<std::uint64_t>(item.id.view()));
    return out;
  };
  store.write({put_of({.number = 1}), tombstone_of({.number = 1}), tombstone_of({.number = 2, .effort = 5}, Custody::refused, true),
               tombstone_of({.number = 3, .effort = 2}, Custody::acknowledged, true)});
  BOOST_TEST((numbers() == Numbers{3, 2}));
  store.write({tombstone_of({.number = 2, .effort = 5})});  // the refusal becomes an acknowledgement
  BOOST_TEST((numbers() == Numbers{3, 2}));
  BOOST_TEST(store->verify() == "");
  store.write({EraseTombstone{message_id(3)}, EraseTombstone{message_id(1)}});
  BOOST_TEST((numbers() == Numbers{2}));
  BOOST_TEST(store->verify() == "");
}

BOOST_DATA_TEST_CASE(staged_bytes_are_those_not_yet_durable, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  BOOST_TEST(store->staged_bytes() == 0u);
  store.stage({put_of({.number = 1, .body_bytes = 5'000})});
  BOOST_TEST(store->staged_bytes() > 5'000u);
  store.commit();
  BOOST_TEST(store->staged_bytes() == 0u);
  store.stage({put_of({.number = 2, .body_bytes = 5'000})});
  store.crash();
  BOOST_TEST(store->staged_bytes() == 0u);
}

BOOST_DATA_TEST_CASE(least_work_first_and_ties_go_against_the_biggest_user, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  const auto ids = [&](std::size_t limit) {
    Numbers out;
    for (const auto& item : store->least_work(limit)) out.push_back(get_be<std::uint64_t>(item.id.view()));
    return out;
  };
  BOOST_TEST(ids(5).empty());
  PutMessage own = put_of({.number = 9});
  own.ingress = NodeId{};
  store.write({own, put_of({.number = 1, .ingress = 1, .effort = 3}), put_of({.number = 2, .ingress = 2, .effort = 1}),
               put_of({.number = 3, .ingress = 3, .effort = 1}), put_of({.number = 4, .ingress = 3, .effort = 1})});
  BOOST_TEST((ids(5) == Numbers{3, 4}));
  BOOST_TEST((ids(1) == Numbers{3}));
  BOOST_TEST(store->least_work(1)[0].bytes == kCost);
  BOOST_TEST((store->least_work(1)[0].stored.ingress == node_id(3)));
  // Peer 2 now uses most, by a tombstone too; then peer 1, which has nothing of so little work.
  store.stage({tombstone_of({.number = 20, .ingress = 2}), tombstone_of({.number = 21, .ingress = 2})});
  BOOST_TEST((ids(5) == Numbers{2}));
  store.write({put_of({.number = 5, .ingress = 1, .body_bytes = 50'000, .effort = 2})});
  BOOST_TEST((ids(5) == Numbers{2}));
  store.write({EraseMessage{message_id(2)}, EraseMessage{message_id(3)}, tombstone_of({.number = 4, .ingress = 3})});
  BOOST_TEST((ids(5) == Numbers{5}));
  store.write({EraseMessage{message_id(5)}, EraseMessage{message_id(1)}});
  BOOST_TEST(ids(5).empty());  // own messages stay
  BOOST_TEST(store->verify() == "");
}

BOOST_DATA_TEST_CASE(key_records, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  store.write({PutKeyRecord{address_of(2), 1, 9, {2}}, PutKeyRecord{address_of(1), 1, 9, {1}}});
  store.stage({PutKeyRecord{address_of(3), 1, 9, {3}}, PutKeyRecord{address_of(2), 2, 9, {2, 2}}});
  BOOST_TEST(store->totals().records == 3u);
  BOOST_TEST((store->key_record(address_of(2)) == Bytes{2, 2}));
  const auto page = store->key_records_page(std::nullopt, 2);
  BOOST_REQUIRE(page.size() == 2u);
  BOOST_TEST((page[1] == KeyRecordItem{address_of(2), 9, {2, 2}}));
  const auto rest = store->key_records_page(page[1].address, 2);
  BOOST_REQUIRE(rest.size() == 1u);
  BOOST_TEST((rest[0].record == Bytes{3}));
  store.write({EraseKeyRecord{address_of(1)}});
  BOOST_TEST(!store->key_record(address_of(1)));
  BOOST_TEST(store->totals().records == 2u);
  BOOST_TEST(store->verify() == "");
}

BOOST_DATA_TEST_CASE(rows_of_other_owners, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  store.write({PutRow{Table::agent, {1, 1}, {11}}, PutRow{Table::agent, {1, 0xff}, {12}}, PutRow{Table::agent, {2}, {2}},
               PutRow{Table::contacts, {1, 1}, {99}}, PutRow{Table::agent, {}, {}}});
  store.stage({PutRow{Table::agent, {1, 5}, {15}}, EraseRow{Table::agent, {1, 1}}, PutRow{Table::agent, {0xff, 0xff}, {7}}});
  BOOST_TEST((store->row(Table::contacts, Bytes{1, 1}) == Bytes{99}));
  BOOST_TEST(!store->row(Table::agent, Bytes{1, 1}));
  BOOST_TEST((store->row(Table::agent, Bytes{}) == Bytes{}));
  const auto page = store->rows(Table::agent, Bytes{1}, std::nullopt, 10);
  BOOST_REQUIRE(page.size() == 2u);
  BOOST_TEST((page[0].key == Bytes{1, 5} && page[1].key == Bytes{1, 0xff} && page[1].value == Bytes{12}));
  BOOST_TEST(store->rows(Table::agent, Bytes{1}, page[0].key, 10).size() == 1u);
  BOOST_TEST(store->rows(Table::agent, Bytes{1}, page[1].key, 10).empty());
  BOOST_TEST(store->rows(Table::agent, Bytes{1}, Bytes{9}, 10).empty());
  BOOST_TEST(store->rows(Table::agent, Bytes{0xff}, std::nullopt, 10).size() == 1u);
  BOOST_TEST(store->rows(Table::agent, Bytes{}, std::nullopt, 10).size() == 5u);
  BOOST_TEST(store->rows(Table::agent, Bytes{}, std::nullopt, 2).size() == 2u);
  BOOST_TEST(store->rows(Table::meta, Bytes{}, std::nullopt, 10).empty());
}

BOOST_DATA_TEST_CASE(failed_shows_the_durable_state_again, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  store.write({put_of({.number = 1}), put_of({.number = 2}), PutKeyRecord{address_of(1), 1, 1, {1}}});
  const Totals durable = store->totals();
  const std::uint64_t last = store->live_page(0, 10).back().sequence;
  store.stage({put_of({.number = 3}), tombstone_of({.number = 1}), EraseMessage{message_id(2)}});
  const auto taken = store->take();  // on its way, and lost
  store.stage({EraseKeyRecord{address_of(1)}});
  BOOST_TEST((store->totals() != durable));
  const std::uint64_t lost = store->message(message_id(3))->sequence;
  store->failed();
  BOOST_TEST((store->totals() == durable));
  BOOST_TEST((numbers(store->live_page(0, 10)) == Numbers{1, 2}));
  BOOST_TEST(store->ingress_bytes(node_id(1)) == 2 * kCost);
  BOOST_TEST((store->key_record(address_of(1)) == Bytes{1}));
  BOOST_TEST(!store->take());
  BOOST_TEST(store->verify() == "");
  BOOST_TEST(lost > last);
  store.write({put_of({.number = 4})});
  BOOST_TEST(store->message(message_id(4))->sequence > lost);
}

BOOST_DATA_TEST_CASE(committed_drops_only_its_own, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  // The same row under three tickets; the first becomes durable while the later ones wait, then these fail.
  store->stage(1, std::vector<StoreOp>{PutRow{Table::meta, {1}, {1}}});
  const auto first = store->take();
  store->stage(2, std::vector<StoreOp>{PutRow{Table::meta, {1}, {2}}});
  const auto second = store->take();
  store->stage(3, std::vector<StoreOp>{EraseRow{Table::meta, {1}}});
  BOOST_TEST((store->commit({&first, 1}) == CommitResult::ok));
  BOOST_TEST(!store->row(Table::meta, Bytes{1}));
  store->committed(1);
  BOOST_TEST(!store->row(Table::meta, Bytes{1}));
  BOOST_TEST((store->commit({&second, 1}) == CommitResult::ok));
  store->committed(2);
  BOOST_TEST(!store->row(Table::meta, Bytes{1}));
  store->failed();
  BOOST_TEST((store->row(Table::meta, Bytes{1}) == Bytes{2}));
}

BOOST_DATA_TEST_CASE(several_sets_commit_in_order_as_one, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  std::vector<std::unique_ptr<WriteSet>> sets;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    store->stage(i, std::vector<StoreOp>{put_of({.number = i}), PutRow{Table::meta, {0}, {static_cast<std::uint8_t>(i)}}});
    store->stage(i, std::vector<StoreOp>{EraseMessage{message_id(i - 1)}});  // a turn may stage twice
    sets.push_back(store->take());
    BOOST_TEST(sets.back()->last_ticket() == i);
    BOOST_TEST(sets.back()->bytes() > 100u);
  }
  BOOST_TEST((store->commit(sets) == CommitResult::ok));
  store->committed(5);
  store->failed();
  BOOST_TEST((numbers(store->live_page(0, 10)) == Numbers{5}));
  BOOST_TEST((store->row(Table::meta, Bytes{0}) == Bytes{5}));
  BOOST_TEST(store->verify() == "");
}

BOOST_DATA_TEST_CASE(message_and_its_end_within_one_batch, data::make(kBothStores)) {
  StoreUnderTest store(sample);
  store.write({put_of({.number = 1}), PutCustody{message_id(1), 9, {1}}, PutCustody{message_id(1), 8, {1}},
               tombstone_of({.number = 1}), put_of({.number = 1}), EraseTombstone{message_id(1)}});
  BOOST_TEST((store->totals() == Totals{}));
  BOOST_TEST(store->verify() == "");
}

BOOST_AUTO_TEST_SUITE_END()
