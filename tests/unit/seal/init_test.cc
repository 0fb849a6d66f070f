// libsodium starts once, before any test of this program.
#include <boost/test/unit_test.hpp>

#include "proto/base/ids.h"
#include "proto/seal/os_random.h"

namespace {
struct Sodium {
  Sodium() { comm::init_crypto(); }
};
}  // namespace
BOOST_TEST_GLOBAL_FIXTURE(Sodium);

BOOST_AUTO_TEST_SUITE(os_random)

BOOST_AUTO_TEST_CASE(draws_differ) {
  comm::OsRandom random;
  comm::Hash a, b;
  random.fill(a);
  random.fill(b);
  BOOST_TEST((a != b));
  BOOST_TEST(!a.is_zero());
}

BOOST_AUTO_TEST_SUITE_END()
