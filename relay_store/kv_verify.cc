// Recounts everything that is kept twice. Shares only the row decoders with the code that wrote the rows.
#include "relay_store/keys.h"
#include "relay_store/kv_store.h"

namespace comm {
namespace {

std::string element_row(Custody kind, const MailboxId& mailbox) {
  return static_cast<char>(kind) + std::string(as_text(mailbox.view()));
}

}  // namespace

struct KvStore::Recount {
  Totals totals;
  std::map<std::string, std::uint64_t> counters;       // key -> bytes, rows 'N' and 'Q'
  std::map<std::string, std::string> index;            // the rows 'B' (their size), 'D', 'E', 'M' and 'W' that must exist
  std::map<MessageId, std::uint64_t> live;             // id -> sequence
  std::map<std::uint64_t, MessageId> by_sequence;      // and back
  std::uint64_t highest_sequence = 0;
};

std::string KvStore::verify() const {
  Recount recount;
  for (const auto& step : {&KvStore::verify_messages, &KvStore::verify_ids})
    if (std::string fault = (this->*step)(recount); !fault.empty()) return fault;
  if (std::string fault = verify_indices(recount); !fault.empty()) return fault;
  return verify_counters(recount);
}

std::string KvStore::verify_messages(Recount& recount) const {
  std::string fault;
  scan(keys::of(keys::kHeader), keys::end_of(keys::kHeader), [&](std::string_view key, std::string_view value) {
    const auto sequence = keys::RowReader(key.substr(1)).integer<std::uint64_t>();
    const HeaderRow row = decode_header(sequence, value);
    const MailboxId mailbox = keys::mailbox_of(row.stored.header.view());
    recount.highest_sequence = sequence;
    recount.totals.live += 1;
    recount.totals.bytes += row.cost();
    recount.counters[keys::by_id(keys::kQuota, mailbox)] += row.cost();
    recount.counters[keys::by_id(keys::kIngress, row.stored.ingress)] += row.cost();
    recount.index[keys::by_sequence(keys::kBody, sequence)] = std::to_string(row.body_bytes);
    recount.index[keys::mailbox(mailbox, sequence)] = "";
    recount.index[keys::expiry(keys::expires_of(row.stored.header.view()), row.id)] =
        element_row(Custody::live, mailbox);
    if (row.stored.ingress != NodeId{})
      recount.index[keys::work(keys::work_of(row.stored.header), row.stored.ingress, sequence)] = "";
    recount.by_sequence.emplace(sequence, row.id);
    if (!recount.live.emplace(row.id, sequence).second) fault = "two live messages have one id";
    return fault.empty();
  });
  if (!fault.empty()) return fault;
  scan(keys::of(keys::kCustody), keys::end_of(keys::kCustody), [&](std::string_view key, std::string_view value) {
    const auto sequence = keys::RowReader(key.substr(1)).integer<std::uint64_t>();
    const auto owner = recount.by_sequence.find(sequence);
    if (owner == recount.by_sequence.end()) {
      fault = "a custody state belongs to no live message";
      return false;
    }
    std::string sequence_row;
    keys::put_int(sequence_row, sequence);
    const auto due = keys::RowReader(value).integer<Millis>();
    if (due != 0) recount.index[keys::due(due, owner->second)] = sequence_row;
    return true;
  });
  return fault;
}

std::string KvStore::verify_ids(Recount& recount) const {
  std::string fault;
  std::uint64_t live = 0;
  scan(keys::of(keys::kId), keys::end_of(keys::kId), [&](std::string_view key, std::string_view value) {
    const auto id = keys::RowReader(key.substr(1)).fixed<MessageId>();
    const IdRow row = decode_id(value);
    const auto known = recount.live.find(id);
    if (row.kind == Custody::live) {
      ++live;
      if (known == recount.live.end() || known->second != row.sequence) fault = "an id leads to no live message";
      return fault.empty();
    }
    if (known != recount.live.end()) fault = "a message is live and has a tombstone";
    recount.totals.acknowledged += 1;
    recount.totals.foreign += row.foreign ? 1 : 0;
    recount.totals.bytes += kTombstoneCostBytes;
    recount.counters[keys::by_id(keys::kIngress, row.ingress)] += kTombstoneCostBytes;
    recount.index[keys::expiry(keys::expires_of(as_bytes(row.record)), id)] =
        element_row(row.kind, keys::mailbox_of(as_bytes(row.record)));
    if (row.foreign) recount.index[keys::foreign(keys::work_of_record(as_bytes(row.record)), id)] = {};
    return fault.empty();
  });
  if (fault.empty() && live != recount.live.size()) fault = "a live message has no id row";
  return fault;
}

std::string KvStore::verify_indices(const Recount& recount) const {
  std::string fault;
  std::size_t found = 0;
  for (const char kind : {keys::kBody, keys::kDue, keys::kExpiry, keys::kForeign, keys::kMailbox, keys::kWork}) {
    scan(keys::of(kind), keys::end_of(kind), [&](std::string_view key, std::string_view value) {
      const auto expected = recount.index.find(std::string(key));
      const std::string held = kind == keys::kBody ? std::to_string(value.size()) : std::string(value);
      if (expected == recount.index.end() || expected->second != held)
        fault = std::string("a row of kind ") + kind + " describes no message or tombstone";
      ++found;
      return fault.empty();
    });
  }
  if (fault.empty() && found != recount.index.size()) fault = "a body or index row is missing";
  return fault;
}

std::string KvStore::verify_counters(const Recount& recount) const {
  std::string fault;
  std::size_t found = 0;
  std::vector<std::string> users;
  for (const char kind : {keys::kIngress, keys::kQuota}) {
    scan(keys::of(kind), keys::end_of(kind), [&](std::string_view key, std::string_view value) {
      const auto expected = recount.counters.find(std::string(key));
      const auto bytes = keys::RowReader(value).integer<std::uint64_t>();
      if (expected == recount.counters.end() || expected->second != bytes)
        fault = std::string("a counter of kind ") + kind + " is wrong";
      else if (kind == keys::kIngress)
        users.push_back(keys::user(bytes, keys::RowReader(key.substr(1)).fixed<NodeId>()));
      ++found;
      return fault.empty();
    });
  }
  if (!fault.empty()) return fault;
  if (found != recount.counters.size()) return "a counter is missing";
  std::sort(users.begin(), users.end());
  std::size_t user = 0;
  scan(keys::of(keys::kUser), keys::end_of(keys::kUser), [&](std::string_view key, std::string_view) {
    if (user >= users.size() || users[user++] != key) fault = "the peers are not in the order of their use";
    return fault.empty();
  });
  if (!fault.empty() || user != users.size()) return "the peers are not in the order of their use";
  Totals totals = recount.totals;
  scan(keys::of(keys::kRecord), keys::end_of(keys::kRecord), [&](std::string_view, std::string_view) {
    totals.records += 1;
    return true;
  });
  if (totals != counted_.totals) return "the totals are wrong";
  if (counted_.next_sequence <= recount.highest_sequence) return "the next sequence number is already in use";
  return {};
}

}  // namespace comm
