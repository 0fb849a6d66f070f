#include "tests/support/faulty_disk.h"

#include <cerrno>
#include <chrono>
#include <cstring>

namespace comm::test {
namespace {

using leveldb::Slice;
using leveldb::Status;

constexpr auto kLongestHold = std::chrono::milliseconds(200);

Status no_room(const std::string& name) { return Status::IOError(name, std::strerror(ENOSPC)); }
Status no_power(const std::string& name) { return Status::IOError(name, "the power is off"); }
// Written in records that are synced one by one, a manifest as well.
bool is_log(const std::string& name) { return name.ends_with(".log") || name.find("/MANIFEST-") != name.npos; }
Status missing(const std::string& name) { return Status::NotFound(name, std::strerror(ENOENT)); }

}  // namespace

struct FaultyDisk::Lock : leveldb::FileLock {
  explicit Lock(std::string of) : name(std::move(of)) {}
  const std::string name;
};

// Reading never fails: LevelDB's checksums are tested elsewhere.
class FaultyDisk::Reader final : public leveldb::SequentialFile, public leveldb::RandomAccessFile {
 public:
  Reader(FaultyDisk& disk, std::shared_ptr<Inode> inode) : disk_(disk), inode_(std::move(inode)) {}
  Status Read(std::size_t count, Slice* result, char* scratch) override {
    const Status status = Read(at_, count, result, scratch);
    at_ += result->size();
    return status;
  }
  Status Skip(std::uint64_t count) override {
    at_ += count;
    return Status::OK();
  }
  Status Read(std::uint64_t offset, std::size_t count, Slice* result, char* scratch) const override {
    const std::lock_guard lock(disk_.mutex_);
    const std::string& bytes = inode_->bytes;
    const std::size_t from = std::min<std::size_t>(offset, bytes.size());
    *result = Slice(scratch, bytes.copy(scratch, count, from));
    return Status::OK();
  }

 private:
  FaultyDisk& disk_;
  const std::shared_ptr<Inode> inode_;
  std::uint64_t at_ = 0;
};

class FaultyDisk::Writer final : public leveldb::WritableFile {
 public:
  Writer(FaultyDisk& disk, std::string name, std::shared_ptr<Inode> inode)
      : disk_(disk), name_(std::move(name)), inode_(std::move(inode)) {}
  Status Append(const Slice& data) override { return disk_.append(*inode_, name_, data); }
  Status Close() override { return Status::OK(); }
  Status Flush() override { return Status::OK(); }
  Status Sync() override { return disk_.sync(*inode_, name_); }

