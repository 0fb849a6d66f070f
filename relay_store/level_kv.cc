#include "relay_store/level_kv.h"

#include <leveldb/write_batch.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "relay_store/keys.h"
#include "relay_store/leveldb_store.h"

// LevelDB is not built for ThreadSanitizer, which therefore cannot see how its threads synchronise and reports its
// memory. No callback of ours runs below it, so nothing of ours is hidden.
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define COMM_THREAD_SANITIZER
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(COMM_THREAD_SANITIZER)
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "race:libleveldb.so\n"; }
#endif

namespace comm {
namespace {

constexpr std::size_t kBlockBytes = 16 << 10;  // of a table: a merge reads it with a call for each block
constexpr int kMaxOpenFiles = 256;       // of 2 MiB: the default quota; beyond it tables are reopened as needed
constexpr int kBloomBitsPerKey = 10;     // 1 % false positives: most ids asked for are not here
constexpr std::uint64_t kSliceSequences = 2'048;          // bodies are compacted in slices of so many messages
constexpr std::uint64_t kRewriteBytes = 32 << 20;         // one compaction step reads about this much at most
constexpr std::uint64_t kReopenReserveBytes = 1 << 20;    // manifest, new log, block rounding
constexpr std::uint64_t kIndexRowBytes = 64;              // for estimates

leveldb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const leveldb::Slice& in) { return {in.data(), in.size()}; }

leveldb::ReadOptions read_options() {
  leveldb::ReadOptions out;
  out.verify_checksums = true;
  return out;
}

}  // namespace

// LevelDB would keep a LOG file of its own beside the data; what matters of it reaches us as a status.
class LevelKv::NullLogger final : public leveldb::Logger {
 public:
  void Logv(const char*, std::va_list) override {}
};

bool is_disk_full(const leveldb::Status& status) {
  if (!status.IsIOError()) return false;
  const std::string text = status.ToString();
  for (const int error : {ENOSPC, EDQUOT, EFBIG})
    if (text.find(std::strerror(error)) != std::string::npos) return true;
  return false;
}

LevelKv::LevelKv(Disk& disk, std::string path, std::size_t write_buffer_bytes)
    : path_(std::move(path)),
      write_buffer_bytes_(write_buffer_bytes),
      env_(disk),
      logger_(std::make_unique<NullLogger>()),
      filter_(leveldb::NewBloomFilterPolicy(kBloomBitsPerKey)) {}

LevelKv::~LevelKv() { db_.reset(); }  // before the policy and the logger it uses

leveldb::Options LevelKv::options(bool tolerant) {
  leveldb::Options out;
  out.create_if_missing = true;
  out.paranoid_checks = !tolerant;
  out.compression = leveldb::kNoCompression;  // ciphertext
  out.write_buffer_size = write_buffer_bytes_;
  out.block_size = kBlockBytes;
  out.max_open_files = kMaxOpenFiles;
  out.filter_policy = filter_.get();
  out.info_log = logger_.get();
  out.env = &env_;
  // reuse_logs stays off: it appends behind a torn record, and recovery would lose what comes after.
  return out;
}

leveldb::Status LevelKv::repair() { return leveldb::RepairDB(path_, options(true)); }

leveldb::Status LevelKv::open(bool tolerant) {
  db_.reset();  // its LOCK
  leveldb::DB* db = nullptr;
  const leveldb::Status status = leveldb::DB::Open(options(tolerant), path_, &db);
  db_.reset(db);
  return status;
}

// --- reads ---------------------------------------------------------------------------

void LevelKv::note_read(const leveldb::Status& status) const {
  if (status.ok() || status.IsNotFound()) return;
  const std::lock_guard lock(read_mutex_);
  if (read_detail_.empty()) read_detail_ = "reading the store failed: " + status.ToString();
}

std::string LevelKv::read_failure() const {
  const std::lock_guard lock(read_mutex_);
  return read_detail_;
}

bool LevelKv::get(std::string_view key, std::string& value) const {
  const std::shared_lock lock(replace_);
  if (!db_) return false;  // only after a reopen failed: the last apply was fatal
  const leveldb::Status status = db_->Get(read_options(), slice(key), &value);
  note_read(status);
  return status.ok();
}

void LevelKv::scan(std::string_view from, std::string_view until, const Visit& visit) const {
  const std::shared_lock lock(replace_);
  if (!db_) return;
  const std::unique_ptr<leveldb::Iterator> at(db_->NewIterator(read_options()));
  for (at->Seek(slice(from)); at->Valid() && view(at->key()) < until; at->Next())
    if (!visit(view(at->key()), view(at->value()))) break;
  note_read(at->status());
}

// --- writes ----------------------------------------------------------------------------

CommitResult LevelKv::apply(std::span<const KvWrites* const> batches) {
  {
    const std::lock_guard lock(read_mutex_);
    if (!read_detail_.empty()) {
      detail_ = read_detail_ + ". `comm relay --check --data " + data_directory_of(path_) + "` says more";
      return CommitResult::fatal;
    }
  }
  if (std::all_of(batches.begin(), batches.end(), [](const KvWrites* writes) { return writes->empty(); }))
    return CommitResult::ok;
  if (broken_) return CommitResult::fatal;
  if (torn_)
    if (const CommitResult reopened = reopen(); reopened != CommitResult::ok) return reopened;
  leveldb::WriteBatch merged;
  for (const KvWrites* writes : batches) {
    for (const KvWrite& write : *writes) {
      if (write.erase)
        merged.Delete(slice(write.key));
      else
        merged.Put(slice(write.key), slice(write.value));
    }
  }
  leveldb::WriteOptions durable;
  durable.sync = true;
  const leveldb::Status status = db_->Write(durable, &merged);
  if (status.ok()) {
    for (const KvWrites* writes : batches)
      for (const KvWrite& write : *writes)
        if (write.erase) note_erased(write);
    return CommitResult::ok;
  }
  return failed(status);
}

