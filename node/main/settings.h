// The configuration file (TOML) and a profile's own settings, which have the same form and win over it:
// defaults < $XDG_CONFIG_HOME/comm/config.toml (or --config FILE) < PROFILE/profile.toml < options.
// toml++ is included by settings.cc alone: it is slow to compile.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node/shell/runtime.h"

namespace comm {

inline constexpr std::size_t kMaxSettingsBytes = 65'536;

// What stands in a file; nothing where it says nothing.
struct Settings {
  std::optional<std::string> name;          // identity.name: how the user calls this identity; never sent
  std::optional<std::string> key_file;      // identity.key_file: relative to the profile's directory
  std::optional<std::string> listen;        // network.listen
  std::optional<std::vector<std::string>> bootstrap;  // network.bootstrap
  std::optional<std::uint16_t> ttl_minutes; // message.ttl
  std::optional<bool> ascii;                // ui.glyphs: "ascii" or "auto"
  std::optional<int> sidebar;               // ui.sidebar: columns, 18 to 26
  std::optional<bool> info;                 // ui.info: the pane at the right
  std::optional<std::string> bell;          // ui.bell: "off", "unfocused" or "all"
  std::map<std::string, std::vector<std::string>> keys;  // keys.ACTION: names of keys
};

// Nothing if there is no such file and `must_exist` is false. Otherwise nullopt with "FILE:LINE:COLUMN: what" (78).
std::optional<Settings> load_settings(const std::string& path, bool must_exist, Failure& failure);
// `over` where it says something, `under` elsewhere.
Settings merge_settings(Settings over, const Settings& under);
// As a file that load_settings reads.
std::string settings_text(const Settings& settings);

// "90m", "12h", "7d": from a minute to 30 days.
std::optional<std::uint16_t> parse_ttl_minutes(std::string_view text);

}  // namespace comm