 private:
  FaultyDisk& disk_;
  const std::string name_;
  const std::shared_ptr<Inode> inode_;
};

FaultyDisk::FaultyDisk() : worker_([this] { work(); }) {}

FaultyDisk::~FaultyDisk() {
  {
    const std::lock_guard lock(work_mutex_);
    stopping_ = true;
  }
  work_changed_.notify_all();
  worker_.join();
}

// --- faults --------------------------------------------------------------------------

void FaultyDisk::arm(Fault fault, std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  armed_[fault] = count;
}

void FaultyDisk::disarm() {
  const std::lock_guard lock(mutex_);
  armed_.clear();
}

void FaultyDisk::set_capacity(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

std::uint64_t FaultyDisk::used_locked() const {
  std::uint64_t out = 0;
  for (const auto& [name, inode] : names_) out += inode->bytes.size();
  return out;
}

std::uint64_t FaultyDisk::used() {
  const std::lock_guard lock(mutex_);
  return used_locked();
}

bool FaultyDisk::off() {
  const std::lock_guard lock(mutex_);
  return off_;
}

std::uint64_t FaultyDisk::operations() {
  const std::lock_guard lock(mutex_);
  return operations_;
}

// REQUIRES: mutex held, as for all private functions but work().
bool FaultyDisk::strikes(Fault fault) {
  const auto at = armed_.find(fault);
  if (at == armed_.end() || --at->second != 0) return false;
  armed_.erase(at);
  return true;
}

Status FaultyDisk::change(const std::string& name) {
  if (off_) return no_power(name);
  ++operations_;
  if (!strikes(Fault::power)) return Status::OK();
  off_ = true;
  return no_power(name);
}

void FaultyDisk::rename_inode(Names& names, const Change& change) {
  if (!change.gone.empty()) names.erase(change.gone);
  if (change.inode)
    names[change.name] = change.inode;
  else
    names.erase(change.name);
}

void FaultyDisk::crash(Prng& random) {
  const std::lock_guard lock(mutex_);
  for (const Change& one : changes_)
    if (random.chance(1, 2)) rename_inode(durable_, one);
  changes_.clear();
  names_ = durable_;
  for (auto& [name, inode] : names_) {
    const std::size_t unsynced = inode->bytes.size() - inode->synced;
    if (unsynced == 0) continue;
    switch (random.below(is_log(name) ? 4 : 3)) {
      case 0: inode->bytes.resize(inode->synced); break;
      case 1: break;
      case 2: inode->bytes.resize(inode->synced + random.below(unsynced)); break;
      default:
        for (std::uint64_t holes = 1 + random.below(3); holes > 0; --holes) {
          const std::size_t from = inode->synced + random.below(unsynced);
          const std::size_t size = 1 + random.below(inode->bytes.size() - from);
          inode->bytes.replace(from, size, size, '\0');
        }
    }
    inode->synced = inode->bytes.size();
  }
  locked_.clear();
  armed_.clear();
  off_ = false;
}

// --- files ---------------------------------------------------------------------------

Status FaultyDisk::append(Inode& inode, const std::string& name, const Slice& data) {
  const std::lock_guard lock(mutex_);
  if (off_) return no_power(name);
  const std::uint64_t used = used_locked(), room = capacity_ > used ? capacity_ - used : 0;
  if (const Status status = change(name); !status.ok()) {
    inode.bytes.append(data.data(), data.size() / 2);
    return status;
  }
  inode.bytes.append(data.data(), std::min<std::uint64_t>(data.size(), room));
  return data.size() <= room ? Status::OK() : no_room(name);
}

Status FaultyDisk::sync(Inode& inode, const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (const Status status = change(name); !status.ok()) return status;
  if (strikes(Fault::sync)) return Status::IOError(name, std::strerror(EIO));
  if (strikes(Fault::full_sync)) return no_room(name);
  inode.synced = inode.bytes.size();
  return Status::OK();
}

Status FaultyDisk::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const Status status = change(path); !status.ok()) return status;
  if (strikes(Fault::sync)) return Status::IOError(path, std::strerror(EIO));
  for (const Change& one : changes_) rename_inode(durable_, one);
  changes_.clear();
  return Status::OK();
}

Status FaultyDisk::cut(const std::string& name, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (const Status status = change(name); !status.ok()) return status;
  const auto at = names_.find(name);
  if (at == names_.end()) return missing(name);
  at->second->bytes.resize(bytes);
  at->second->synced = bytes;
  return Status::OK();
}

Status FaultyDisk::link(const std::string& name, const std::string& second) {
  const std::lock_guard lock(mutex_);
  if (const Status status = change(name); !status.ok()) return status;
  const auto at = names_.find(name);
  if (at == names_.end()) return missing(name);
  changes_.push_back({second, {}, at->second});
  names_[second] = at->second;
  return Status::OK();
}

std::uint64_t FaultyDisk::free_bytes(const std::string&) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t used = used_locked();
  return capacity_ > used ? capacity_ - used : 0;
}

Status FaultyDisk::NewSequentialFile(const std::string& name, leveldb::SequentialFile** result) {
  const std::lock_guard lock(mutex_);
  const auto at = names_.find(name);
  *result = at == names_.end() ? nullptr : new Reader(*this, at->second);
  return *result ? Status::OK() : missing(name);
}

