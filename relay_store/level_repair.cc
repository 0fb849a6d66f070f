#include "relay_store/level_repair.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "relay_store/keys.h"
#include "relay_store/kv_store.h"
#include "relay_store/level_kv.h"
#include "relay_store/leveldb_store.h"

namespace comm {

// Carries rows of an old database, as far as they are there, into a new one as the ops that once made them.
class Salvage {
 public:
  Salvage(const Kv& from, Store& to, const IsIntact& intact) : from_(from), to_(to), intact_(intact) {}
  StoreReport run();

 private:
  static constexpr std::size_t kOpsPerBatch = 256;
  static constexpr std::size_t kLeastTombstoneBytes = 2 + NodeId::kSize + kAckRecordBytes;
  static constexpr std::size_t kHeaderRowBytes =
      MessageId::kSize + kHeaderBytes + kStampNonceBytes + NodeId::kSize + sizeof(Millis) + sizeof(std::uint32_t);

  void each(char kind, const Kv::Visit& visit) const { from_.scan(keys::of(kind), keys::end_of(kind), visit); }
  void stage(StoreOp op);
  void commit();
  void save_tombstones();
  void save_messages();
  void save_message(std::uint64_t sequence, const KvStore::HeaderRow& row);
  void save_rows();

  const Kv& from_;
  Store& to_;
  const IsIntact& intact_;
  std::vector<StoreOp> ops_;
  Ticket ticket_ = 0;
  StoreReport report_;
};

void Salvage::stage(StoreOp op) {
  ops_.push_back(std::move(op));
  if (ops_.size() >= kOpsPerBatch) commit();
}

void Salvage::commit() {
  if (ops_.empty() || report_.failure != OpenFailure::none) return;
  to_.stage(++ticket_, ops_);
  ops_.clear();
  const auto set = to_.take();
  if (to_.commit({&set, 1}) == CommitResult::ok) return to_.committed(ticket_);
  report_.failure = OpenFailure::io;
  report_.detail = to_.failure_detail() + "; nothing was changed";
}

void Salvage::save_tombstones() {
  each(keys::kId, [this](std::string_view key, std::string_view value) {
    if (key.size() != 1 + MessageId::kSize || value.size() < kLeastTombstoneBytes) return true;
    const KvStore::IdRow row = KvStore::decode_id(value);
    StoreOp op = PutTombstone{keys::RowReader(key.substr(1)).fixed<MessageId>(), row.kind, to_bytes(as_bytes(row.record)),
                              row.ingress, row.foreign};
    if ((row.kind == Custody::refused || row.kind == Custody::acknowledged) && intact_(op)) stage(std::move(op));
    return report_.failure == OpenFailure::none;
  });
  commit();
}

// Two passes of one page each, because no row may be looked up while another is visited.
void Salvage::save_messages() {
  constexpr std::size_t kPage = 256;
  std::uint64_t next = 0;
  std::vector<std::pair<std::uint64_t, KvStore::HeaderRow>> page;
  do {
    page.clear();
    from_.scan(keys::by_sequence(keys::kHeader, next), keys::end_of(keys::kHeader),
               [&](std::string_view key, std::string_view value) {
                 if (key.size() != 1 + sizeof(std::uint64_t) || value.size() != kHeaderRowBytes) return true;
                 const auto sequence = keys::RowReader(key.substr(1)).integer<std::uint64_t>();
                 page.emplace_back(sequence, KvStore::decode_header(sequence, value));
                 return page.size() < kPage;
               });
    for (const auto& [sequence, row] : page) save_message(sequence, row);
    if (!page.empty()) next = page.back().first + 1;
  } while (page.size() == kPage && report_.failure == OpenFailure::none);
  commit();
}

void Salvage::save_message(std::uint64_t sequence, const KvStore::HeaderRow& row) {
  std::string body, custody;
  if (to_.custody_of(row.id) != Custody::absent) return;
  if (!from_.get(keys::by_sequence(keys::kBody, sequence), body) || body.size() != row.body_bytes) {
    ++report_.lost;
    return;
  }
  StoreOp op = PutMessage{row.id,  row.stored.header, row.stored.nonce, to_bytes(as_bytes(body)), row.stored.ingress,
                          row.stored.received};
  if (!intact_(op)) {
    ++report_.lost;
    return;
  }
  stage(std::move(op));
  if (!from_.get(keys::by_sequence(keys::kCustody, sequence), custody) || custody.size() < sizeof(Millis)) return;
  keys::RowReader in(custody);
  const auto due = in.integer<Millis>();
  stage(PutCustody{row.id, due, to_bytes(as_bytes(in.rest()))});
}

void Salvage::save_rows() {
  each(keys::kRecord, [this](std::string_view key, std::string_view value) {
    if (key.size() != 1 + Address::kSize || value.size() < 16) return true;
    keys::RowReader in(value);
    PutKeyRecord op;
    op.address = keys::RowReader(key.substr(1)).fixed<Address>();
    op.seq = in.integer<std::uint64_t>();
    op.expires = in.integer<Millis>();
    op.record = to_bytes(as_bytes(in.rest()));
    stage(std::move(op));
    return report_.failure == OpenFailure::none;
  });
  each(keys::kRow, [this](std::string_view key, std::string_view value) {
    if (key.size() < 2) return true;
    ++report_.rows;
    stage(PutRow{static_cast<Table>(key[1]), to_bytes(as_bytes(key.substr(2))), to_bytes(as_bytes(value))});
    return report_.failure == OpenFailure::none;
  });
  commit();
}

StoreReport Salvage::run() {
  save_tombstones();
  save_messages();
  save_rows();
  report_.totals = to_.totals();
  return report_;
}

namespace {

StoreReport refused(OpenFailure failure, std::string detail) {
  StoreReport out;
  out.failure = failure;
  out.detail = std::move(detail);
  return out;
}

bool looks_like_ours(std::string_view key) {
  switch (key[0]) {
    case keys::kBody: case keys::kCustody: case keys::kHeader: return key.size() == 9;
    case keys::kDue: return key.size() == 41;
    case keys::kExpiry: case keys::kWork: return key.size() == 37;
    case keys::kId: return key.size() == 33;
    case keys::kRecord: case keys::kIngress: case keys::kQuota: return key.size() == 21;
    case keys::kMailbox: return key.size() == 29;
    case keys::kUser: return key.size() == 22;
    case keys::kTotals: case keys::kVersion: return key.size() == 1;
    case keys::kRow: return key.size() >= 2 && key[1] >= 1 && key[1] <= 3;
    default: return false;
  }
}

// By their version, or, if that cannot be read any more, by what the first of them look like. Yes if there are none.
bool are_ours(const Kv& rows) {
  std::string format;
  if (rows.get(keys::of(keys::kVersion), format)) return format == keys::kFormat || is_older_format(format);
  bool ours = true;
  int looked_at = 0;
  rows.scan({}, std::string(64, '\xff'), [&](std::string_view key, std::string_view) {
    ours = !key.empty() && looks_like_ours(key);
    return ours && ++looked_at < 64;
  });
  return ours;
}

void remove_all(Disk& disk, const std::string& path) {
  std::vector<std::string> files;
  disk.GetChildren(path, &files);
  for (const std::string& file : files) disk.RemoveFile(path + "/" + file);
  disk.GetChildren(path + "/lost", &files);
  for (const std::string& file : files) disk.RemoveFile(path + "/lost/" + file);
  disk.RemoveDir(path + "/lost");
  disk.RemoveDir(path);
}

// LevelDB's own repair finds the tables and logs that can be read, without a manifest. It moves and removes files:
// so it is given links.
leveldb::Status link_and_repair(Disk& disk, const std::string& damaged, const std::string& links) {
  disk.CreateDir(links);
  std::vector<std::string> files;
  leveldb::Status status = disk.GetChildren(damaged, &files);
  for (const std::string& file : files) {
    if (file == "." || file == ".." || file == "LOCK" || file == "lost" || !status.ok()) continue;
    status = disk.link(damaged + "/" + file, links + "/" + file);
  }
  return status.ok() ? LevelKv(disk, links, kWriteBufferBytes).repair() : status;
}

}  // namespace

StoreReport salvage_store(Disk& disk, const std::string& damaged, const std::string& fresh, const IsIntact& intact) {
  const std::string links = fresh + ".links";
  remove_all(disk, links);
  leveldb::Status status = link_and_repair(disk, damaged, links);
  LevelKv rows(disk, links, kWriteBufferBytes);
  if (status.ok()) status = rows.open(true);
  StoreReport out;
  if (!status.ok()) {
    out = refused(OpenFailure::io, "reading the store in " + damaged + " failed: " + status.ToString());
  } else if (!are_ours(rows)) {
    out = refused(OpenFailure::foreign, "the database in " + damaged + " was not made by this or an earlier comm; it is left alone");
  } else {
    OpenResult opened = open_leveldb_store_on(disk, fresh);
    out = opened.store ? Salvage(rows, *opened.store, intact).run() : refused(OpenFailure::io, opened.detail);
  }
  rows.close();
  remove_all(disk, links);
  return out;
}

StoreReport check_leveldb_store(const std::string& path) {
  const OpenResult opened = open_leveldb_store(path);
  if (!opened.store) return refused(opened.failure, opened.detail);
  std::string fault = opened.store->verify();
  StoreReport out;
  for (const Table table : {Table::meta, Table::contacts, Table::agent}) {
    std::optional<Bytes> after;
    for (auto page = opened.store->rows(table, {}, after, 1'000); !page.empty();
         page = opened.store->rows(table, {}, after, 1'000)) {
      out.rows += page.size();
      after = page.back().key;
    }
  }
  if (fault.empty()) fault = opened.store->read_failure();
  out.totals = opened.store->totals();
  if (fault.empty()) return out;
  out.failure = OpenFailure::corrupt;
  out.detail = damage_sentence(path, fault);
  return out;
}

namespace {

// A name beside `path` that nothing has yet.
std::string free_name(const std::string& path) {
  for (int i = 1;; ++i) {
    std::string name = path + ".damaged-" + std::to_string(i);
    std::error_code error;
    if (!std::filesystem::exists(name, error)) return name;
  }
}

bool exchange(const std::string& a, const std::string& b) {
  return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
}

}  // namespace

StoreReport repair_leveldb_store(const std::string& path, const IsIntact& intact) {
  StoreReport found = check_leveldb_store(path);
  if (found.failure != OpenFailure::corrupt && found.failure != OpenFailure::older) return found;
  const std::string fresh = path + ".repaired";
  std::error_code error;
  std::filesystem::remove_all(fresh, error);  // of a repair that was cut short
  std::filesystem::create_directory(fresh, error);
  if (!error) std::filesystem::permissions(fresh, std::filesystem::perms::owner_all, error);
  if (error) return refused(OpenFailure::io, "cannot create " + fresh + ": " + error.message());
  StoreReport out = salvage_store(Disk::real(), path, fresh, intact);
  const std::string aside = free_name(path);
  if (out.failure == OpenFailure::none && !exchange(path, fresh))
    out = refused(OpenFailure::io, "cannot put the repaired store into the place of " + path + ": " + std::strerror(errno));
  if (out.failure != OpenFailure::none) {
    std::filesystem::remove_all(fresh, error);
    return out;
  }
  std::filesystem::rename(fresh, aside, error);
  Disk::real().sync_directory(std::filesystem::path(path).parent_path().string());
  out.moved_to = error ? fresh : aside;
  return out;
}

}  // namespace comm
