#include "node/main/settings.h"

#include <charconv>
#include <fstream>
#include <sstream>

#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include "client_tui/model/keymap.h"
#include "node/main/command_line.h"

namespace comm {
namespace {

// Takes one value into the settings; a sentence if it is not one.
using Take = std::string (*)(const toml::node& node, Settings& out);

struct Key {
  std::string_view table, name;
  Take take;
};

template <std::optional<std::string> Settings::*member>
std::string take_text(const toml::node& node, Settings& out) {
  const auto text = node.value_exact<std::string>();
  if (!text || text->empty()) return "a text in quotes is expected";
  out.*member = *text;
  return {};
}

std::string take_listen(const toml::node& node, Settings& out) {
  const auto text = node.value_exact<std::string>();
  if (!text || !is_host_port(*text)) return "\"HOST:PORT\" is expected, such as \"0.0.0.0:4242\"";
  out.listen = *text;
  return {};
}

std::string take_bootstrap(const toml::node& node, Settings& out) {
  const std::string expected = "a list is expected, such as [\"seed.example:4242\"]";
  const toml::array* list = node.as_array();
  if (list == nullptr) return expected;
  out.bootstrap.emplace();
  for (const toml::node& item : *list) {
    const auto text = item.value_exact<std::string>();
    if (!text) return expected;
    if (!is_bootstrap(*text)) return "\"" + *text + "\" is not HOST:PORT or NODEID@HOST:PORT";
    out.bootstrap->push_back(*text);
  }
  return {};
}

std::string take_ttl(const toml::node& node, Settings& out) {
  const auto text = node.value_exact<std::string>();
  out.ttl_minutes = text ? parse_ttl_minutes(*text) : std::nullopt;
  return out.ttl_minutes ? "" : "a time is expected, such as \"12h\" or \"7d\", at most \"30d\"";
}

std::string take_glyphs(const toml::node& node, Settings& out) {
  const auto text = node.value_exact<std::string>();
  if (!text || (*text != "auto" && *text != "ascii")) return "\"auto\" or \"ascii\" is expected";
  out.ascii = *text == "ascii";
  return {};
}

std::string take_sidebar(const toml::node& node, Settings& out) {
  const auto columns = node.value_exact<std::int64_t>();
  if (!columns || *columns < 18 || *columns > 26) return "a number of columns from 18 to 26 is expected";
  out.sidebar = static_cast<int>(*columns);
  return {};
}

std::string take_info(const toml::node& node, Settings& out) {
  out.info = node.value_exact<bool>();
  return out.info ? "" : "true or false is expected";
}

std::string take_bell(const toml::node& node, Settings& out) {
  const auto text = node.value_exact<std::string>();
  if (!text || (*text != "off" && *text != "unfocused" && *text != "all"))
    return "\"off\", \"unfocused\" or \"all\" is expected";
  out.bell = *text;
  return {};
}

const Key kKeys[] = {
    {"identity", "name", take_text<&Settings::name>},
    {"identity", "key_file", take_text<&Settings::key_file>},
    {"network", "listen", take_listen},
    {"network", "bootstrap", take_bootstrap},
    {"message", "ttl", take_ttl},
    {"ui", "glyphs", take_glyphs},
    {"ui", "sidebar", take_sidebar},
    {"ui", "info", take_info},
    {"ui", "bell", take_bell},
};

// The first thing wrong in the file, or nothing.
struct Wrong {
  toml::source_position where;
  std::string what;
};

std::string suggestion(std::string_view word, std::string_view table) {
  std::string nearest;
  std::size_t distance = 3;
  for (const Key& key : kKeys) {
    const std::string_view known = table.empty() ? key.table : key.name;
    if (!table.empty() && key.table != table) continue;
    if (const std::size_t d = edit_distance(word, known); d < distance) distance = d, nearest = known;
  }
  return nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?";
}

bool known_table(std::string_view name) {
  for (const Key& key : kKeys)
    if (key.table == name) return true;
  return false;
}

std::optional<Wrong> take_table(std::string_view table, const toml::table& content, Settings& out) {
  for (const auto& [name, node] : content) {
    const Key* found = nullptr;
    for (const Key& key : kKeys)
      if (key.table == table && key.name == name.str()) found = &key;
    if (found == nullptr)
      return Wrong{name.source().begin, "unknown key \"" + std::string(name.str()) + "\"" + suggestion(name.str(), table)};
    if (const std::string what = found->take(node, out); !what.empty())
      return Wrong{node.source().begin, std::string(table) + "." + std::string(name.str()) + ": " + what};
  }
  return std::nullopt;
}

// [keys]: ACTION = "KEY" or ["KEY", ...].
std::optional<Wrong> take_keys(const toml::table& content, Settings& out) {
  for (const auto& [name, node] : content) {
    std::vector<std::string> keys;
    const auto add = [&](const toml::node& item) {
      const auto text = item.value_exact<std::string>();
      const auto key = text ? parse_key_name(*text) : std::nullopt;
      if (key) keys.push_back(*key);
      return key.has_value();
    };
    bool good = true;
    if (const toml::array* list = node.as_array())
      for (const toml::node& item : *list) good = good && add(item);
    else good = add(node);
    if (!good) return Wrong{node.source().begin, "keys are like \"C-a\", \"M-Enter\", \"PgUp\", \"F1\""};
    if (!Keymap().bind(name.str(), keys))
      return Wrong{name.source().begin, "unknown action \"" + std::string(name.str()) + "\" in [keys]"};
    out.keys.insert_or_assign(std::string(name.str()), std::move(keys));
  }
  return std::nullopt;
}

std::optional<Wrong> take_file(const toml::table& root, Settings& out) {
  for (const auto& [name, node] : root) {
    const toml::table* table = node.as_table();
    if (table != nullptr && name.str() == "keys") {
      if (auto wrong = take_keys(*table, out)) return wrong;
      continue;
    }
    if (table == nullptr || !known_table(name.str()))
      return Wrong{name.source().begin, std::string(table == nullptr ? "unknown key" : "unknown table") + " \"" +
                                            std::string(name.str()) + "\"" + suggestion(name.str(), "")};
    if (auto wrong = take_table(name.str(), *table, out)) return wrong;
  }
  return std::nullopt;
}

Failure wrong_at(const std::string& path, const Wrong& wrong) {
  return {kExitConfig, path + ":" + std::to_string(wrong.where.line) + ":" + std::to_string(wrong.where.column) + ": " +
                           wrong.what};
}

}  // namespace

std::optional<std::uint16_t> parse_ttl_minutes(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const unsigned minutes = unit == "m" ? 1 : unit == "h" ? 60 : unit == "d" ? 1'440 : 0;
  if (error != std::errc() || value == 0 || value > kMaxLifetimeMinutes || minutes == 0) return std::nullopt;
  if (value * minutes > kMaxLifetimeMinutes) return std::nullopt;
  return static_cast<std::uint16_t>(value * minutes);
}

std::optional<Settings> load_settings(const std::string& path, bool must_exist, Failure& failure) {
  std::ifstream file(path);
  if (!file) {
    if (!must_exist && errno == ENOENT) return Settings{};
    failure = {errno == EACCES ? kExitPermission : kExitConfig,
               "cannot read the configuration " + path + ": " + std::strerror(errno) + "."};
    return std::nullopt;
  }
  std::string text(kMaxSettingsBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxSettingsBytes) {
    failure = {kExitConfig, "the configuration " + path + " is longer than " + std::to_string(kMaxSettingsBytes) + " bytes."};
    return std::nullopt;
  }
  Settings out;
  try {
    if (const auto wrong = take_file(toml::parse(text), out)) {
      failure = wrong_at(path, *wrong);
      return std::nullopt;
    }
  } catch (const toml::parse_error& error) {
    failure = wrong_at(path, {error.source().begin, std::string(error.description())});
    return std::nullopt;
  }
  return out;
}

Settings merge_settings(Settings over, const Settings& under) {
  const auto fill = [](auto& value, const auto& other) {
    if (!value) value = other;
  };
  fill(over.name, under.name);
  fill(over.key_file, under.key_file);
  fill(over.listen, under.listen);
  fill(over.bootstrap, under.bootstrap);
  fill(over.ttl_minutes, under.ttl_minutes);
  fill(over.ascii, under.ascii);
  fill(over.sidebar, under.sidebar);
  fill(over.info, under.info);
  fill(over.bell, under.bell);
  for (const auto& [action, keys] : under.keys) over.keys.try_emplace(action, keys);
  return over;
}

std::string settings_text(const Settings& settings) {
  toml::table root, identity, network, message, ui;
  if (settings.name) identity.insert("name", *settings.name);
  if (settings.key_file) identity.insert("key_file", *settings.key_file);
  if (settings.listen) network.insert("listen", *settings.listen);
  if (settings.bootstrap) {
    toml::array list;
    for (const std::string& node : *settings.bootstrap) list.push_back(node);
    network.insert("bootstrap", std::move(list));
  }
  if (settings.ttl_minutes) message.insert("ttl", std::to_string(*settings.ttl_minutes) + "m");
  if (settings.sidebar) ui.insert("sidebar", *settings.sidebar);
  if (settings.info) ui.insert("info", *settings.info);
  if (settings.bell) ui.insert("bell", *settings.bell);
  if (settings.ascii) ui.insert("glyphs", *settings.ascii ? "ascii" : "auto");
  const auto add = [&](const char* name, toml::table& table) {
    if (!table.empty()) root.insert(name, std::move(table));
  };
  add("identity", identity);
  add("network", network);
  add("message", message);
  add("ui", ui);
  toml::table keys;
  for (const auto& [action, names] : settings.keys) {
    toml::array list;
    for (const std::string& key : names) list.push_back(key);
    keys.insert(action, std::move(list));
  }
  add("keys", keys);
  std::ostringstream out;
  out << root << '\n';
  return out.str();
}

}  // namespace comm
