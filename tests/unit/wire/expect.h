// Checks shared by the unit tests of proto/: a rejection names its stage and reason.
#pragma once
#include <boost/test/unit_test.hpp>

#include "proto/base/result.h"

namespace comm {

template <class T>
void expect_reject(const Result<T>& result, Stage stage, std::string_view reason) {
  BOOST_REQUIRE_MESSAGE(!result, "accepted, instead of rejected for " << reason);
  BOOST_TEST(to_string(result.error().stage) == std::string(to_string(stage)));
  BOOST_TEST(result.error().reason == reason);
}

template <class Id>
Id filled(std::uint8_t byte) {
  Id out;
  out.data.fill(byte);
  return out;
}

}  // namespace comm
