#include "node/shell/node_key.h"

namespace comm {
namespace {

constexpr std::string_view kKeyRow = "node-key";
constexpr std::string_view kIdRow = "node-id";  // u8 cheap, then the id
constexpr Ticket kTicket = 1;                   // durable before the driver issues its own, from 1 on

PutRow meta_row(std::string_view key, ByteView value) {
  return PutRow{Table::meta, to_bytes(as_bytes(key)), to_bytes(value)};
}

bool write_now(Store& store, const StoreOp& op, Failure& failure) {
  store.stage(kTicket, std::span<const StoreOp>(&op, 1));
  std::vector<std::unique_ptr<WriteSet>> sets;
  sets.push_back(store.take());
  const CommitResult result = store.commit(sets);
  if (result == CommitResult::ok) {
    store.committed(kTicket);
    return true;
  }
  const std::string detail = store.failure_detail();
  failure = {kExitIo, result == CommitResult::disk_full
                          ? "the disk is full: the node's key cannot be saved. Free some space."
                          : "cannot write the store: " + detail};
  return false;
}

}  // namespace

std::optional<NodeKeyRows> load_node_key(Store& store, RandomSource& random, bool cheap_node_ids, Failure& failure) {
  Seed seed;
  if (auto row = store.row(Table::meta, as_bytes(kKeyRow))) {
    if (row->size() != Seed::size()) {
      failure = {kExitCorrupt,
                 "the store holds a node key of a wrong size. Restore it from a backup, or use --data DIR."};
      return std::nullopt;
    }
    std::copy(row->begin(), row->end(), seed.data());
    secure_zero(*row);
  } else {
    random.fill(seed.mut());
    if (!write_now(store, meta_row(kKeyRow, seed.view()), failure)) return std::nullopt;
  }
  NodeSigningKey key = NodeSigningKey::from_seed(seed);

  const std::uint8_t cheap = cheap_node_ids ? 1 : 0;
  if (const auto row = store.row(Table::meta, as_bytes(kIdRow));
      row && row->size() == 1 + NodeId::kSize && row->front() == cheap)
    return NodeKeyRows{std::move(key), *NodeId::from(ByteView(*row).subspan(1))};
  const NodeId id = derive_node_id(key.public_key(), cheap_node_ids);
  Bytes value{cheap};
  append(value, id.view());
  if (!write_now(store, meta_row(kIdRow, value), failure)) return std::nullopt;
  return NodeKeyRows{std::move(key), id};
}

}  // namespace comm
