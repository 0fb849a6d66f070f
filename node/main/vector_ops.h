// The operations of conformance vectors (conformance/adapter/PROTOCOL.md): each calls one pure function of the protocol.
// An input that lacks a field throws nlohmann's exception, caught by vector_mode.
#pragma once
#include <map>
#include <nlohmann/json.hpp>

#include "proto/base/ids.h"
#include "proto/base/result.h"
#include "proto/seal/secret.h"

namespace comm::vectors {

using Json = nlohmann::ordered_json;
using Operation = Result<Json> (*)(const Json& input);
using Operations = std::map<std::string_view, Operation>;

const Operations& crypto_operations();
const Operations& message_operations();
const Operations& session_operations();
const Operations& sync_operations();

// --- reading inputs; what does not fit is rejected as decode/input ---
struct BadInput : std::exception {};
Bytes hex(const Json& input, const char* field);

template <class Fixed>
Fixed fixed(const Json& input, const char* field) {
  const auto out = Fixed::from(hex(input, field));
  if (!out) throw BadInput();
  return *out;
}

template <std::size_t N>
Secret<N> secret(const Json& input, const char* field) {
  const WipedBytes bytes(hex(input, field));
  if (bytes.bytes.size() != N) throw BadInput();
  return Secret<N>(std::span<const std::uint8_t, N>(bytes.bytes));
}

}  // namespace comm::vectors
