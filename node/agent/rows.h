// The agent's rows: Table::agent of the node's store, encrypted under the identity's storage key before they get there.
// Owned by the Agent, one thread. A row's key is its AEAD context, so rows cannot be exchanged; keys name a realm (one
// identity of this data directory), a kind and either a number or a keyed hash: addresses, ids and names never show.
//
//   key = realm(8) kind(1) number(8) | realm(8) kind(1) HMAC-SHA-256(row name key, kind || name)[0:16]
#pragma once
#include <functional>

#include "node/core/effect.h"
#include "proto/seal/message.h"

namespace comm::agent {

enum class RowKind : std::uint8_t {
  contact = 'c',     // by address: ContactBook
  seen = 'd',        // by sender and uid: what was received once, for good
  draft = 'e',       // by address: unsent text
  grant = 'g',       // by address: pairwise mailboxes granted, both ways
  history = 'h',     // by sequence: one message shown, immutable
  record = 'k',      // by address: newest key record of a contact
  meta = 'm',        // by number: counters
  outbox = 'o',      // by uid: what it takes to seal, recognise and withdraw an own message
  prekey = 'p',      // by number: random prekeys
  own_record = 'r',  // 0: newest own record and what its predecessors left to collect
  status = 't',      // by history sequence: delivery state of an outgoing message
  uid = 'u'          // by uid: history sequence of an outgoing message
};

// Builds a row's plaintext; it is wiped when the writer goes.
class RowWriter {
 public:
  RowWriter& u8(std::uint8_t value) { put_be(out_.bytes, value); return *this; }
  RowWriter& u16(std::uint16_t value) { put_be(out_.bytes, value); return *this; }
  RowWriter& u32(std::uint32_t value) { put_be(out_.bytes, value); return *this; }
  RowWriter& u64(std::uint64_t value) { put_be(out_.bytes, value); return *this; }
  RowWriter& time(Millis value) { return u64(static_cast<std::uint64_t>(value)); }
  RowWriter& flag(bool value) { return u8(value ? 1 : 0); }
  template <class Fixed>
  RowWriter& fixed(const Fixed& value) { append(out_.bytes, value.view()); return *this; }
  RowWriter& bytes(ByteView value) {  // u32 length in front
    u32(static_cast<std::uint32_t>(value.size()));
    append(out_.bytes, value);
    return *this;
  }
  RowWriter& text(std::string_view value) { return bytes(as_bytes(value)); }
  // No growth later: growing would leave copies of the plaintext behind.
  RowWriter& reserve(std::size_t size) { out_.bytes.reserve(size); return *this; }
  ByteView view() const { return out_.bytes; }

 private:
  WipedBytes out_;
};

// Reads what RowWriter wrote. Past the end it yields zeros and `ok` turns false: the row is then ignored.
class RowReader {
 public:
  explicit RowReader(ByteView row) : rest_(row) {}
  template <class Int>
  Int integer() {
    const ByteView in = take(sizeof(Int));
    return in.empty() ? Int{0} : get_be<Int>(in);
  }
  std::uint8_t u8() { return integer<std::uint8_t>(); }
  std::uint16_t u16() { return integer<std::uint16_t>(); }
  std::uint32_t u32() { return integer<std::uint32_t>(); }
  std::uint64_t u64() { return integer<std::uint64_t>(); }
  Millis time() { return static_cast<Millis>(u64()); }
  bool flag() { return u8() != 0; }
  template <class Fixed>
  Fixed fixed() {
    const ByteView in = take(Fixed::kSize);
    return in.empty() ? Fixed{} : *Fixed::from(in);
  }
  ByteView bytes() { return take(u32()); }
  std::string text() { return std::string(as_text(bytes())); }
  bool ok() const { return ok_; }

 private:
  ByteView take(std::size_t count) {
    if (!ok_ || rest_.size() < count) {
      ok_ = false;
      return {};
    }
    const ByteView out = rest_.first(count);
    rest_ = rest_.subspan(count);
    return out;
  }
  ByteView rest_;
  bool ok_ = true;
};

class Rows {
 public:
  // The references outlive the rows.
  Rows(const Secret<32>& storage_key, const StoreView& store, RandomSource& random);

  Bytes numbered(RowKind kind, std::uint64_t number) const;
  Bytes named(RowKind kind, ByteView name) const;
  template <class Id>
  Bytes named(RowKind kind, const Id& id) const { return named(kind, id.view()); }

  bool has(ByteView key) const { return store_.row(Table::agent, key).has_value(); }
  // Nothing if there is no such row or it is not ours.
  std::optional<WipedBytes> get(ByteView key) const;
  void put(Effects& out, Bytes key, const RowWriter& row) const;
  void erase(Effects& out, Bytes key) const { out.store(EraseRow{Table::agent, std::move(key)}); }
  // Every readable row of a kind in key order; `visit` must not write rows.
  void each(RowKind kind, const std::function<void(ByteView key, ByteView row)>& visit) const;

 private:
  Bytes prefix(RowKind kind) const;

  const Secret<32>& storage_key_;
  const StoreView& store_;
  RandomSource& random_;
  Secret<32> name_key_;
  std::array<std::uint8_t, 8> realm_{};
};

}  // namespace comm::agent
