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

// An XDG directory: what the variable says if that is absolute (a relative one is to be ignored, says the standard),
// else `fallback` in the home directory; "" without one.
std::string xdg_dir(const char* variable, const char* fallback) {
  const char* given = std::getenv(variable);
  if (given != nullptr && given[0] == '/') return std::string(given) + "/comm";
  const std::string home = home_dir();
  return home.empty() ? "" : home + fallback + "/comm";
}

}  // namespace

std::string data_home(Failure& failure) {
  std::string base = xdg_dir("XDG_DATA_HOME", "/.local/share");
  if (base.empty()) failure = {kExitConfig, "there is no home directory to keep data in. Use --data DIR."};
  return base;
}

std::string config_home() {
  const std::string base = xdg_dir("XDG_CONFIG_HOME", "/.config");
  return base.empty() ? "/nonexistent" : base;
}

std::string default_data_dir(const std::string& name, Failure& failure) {
  const std::string base = data_home(failure);
  if (base.empty()) return {};
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
