// A profile: one identity and what belongs to it, in $XDG_DATA_HOME/comm/NAME (or --data DIR). In it the key file, the
// settings collected at first run (profile.toml), the store, and LOCK while in use. Everything is 0600 in 0700.
#pragma once
#include "node/main/options.h"
#include "node/main/settings.h"
#include "proto/seal/key_file.h"

namespace comm {

inline constexpr std::size_t kMaxProfileName = 64;

struct ProfilePlace {
  std::string name;           // "default" unless --profile; "" with --data
  std::string dir, key_path;
  Settings settings;          // the configuration and the profile's own together
  bool has_identity = false;  // there is a key file

  std::string title() const;  // profile "default", or the directory
};

// The configuration file: --config, or the user's own if there is one.
std::optional<Settings> load_configuration(const Options& options, Failure& failure);
// Reads both settings files and looks for the key file; creates nothing. Nullopt with `failure` for a bad name or file.
std::optional<ProfilePlace> find_profile(const Options& options, Failure& failure);

// The key file as it is on disk, at most a few hundred bytes. A warning goes to stderr if others can read it.
std::optional<WipedBytes> read_key_file(const std::string& path, Failure& failure);
// What read_key_file_head and open_key_file found wrong, as a sentence: 65 damaged, 77 wrong passphrase, 74 no memory.
Failure key_file_failure(const Error& error, const std::string& path);

// Null with `failure` if the passphrase is wrong (77), missing (78) or the file damaged (65). About 0.7 s.
IdentitySeedBox open_identity(const ProfilePlace& place, const SecretBytes* passphrase, Failure& failure);
// Makes the profile's directory and its key file; refuses (1) where there is one. `passphrase` null: in the clear.
bool create_identity(ProfilePlace& place, const IdentitySeed& seed, const SecretBytes* passphrase, Failure& failure);
// Another passphrase. At every moment the old or the new file is there, complete.
bool replace_key_file(const ProfilePlace& place, const IdentitySeed& seed, const SecretBytes* passphrase,
                      Failure& failure);
// Merges into PROFILE/profile.toml, where the directory must exist already.
bool save_profile_settings(const ProfilePlace& place, const Settings& settings, Failure& failure);

// Writes a new file of mode 0600, complete and synced or not at all. `replace` false: an existing one stays (exit 1).
bool write_private_file(const std::string& path, ByteView content, bool replace, Failure& failure);

// Takes over the store that the positional form kept for this address, unless the profile has one. Returns a sentence
// about it for the user, "" if there is nothing to take.
std::string adopt_positional_store(const ProfilePlace& place, const Address& address);

}  // namespace comm
