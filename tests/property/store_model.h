// A naive model of a store, written from the words of store.h and store_op.h, and random ops for both. It shares no code
// with the stores.
#pragma once
#include <map>
#include <set>
#include <tuple>

#include "proto/base/random.h"
#include "relay_store/store.h"

namespace comm::test {

inline constexpr std::uint64_t kIds = 10, kMailboxes = 3, kPeers = 3, kAddresses = 4, kRows = 5;

template <class Id>
Id id_of(std::uint64_t number) {
  Id out;
  out.data[0] = static_cast<std::uint8_t>(number * 53);  // ids are not in the order of numbers
  out.data[1] = static_cast<std::uint8_t>(number);
  return out;
}

// An id commits to its header, so expiry and mailbox follow from the number.
inline std::uint32_t expires_of(std::uint64_t number) { return static_cast<std::uint32_t>(50 + number % 4); }
inline MailboxId mailbox_of(std::uint64_t number) { return id_of<MailboxId>(number % kMailboxes); }
// Three sizes of work, named so that more is more: a header's class 1, 0, and 0 with a stamp.
inline std::uint64_t work_of(std::uint64_t number) { return number % 3; }

inline HeaderBytes header_of(std::uint64_t number) {
  Bytes out{1, 1, 0, static_cast<std::uint8_t>(work_of(number) == 0 ? 1 : 0)};
  put_be(out, expires_of(number));
  put_be(out, std::uint32_t{work_of(number) == 2 ? 0x0008'0300u : 0x0008'0000u});  // lifetime 8, effort 3 or 0
  append(out, mailbox_of(number).view());
  out.resize(kHeaderBytes, static_cast<std::uint8_t>(number));
  return *HeaderBytes::from(out);
}

struct Model {
  struct Message {
    std::uint64_t number = 0, order = 0;
    PutMessage put;
    std::optional<PutCustody> custody;
  };
  struct Tombstone { std::uint64_t number = 0; PutTombstone put; };
  std::map<MessageId, Message> live;
  std::map<MessageId, Tombstone> ended;
  std::map<Address, KeyRecordItem> records;
  std::map<std::pair<Table, Bytes>, Bytes> rows;
  std::uint64_t next_order = 1;

  void apply(const PutMessage& op) {
    if (live.contains(op.id) || ended.contains(op.id)) return;
    live[op.id] = {op.id.data[1], next_order++, op, std::nullopt};
  }
  void apply(PutTombstone op) {
    if (const auto old = ended.find(op.id); old != ended.end()) {
      if (old->second.put.kind >= op.kind) return;
      op.ingress = old->second.put.ingress;
      op.foreign = old->second.put.foreign;
    } else if (const auto held = live.find(op.id); held != live.end()) {
      op.ingress = held->second.put.ingress;
      op.foreign = false;
      live.erase(held);
    }
    ended[op.id] = {op.id.data[1], op};
  }
  void apply(const EraseMessage& op) { live.erase(op.id); }
  void apply(const EraseTombstone& op) { ended.erase(op.id); }
  void apply(const PutCustody& op) {
    if (const auto held = live.find(op.id); held != live.end()) held->second.custody = op;
  }
  void apply(const PutKeyRecord& op) { records[op.address] = {op.address, op.expires, op.record}; }
  void apply(const EraseKeyRecord& op) { records.erase(op.address); }
  void apply(const PutRow& op) { rows[{op.table, op.key}] = op.value; }
  void apply(const EraseRow& op) { rows.erase({op.table, op.key}); }
  void apply(const std::vector<StoreOp>& ops) {
    for (const StoreOp& op : ops)
      std::visit([this](const auto& one) { apply(one); }, op);
  }

  static std::uint64_t cost(const Message& message) { return message.put.body.size() + kHeaderBytes; }
  std::uint64_t used_by(const NodeId& peer) const {
    std::uint64_t out = 0;
    for (const auto& [id, one] : live)
      if (one.put.ingress == peer) out += cost(one);
    for (const auto& [id, one] : ended)
      if (one.put.ingress == peer) out += kTombstoneCostBytes;
    return out;
  }
  Totals totals() const {
    Totals out;
    out.live = live.size();
    out.acknowledged = ended.size();
    out.records = records.size();
    out.bytes = ended.size() * kTombstoneCostBytes;
    for (const auto& [id, one] : live) out.bytes += cost(one);
    for (const auto& [id, one] : ended) out.foreign += one.put.foreign ? 1 : 0;
    return out;
  }
};

inline Bytes random_bytes(Prng& random, std::uint64_t most) {
  Bytes out(random.below(most + 1));
  random.fill(out);
  return out;
}

// Of messages numbered below `ids`, with bodies of at most `body` bytes.
inline StoreOp random_op(Prng& random, std::uint64_t ids, std::uint64_t body) {
  const std::uint64_t number = random.below(ids);
  const auto id = id_of<MessageId>(number);
  const auto peer = id_of<NodeId>(random.below(kPeers));
  const auto table = static_cast<Table>(1 + random.below(3));
  const Bytes key(random.below(3), static_cast<std::uint8_t>(random.below(kRows)));
  switch (random.below(12)) {
    case 0: case 1: case 2:
      return PutMessage{id, header_of(number), {}, random_bytes(random, body), peer, static_cast<Millis>(random.below(99))};
    case 3: case 4: {
      const Custody kind = random.chance(1, 2) ? Custody::refused : Custody::acknowledged;
      Bytes record = to_bytes(header_of(number).view());
      append(record, random_bytes(random, 104));
      return PutTombstone{id, kind, record, peer, random.chance(1, 2)};
    }
    case 5: return EraseMessage{id};
    case 6: return EraseTombstone{id};
    case 7: case 8:
      return PutCustody{id, static_cast<Millis>(random.below(8)) - 2, random_bytes(random, 3)};
    case 9:
      if (random.chance(1, 3)) return EraseKeyRecord{id_of<Address>(random.below(kAddresses))};
      return PutKeyRecord{id_of<Address>(random.below(kAddresses)), 1, static_cast<Millis>(random.below(9)), random_bytes(random, 9)};
    case 10: return PutRow{table, key, random_bytes(random, 9)};
    default: return EraseRow{table, key};
  }
}

}  // namespace comm::test
