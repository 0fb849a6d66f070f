#include "node/main/profile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "node/main/output.h"
#include "node/main/paths.h"
#include "node/main/secret_input.h"
#include "node/shell/data_dir.h"
#include "node/shell/unique_fd.h"
#include "proto/seal/os_random.h"

namespace comm {
namespace {

constexpr const char* kKeyFileName = "identity.key";
constexpr const char* kSettingsName = "profile.toml";
constexpr std::size_t kMaxKeyFileBytes = 4'096;

int code_of(int error) { return error == EACCES || error == EPERM || error == EROFS ? kExitPermission : kExitIo; }

Failure cannot(const std::string& what, const std::string& path, int error) {
  return {code_of(error), "cannot " + what + " " + path + ": " + std::strerror(error) + "."};
}

bool exists(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0;
}

// A name is a directory's name, beside those of the positional form (40 hex digits) and of relays.
bool good_name(const std::string& name) {
  constexpr const char* kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (name.empty() || name.size() > kMaxProfileName || name.find_first_not_of(kAllowed) != std::string::npos) return false;
  if (name[0] == '.' || name[0] == '-' || name.rfind("relay-", 0) == 0) return false;
  return name.size() != 40 || name.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos;
}

bool sync_directory_of(const std::string& path) {
  const UniqueFd dir(::open(path.substr(0, path.rfind('/') + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return dir && ::fsync(dir.get()) == 0;
}

bool write_all(int fd, ByteView content) {
  while (!content.empty()) {
    const ssize_t wrote = ::write(fd, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    content = content.subspan(static_cast<std::size_t>(wrote));
  }
  return ::fsync(fd) == 0;
}

bool write_key_file(const ProfilePlace& place, const IdentitySeed& seed, const SecretBytes* passphrase, bool replace,
                    Failure& failure) {
  OsRandom random;
  auto sealed = seal_key_file(seed, passphrase, random);
  if (!sealed) {
    failure = key_file_failure(sealed.error(), place.key_path);
    return false;
  }
  const WipedBytes file(std::move(*sealed));
  return write_private_file(place.key_path, file.bytes, replace, failure);
}

}  // namespace

std::string ProfilePlace::title() const { return name.empty() ? "directory \"" + dir + "\"" : "profile \"" + name + "\""; }

std::optional<ProfilePlace> find_profile(const Options& options, Failure& failure) {
  ProfilePlace place;
  if (options.data.empty()) {
    place.name = options.profile_name;
    if (!good_name(place.name)) {
      failure = {kExitUsage, "\"" + place.name + "\" cannot be a profile's name: letters, digits, `.`, `_` and `-`, at most " +
                                 std::to_string(kMaxProfileName) + ", and not like an address."};
      return std::nullopt;
    }
    const std::string base = data_home(failure);
    if (base.empty()) return std::nullopt;
    place.dir = base + "/" + place.name;
  } else {
    place.dir = options.data;
  }
  const auto config = load_configuration(options, failure);
  if (!config) return std::nullopt;
  const auto own = load_settings(place.dir + "/" + kSettingsName, false, failure);
  if (!own) return std::nullopt;
  place.settings = merge_settings(*own, *config);
  const std::string key_file = place.settings.key_file.value_or(kKeyFileName);
  const std::string credential = key_file_in_credentials();
  if (!credential.empty() && !place.settings.key_file) place.key_path = credential;
  else place.key_path = key_file[0] == '/' ? key_file : place.dir + "/" + key_file;
  place.has_identity = exists(place.key_path);
  return place;
}

std::optional<Settings> load_configuration(const Options& options, Failure& failure) {
  const bool named = !options.config.empty();
  const std::string path = named ? options.config : config_home() + "/config.toml";
  return load_settings(path, named, failure);
}

std::optional<WipedBytes> read_key_file(const std::string& path, Failure& failure) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    failure = cannot("read the key file", path, errno);
    if (errno == ENOENT) failure.exit_code = kExitConfig;
    return std::nullopt;
  }
  if (S_ISREG(info.st_mode) && (info.st_mode & 077) != 0)
    complain("warning: " + path + " can be read by other users. `chmod 600` keeps it to yourself.");
  WipedBytes whole{Bytes(kMaxKeyFileBytes)};
  Bytes& out = whole.bytes;
  std::size_t size = 0;
  for (ssize_t got = 1; got != 0 && size < out.size(); size += static_cast<std::size_t>(got)) {
    got = ::read(fd.get(), out.data() + size, out.size() - size);
    if (got < 0 && errno == EINTR) got = 0;
    if (got >= 0) continue;
    failure = cannot("read the key file", path, errno);
    return std::nullopt;
  }
  out.resize(size);
  return whole;
}

Failure key_file_failure(const Error& error, const std::string& path) {
  const std::string_view reason = error.reason;
  if (reason == "key-file-passphrase") return {kExitPermission, "wrong passphrase for " + path + ", or the file is damaged."};
  if (reason == "key-file-memory")
    return {kExitIo, "the system refuses the memory that opening " + path + " takes. Free some and try again."};
  if (reason == "key-file-version") return {kExitCorrupt, path + " was made by a newer version of this program."};
  if (reason == "key-file-cost") return {kExitCorrupt, path + " asks for more work than any that this program makes."};
  if (reason == "key-file-form") return {kExitCorrupt, path + " is not a key file, or only a part of one."};
  return {kExitCorrupt, path + " is damaged. Take your recovery words: `comm identity import --words`"};
}

IdentitySeedBox open_identity(const ProfilePlace& place, const SecretBytes* passphrase, Failure& failure) {
  const auto file = read_key_file(place.key_path, failure);
  if (!file) return nullptr;
  const auto head = read_key_file_head(file->bytes);
  if (head && head->encrypted && passphrase == nullptr) {
    failure = {kExitConfig, "the key of " + place.title() + " has a passphrase, and none was given. Use --passphrase-fd N."};
    return nullptr;
  }
  auto opened = open_key_file(file->bytes, passphrase);
  if (opened) return std::move(*opened);
  failure = key_file_failure(opened.error(), place.key_path);
  return nullptr;
}

bool create_identity(ProfilePlace& place, const IdentitySeed& seed, const SecretBytes* passphrase, Failure& failure) {
  const auto locked = DataDir::open(place.dir, "comm identity", failure);
  if (!locked) return false;
  if (exists(place.key_path)) {
    failure = {kExitFailed, place.title() + " has an identity already (" + place.key_path + "). Use --profile NAME for another."};
    return false;
  }
  place.has_identity = write_key_file(place, seed, passphrase, false, failure);
  return place.has_identity;
}

bool replace_key_file(const ProfilePlace& place, const IdentitySeed& seed, const SecretBytes* passphrase,
                      Failure& failure) {
  return write_key_file(place, seed, passphrase, true, failure);
}

bool save_profile_settings(const ProfilePlace& place, const Settings& settings, Failure& failure) {
  const std::string path = place.dir + "/" + kSettingsName;
  const auto before = load_settings(path, false, failure);
  if (!before) return false;
  const std::string text = settings_text(merge_settings(settings, *before));
  return write_private_file(path, as_bytes(text), true, failure);
}

bool write_private_file(const std::string& path, ByteView content, bool replace, Failure& failure) {
  const std::string draft = path + ".new-" + std::to_string(::getpid());
  ::unlink(draft.c_str());  // of a process of the same number that was killed here
  UniqueFd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) {
    failure = cannot("write", draft, errno);
    return false;
  }
  bool done = write_all(fd.get(), content);
  fd.reset();
  if (done) done = ::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, path.c_str(), replace ? 0u : RENAME_NOREPLACE) == 0;
  // A file system without RENAME_NOREPLACE: a hard link does not replace either.
  if (!done && !replace && errno == EINVAL && ::link(draft.c_str(), path.c_str()) == 0) done = ::unlink(draft.c_str()) == 0;
  if (!done) {
    const int error = errno;
    ::unlink(draft.c_str());
    failure = error == EEXIST ? Failure{kExitFailed, path + " exists already and is left as it is."} : cannot("write", path, error);
    return false;
  }
  if (sync_directory_of(path)) return true;
  failure = cannot("save", path, errno);
  return false;
}

std::string adopt_positional_store(const ProfilePlace& place, const Address& address) {
  Failure ignored;
  const std::string base = data_home(ignored);
  const std::string old = base + "/" + to_hex(address.view());
  if (base.empty() || !exists(old + "/store") || exists(place.dir + "/store")) return {};
  Failure busy;
  const auto locked = DataDir::open(old, "comm identity import", busy);
  if (locked && ::rename((old + "/store").c_str(), (place.dir + "/store").c_str()) == 0)
    return "Contacts and history of `comm SECRET` moved here from " + old + ".";
  return "Contacts and history of `comm SECRET` stay in " + old + (locked ? std::string(": ") + std::strerror(errno) + "." : ", which is in use.") +
         " Move its directory `store` to " + place.dir + " yourself.";
}

}  // namespace comm
