// This machine's place in the overlay: an Ed25519 seed made once and kept in the store (Table::meta
// "node-key"), and the node id derived from it (17 ms of Argon2id, kept under "node-id"). Used at start only.
#pragma once
#include <optional>

#include "node/shell/runtime.h"

namespace comm {

struct NodeKeyRows {
  NodeSigningKey key;
  NodeId id;
};
// Commits on the calling thread: REQUIRES that no committer runs yet.
std::optional<NodeKeyRows> load_node_key(Store& store, RandomSource& random, bool cheap_node_ids, Failure& failure);

}  // namespace comm
