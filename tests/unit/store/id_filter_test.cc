#include <boost/test/unit_test.hpp>

#include "proto/base/random.h"
#include "relay_store/id_filter.h"
#include "relay_store/keys.h"
#include "relay_store/mem_kv.h"

namespace comm {
namespace {

std::vector<std::string> random_keys(Prng& random, std::size_t count) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) {
    MessageId id;
    random.fill(id.data);
    out.push_back(keys::by_id(keys::kId, id));
  }
  return out;
}

void make_durable(MemKv& kv, const std::vector<std::string>& keys) {
  KvWrites writes;
  for (const std::string& key : keys) writes.push_back({key, "v"});
  const KvWrites* const batches[] = {&writes};
  BOOST_REQUIRE(kv.apply(batches) == CommitResult::ok);
}

std::size_t held(const IdFilter& filter, const std::vector<std::string>& keys) {
  return static_cast<std::size_t>(
      std::count_if(keys.begin(), keys.end(), [&](const std::string& key) { return filter.may_hold(key); }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(id_filter)

BOOST_AUTO_TEST_CASE(every_id_that_is_here_may_be_here_and_few_others) {
  Prng random(1);
  MemKv kv;
  const auto durable = random_keys(random, 3 * IdFilter::kPage + 7), strangers = random_keys(random, 10'000);
  make_durable(kv, durable);
  make_durable(kv, {"Hbefore", "Kbehind"});
  IdFilter filter;
  BOOST_TEST(held(filter, strangers) == strangers.size());  // knows nothing yet
  Overlay overlay;
  overlay.begin(1);
  std::vector<std::string> staged = random_keys(random, 100);  // before it began to learn
  for (const std::string& key : staged) {
    filter.add(key);
    if (key.back() % 2 == 0) overlay.put(key, "v");
    else overlay.erase(key);
  }
  for (int page = 0; page < 4; ++page) {
    BOOST_TEST(held(filter, strangers) == strangers.size());
    filter.learn(kv, overlay, durable.size());
    for (const std::string& key : random_keys(random, 50)) filter.add(staged.emplace_back(key));  // meanwhile
  }
  BOOST_TEST(held(filter, durable) == durable.size());
  BOOST_TEST(held(filter, staged) == staged.size());
  BOOST_TEST(held(filter, strangers) < strangers.size() / 50);
}

// Made anew when it is full: what was erased is forgotten, and nothing that is here.
BOOST_AUTO_TEST_CASE(more_than_it_was_made_for) {
  Prng random(2);
  MemKv kv;
  IdFilter filter;
  filter.learn(kv, {}, 0);
  const auto staged = random_keys(random, 5 * IdFilter::kFewest), strangers = random_keys(random, 10'000);
  for (const std::string& key : staged) filter.add(key);
  BOOST_TEST(held(filter, staged) == staged.size());
  make_durable(kv, staged);
  for (std::size_t page = 0; page <= staged.size() / IdFilter::kPage; ++page) filter.learn(kv, {}, staged.size());
  BOOST_TEST(held(filter, staged) == staged.size());
  BOOST_TEST(held(filter, strangers) < strangers.size() / 50);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace comm
