#include "node/shell/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace comm {
namespace {

Failure cannot(const std::string& what, const std::string& path, int error) {
  const std::string head = "cannot " + what + " \"" + path + "\": " + std::strerror(error) + ". ";
  if (error == EACCES || error == EPERM || error == EROFS)
    return {kExitPermission, head + "Use --data DIR with a directory you may write."};
  if (error == ENOTDIR || error == EEXIST) return {kExitIo, head + "Use --data DIR."};
  return {kExitIo, head + "Check the disk, or use --data DIR."};
}

// Every missing directory of the path, 0700. 0 or an errno.
int make_directories(const std::string& path) {
  for (std::size_t at = 1; at <= path.size(); ++at) {
    if (at != path.size() && path[at] != '/') continue;
    const std::string part = path.substr(0, at);
    struct stat existing{};
    if (stat(part.c_str(), &existing) == 0) {
      if (!S_ISDIR(existing.st_mode)) return ENOTDIR;
    } else if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return errno;
    }
  }
  return 0;
}

// Who holds the lock: "pid 812 (comm relay)", as far as the file tells.
std::string holder_of(int fd) {
  std::array<char, 256> text{};
  const ssize_t size = pread(fd, text.data(), text.size() - 1, 0);
  std::string line(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  line = line.substr(0, line.find('\n'));
  const auto space = line.find(' ');
  if (line.empty() || space == std::string::npos) return "another process";
  return "pid " + line.substr(0, space) + " (" + line.substr(space + 1) + ")";
}

}  // namespace

std::optional<DataDir> DataDir::open(const std::string& path, const std::string& program, Failure& failure,
                                     const char* if_in_use) {
  umask(077);
  if (const int error = path.empty() ? ENOENT : make_directories(path); error != 0) {
    failure = cannot("use data directory", path, error);
    return std::nullopt;
  }
  const std::string lock_path = path + "/LOCK";
  UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) {
    failure = cannot("open", lock_path, errno);
    return std::nullopt;
  }
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      failure = {kExitLocked, "profile data directory \"" + path + "\" is in use by " + holder_of(lock.get()) + ". " +
                                  if_in_use};
    } else {
      failure = cannot("lock", lock_path, errno);
    }
    return std::nullopt;
  }
  const std::string line = std::to_string(getpid()) + " " + program + "\n";
  if (ftruncate(lock.get(), 0) != 0 ||
      pwrite(lock.get(), line.data(), line.size(), 0) != static_cast<ssize_t>(line.size())) {
    failure = cannot("write", lock_path, errno);
    return std::nullopt;
  }
  return DataDir(path, std::move(lock));
}

bool DataDir::usable(const std::string& path, const std::string& program, Failure& failure) {
  struct stat existing{};
  if (stat(path.c_str(), &existing) == 0) return open(path, program, failure).has_value();
  std::string nearest = path;
  while (nearest.size() > 1 && stat(nearest.c_str(), &existing) != 0)
    nearest = nearest.find('/') == std::string::npos ? "." : nearest.substr(0, std::max<std::size_t>(nearest.rfind('/'), 1));
  const int error = !S_ISDIR(existing.st_mode) ? ENOTDIR : access(nearest.c_str(), W_OK | X_OK) != 0 ? errno : 0;
  if (error != 0) failure = cannot("use data directory", path, error);
  return error == 0;
}

}  // namespace comm