CommitResult LevelKv::failed(const leveldb::Status& status) {
  detail_ = "writing to the store failed: " + status.ToString();
  if (!is_disk_full(status)) return CommitResult::fatal;
  return drop_failed_batch();
}

// A full disk is found while the record is written or, on some file systems, only when it is synced; then it stands
// complete in the log. What is reported as dropped must not come back: it leaves the log, or nobody knows and we end.
CommitResult LevelKv::drop_failed_batch() {
  torn_ = true;
  const leveldb::Status cut = env_.cut_log();
  if (cut.ok()) return CommitResult::disk_full;
  detail_ += "; taking it back failed too: " + cut.ToString();
  return CommitResult::fatal;
}

// Recovery writes the rows of the log as a table before it removes the log.
bool LevelKv::has_room_to_reopen() const {
  std::uint64_t needed = kReopenReserveBytes;
  std::vector<std::string> files;
  if (!env_.disk().GetChildren(path_, &files).ok()) return false;
  for (const std::string& file : files) {
    std::uint64_t bytes = 0;
    if (file.ends_with(".log") && env_.disk().GetFileSize(path_ + "/" + file, &bytes).ok()) needed += bytes;
  }
  return env_.disk().free_bytes(path_) >= needed;
}

CommitResult LevelKv::reopen() {
  // While there is no room the old object stays: it still answers reads.
  if (!has_room_to_reopen()) {
    detail_ = "the disk under " + path_ + " is still full";
    return CommitResult::disk_full;
  }
  const std::unique_lock lock(replace_);
  const leveldb::Status status = open(false);
  if (!status.ok()) {
    detail_ = "reopening the store after a full disk failed: " + status.ToString();
    return CommitResult::fatal;
  }
  torn_ = false;
  return CommitResult::ok;
}

// --- space -------------------------------------------------------------------------------

void LevelKv::note_erased(const KvWrite& write) {
  ++noted_.rows;
  const char kind = write.key[0];
  if (kind == keys::kBody)
    noted_.slices.insert(keys::RowReader(std::string_view(write.key).substr(1)).integer<std::uint64_t>() /
                         kSliceSequences);
  else if (kind != keys::kHeader && kind != keys::kCustody)  // these two go with the bodies
    ++noted_.kinds[kind];
}

std::uint64_t LevelKv::approximate_bytes(const std::string& from, const std::string& until) const {
  const leveldb::Range range(from, until);
  std::uint64_t bytes = 0;
  db_->GetApproximateSizes(&range, 1, &bytes);
  return bytes;
}

// Rewriting an index costs its whole size: only when an eighth of it is dead.
bool LevelKv::worth_rewriting(char kind, std::uint64_t count) const {
  return count * kIndexRowBytes * 8 >= approximate_bytes(keys::of(kind), keys::end_of(kind));
}

// Makes LevelDB drop the erased rows of from <= key < until and the marks of their erasure.
void LevelKv::rewrite(const std::string& from, const std::string& until) {
  // CompactRange merges down to the deepest table that overlaps the range, but leaves that table alone if nothing
  // lies above it, even if it holds both a row and its erasure. So: first everything into tables, then an erasure
  // of a key that no row has at both ends, which forces a merge with whatever lies between.
  const std::string nowhere(64, '\xff');
  const leveldb::Slice flush(nowhere);
  db_->CompactRange(&flush, &flush);
  const std::string first = from + '\0', last = until + '\0';
  leveldb::WriteBatch marks;
  marks.Delete(first);
  marks.Delete(last);
  leveldb::WriteOptions durable;
  durable.sync = true;  // only the last record of a log may be in doubt
  if (const leveldb::Status status = db_->Write(durable, &marks); !status.ok()) {
    broken_ = failed(status) == CommitResult::fatal;
    return;
  }
  const leveldb::Slice begin(from), end(last);
  db_->CompactRange(&begin, &end);
}

void LevelKv::rewrite_next_slices() {
  const std::uint64_t first = *due_.slices.begin();
  std::uint64_t last = first;
  due_.slices.erase(first);
  const auto key = [](char kind, std::uint64_t slice_number) {
    return keys::by_sequence(kind, slice_number * kSliceSequences);
  };
  while (due_.slices.contains(last + 1) &&
         approximate_bytes(key(keys::kBody, first), key(keys::kBody, last + 2)) <= kRewriteBytes)
    due_.slices.erase(++last);
  for (const char kind : {keys::kBody, keys::kCustody, keys::kHeader})
    rewrite(key(kind, first), key(kind, last + 1));
}

bool LevelKv::compact_step() {
  if (torn_ || !db_) return false;
  if (!std::exchange(compacting_, true)) due_ = std::exchange(noted_, {});
  if (!due_.slices.empty()) {
    rewrite_next_slices();
    return true;
  }
  while (!due_.kinds.empty()) {
    const auto [kind, count] = *due_.kinds.begin();
    due_.kinds.erase(due_.kinds.begin());
    if (!worth_rewriting(kind, count)) {
      noted_.kinds[kind] += count;
      continue;
    }
    // The last key of a kind is one no row has: longer than those of fixed length, and of no table.
    rewrite(keys::of(kind), keys::of(kind) + std::string(64, '\xff'));
    return true;
  }
  due_ = {};
  compacting_ = false;
  return false;
}

}  // namespace comm
