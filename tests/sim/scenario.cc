#include "tests/sim/scenario.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <functional>
#include <sstream>
#include <toml++/toml.h>

namespace comm::sim {
namespace {

struct Bad { std::string why; };  // caught in parse_scenario

// One table being read: every key must be asked for, so that a misspelt one is an error and not a default.
class Reader {
 public:
  Reader(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}
  ~Reader() noexcept(false) {
    if (std::uncaught_exceptions() > 0) return;
    for (const auto& [key, value] : table_)
      if (std::find(seen_.begin(), seen_.end(), key.str()) == seen_.end())
        throw Bad{where_ + ": unknown key '" + std::string(key.str()) + "'"};
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  const toml::node* get(std::string_view key) {
    seen_.emplace_back(key);
    return table_.get(key);
  }
  template <class Int>
  void number(std::string_view key, Int& out, std::int64_t low, std::int64_t high) {
    const toml::node* node = get(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < low || *value > high)
      throw Bad{where_ + "." + std::string(key) + ": a whole number from " + std::to_string(low) + " to " +
                std::to_string(high) + " is wanted"};
    out = static_cast<Int>(*value);
  }
  void per_mille(std::string_view key, std::uint32_t& out) { number(key, out, 0, 1'000); }
  void flag(std::string_view key, bool& out) {
    const toml::node* node = get(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<bool>();
    if (!value) throw Bad{where_ + "." + std::string(key) + ": true or false is wanted"};
    out = *value;
  }
  void text(std::string_view key, std::string& out) {
    const toml::node* node = get(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::string>();
    if (!value) throw Bad{where_ + "." + std::string(key) + ": text is wanted"};
    out = *value;
  }
  void shape(std::string_view key, Shape& out) {
    std::string name;
    text(key, name);
    if (name.empty()) return;
    const auto parsed = parse_shape(name);
    if (!parsed) throw Bad{where_ + "." + std::string(key) + ": no distribution is called '" + name + "'"};
    out = *parsed;
  }
  void duration(std::string_view key, Millis& out) {
    const toml::node* node = get(key);
    if (node == nullptr) return;
    if (const auto seconds = node->value_exact<std::int64_t>()) {
      out = *seconds * kSecond;
      return;
    }
    const auto parsed = parse_duration(node->value_exact<std::string>().value_or(""));
    if (!parsed) throw Bad{where_ + "." + std::string(key) + ": a duration such as \"90s\" is wanted"};
    out = *parsed;
  }

 private:
  static std::optional<Millis> parse_duration(const std::string& in) {
    std::size_t digits = 0;
    const std::size_t sign = !in.empty() && in[0] == '-' ? 1 : 0;
    while (sign + digits < in.size() && in[sign + digits] >= '0' && in[sign + digits] <= '9') ++digits;
    if (digits == 0 || digits > 9) return std::nullopt;
    const Millis count = std::stol(in.substr(0, sign + digits));
    const std::string unit = in.substr(sign + digits);
    if (unit == "ms") return count;
    if (unit == "s") return count * kSecond;
    if (unit == "m") return count * kMinute;
    if (unit == "h") return count * kHour;
    if (unit == "d") return count * kDay;
    return std::nullopt;
  }

  const toml::table& table_;
  std::string where_;
  std::vector<std::string> seen_;
};

void read_network(const toml::table& table, NetworkOptions& out) {
  Reader in(table, "network");
  in.shape("latency", out.latency);
  in.duration("latency_scale", out.latency_scale);
  in.number("setup_delays", out.setup_delays, 0, 10);
  in.duration("connect_timeout", out.connect_timeout);
  in.duration("keepalive_timeout", out.keepalive_timeout);
  in.per_mille("loss", out.loss);
  in.per_mille("duplicate", out.duplicate);
  in.per_mille("reorder", out.reorder);
  in.number("clog_per_million", out.clog, 0, 1'000'000);
  in.duration("clog_scale", out.clog_scale);
  in.per_mille("man_in_the_middle", out.man_in_the_middle);
  in.number("nodes_per_prefix", out.nodes_per_prefix, 1, 250);
}

void read_workload(const toml::table& table, Workload& out) {
  Reader in(table, "workload");
  in.number("messages", out.messages, 0, 10'000'000);
  in.duration("from", out.from);
  in.duration("until", out.until);
  in.number("text_min", out.text_min, 12, kMaxTextBytes);
  in.number("text_max", out.text_max, 12, kMaxTextBytes);
  in.number("lifetime_minutes", out.lifetime, 1, kMaxLifetimeMinutes);
  in.per_mille("away_per_mille", out.away_per_mille);
  in.per_mille("to_away_per_mille", out.to_away_per_mille);
  in.duration("away_from", out.away_from);
  in.duration("back", out.back);
  in.per_mille("leave_per_mille", out.leave_per_mille);
  in.duration("leavers_back", out.leavers_back);
  if (out.until < out.from || out.text_max < out.text_min) throw Bad{"workload: the end lies before the start"};
}

// Churn by name: nine of ten nodes come and go, half of the ends are silent, times offline are as times online.
bool use_profile(std::string_view name, Fault& out) {
  struct Profile { std::string_view name; Shape shape; Millis scale; };
  constexpr std::array<Profile, 4> kProfiles{{
      {"C0", Shape::constant, kHour},                  // nobody
      {"C1", Shape::weibull_608, 220 * kMinute},       // IPFS 2022: scale 3.66 h, mean 5.4 h
      {"C2", Shape::weibull_500, 5'000 * kSecond},     // KAD: mean 10,000 s, twice the scale
      {"C3", Shape::weibull_500, 500 * kSecond},       // harsh: mean 1,000 s
  }};
  const auto known = std::find_if(kProfiles.begin(), kProfiles.end(), [&](const Profile& p) { return p.name == name; });
  if (known == kProfiles.end()) return false;
  out.per_mille = name == "C0" ? 0 : 900;
  out.silent_per_mille = 500;
  out.session = out.away = known->scale;
  out.session_shape = out.away_shape = known->shape;
  return true;
}

Fault read_fault(const toml::table& table) {
  Reader in(table, "fault");
  Fault out;
  std::string kind, profile;
  in.text("kind", kind);
  if (kind == "loss") out.kind = Fault::Kind::loss;
  else if (kind == "partition") out.kind = Fault::Kind::partition;
  else if (kind == "churn") out.kind = Fault::Kind::churn;
  else if (kind == "crash") out.kind = Fault::Kind::crash;
  else if (kind == "disk_full") out.kind = Fault::Kind::disk_full;
  else if (kind == "clock_step") out.kind = Fault::Kind::clock_step;
  else throw Bad{"fault.kind: no fault is called '" + kind + "'"};
  in.duration("at", out.at);
  in.duration("until", out.until);
  in.text("profile", profile);
  if (!profile.empty() && !use_profile(profile, out)) throw Bad{"fault.profile: no churn is called '" + profile + "'"};
  in.per_mille("per_mille", out.per_mille);
  in.flag("relays_only", out.relays_only);
  in.flag("victims_only", out.victims_only);
  in.per_mille("silent_per_mille", out.silent_per_mille);
  in.duration("session", out.session);
  in.duration("away", out.away);
  in.shape("session_shape", out.session_shape);
  in.shape("away_shape", out.away_shape);
  in.duration("down", out.down);
  in.duration("by", out.by);
  if (out.until < out.at) throw Bad{"fault: ends before it starts"};
  if (out.kind == Fault::Kind::churn && (out.session <= 0 || out.away <= 0))
    throw Bad{"fault: churn needs session and away"};
  return out;
}

void read_victims(const toml::table& table, Victims& out) {
  Reader in(table, "victims");
  in.number("count", out.count, 0, 1'000);
  in.per_mille("to_per_mille", out.to_per_mille);
  in.per_mille("from_per_mille", out.from_per_mille);
}

AdversaryPlan::Place read_place(const std::string& name) {
  using Place = AdversaryPlan::Place;
  for (const auto& [text, place] : {std::pair{"mailbox", Place::mailbox}, std::pair{"record", Place::record},
                                    std::pair{"node", Place::node}})
    if (name == text) return place;
  throw Bad{"adversary.place: no place is called '" + name + "'"};
}

AdversaryPlan read_adversary(const toml::table& table) {
  Reader in(table, "adversary");
  AdversaryPlan out;
  in.number("per_mille", out.per_mille, 0, 900);
  in.number("ids", out.ids, 0, 10'000);
  std::string place = "mailbox";
  in.text("place", place);
  out.place = read_place(place);
  in.number("spread", out.spread, 1, 100'000);
  in.number("prefixes", out.prefixes, 0, 10'000);
  in.duration("join_from", out.join_from);
  in.duration("join_until", out.join_until);
  in.duration("honest_until", out.honest_until);
  in.flag("contacts_victims", out.contacts_victims);
  in.number("per_minute", out.per_minute, 0, 1'000'000);
  in.flag("aimed", out.aimed);
  const toml::node* tricks = in.get("tricks");
  if (tricks == nullptr || !tricks->is_array()) throw Bad{"adversary.tricks: a list is wanted"};
  for (const toml::node& node : *tricks->as_array()) {
    const auto name = node.value_exact<std::string>().value_or("");
    const auto trick = parse_trick(name);
    if (!trick) throw Bad{"adversary.tricks: no trick is called '" + name + "'"};
    out.tricks.push_back(*trick);
  }
  if (out.join_until < out.join_from) throw Bad{"adversary: joins end before they start"};
  return out;
}

void read_protocol(const toml::table& table, ProtocolKnobs& out) {
  Reader in(table, "protocol");
  in.number("lookup_paths", out.lookup_paths, 1, 16);
  in.number("region_factor", out.region_factor, 0, 64);
  in.number("id_checks_per_second", out.id_checks_per_second, 1, 1'000);
  in.number("mailbox_quota", out.mailbox_quota, 1, INT64_MAX);
  in.number("ingress_quota", out.ingress_quota, 1, INT64_MAX);
}

// "adversary[0].ids=45": only what the file names can be set, so that a misspelt one is an error.
void apply(toml::table& table, const std::string& setting) {
  const auto equals = setting.find('=');
  const std::string path = setting.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : setting.substr(equals + 1);
  auto at = table.at_path(path);
  if (auto* number = at.as_integer()) {
    std::int64_t parsed = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (error != std::errc{} || end != value.data() + value.size()) throw Bad{path + ": a whole number is wanted"};
    *number = parsed;
  } else if (auto* text = at.as_string()) {
    *text = value;
  } else if (auto* flag = at.as_boolean()) {
    *flag = value == "true";
  } else if (auto* list = at.as_array()) {
    list->clear();
    for (std::size_t from = 0; from < value.size();) {
      const std::size_t comma = std::min(value.find(',', from), value.size());
      list->push_back(value.substr(from, comma - from));
      from = comma + 1;
    }
  } else {
    throw Bad{path + ": the scenario has no such key to set"};
  }
}

void read_scenario(const toml::table& table, Scenario& out) {
  Reader in(table, "scenario");
  in.text("name", out.name);
  in.number("nodes", out.nodes, 2, 1'000'000);
  in.per_mille("users_per_mille", out.users_per_mille);
  in.number("bootstraps", out.bootstraps, 1, 16);
  in.duration("join_over", out.join_over);
  in.flag("established", out.established);
  in.duration("heal", out.heal);
  in.duration("settle", out.settle);
  in.duration("converge", out.converge);
  in.flag("measure", out.measure);
  in.flag("codec", out.codec);
  in.duration("skew", out.skew);
  in.duration("fsync_min", out.fsync_min);
  in.duration("fsync_max", out.fsync_max);
  in.number("store_quota", out.store_quota, 1, INT64_MAX);
  if (const toml::node* node = in.get("network"); node != nullptr && node->is_table())
    read_network(*node->as_table(), out.network);
  if (const toml::node* node = in.get("workload"); node != nullptr && node->is_table())
    read_workload(*node->as_table(), out.workload);
  if (const toml::node* node = in.get("victims"); node != nullptr && node->is_table())
    read_victims(*node->as_table(), out.victims);
  if (const toml::node* node = in.get("protocol"); node != nullptr && node->is_table())
    read_protocol(*node->as_table(), out.protocol);
  if (const toml::node* node = in.get("adversary"); node != nullptr && node->is_array())
    for (const toml::node& adversary : *node->as_array())
      if (adversary.is_table()) out.adversaries.push_back(read_adversary(*adversary.as_table()));
  if (const toml::node* node = in.get("fault"); node != nullptr && node->is_array())
    for (const toml::node& fault : *node->as_array())
      if (fault.is_table()) out.faults.push_back(read_fault(*fault.as_table()));
  if (out.fsync_max < out.fsync_min) throw Bad{"scenario: fsync_max is below fsync_min"};
}

}  // namespace

Scenario default_scenario() {
  Scenario out;
  out.name = "default";
  out.network.loss = 50;
  out.network.duplicate = 1;
  out.network.reorder = 10;
  out.workload = {.messages = 500, .from = 3 * kMinute, .until = 15 * kMinute, .text_min = 16, .text_max = 200,
                  .lifetime = kDefaultLifetimeMinutes, .away_per_mille = 200, .to_away_per_mille = 300,
                  .away_from = 2 * kMinute, .back = 22 * kMinute, .leave_per_mille = 50,
                  .leavers_back = 22 * kMinute};
  Fault churn;
  churn.kind = Fault::Kind::churn;
  churn.at = 2 * kMinute;
  churn.until = 20 * kMinute;
  churn.per_mille = 300;
  churn.silent_per_mille = 500;
  churn.session = 20 * kMinute;
  churn.away = 5 * kMinute;
  Fault partition;
  partition.kind = Fault::Kind::partition;
  partition.at = 6 * kMinute;
  partition.until = 11 * kMinute;
  partition.per_mille = 500;
  Fault crash;
  crash.kind = Fault::Kind::crash;
  crash.at = 3 * kMinute;
  crash.until = 18 * kMinute;
  crash.per_mille = 200;
  crash.silent_per_mille = 300;
  out.faults = {churn, partition, crash};
  return out;
}

ScenarioResult parse_scenario(std::string_view text, std::string_view name, const std::vector<std::string>& settings) {
  ScenarioResult out;
  try {
    toml::table table = toml::parse(text, name);
    for (const std::string& setting : settings) apply(table, setting);
    read_scenario(table, out.scenario);
  } catch (const toml::parse_error& error) {
    std::ostringstream sentence;
    sentence << error;
    out.error = sentence.str();
  } catch (const Bad& bad) {
    out.error = std::string(name) + ": " + bad.why;
  }
  return out;
}

ScenarioResult load_scenario(const std::string& path, const std::vector<std::string>& settings) {
  std::ifstream file(path);
  if (!file) return {{}, "cannot read the scenario file " + path};
  std::ostringstream text;
  text << file.rdbuf();
  return parse_scenario(text.str(), path, settings);
}

std::uint32_t hostile_nodes(const AdversaryPlan& plan, std::uint32_t honest, std::uint32_t victims) {
  const std::uint64_t share = (std::uint64_t{honest} * plan.per_mille + 500) / (1'000 - plan.per_mille);
  return static_cast<std::uint32_t>(share) + plan.ids * victims;
}

std::uint32_t all_nodes(const Scenario& scenario) {
  std::uint32_t out = scenario.nodes;
  for (const AdversaryPlan& plan : scenario.adversaries)
    out += hostile_nodes(plan, scenario.nodes, scenario.victims.count);
  return out;
}

void scale(Scenario& scenario, std::uint32_t nodes) {
  const std::uint64_t messages = std::uint64_t{scenario.workload.messages} * nodes / scenario.nodes;
  scenario.workload.messages = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, messages));
  scenario.nodes = nodes;
}

}  // namespace comm::sim
