#include "node/main/paths.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace comm {
namespace {

std::string home_dir() {
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return home;
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr && entry->pw_dir != nullptr ? entry->pw_dir : "";
}

}  // namespace

std::string default_data_dir(const std::string& name, Failure& failure) {
  std::string base;
  const char* data_home = std::getenv("XDG_DATA_HOME");
  if (data_home != nullptr && data_home[0] == '/') {  // a relative one is to be ignored, says the standard
    base = data_home;
  } else {
    const std::string home = home_dir();
    if (home.empty()) {
      failure = {kExitConfig, "there is no home directory to keep data in. Use --data DIR."};
      return {};
    }
    base = home + "/.local/share";
  }
  base += "/comm";
  std::error_code error;
  std::filesystem::create_directories(base, error);  // umask 077 makes new ones private
  if (error) {
    failure = {error == std::errc::permission_denied ? kExitPermission : kExitIo,
               "cannot create " + base + ": " + error.message() + ". Use --data DIR for another place."};
    return {};
  }
  return base + "/" + name;
}

}  // namespace comm
