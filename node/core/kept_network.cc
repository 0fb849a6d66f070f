#include "node/core/kept_network.h"

#include <algorithm>

#include "proto/base/bytes.h"

namespace comm {
namespace {

constexpr std::string_view kSizesRow = "network-sizes";
constexpr std::uint8_t kCheapIdFlag = 0x80;
constexpr std::size_t kIpAt = 32, kPortAt = 48, kRoleAt = 50, kContactBytes = 51, kSizeBytes = 8;

}  // namespace

// node-key(32) ip(16) port(2) role(1), keyed by node id; the role's high bit marks a cheap id.
PutRow contact_row(const KeptContact& kept, bool cheap_ids) {
  Bytes out = to_bytes(kept.contact.key.view());
  append(out, kept.contact.endpoint.ip);
  put_be<std::uint16_t>(out, kept.contact.endpoint.port);
  out.push_back(static_cast<std::uint8_t>(static_cast<std::uint8_t>(kept.role) | (cheap_ids ? kCheapIdFlag : 0)));
  return {Table::contacts, to_bytes(kept.contact.id.view()), std::move(out)};
}

std::vector<KeptContact> kept_contacts(const StoreView& store, bool cheap_ids) {
  std::vector<KeptContact> out;
  for (const auto& row : store.rows(Table::contacts, {}, std::nullopt, kKeptContacts)) {
    const auto id = NodeId::from(row.key);
    if (!id || row.value.size() != kContactBytes) continue;
    const std::uint8_t role = row.value[kRoleAt];
    if (((role & kCheapIdFlag) != 0) != cheap_ids) continue;
    const auto kind = static_cast<Role>(role & ~kCheapIdFlag);
    if (kind != Role::relay && kind != Role::client) continue;
    KeptContact kept{{*id, *NodeKey::from(ByteView(row.value).first(kIpAt)), {}}, kind};
    std::copy_n(row.value.begin() + kIpAt, kPortAt - kIpAt, kept.contact.endpoint.ip.begin());
    kept.contact.endpoint.port = get_be<std::uint16_t>(ByteView(row.value).subspan(kPortAt));
    out.push_back(kept);
  }
  return out;
}

PutRow sizes_row(std::span<const std::uint64_t> sizes) {
  Bytes out;
  for (const std::uint64_t size : sizes.last(std::min(sizes.size(), kKeptSizes))) put_be<std::uint64_t>(out, size);
  return {Table::meta, to_bytes(as_bytes(kSizesRow)), std::move(out)};
}

std::vector<std::uint64_t> kept_sizes(const StoreView& store) {
  std::vector<std::uint64_t> out;
  const auto row = store.row(Table::meta, as_bytes(kSizesRow));
  if (!row || row->size() > kKeptSizes * kSizeBytes || row->size() % kSizeBytes != 0) return out;
  for (std::size_t at = 0; at < row->size(); at += kSizeBytes) out.push_back(get_be<std::uint64_t>(ByteView(*row).subspan(at)));
  return out;
}

}  // namespace comm
