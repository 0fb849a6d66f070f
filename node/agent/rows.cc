#include "node/agent/rows.h"

namespace comm::agent {
namespace {
constexpr std::size_t kNameBytes = 16;
constexpr std::size_t kPageRows = 256;
}  // namespace

Rows::Rows(const Secret<32>& storage_key, const StoreView& store, RandomSource& random)
    : storage_key_(storage_key), store_(store), random_(random) {
  Hash derived = hmac_sha256(storage_key.view(), as_bytes("comm/1 row names"));
  name_key_ = Secret<32>(std::span<const std::uint8_t, 32>(derived.data));
  secure_zero(derived.data);
  const Hash realm = hmac_sha256(name_key_.view(), as_bytes("realm"));
  std::copy_n(realm.data.begin(), realm_.size(), realm_.begin());
}

Bytes Rows::prefix(RowKind kind) const {
  Bytes out(realm_.begin(), realm_.end());
  out.push_back(static_cast<std::uint8_t>(kind));
  return out;
}

Bytes Rows::numbered(RowKind kind, std::uint64_t number) const {
  Bytes out = prefix(kind);
  put_be(out, number);
  return out;
}

Bytes Rows::named(RowKind kind, ByteView name) const {
  Bytes input{static_cast<std::uint8_t>(kind)};
  append(input, name);
  const Hash hidden = hmac_sha256(name_key_.view(), input);
  Bytes out = prefix(kind);
  append(out, hidden.view().first(kNameBytes));
  return out;
}

std::optional<WipedBytes> Rows::get(ByteView key) const {
  const auto sealed = store_.row(Table::agent, key);
  if (!sealed) return std::nullopt;
  auto opened = open_at_rest(storage_key_, key, *sealed);
  if (!opened) return std::nullopt;
  return WipedBytes(std::move(*opened));
}

void Rows::put(Effects& out, Bytes key, const RowWriter& row) const {
  Bytes sealed = seal_at_rest(storage_key_, key, row.view(), random_);
  out.store(PutRow{Table::agent, std::move(key), std::move(sealed)});
}

void Rows::each(RowKind kind, const std::function<void(ByteView, ByteView)>& visit) const {
  const Bytes wanted = prefix(kind);
  std::optional<Bytes> after;
  for (;;) {
    const auto page = store_.rows(Table::agent, wanted, after, kPageRows);
    if (page.empty()) return;
    for (const RowItem& item : page)
      if (auto opened = open_at_rest(storage_key_, item.key, item.value)) {
        const WipedBytes row(std::move(*opened));
        visit(item.key, row.bytes);
      }
    after = page.back().key;
  }
}

}  // namespace comm::agent
