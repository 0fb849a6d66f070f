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

std::vector<WorkItem> KvStore::work_items(std::string_view from, std::string_view until, std::size_t limit) const {
  std::vector<WorkItem> out;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> found;  // work, sequence
  if (limit == 0) return out;
  scan(from, until, [&](std::string_view key, std::string_view) {
    found.emplace_back(keys::RowReader(key.substr(1)).integer<std::uint64_t>(),
                       keys::RowReader(key.substr(key.size() - sizeof(std::uint64_t))).integer<std::uint64_t>());
    return found.size() < limit;
  });
  for (const auto& [work, sequence] : found)
    if (const auto row = header_row(sequence)) out.push_back({work, row->id, row->stored, row->cost()});
  return out;
}

std::vector<WorkItem> KvStore::least_work(std::size_t limit) const {
  const std::string first = head(work_head_);
  if (first[0] != keys::kWork) return {};
  keys::RowReader in(std::string_view(first).substr(1));
  const auto work = in.integer<std::uint64_t>();
  const auto first_user = in.fixed<NodeId>();
  const NodeId user = biggest_user(work).value_or(first_user);
  return work_items(keys::work(work, user, 0), keys::work(work, user, UINT64_MAX), limit);
}

std::vector<WorkItem> KvStore::by_work(std::uint64_t from, std::size_t limit) const {
  return work_items(keys::by_sequence(keys::kWork, from), keys::end_of(keys::kWork), limit);
}

std::vector<WorkItem> KvStore::least_work_of(const NodeId& ingress, std::size_t limit) const {
  std::vector<WorkItem> out;
  // From one work to the next: the rows of all other peers between them are stepped over by one seek each.
  std::string at = head(work_head_);
  for (std::size_t works = 0; works < kMaxWorksCompared && out.size() < limit && at[0] == keys::kWork; ++works) {
    const auto work = keys::RowReader(std::string_view(at).substr(1)).integer<std::uint64_t>();
    for (WorkItem& item : work_items(keys::work(work, ingress, 0), keys::work(work, ingress, UINT64_MAX),
                                     limit - out.size()))
      out.push_back(std::move(item));
    const auto next = first_key(keys::by_sequence(keys::kWork, work + 1), keys::end_of(keys::kWork));
    if (!next) break;
    at = *next;
  }
  return out;
}

std::vector<ForeignItem> KvStore::least_foreign(std::size_t limit) const {
  std::vector<ForeignItem> out;
  if (limit == 0) return out;
  scan(keys::of(keys::kForeign), keys::end_of(keys::kForeign), [&](std::string_view key, std::string_view) {
    keys::RowReader in(key.substr(1));
    const auto work = in.integer<std::uint64_t>();
    out.push_back({work, in.fixed<MessageId>()});
    return out.size() < limit;
  });
  return out;
}

}  // namespace comm
