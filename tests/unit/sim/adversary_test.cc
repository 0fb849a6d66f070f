// Hostile nodes: what each trick does to a packet, where ground ids lie, and runs with attackers.
#include <boost/test/unit_test.hpp>

#include "proto/seal/hash.h"
#include "proto/wire/header.h"
#include "tests/sim/simulation.h"

namespace comm::sim {
namespace {

constexpr LinkId kHonest = 7, kMember = 8;

NodeKey key_of(std::uint8_t value) {
  NodeKey out;
  out.data.fill(value);
  return out;
}

// One hostile node with a session to an honest one and one to a member.
struct Stage {
  Coven coven;
  std::vector<std::pair<LinkId, Packet>> sent;
  std::unique_ptr<Adversary> node;

  explicit Stage(AdversaryPlan plan) {
    for (std::uint8_t i = 1; i <= 20; ++i) {
      Coven::Member member{{{}, key_of(i), {}}, i, true};
      member.contact.id.data[19] = i;
      coven.keys[key_of(i)] = i - 1u;
      coven.members.push_back(member);
    }
    coven.honest = 1'000;
    node = std::make_unique<Adversary>(plan, coven, 1, [this](LinkId link, Packet packet) {
      sent.emplace_back(link, std::move(packet));
    });
    for (const LinkId link : {kHonest, kMember}) {
      Hello hello;
      hello.body.node_key = key_of(link == kHonest ? 200 : 1);
      comes(link, {1, hello});
      comes(link, {0, Ping{}});
    }
    sent.clear();
  }
  bool comes(LinkId link, Packet packet) { return node->comes(0, 0, link, packet); }
  bool leaves(LinkId link, Packet packet) { return node->leaves(0, 0, link, packet); }
};

AdversaryPlan plan_of(TrickKind kind) {
  AdversaryPlan out;
  out.tricks = {kind};
  return out;
}

SealedItem some_message() {
  SealedItem out;
  out.body.resize(kBodyClassBytes[0]);
  MessageHeader header;
  header.expires = 100'000;
  header.body_hash = body_hash(out.body);
  out.header = encode_header(header);
  return out;
}

Scenario file(const std::string& name, const std::vector<std::string>& settings) {
  auto read = load_scenario(COMM_SOURCE_DIR "/tests/sim/scoreboard/" + name + ".toml", settings);
  BOOST_TEST_REQUIRE(read.error == "");
  return read.scenario;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(adversary)

BOOST_AUTO_TEST_CASE(accept_then_forget_says_stored_and_keeps_nothing) {
  Stage stage(plan_of(TrickKind::accept_then_forget));
  BOOST_TEST(!stage.comes(kHonest, {0, Message{{some_message()}}}));
  BOOST_TEST_REQUIRE(stage.sent.size() == 1u);
  const auto* stored = std::get_if<Stored>(&stage.sent[0].second.body);
  BOOST_TEST_REQUIRE(stored != nullptr);
  BOOST_TEST((stored->items.at(0).status == StoredStatus::stored));
  BOOST_TEST((stored->items.at(0).id == message_id(some_message().header)));
  BOOST_TEST(stage.comes(kMember, {0, Message{{some_message()}}}));  // not among themselves
}

BOOST_AUTO_TEST_CASE(liars_name_members_only_and_the_adaptive_one_not_always_the_same) {
  Stage fixed(plan_of(TrickKind::lie_fixed)), adaptive(plan_of(TrickKind::lie_adaptive));
  for (Stage* stage : {&fixed, &adaptive})
    for (std::uint32_t i = 1; i <= 2; ++i) BOOST_TEST(!stage->comes(kHonest, {i, FindNode{}}));
  const auto named = [](const Stage& stage, std::size_t i) {
    return std::get<Nodes>(stage.sent.at(i).second.body).contacts;
  };
  BOOST_TEST(named(fixed, 0).size() == kBucketSize);
  BOOST_TEST((named(fixed, 0) == named(fixed, 1)));
  BOOST_TEST((named(adaptive, 0) != named(adaptive, 1)));
  for (const Contact& contact : named(adaptive, 0)) BOOST_TEST(adaptive.coven.has(contact.key));
}

BOOST_AUTO_TEST_CASE(truncate_hides_the_honest_nodes_of_the_region) {
  Stage stage(plan_of(TrickKind::truncate));
  BOOST_TEST(stage.comes(kHonest, {5, FindNode{}}));
  Contact near{{}, key_of(200), {}}, far = near;
  far.id.data[0] = 0x80;
  Packet answer{5, Nodes{{near, far, stage.coven.members[0].contact}}};
  BOOST_TEST(stage.node->leaves(0, 0, kHonest, answer));
  const auto& left = std::get<Nodes>(answer.body).contacts;
  BOOST_TEST((left == std::vector<Contact>{far, stage.coven.members[0].contact}));
}

BOOST_AUTO_TEST_CASE(drop_serves_routing_and_nothing_else) {
  Stage stage(plan_of(TrickKind::drop));
  BOOST_TEST(stage.comes(kHonest, {1, FindNode{}}));
  BOOST_TEST(stage.comes(kHonest, {1, Ping{}}));
  BOOST_TEST(!stage.comes(kHonest, {0, Message{{some_message()}}}));
  BOOST_TEST(!stage.comes(kHonest, {1, GetRecord{}}));
  BOOST_TEST(stage.sent.empty());
}

BOOST_AUTO_TEST_CASE(a_covert_node_is_honest_until_its_hour) {
  AdversaryPlan plan = plan_of(TrickKind::drop);
  plan.honest_until = kHour;
  Stage stage(plan);
  Packet packet{0, Message{{some_message()}}};
  BOOST_TEST(stage.node->comes(kHour - 1, 0, kHonest, packet));
  BOOST_TEST(!stage.node->comes(kHour, 0, kHonest, packet));
}

BOOST_AUTO_TEST_CASE(withheld_acks_neither_come_nor_leave_and_forged_ones_prove_nothing) {
  Stage withholder(plan_of(TrickKind::ack_withhold));
  BOOST_TEST(!withholder.comes(kHonest, {0, Ack{{Bytes(kHeaderBytes)}}}));
  BOOST_TEST(!withholder.leaves(kHonest, {0, Ack{{Bytes(kHeaderBytes)}}}));
  Stage forger(plan_of(TrickKind::forge_ack));
  for (int i = 0; i < 20; ++i) forger.comes(kHonest, {0, Message{{some_message()}}});
  BOOST_TEST_REQUIRE(forger.sent.size() == 20u);
  for (const auto& [link, packet] : forger.sent)
    for (const Bytes& record : std::get<Ack>(packet.body).records) BOOST_TEST(!check_final_record(record).has_value());
}

BOOST_AUTO_TEST_CASE(replayers_and_flooders_send_what_their_rate_says) {
  AdversaryPlan plan = plan_of(TrickKind::flood);
  plan.per_minute = 600;
  Stage stage(plan);
  stage.node->tick(0, kSimEpoch);
  std::size_t items = 0;
  for (const auto& [link, packet] : stage.sent) {
    BOOST_TEST(link == kHonest);
    for (const SealedItem& item : std::get<Message>(packet.body).items) {
      const auto header = parse_header(item.header);
      BOOST_TEST_REQUIRE(header.has_value());
      BOOST_TEST(check_body(*header, item.body).has_value());
      ++items;
    }
  }
  BOOST_TEST(items == 100u);
}

BOOST_AUTO_TEST_CASE(ground_ids_lie_next_to_their_target) {
  Prng random(1);
  OverlayPoint target;
  random.fill(target);
  for (int i = 0; i < 100; ++i) {
    const auto far = get_be<std::uint64_t>(distance(target, overlay_point(ground_id(target, 1'000, 1'000, random))).view());
    BOOST_TEST(far <= UINT64_MAX / 1'000);
  }
}

BOOST_AUTO_TEST_CASE(settings_change_what_a_scenario_names) {
  const Scenario scenario = file("s4", {"adversary[0].ids=3", "settle=5m", "adversary[0].tricks=drop,replay"});
  BOOST_TEST(scenario.adversaries.at(0).ids == 3u);
  BOOST_TEST(scenario.settle == 5 * kMinute);
  BOOST_TEST((scenario.adversaries[0].tricks == std::vector{TrickKind::drop, TrickKind::replay}));
  BOOST_TEST(load_scenario(COMM_SOURCE_DIR "/tests/sim/scoreboard/s4.toml", {"no.such=1"}).error != "");
}

BOOST_AUTO_TEST_CASE(a_seed_with_attackers_is_a_run) {
  Scenario scenario = file("s4", {"adversary[0].ids=4", "nodes=12", "workload.messages=10", "settle=2m"});
  scenario.workload.from = kMinute;
  scenario.workload.until = scenario.heal = 3 * kMinute;
  const auto run = [&] {
    RunOptions options;
    Simulation simulation(scenario, options);
    return simulation.run();
  };
  const Report first = run(), again = run();
  BOOST_TEST(first.trace == again.trace);
  BOOST_TEST(first.totals.shown == 10u);
  BOOST_TEST(first.measured.find("\"hostile\":4") != std::string::npos);
  BOOST_TEST(first.good(), to_text(first));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm::sim
