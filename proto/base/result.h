// Expected or hostile input yields Result<T>; our own bugs yield CHECK (check.h); nothing in pure rooms throws.
#pragma once
#include <string>
#include <tl/expected.hpp>

namespace comm {

// The stage that rejected an input, in order (spec 10-transport). Counted per stage; a conformance vector
// breaks exactly one.
enum class Stage : std::uint8_t { frame, decode, schema, crypto, policy, state };

// What a rejection does beyond refusing the item (spec 10-transport).
enum class Scope : std::uint8_t { ignore, drop_message, count, disconnect };

// `reason` is a static string: kebab-case, stable, listed in spec/99-registry.md.
struct Error {
  Stage stage;
  Scope scope;
  const char* reason;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> reject(Stage stage, Scope scope, const char* reason) {
  return tl::unexpected<Error>(Error{stage, scope, reason});
}

const char* to_string(Stage stage);  // "frame", "decode", ...

}  // namespace comm
