// What a node keeps of the network over restarts (RTE-007): contacts it dialled, and the last density estimates. A node
// that comes back under attack starts with the table it had, not with whoever calls first. Rows of the store; bounded by
// kKeptContacts and kKeptSizes.
#pragma once
#include "node/core/size_estimate.h"
#include "proto/wire/packet.h"
#include "relay_store/store_op.h"

namespace comm {

inline constexpr std::size_t kKeptContacts = 128, kKeptSizes = 3;

struct KeptContact {
  Contact contact;
  Role role = Role::relay;
};

// `cheap_ids`: of the `test` profile (90-limits), whose ids prove no work in another.
PutRow contact_row(const KeptContact& kept, bool cheap_ids);
std::vector<KeptContact> kept_contacts(const StoreView& store, bool cheap_ids);

// The newest kKeptSizes of these, oldest first.
PutRow sizes_row(std::span<const std::uint64_t> sizes);
std::vector<std::uint64_t> kept_sizes(const StoreView& store);

}  // namespace comm
