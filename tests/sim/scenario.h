// What a run is: how many nodes, what goes wrong and when, who writes to whom. Read from a TOML file (tests/sim/scenarios)
// or taken as built in. Until `heal` the faults act (safety is checked throughout); from then on everything must
// arrive, within `settle`. Plain values; durations in files are integers (seconds) or text such as "500ms", "90s", "2h".
#pragma once
#include <string>
#include <vector>

#include "proto/base/limits.h"
#include "tests/sim/network.h"
#include "tests/sim/tricks.h"

namespace comm::sim {

struct Fault {
  enum class Kind : std::uint8_t {
    loss,        // per_mille of packets from `at` to `until`
    partition,   // per_mille of the nodes against the rest
    churn,       // per_mille of the nodes leave and return again and again; profile = "C1" (IPFS), C2 (KAD), C3 (harsh)
    crash,       // per_mille of the nodes, once, at random instants between `at` and `until`, down for `down`
    disk_full,   // per_mille of the nodes
    clock_step,  // per_mille of the nodes' wall clocks move by `by` and back at `until`
  };
  Kind kind = Kind::loss;
  Millis at = 0, until = 0;
  std::uint32_t per_mille = 0;
  bool relays_only = false;             // nodes without a user only
  bool victims_only = false;            // of [victims] only
  std::uint32_t silent_per_mille = 0;   // churn, crash: ends nobody is told of (power loss)
  Millis session = 0, away = 0;         // churn: scales of the time online and offline
  Shape session_shape = Shape::weibull_608, away_shape = Shape::exponential;
  Millis down = 10 * kSecond;
  Millis by = 0;
};

struct Workload {
  std::uint32_t messages = 0;           // for `nodes` of the file; scaled when the command line asks for other nodes
  Millis from = 0, until = 0;           // sent at uniformly random instants
  std::uint32_t text_min = 16, text_max = 200;
  std::uint16_t lifetime = kDefaultLifetimeMinutes;
  std::uint32_t away_per_mille = 0;     // of the users are offline from away_from to back
  std::uint32_t to_away_per_mille = 0;  // of the messages are for one of them
  Millis away_from = 0, back = 0;
  std::uint32_t leave_per_mille = 0;    // of the messages: their sender leaves as soon as a relay has them,
  Millis leavers_back = 0;              // until then
};

// Whom the attackers are after: users that are always present.
struct Victims {
  std::uint32_t count = 0;
  std::uint32_t to_per_mille = 0;       // of the messages are for one of them
  std::uint32_t from_per_mille = 0;     // of the others are from one of them
};

// Who attacks, and how (adversary.h): further nodes without users, behind those of Scenario::nodes.
struct AdversaryPlan {
  enum class Place : std::uint8_t { anywhere, mailbox, record, node };
  std::uint32_t per_mille = 0;          // so large a share of all nodes, with ids as they come
  std::uint32_t ids = 0;                // further ones, ground next to each victim's `place`
  Place place = Place::mailbox;
  std::uint32_t spread = 1'000;         // ground ids lie within these thousandths of 1 / nodes of the space
  std::uint32_t prefixes = 0;           // /24s they share; 0: one each
  std::vector<TrickKind> tricks;
  Millis join_from = 0, join_until = 0;
  Millis honest_until = 0;
  bool contacts_victims = false;        // they know the victims' endpoints and call nobody else
  std::uint32_t per_minute = 0;         // replay, flood: items of one node
  bool aimed = false;                   // flood: at the victims' mailboxes
};

// What may be switched off or changed to show what it is for.
struct ProtocolKnobs {
  std::size_t lookup_paths = kLookupPaths;
  std::uint64_t region_factor = kRegionFactor;
  int id_checks_per_second = kIdChecksPerSecond;
  std::uint64_t mailbox_quota = kMailboxQuotaBytes, ingress_quota = kIngressQuotaBytes;
};

struct Scenario {
  std::string name = "built-in";
  std::uint32_t nodes = 1'000;
  std::uint32_t users_per_mille = 500;  // nodes with a user; the rest are pure relays
  std::uint32_t bootstraps = 3;         // earlier nodes each node knows of
  Millis join_over = 60 * kSecond;      // nodes start one after another within this
  bool established = false;             // and come back to a network that they knew
  Millis heal = 20 * kMinute;
  Millis settle = 4 * kHour;            // at most this long until everything is delivered and every copy gone
  Millis converge = 0;                  // so long after the heal custodians must agree on what they hold; 0: not judged
  bool measure = false;                 // messages that do not arrive are counted; no violation
  bool codec = false;                   // every packet through encode_packet and parse_packet
  Millis skew = 2 * kMinute;            // wall clocks are off by up to this, each its own way
  Millis fsync_min = 1, fsync_max = 5;
  std::uint64_t store_quota = kDefaultStoreQuotaBytes;
  NetworkOptions network;
  Workload workload;
  std::vector<Fault> faults;
  Victims victims;
  std::vector<AdversaryPlan> adversaries;
  ProtocolKnobs protocol;
};

Scenario default_scenario();

struct ScenarioResult { Scenario scenario; std::string error; };  // error: a sentence, empty if all is well
// `settings`: "adversary[0].ids=45", a whole number or a text for a key that the file names.
ScenarioResult load_scenario(const std::string& path, const std::vector<std::string>& settings = {});
ScenarioResult parse_scenario(std::string_view text, std::string_view name, const std::vector<std::string>& settings = {});

// Nodes of `plan` beside so many honest ones.
std::uint32_t hostile_nodes(const AdversaryPlan& plan, std::uint32_t honest, std::uint32_t victims);
std::uint32_t all_nodes(const Scenario& scenario);

// Another number of nodes, messages in proportion.
void scale(Scenario& scenario, std::uint32_t nodes);

}  // namespace comm::sim
