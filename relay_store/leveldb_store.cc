#include "relay_store/leveldb_store.h"

#include <filesystem>

#include "relay_store/keys.h"
#include "relay_store/kv_store.h"
#include "relay_store/level_kv.h"
#include "relay_store/level_log.h"

namespace comm {
namespace {

OpenResult failure(OpenFailure kind, std::string detail) { return {nullptr, kind, std::move(detail)}; }

// Creates `path` or makes an existing directory private. Empty if it is there and ours, else what is wrong.
std::string prepare_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return "cannot create the store's directory " + path + ": " + error.message();
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  if (error) return "cannot make the store's directory " + path + " private: " + error.message();
  return {};
}

// LevelDB creates an empty database wherever CURRENT is missing, on top of whatever is there.
bool lost_its_current_file(Disk& disk, const std::string& path) {
  std::vector<std::string> files;
  if (disk.FileExists(path + "/CURRENT") || !disk.GetChildren(path, &files).ok()) return false;
  return std::any_of(files.begin(), files.end(), [](const std::string& file) {
    return file.ends_with(".ldb") || file.ends_with(".log");
  });
}

OpenResult corrupt(const std::string& path, const std::string& why) {
  return failure(OpenFailure::corrupt, damage_sentence(path, why));
}

OpenResult explain(const std::string& path, const leveldb::Status& status) {
  const std::string text = status.ToString();
  if (status.IsInvalidArgument())
    return failure(OpenFailure::foreign, "the database in " + path + " was not made by comm (" + text + ")");
  if (status.IsIOError() && text.rfind("IO error: lock ", 0) == 0)
    return failure(OpenFailure::locked,
                   "the store in " + path + " is in use by another process; end that one or choose another directory");
  if (is_disk_full(status))
    return failure(OpenFailure::io, "no room to open the store in " + path + ": free some disk space (" + text + ")");
  if (status.IsIOError())
    return failure(OpenFailure::io, "cannot open the store in " + path + ": " + text);
  return corrupt(path, text);
}

OpenResult wrong_format(const std::string& path, const std::string& format) {
  const std::string what = "the store in " + path + " is of ", form = "(\"" + format + "\")";
  if (is_older_format(format))
    return failure(OpenFailure::older, what + "an older comm " + form + "; `comm relay --repair --data " +
                                           data_directory_of(path) + "` converts it and keeps the old one beside it");
  if (format.starts_with(keys::kFormatName))
    return failure(OpenFailure::foreign, what + "a newer comm " + form + "; use that one, or choose another directory");
  return failure(OpenFailure::foreign, "the database in " + path + " was not made by comm; choose another directory");
}

// Marks a new database as ours; refuses one that is not. `none` if all is well. `format`: what it says it is.
OpenFailure check_format(LevelKv& kv, std::string& format) {
  if (kv.get(keys::of(keys::kVersion), format))
    return format == keys::kFormat ? OpenFailure::none : OpenFailure::foreign;
  format.clear();
  bool empty = true;
  kv.scan({}, std::string(64, '\xff'), [&](std::string_view, std::string_view) { return empty = false; });
  if (kv.read_failed()) return OpenFailure::corrupt;
  if (!empty) return OpenFailure::foreign;
  const KvWrites writes{{keys::of(keys::kVersion), std::string(keys::kFormat), false}};
  const KvWrites* const batch = &writes;
  return kv.apply({&batch, 1}) == CommitResult::ok ? OpenFailure::none : OpenFailure::io;
}

// Whether loss of power explains what LevelDB's strict mode calls corrupt: some log ends torn, and none is damaged before.
bool only_torn(Disk& disk, const std::string& path) {
  std::vector<std::string> files;
  disk.GetChildren(path, &files);
  bool torn = false;
  for (const std::string& file : files) {
    std::string bytes;
    if (!file.ends_with(".log") || !leveldb::ReadFileToString(&disk, path + "/" + file, &bytes).ok()) continue;
    const LogState state = read_log(bytes).state;
    if (state == LogState::damaged) return false;
    torn = torn || state == LogState::torn;
  }
  return torn;
}

// Cuts what loss of power left of the last record off the manifest in use: it was never synced, so nothing came to rest on
// it. LevelDB would refuse it. False if that is not what is wrong.
bool cut_torn_manifest(Disk& disk, const std::string& path) {
  std::string name, bytes;
  if (!leveldb::ReadFileToString(&disk, path + "/CURRENT", &name).ok() || name.empty()) return false;
  name.pop_back();  // its newline
  if (!leveldb::ReadFileToString(&disk, path + "/" + name, &bytes).ok()) return false;
  const LogReading manifest = read_log(bytes);
  return manifest.state == LogState::torn && manifest.whole > 0 && disk.cut(path + "/" + name, manifest.whole).ok();
}

}  // namespace

std::string data_directory_of(const std::string& path) {
  const std::filesystem::path store(path);
  return store.filename() == "store" ? store.parent_path().string() : path;
}

std::string damage_sentence(const std::string& path, const std::string& why) {
  const std::string data = data_directory_of(path);
  return "the store in " + path + " is damaged (" + why + "). `comm relay --repair --data " + data +
         "` saves what can be read and moves the damaged one aside";
}

bool is_older_format(std::string_view format) { return format == "comm store 1"; }

OpenResult open_leveldb_store(const std::string& path) {
  if (std::string fault = prepare_directory(path); !fault.empty()) return failure(OpenFailure::io, std::move(fault));
  return open_leveldb_store_on(Disk::real(), path);
}

OpenResult open_leveldb_store_on(Disk& disk, const std::string& path, std::size_t write_buffer_bytes) {
  if (lost_its_current_file(disk, path)) return corrupt(path, "its CURRENT file is missing");
  auto kv = std::make_unique<LevelKv>(disk, path, write_buffer_bytes);
  leveldb::Status status = kv->open(false);
  if (status.IsCorruption() && cut_torn_manifest(disk, path)) status = kv->open(false);
  // A power cut can leave holes in the last, unsynced record; LevelDB's strict mode takes that for damage. The
  // tolerant mode drops whatever it cannot read, and then the log: nothing may be lost but such an end.
  const std::string damage = status.ToString();
  const bool torn = status.IsCorruption() && only_torn(disk, path);
  if (torn) status = kv->open(true);
  if (torn && status.ok()) status = kv->open(false);
  if (!status.ok()) return explain(path, status);
  std::string format;
  switch (check_format(*kv, format)) {
    case OpenFailure::none: break;
    case OpenFailure::foreign: return wrong_format(path, format);
    case OpenFailure::io:
      return failure(OpenFailure::io, "cannot write to the store in " + path + ": " + kv->failure_detail());
    default: return corrupt(path, "its rows cannot be read");
  }
  auto store = std::make_unique<KvStore>(std::move(kv), true);
  if (torn) {
    const std::string fault = store->verify();
    if (!fault.empty() || !store->read_failure().empty()) return corrupt(path, damage + ", " + fault);
  }
  return {std::move(store), OpenFailure::none, {}};
}

}  // namespace comm
