// The rows of the store, as bytes. All integers are big-endian, so that byte order is numeric order.
//
//   body     'B' sequence(8)              -> body
//   custody  'C' sequence(8)              -> due(8) state
//   due      'D' due(8) id(32)            -> sequence(8)         due: sign bit flipped, so negative sorts first
//   expiry   'E' expires(4) id(32)        -> kind(1) mailbox(20) live messages and tombstones
//   foreign  'F' work(8) id(32)           -> nothing             foreign tombstones; work_key of the header
//   header   'H' sequence(8)              -> id(32) header(96) nonce(8) ingress(20) received(8) body-bytes(4)
//   id       'I' id(32)                   -> 1 sequence(8)                       live
//                                          | kind(1) foreign(1) ingress(20) record   2 refused, 3 acknowledged
//   record   'K' address(20)              -> seq(8) expires(8) record
//   mailbox  'M' mailbox(20) sequence(8)  -> nothing
//   ingress  'N' node(20)                 -> bytes(8)            erased at zero
//   quota    'Q' mailbox(20)              -> bytes(8)            erased at zero
//   row      'R' table(1) key             -> value
//   totals   'T'                          -> next-sequence(8) live(8) acknowledged(8) foreign(8) bytes(8) records(8)
//   user     'U' magnitude(1) node(20)    -> nothing             of every row N: 64 - bits of its bytes, so most is first
//   version  'V'                          -> kFormat
//   work     'W' work(8) node(20) sequence(8) -> nothing         live messages of other nodes; work_key of the header
//
// Why 'B' sorts first and is numbered by arrival: LevelDB merges a flushed memtable with every table it overlaps. The
// indices are small and random and are rewritten often; bodies are large, only ever appended above all older bodies,
// and nothing sorts below them, so no merge reaches back to them. Headers are rows of their own so that paging
// through a mailbox reads no bodies. Sequence numbers start at 1 and are never used twice. Rows U change only when a
// peer's use doubles or halves: who uses most is found among the few in the first magnitude.
#pragma once
#include <bit>
#include <string>
#include <string_view>

#include "proto/base/check.h"
#include "relay_store/store_op.h"

namespace comm::keys {

inline constexpr std::string_view kFormatName = "comm store ", kFormat = "comm store 3";

inline constexpr char kBody = 'B', kCustody = 'C', kDue = 'D', kExpiry = 'E', kForeign = 'F', kHeader = 'H', kId = 'I',
                      kRecord = 'K', kMailbox = 'M', kIngress = 'N', kQuota = 'Q', kRow = 'R', kTotals = 'T',
                      kUser = 'U', kVersion = 'V', kWork = 'W';

template <class Int>
void put_int(std::string& out, Int value) {
  for (std::size_t i = sizeof(Int); i-- > 0;)
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff));
}
inline void put_bytes(std::string& out, ByteView in) { out.append(as_text(in)); }

// Reads a row front to back. Rows are written by us and checksummed below us: a short one is our bug.
class RowReader {
 public:
  explicit RowReader(std::string_view row) : rest_(row) {}
  template <class Int>
  Int integer() {
    return get_be<Int>(as_bytes(take(sizeof(Int))));
  }
  template <class Id>
  Id fixed() {
    return *Id::from(as_bytes(take(Id::kSize)));
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view take(std::size_t count) {
    CHECK(rest_.size() >= count);
    const auto out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  std::string_view rest_;
};

inline std::string of(char kind) { return std::string(1, kind); }
// The first key after every key of this kind.
inline std::string end_of(char kind) { return std::string(1, static_cast<char>(kind + 1)); }

inline std::string by_sequence(char kind, std::uint64_t sequence) {
  std::string key(1, kind);
  put_int(key, sequence);
  return key;
}
template <class Id>
std::string by_id(char kind, const Id& id) {
  std::string key;
  key.reserve(1 + Id::kSize);
  key.push_back(kind);
  put_bytes(key, id.view());
  return key;
}
inline std::uint64_t ordered(Millis due) { return static_cast<std::uint64_t>(due) ^ std::uint64_t{1} << 63; }
inline Millis from_ordered(std::uint64_t due) { return static_cast<Millis>(due ^ std::uint64_t{1} << 63); }

inline std::string due(Millis when, const MessageId& id) {
  std::string key = by_sequence(kDue, ordered(when));
  put_bytes(key, id.view());
  return key;
}
inline std::string expiry(std::uint32_t expires, const MessageId& id) {
  std::string key(1, kExpiry);
  put_int(key, expires);
  put_bytes(key, id.view());
  return key;
}
inline std::string mailbox(const MailboxId& box, std::uint64_t sequence) {
  std::string key = by_id(kMailbox, box);
  put_int(key, sequence);
  return key;
}
inline std::string work(std::uint64_t work, const NodeId& ingress, std::uint64_t sequence) {
  std::string key = by_sequence(kWork, work);
  put_bytes(key, ingress.view());
  put_int(key, sequence);
  return key;
}
inline std::string foreign(std::uint64_t work, const MessageId& id) {
  std::string key = by_sequence(kForeign, work);
  put_bytes(key, id.view());
  return key;
}
// REQUIRES: bytes > 0.
inline std::string user(std::uint64_t bytes, const NodeId& ingress) {
  std::string key{kUser, static_cast<char>(std::countl_zero(bytes))};
  put_bytes(key, ingress.view());
  return key;
}
inline std::string row(Table table, ByteView key) {
  std::string out{kRow, static_cast<char>(table)};
  put_bytes(out, key);
  return out;
}
// The first key after every key starting with `prefix`. REQUIRES: prefix does not consist of 0xff only.
inline std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  CHECK(!prefix.empty());
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

// Fields of a message header or final record at their fixed offsets (proto/wire/header.h); 0 if too short to have them.
inline std::uint32_t expires_of(ByteView header) {
  return header.size() < 8 ? 0 : get_be<std::uint32_t>(header.subspan(4));
}
inline MailboxId mailbox_of(ByteView header) {
  return header.size() < 32 ? MailboxId{} : *MailboxId::from(header.subspan(12, MailboxId::kSize));
}
// 0 for what is not a valid header.
inline std::uint64_t work_of(const HeaderBytes& header) {
  const auto parsed = parse_header(header);
  return parsed ? work_key(comm::work_of(*parsed)) : 0;
}

// Of a final record, which begins with its header.
inline std::uint64_t work_of_record(ByteView record) {
  const auto header = record.size() < kHeaderBytes ? std::nullopt : HeaderBytes::from(record.first(kHeaderBytes));
  return header ? work_of(*header) : 0;
}

}  // namespace comm::keys
