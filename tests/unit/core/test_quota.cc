// Who gives way to whom when a store is full: the rules one by one, and as properties over random stores.
#include <boost/test/unit_test.hpp>

#include "node/core/quota.h"
#include "proto/base/random.h"

using namespace comm;

namespace {

constexpr std::uint64_t kBytes = 1'120;

NodeId node(std::uint8_t n) { return *NodeId::from(Bytes(20, n)); }

MessageHeader header_of(std::uint8_t effort, std::uint16_t lifetime = 1'000, std::uint8_t size_class = 0) {
  MessageHeader out;
  out.effort = effort;
  out.lifetime = lifetime;
  out.size_class = size_class;
  return out;
}

Rival rival(std::uint8_t number, std::uint8_t effort, std::uint8_t ingress) {
  return {*MessageId::from(Bytes(32, number)), work_of(header_of(effort)), kBytes, {}, node(ingress)};
}

Newcomer newcomer(std::uint8_t effort, std::uint8_t ingress) { return {work_of(header_of(effort)), kBytes, node(ingress)}; }

std::uint64_t nobody(const NodeId&) { return 0; }

struct Uses {
  std::map<NodeId, std::uint64_t> of;
  std::uint64_t operator()(const NodeId& id) const { return of.contains(id) ? of.at(id) : 0; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(quota)

BOOST_AUTO_TEST_CASE(least_work_gives_way) {
  const std::vector<Rival> rivals{rival(1, 2, 1), rival(2, 3, 1), rival(3, 4, 1)};
  const Verdict verdict = make_room(newcomer(5, 2), 2 * kBytes, rivals, nobody);
  BOOST_TEST(!verdict.refused);
  BOOST_REQUIRE(verdict.evict.size() == 2u);
  BOOST_TEST((verdict.evict[0].id == rivals[0].id));
  BOOST_TEST((verdict.evict[1].id == rivals[1].id));
}

BOOST_AUTO_TEST_CASE(a_refusal_names_the_effort_that_would_do) {
  const std::vector<Rival> rivals{rival(1, 2, 1), rival(2, 7, 1), rival(3, 9, 1)};
  const Verdict verdict = make_room(newcomer(5, 2), 2 * kBytes, rivals, nobody);
  BOOST_TEST(verdict.refused);
  BOOST_TEST(verdict.evict.empty());
  BOOST_REQUIRE(verdict.price.has_value());
  BOOST_TEST(int{*verdict.price} == 8);
  BOOST_TEST(!make_room(newcomer(8, 2), 2 * kBytes, rivals, nobody).refused);
  BOOST_TEST(make_room(newcomer(7, 2), 2 * kBytes, rivals, nobody).refused);
}

BOOST_AUTO_TEST_CASE(what_cannot_go_has_no_price) {
  const std::vector<Rival> rivals{rival(1, 2, 1)};
  const Verdict verdict = make_room(newcomer(60, 2), 2 * kBytes, rivals, nobody);
  BOOST_TEST(verdict.refused);
  BOOST_TEST(!verdict.price.has_value());
}

BOOST_AUTO_TEST_CASE(work_counts_space_and_time) {
  // The same effort over a longer life or a larger body is less Work.
  BOOST_TEST(less_work(work_of(header_of(5, 2'000)), work_of(header_of(5, 1'000))));
  BOOST_TEST(less_work(work_of(header_of(5, 1'000, 1)), work_of(header_of(5, 1'000, 0))));
  const std::vector<Rival> rivals{{*MessageId::from(Bytes(32, 9)), work_of(header_of(5, 2'000)), kBytes, {}, node(1)}};
  BOOST_TEST(!make_room(newcomer(5, 2), kBytes, rivals, nobody).refused);
}

BOOST_AUTO_TEST_CASE(equals_give_way_by_the_use_of_their_ingress) {
  Uses use{{{node(1), 3 * kBytes}, {node(2), 5 * kBytes}, {node(3), kBytes}}};
  const std::vector<Rival> rivals{rival(1, 0, 1), rival(2, 0, 2), rival(3, 0, 3)};
  const Verdict verdict = make_room(newcomer(0, 4), kBytes, rivals, use);
  BOOST_TEST(!verdict.refused);
  BOOST_REQUIRE(verdict.evict.size() == 1u);
  BOOST_TEST((verdict.evict[0].id == rivals[1].id));
}

BOOST_AUTO_TEST_CASE(an_equal_of_a_smaller_user_stays) {
  Uses use{{{node(1), 3 * kBytes}, {node(2), 3 * kBytes}}};
  const std::vector<Rival> rivals{rival(1, 0, 1)};
  const Verdict verdict = make_room(newcomer(0, 2), kBytes, rivals, use);
  BOOST_TEST(verdict.refused);
  BOOST_TEST(int{verdict.price.value_or(99)} == 1);
}

// Whatever is stored: nothing stronger goes, nobody's equal goes to a larger user, enough goes or nothing does, and the
// price named is right to the bit.
BOOST_AUTO_TEST_CASE(rules_hold_for_any_store) {
  Prng random(7);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<Rival> rivals;
    Uses use;
    for (std::uint8_t i = 0; i < random.below(20); ++i) {
      Rival one = rival(i, static_cast<std::uint8_t>(random.below(6)), static_cast<std::uint8_t>(1 + random.below(4)));
      one.work = work_of(header_of(static_cast<std::uint8_t>(random.below(6)),
                                   random.chance(1, 2) ? std::uint16_t{1'000} : std::uint16_t{4'000}));
      one.bytes = random.chance(1, 3) ? 4'192 : kBytes;
      use.of[one.ingress] += one.bytes;
      rivals.push_back(one);
    }
    std::stable_sort(rivals.begin(), rivals.end(), [](const Rival& a, const Rival& b) { return less_work(a.work, b.work); });
    const auto effort = static_cast<std::uint8_t>(random.below(7));
    const Newcomer fresh = newcomer(effort, static_cast<std::uint8_t>(1 + random.below(5)));
    const std::uint64_t needed = random.below(5 * kBytes);
    const Verdict verdict = make_room(fresh, needed, rivals, use);
    std::uint64_t freed = 0;
    for (const Rival& gone : verdict.evict) {
      freed += gone.bytes;
      BOOST_TEST_REQUIRE(!less_work(fresh.work, gone.work));
      if (!less_work(gone.work, fresh.work)) BOOST_TEST_REQUIRE(use(gone.ingress) > use(fresh.ingress) + fresh.bytes);
    }
    BOOST_TEST_REQUIRE((verdict.refused || freed >= needed));
    BOOST_TEST_REQUIRE((!verdict.refused || verdict.evict.empty()));
    if (!verdict.price) continue;
    BOOST_TEST_REQUIRE(!make_room(newcomer(*verdict.price, 9), needed, rivals, use).refused);
    if (*verdict.price > 0)
      BOOST_TEST_REQUIRE(make_room({work_of(header_of(static_cast<std::uint8_t>(*verdict.price - 1))), kBytes,
                                    fresh.ingress}, needed, rivals, [](const NodeId&) { return std::uint64_t{1} << 40; }).refused);
  }
}

BOOST_AUTO_TEST_SUITE_END()
