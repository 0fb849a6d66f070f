#include "node/main/demo_nodes.h"

#include <sstream>

#include "proto/seal/os_random.h"

namespace comm {

Deadline in_seconds(int seconds) { return std::chrono::steady_clock::now() + std::chrono::seconds(seconds); }

std::optional<Json> read_event(Child& child, Deadline deadline) {
  while (const auto line = child.read_line(deadline)) {
    Json object = Json::parse(*line, nullptr, false);
    if (object.is_object() && object.contains("ev")) return object;
  }
  return std::nullopt;
}

std::vector<std::string> with_bootstrap(std::vector<std::string> arguments, const std::vector<std::string>& bootstrap) {
  for (const std::string& endpoint : bootstrap) {
    arguments.emplace_back("--bootstrap");
    arguments.push_back(endpoint);
  }
  return arguments;
}

namespace {

bool read_json_start(DemoRelay& relay, Deadline deadline) {
  const auto ready = read_event(*relay.child, deadline);
  if (!ready || ready->value("ev", "") != "ready") return false;
  relay.node_id = ready->value("node_id", "");
  relay.endpoint = ready->value("endpoint", "");
  return true;
}

// "relay NODEID listening on HOST:PORT, data in DIR"
bool read_plain_start(DemoRelay& relay, Deadline deadline) {
  const auto line = relay.child->read_line(deadline);
  if (!line) return false;
  std::istringstream words(*line);
  std::string skip;
  words >> skip >> relay.node_id >> skip >> skip >> relay.endpoint;
  if (!relay.endpoint.empty() && relay.endpoint.back() == ',') relay.endpoint.pop_back();
  return !relay.endpoint.empty();
}

}  // namespace

DemoRelay start_relay(const RelayPlan& plan, Deadline deadline) {
  DemoRelay relay;
  relay.data_dir = plan.directory + "/relay" + std::to_string(plan.number);
  std::vector<std::string> arguments{"relay",  "--network",   plan.network, "--data", relay.data_dir, "--listen",
                                     plan.listen, "--log-level", "error"};
  if (plan.json) arguments.emplace_back("--json");
  relay.child = std::make_unique<Child>("relay " + std::to_string(plan.number),
                                        with_bootstrap(std::move(arguments), plan.bootstrap));
  if (plan.json ? !read_json_start(relay, deadline) : !read_plain_start(relay, deadline)) relay.child.reset();
  return relay;
}

void update_report(DemoRelay& relay, Deadline deadline) {
  const auto event = read_event(*relay.child, deadline);
  if (!event || event->value("ev", "") != "store") return;
  relay.last = {event->value("live", std::uint64_t{0}), event->value("acknowledged", std::uint64_t{0}),
                event->value("records", std::uint64_t{0})};
}

std::string random_hex(std::size_t bytes) {
  Bytes out(bytes);
  OsRandom().fill(out);
  return to_hex(out);
}

}  // namespace comm
