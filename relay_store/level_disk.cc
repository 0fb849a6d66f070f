#include "relay_store/level_disk.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

namespace comm {
namespace {

std::string directory_of(const std::string& file) { return std::filesystem::path(file).parent_path().string(); }

leveldb::Status status_of_errno(const std::string& name) {
  return leveldb::Status::IOError(name, std::strerror(errno));
}

// Owns its descriptor, of which LevelDB's cache of tables keeps at most so many open (kMaxOpenFiles). Any thread.
class ReadFile final : public leveldb::RandomAccessFile {
 public:
  ReadFile(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}
  ~ReadFile() override { ::close(fd_); }
  ReadFile(const ReadFile&) = delete;
  ReadFile& operator=(const ReadFile&) = delete;
  leveldb::Status Read(std::uint64_t offset, std::size_t count, leveldb::Slice* result, char* scratch) const override {
    const ssize_t got = ::pread(fd_, scratch, count, static_cast<off_t>(offset));
    *result = leveldb::Slice(scratch, got < 0 ? 0 : static_cast<std::size_t>(got));
    return got < 0 ? status_of_errno(name_) : leveldb::Status::OK();
  }

 private:
  const std::string name_;
  const int fd_;
};

}  // namespace

Disk& Disk::real() {
  static Disk disk;  // stateless, as leveldb::Env::Default is
  return disk;
}

leveldb::Status Disk::sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return status_of_errno(path);
  leveldb::Status status;
  if (::fsync(fd) != 0) status = status_of_errno(path);
  ::close(fd);
  return status;
}

leveldb::Status Disk::NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** result) {
  const int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  *result = fd < 0 ? nullptr : new ReadFile(name, fd);
  return fd < 0 ? status_of_errno(name) : leveldb::Status::OK();
}

leveldb::Status Disk::cut(const std::string& name, std::uint64_t bytes) {
  const int fd = ::open(name.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return status_of_errno(name);
  leveldb::Status status;
  if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0 || ::fsync(fd) != 0) status = status_of_errno(name);
  ::close(fd);
  return status;
}

leveldb::Status Disk::link(const std::string& name, const std::string& second) {
  return ::link(name.c_str(), second.c_str()) == 0 ? leveldb::Status::OK() : status_of_errno(name);
}

std::uint64_t Disk::free_bytes(const std::string& path) {
  std::error_code error;
  const auto space = std::filesystem::space(path, error);
  rlimit limit{};
  if (error || ::getrlimit(RLIMIT_FSIZE, &limit) != 0) return 0;
  return std::min<std::uint64_t>(space.available, limit.rlim_cur);
}

class DurableEnv::File final : public leveldb::WritableFile {
 public:
  File(DurableEnv& env, std::string name, leveldb::WritableFile* file)
      : env_(env), name_(std::move(name)), file_(file), is_table_(name_.ends_with(".ldb")) {}
  leveldb::Status Append(const leveldb::Slice& data) override {
    written_ += data.size();
    return file_->Append(data);
  }
  leveldb::Status Close() override { return file_->Close(); }
  // LevelDB asks for it after each block of 4 KiB. A table is read only once it has been synced: until then its writes may
  // as well be large ones.
  leveldb::Status Flush() override { return is_table_ ? leveldb::Status::OK() : file_->Flush(); }
  leveldb::Status Sync() override {
    leveldb::Status status = file_->Sync();
    if (status.ok() && !entry_durable_) {
      status = env_.disk_.sync_directory(directory_of(name_));
      entry_durable_ = status.ok();
    }
    const std::lock_guard lock(env_.mutex_);
    if (status.ok() && name_ == env_.log_) env_.synced_ = written_;
    return status;
  }

 private:
  DurableEnv& env_;
  const std::string name_;
  const std::unique_ptr<leveldb::WritableFile> file_;
  const bool is_table_;
  std::uint64_t written_ = 0;
  bool entry_durable_ = false;
};

leveldb::Status DurableEnv::NewWritableFile(const std::string& name, leveldb::WritableFile** result) {
  leveldb::WritableFile* file = nullptr;
  const leveldb::Status status = disk_.NewWritableFile(name, &file);
  *result = status.ok() ? new File(*this, name, file) : nullptr;
  if (status.ok() && name.ends_with(".log")) {
    const std::lock_guard lock(mutex_);
    log_ = name;
    synced_ = 0;
  }
  return status;
}

leveldb::Status DurableEnv::cut_log() {
  const std::lock_guard lock(mutex_);
  return log_.empty() ? leveldb::Status::OK() : disk_.cut(log_, synced_);
}

// LevelDB removes the manifest it made when putting it into CURRENT fails; if only the directory's sync failed, it stands
// there all the same.
leveldb::Status DurableEnv::RemoveFile(const std::string& name) {
  std::string current;
  const bool manifest = name.find("/MANIFEST-") != name.npos;
  if (manifest && leveldb::ReadFileToString(&disk_, directory_of(name) + "/CURRENT", &current).ok() &&
      name.ends_with("/" + current.substr(0, current.find('\n'))))
    return leveldb::Status::IOError(name, "CURRENT points to it");
  return disk_.RemoveFile(name);
}

leveldb::Status DurableEnv::RenameFile(const std::string& from, const std::string& to) {
  const leveldb::Status status = disk_.RenameFile(from, to);
  return status.ok() ? disk_.sync_directory(directory_of(to)) : status;
}

}  // namespace comm
