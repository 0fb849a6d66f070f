#include "relay_store/level_log_env.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace comm {
namespace {

bool is_log(const std::string& name) {
  constexpr std::string_view kSuffix = ".log";
  return name.size() > kSuffix.size() && name.compare(name.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0;
}

leveldb::Status status_of_errno(const std::string& name) {
  return leveldb::Status::IOError(name, std::strerror(errno));
}

}  // namespace

class LogEnv::Log final : public leveldb::WritableFile {
 public:
  Log(LogEnv& env, leveldb::WritableFile* file) : env_(env), file_(file) {}

  leveldb::Status Append(const leveldb::Slice& data) override {
    written_ += data.size();
    return file_->Append(data);
  }
  leveldb::Status Close() override { return file_->Close(); }
  leveldb::Status Flush() override { return file_->Flush(); }
  leveldb::Status Sync() override {
    const leveldb::Status status = file_->Sync();
    if (status.ok()) env_.synced_ = written_;
    return status;
  }

 private:
  LogEnv& env_;
  const std::unique_ptr<leveldb::WritableFile> file_;
  std::uint64_t written_ = 0;
};

leveldb::Status LogEnv::NewWritableFile(const std::string& name, leveldb::WritableFile** out) {
  const leveldb::Status status = target()->NewWritableFile(name, out);
  if (!status.ok() || !is_log(name)) return status;
  *out = new Log(*this, *out);
  log_ = name;
  synced_ = 0;
  return status;
}

leveldb::Status LogEnv::cut_log() {
  if (log_.empty()) return leveldb::Status::OK();
  const int fd = ::open(log_.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return status_of_errno(log_);
  leveldb::Status status;
  if (::ftruncate(fd, static_cast<off_t>(synced_)) != 0 || ::fsync(fd) != 0) status = status_of_errno(log_);
  ::close(fd);
  return status;
}

}  // namespace comm
