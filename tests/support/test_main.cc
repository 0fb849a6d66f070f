// The one translation unit that compiles Boost.Test's runner; every unit-test program links it.
#define BOOST_TEST_MODULE comm
#include <boost/test/unit_test.hpp>
