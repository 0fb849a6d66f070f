#include "node/core/room.h"

#include "node/core/core.h"

namespace comm {

namespace {
constexpr std::size_t kMailboxPage = 1'024;

std::uint64_t missing(std::uint64_t used, std::uint64_t bytes, std::uint64_t quota) {
  return used + bytes > quota ? used + bytes - quota : 0;
}
}  // namespace

// --- full mailboxes ------------------------------------------------------------

FullMailboxes::List& FullMailboxes::list_of(const MailboxId& mailbox) {
  const auto known = lists_.find(mailbox);
  if (known == lists_.end() && lists_.size() >= kMaxFullMailboxes) {
    auto oldest = lists_.begin();
    for (auto it = lists_.begin(); it != lists_.end(); ++it)
      if (it->second.used < oldest->second.used) oldest = it;
    lists_.erase(oldest);
  }
  List& list = lists_[mailbox];
  list.used = ++calls_;
  return list;
}

// What has arrived since the list was last read.
void FullMailboxes::read_new(const MailboxId& mailbox, List& list) {
  bool more = true;
  const std::size_t before = list.entries.size();
  while (more) {
    const auto page = store_.mailbox_page(mailbox, list.newest, kMailboxPage);
    more = page.size() == kMailboxPage;
    for (const MailboxItem& item : page) {
      list.newest = item.sequence;
      const auto header = parse_header(item.stored.header);
      if (header && !item.stored.ingress.is_zero()) list.entries.push_back({work_key(work_of(*header)), item.sequence});
    }
  }
  if (list.entries.size() != before) std::sort(list.entries.begin(), list.entries.end(), std::greater<>());
}

std::vector<WorkItem> FullMailboxes::least_work(const MailboxId& mailbox, std::size_t limit) {
  List& list = list_of(mailbox);
  read_new(mailbox, list);
  std::vector<WorkItem> out;
  std::vector<Entry> back;
  while (!list.entries.empty() && out.size() < limit) {
    const Entry entry = list.entries.back();
    list.entries.pop_back();
    const auto item = store_.mailbox_page(mailbox, entry.sequence - 1, 1);
    if (item.empty() || item[0].sequence != entry.sequence) continue;  // gone meanwhile
    const auto header = parse_header(item[0].stored.header);
    out.push_back({entry.work, item[0].id, item[0].stored, (header ? header->body_bytes() : 0) + kHeaderBytes});
    back.push_back(entry);
  }
  list.entries.insert(list.entries.end(), back.rbegin(), back.rend());
  return out;
}

// --- room ------------------------------------------------------------------------

Room::Room(Core& core) : core_(core), mailboxes_(core.store) {}

std::vector<Rival> Room::rivals_of(std::vector<WorkItem> items) const {
  std::vector<Rival> out;
  for (const WorkItem& item : items) {
    const auto header = parse_header(item.stored.header);
    CHECK(header.has_value());
    out.push_back({item.id, work_of(*header), item.bytes, header->mailbox, item.stored.ingress});
  }
  return out;
}

const std::vector<Rival>& Room::least_work() {
  if (page_ && (page_->all || page_->rivals.size() > kEvictionPage / 2)) return page_->rivals;
  auto items = core_.store.least_work(kEvictionPage);
  page_ = Page{};
  page_->all = items.empty();
  if (!items.empty() && items.size() < kEvictionPage) {
    // The biggest peer has no more of the least work: the others, and more work, follow.
    auto rest = core_.store.by_work(items[0].work, 2 * kEvictionPage);
    page_->all = rest.size() < 2 * kEvictionPage;
    std::erase_if(rest, [&](const WorkItem& item) {
      return item.work == items[0].work && item.stored.ingress == items[0].stored.ingress;
    });
    items.insert(items.end(), rest.begin(), rest.end());
  }
  page_->rivals = rivals_of(std::move(items));
  return page_->rivals;
}

// Before any quota is looked at.
std::optional<StoredItem> Room::refuse_unseen(const MessageId& id, const MessageHeader& header) const {
  if (core_.custody.disk_full())
    return StoredItem{.id = id, .status = StoredStatus::refused, .reason = RefuseReason::disk};
  if (core_.store.staged_bytes() >= core_.config.staged_limit) return StoredItem{.id = id, .status = StoredStatus::busy};
  if (header.effort < core_.config.min_effort)
    return StoredItem{.id = id, .status = StoredStatus::refused, .reason = RefuseReason::price,
                      .price = core_.config.min_effort};
  return std::nullopt;
}

Room::Place Room::find(const MessageId& id, const MessageHeader& header, const NodeId& ingress) {
  Place out;
  if ((out.refusal = refuse_unseen(id, header))) return out;
  const Newcomer newcomer{work_of(header), header.body_bytes() + kHeaderBytes, ingress};
  const auto bytes_of = [&](const NodeId& node) { return core_.store.ingress_bytes(node); };
  bool refused = false;
  std::optional<std::uint8_t> price = core_.config.min_effort;  // none once no effort would do
  // The narrower quota first: who goes for it makes room in the others too.
  const auto require = [&](std::uint64_t needed, const auto& freed_by, const auto& rivals) {
    for (const Rival& gone : out.evict)
      if (freed_by(gone)) needed -= std::min(needed, gone.bytes);
    if (needed == 0) return;
    std::vector<Rival> left = rivals();
    std::erase_if(left, [&](const Rival& rival) {
      return std::any_of(out.evict.begin(), out.evict.end(), [&](const Rival& gone) { return gone.id == rival.id; });
    });
    const Verdict verdict = make_room(newcomer, needed, left, bytes_of);
    refused |= verdict.refused;
    if (verdict.refused) price = price && verdict.price ? std::optional(std::max(*price, *verdict.price)) : std::nullopt;
    out.evict.insert(out.evict.end(), verdict.evict.begin(), verdict.evict.end());
  };
  require(missing(bytes_of(ingress), newcomer.bytes, core_.config.ingress_quota),
          [&](const Rival& gone) { return gone.ingress == ingress; },
          [&] { return rivals_of(core_.store.least_work_of(ingress, kEvictionPage)); });
  require(missing(core_.store.mailbox_bytes(header.mailbox), newcomer.bytes, core_.config.mailbox_quota),
          [&](const Rival& gone) { return gone.mailbox == header.mailbox; },
          [&] { return rivals_of(mailboxes_.least_work(header.mailbox, kEvictionPage)); });
  require(missing(core_.store.totals().bytes, newcomer.bytes, core_.config.store_quota),
          [](const Rival&) { return true; }, [&] { return least_work(); });
  if (!refused) return out;
  refused_.add(id, core_.now.mono);
  StoredItem refusal{.id = id, .status = StoredStatus::refused, .reason = RefuseReason::quota};
  if (price) {
    refusal.reason = RefuseReason::price;
    refusal.price = *price;
  }
  return {std::move(refusal), {}};
}

std::optional<std::vector<Rival>> Room::find_for_record(const Work& work, const NodeId& ingress) {
  const std::uint64_t needed = missing(core_.store.totals().bytes, kTombstoneCostBytes, core_.config.store_quota);
  if (needed == 0) return std::vector<Rival>{};
  Verdict verdict = make_room({work, kTombstoneCostBytes, ingress}, needed, least_work(),
                              [&](const NodeId& node) { return core_.store.ingress_bytes(node); });
  if (verdict.refused) return std::nullopt;
  return std::move(verdict.evict);
}

void Room::evicted(const Rival& rival) {
  refused_.add(rival.id, core_.now.mono);
  if (page_) std::erase_if(page_->rivals, [&](const Rival& one) { return one.id == rival.id; });
}

}  // namespace comm
