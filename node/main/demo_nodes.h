// What both demos start: relays on loopback in a temporary directory, and the reading of what children report.
#pragma once
#include <memory>

#include <nlohmann/json.hpp>

#include "node/main/child.h"

namespace comm {

using Json = nlohmann::ordered_json;

struct RelayReport {
  std::uint64_t live = 0, acknowledged = 0, records = 0;
};

struct DemoRelay {
  std::unique_ptr<Child> child;
  std::string node_id, endpoint, data_dir;
  RelayReport last;
};

Deadline in_seconds(int seconds);

// The next object a child writes; nullopt at the deadline or its end.
std::optional<Json> read_event(Child& child, Deadline deadline);

// How a relay is started. `json`: it goes on reporting, and its output must be read; else it writes one line only.
struct RelayPlan {
  int number = 1;
  std::string directory, network;
  std::string listen = "127.0.0.1:0";
  std::vector<std::string> bootstrap = {};
  bool json = true;
};
// Waits until it listens. Null child if it did not come up.
DemoRelay start_relay(const RelayPlan& plan, Deadline deadline);

// Takes in what the relay has reported so far, waiting for news at most until the deadline.
void update_report(DemoRelay& relay, Deadline deadline);

std::vector<std::string> with_bootstrap(std::vector<std::string> arguments, const std::vector<std::string>& bootstrap);

std::string random_hex(std::size_t bytes);

int run_transcript();   // demo_transcript.cc

}  // namespace comm