Status FaultyDisk::NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** result) {
  const std::lock_guard lock(mutex_);
  const auto at = names_.find(name);
  *result = at == names_.end() ? nullptr : new Reader(*this, at->second);
  return *result ? Status::OK() : missing(name);
}

Status FaultyDisk::NewWritableFile(const std::string& name, leveldb::WritableFile** result) {
  const std::lock_guard lock(mutex_);
  *result = nullptr;
  if (const Status status = change(name); !status.ok()) return status;
  if (strikes(Fault::create)) return no_room(name);
  const auto inode = std::make_shared<Inode>();
  changes_.push_back({name, {}, inode});
  names_[name] = inode;
  *result = new Writer(*this, name, inode);
  return Status::OK();
}

Status FaultyDisk::NewAppendableFile(const std::string& name, leveldb::WritableFile** result) {
  *result = nullptr;
  return Status::NotSupported(name, "logs are not reused");
}

bool FaultyDisk::FileExists(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return names_.contains(name);
}

Status FaultyDisk::GetChildren(const std::string& directory, std::vector<std::string>* result) {
  const std::lock_guard lock(mutex_);
  result->clear();
  for (const auto& [name, inode] : names_)
    if (name.starts_with(directory + "/")) result->push_back(name.substr(directory.size() + 1));
  return Status::OK();
}

Status FaultyDisk::RemoveFile(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (const Status status = change(name); !status.ok()) return status;
  if (names_.erase(name) == 0) return missing(name);
  changes_.push_back({name, {}, nullptr});
  return Status::OK();
}

Status FaultyDisk::CreateDir(const std::string&) { return Status::OK(); }
Status FaultyDisk::RemoveDir(const std::string&) { return Status::OK(); }

Status FaultyDisk::GetFileSize(const std::string& name, std::uint64_t* size) {
  const std::lock_guard lock(mutex_);
  const auto at = names_.find(name);
  if (at == names_.end()) return missing(name);
  *size = at->second->bytes.size();
  return Status::OK();
}

Status FaultyDisk::RenameFile(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  if (const Status status = change(from); !status.ok()) return status;
  const auto at = names_.find(from);
  if (at == names_.end()) return missing(from);
  changes_.push_back({to, from, at->second});
  rename_inode(names_, Change(changes_.back()));
  return Status::OK();
}

Status FaultyDisk::LockFile(const std::string& name, leveldb::FileLock** lock) {
  const std::lock_guard guard(mutex_);
  *lock = nullptr;
  if (off_) return no_power(name);
  if (!locked_.insert(name).second) return Status::IOError("lock " + name, "already held");
  *lock = new Lock(name);
  return Status::OK();
}

Status FaultyDisk::UnlockFile(leveldb::FileLock* lock) {
  const std::unique_ptr<Lock> own(static_cast<Lock*>(lock));
  const std::lock_guard guard(mutex_);
  locked_.erase(own->name);
  return Status::OK();
}

// --- background work -----------------------------------------------------------------

void FaultyDisk::Schedule(void (*function)(void*), void* argument) {
  {
    const std::lock_guard lock(work_mutex_);
    work_.emplace_back(function, argument);
  }
  work_changed_.notify_all();
}

void FaultyDisk::hold() {
  const std::lock_guard lock(work_mutex_);
  held_ = true;
}

void FaultyDisk::settle() {
  std::unique_lock lock(work_mutex_);
  held_ = false;
  work_changed_.notify_all();
  work_changed_.wait(lock, [this] { return work_.empty() && !busy_; });
}

void FaultyDisk::work() {
  std::unique_lock lock(work_mutex_);
  for (;;) {
    work_changed_.wait(lock, [this] { return stopping_ || !work_.empty(); });
    if (work_.empty()) return;
    work_changed_.wait_for(lock, kLongestHold, [this] { return !held_ || stopping_; });
    const auto [function, argument] = work_.front();
    work_.pop_front();
    busy_ = true;
    lock.unlock();
    function(argument);
    lock.lock();
    busy_ = false;
    work_changed_.notify_all();
  }
}

}  // namespace comm::test
