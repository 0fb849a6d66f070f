// The two indices that relays work with as a whole: elements (reconciliation) and work (eviction).
#include "relay_store/keys.h"
#include "relay_store/kv_store.h"

namespace comm {

ElementPage KvStore::elements(const ElementPlace& from, const ElementPlace& until,
                              const std::function<bool(const MailboxId&)>& wanted, std::size_t limit) const {
  ElementPage out;
  std::size_t read = 0;
  scan(keys::expiry(from.expires, from.id), keys::expiry(until.expires, until.id),
       [&](std::string_view key, std::string_view value) {
         keys::RowReader key_in(key.substr(1)), in(value);
         ElementPlace place;
         place.expires = key_in.integer<std::uint32_t>();
         place.id = key_in.fixed<MessageId>();
         if (out.elements.size() >= limit || read++ >= kMaxElementsRead) {
           out.next = place;
           return false;
         }
         const auto kind = static_cast<Custody>(in.integer<std::uint8_t>());
         const auto mailbox = in.fixed<MailboxId>();
         if (wanted(mailbox)) out.elements.push_back({place, kind, mailbox});
         return true;
       });
  return out;
}

std::optional<std::string> KvStore::first_key(std::string_view from, std::string_view until) const {
  std::optional<std::string> out;
  scan(from, until, [&](std::string_view key, std::string_view) {
    out = key;
    return false;
  });
  return out;
}

// Of the peers with messages of this work, the one that uses most; of equals the lowest id. Null if none of the biggest
// kMaxUsersCompared has any.
std::optional<NodeId> KvStore::biggest_user(std::uint64_t work) const {
  std::vector<std::pair<char, NodeId>> users;
  scan(keys::of(keys::kUser), keys::end_of(keys::kUser), [&](std::string_view key, std::string_view) {
    users.emplace_back(key[1], keys::RowReader(key.substr(2)).fixed<NodeId>());
    return users.size() < kMaxUsersCompared;
  });
  std::optional<NodeId> out;
  std::uint64_t most = 0;
  char magnitude = 0;
  for (const auto& [its_magnitude, user] : users) {
    if (out && its_magnitude != magnitude) break;
    const std::uint64_t bytes = ingress_bytes(user);
    if (bytes <= most || !first_key(keys::work(work, user, 0), keys::work(work, user, UINT64_MAX))) continue;
    out = user;
    most = bytes;
    magnitude = its_magnitude;
  }
  return out;
}

std::vector<WorkItem> KvStore::least_work(std::size_t limit) const {
  std::vector<WorkItem> out;
  const std::string first = head(work_head_);
  if (limit == 0 || first[0] != keys::kWork) return out;
  keys::RowReader in(std::string_view(first).substr(1));
  const auto work = in.integer<std::uint64_t>();
  const auto first_user = in.fixed<NodeId>();
  const NodeId user = biggest_user(work).value_or(first_user);
  std::vector<std::uint64_t> sequences;
  scan(keys::work(work, user, 0), keys::work(work, user, UINT64_MAX), [&](std::string_view key, std::string_view) {
    sequences.push_back(keys::RowReader(key.substr(key.size() - sizeof(std::uint64_t))).integer<std::uint64_t>());
    return sequences.size() < limit;
  });
  for (const std::uint64_t sequence : sequences)
    if (const auto row = header_row(sequence)) out.push_back({work, row->id, row->stored, row->cost()});
  return out;
}

}  // namespace comm
