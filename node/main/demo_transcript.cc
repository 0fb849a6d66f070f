// The demo as a transcript: real processes act out the program's promise, and each step is told with what was
// observed. Exit 0 only if every step happened, within a minute.
#include <signal.h>

#include <cstdio>

#include "node/main/commands.h"
#include "node/main/demo_nodes.h"
#include "node/main/output.h"

namespace comm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRelays = 3;
constexpr auto kWholePlay = std::chrono::seconds(60);
constexpr auto kGlance = std::chrono::milliseconds(50);   // how long one look at a child waits
constexpr auto kDuplicateWatch = std::chrono::seconds(2); // after the end, for a second copy that must not come
constexpr auto kRecordPatience = std::chrono::seconds(3);
constexpr char kText[] = "Are you there? This waited for you.";

class Play {
 public:
  int run();

 private:
  bool start_relays();
  bool bob_publishes();
  bool alice_sends();
  bool relay_is_killed();
  bool bob_receives();
  bool copies_vanish();
  bool alice_learns();

  std::unique_ptr<Child> start_person(const std::string& name, const std::string& secret, std::string& address);
  bool leave(std::unique_ptr<Child>& person);
  void look_at_relays();
  bool every_relay(bool (*holds)(const RelayReport&));
  std::string counts(const char* what, std::uint64_t RelayReport::* member) const;
  std::optional<Json> event_of(Child& person, const char* kind);
  void tell(const std::string& text);
  bool failed(const std::string& why, const Child* child = nullptr);

  Clock::time_point begin_ = Clock::now();
  Deadline deadline_ = begin_ + kWholePlay;
  Output out_;
  TemporaryDir directory_;
  std::string network_ = "demo-" + random_hex(6);
  std::string alice_secret_ = random_hex(32), bob_secret_ = random_hex(32);
  std::string alice_address_, bob_address_, uid_;
  std::vector<DemoRelay> relays_;
  std::unique_ptr<Child> alice_, bob_;
};

void Play::tell(const std::string& text) {
  char time[32];
  std::snprintf(time, sizeof time, "[%5.1f s] ", std::chrono::duration<double>(Clock::now() - begin_).count());
  out_.line(time + text);
}

bool Play::failed(const std::string& why, const Child* child) {
  tell("FAILED: " + why);
  if (child != nullptr) {
    for (const std::string& line : child->last_lines()) out_.line("          " + child->name() + ": " + line);
  }
  return false;
}

std::unique_ptr<Child> Play::start_person(const std::string& name, const std::string& secret, std::string& address) {
  std::vector<std::string> endpoints;
  for (const DemoRelay& relay : relays_) endpoints.push_back(relay.endpoint);
  auto person = std::make_unique<Child>(
      name,
      with_bootstrap({"chat", "--json", "--network", network_, "--data", directory_.path() + "/" + name, "--listen",
                      "127.0.0.1:0", "--log-level", "error"},
                     endpoints),
      secret);
  const auto ready = event_of(*person, "ready");
  if (!ready) {
    failed(name + " did not start", person.get());
    return nullptr;
  }
  address = ready->value("address", "");
  return person;
}

// The person's next event of that kind; other events pass.
std::optional<Json> Play::event_of(Child& person, const char* kind) {
  while (auto event = read_event(person, deadline_))
    if (event->value("ev", "") == kind) return event;
  return std::nullopt;
}

bool Play::leave(std::unique_ptr<Child>& person) {
  person->write_line(R"({"cmd":"quit"})");
  const auto status = person->wait(deadline_);
  if (status != 0)
    return failed(person->name() + (status ? " ended with exit code " + std::to_string(*status) : " did not leave"),
                  person.get());
  person.reset();
  return true;
}

void Play::look_at_relays() {
  for (DemoRelay& relay : relays_) update_report(relay, std::min(deadline_, Clock::now() + kGlance));
}

bool Play::every_relay(bool (*holds)(const RelayReport&)) {
  while (Clock::now() < deadline_) {
    look_at_relays();
    if (std::all_of(relays_.begin(), relays_.end(), [&](const DemoRelay& relay) { return holds(relay.last); }))
      return true;
  }
  return false;
}

std::string Play::counts(const char* what, std::uint64_t RelayReport::* member) const {
  std::string out = what;
  for (std::size_t i = 0; i < relays_.size(); ++i)
    out += (i == 0 ? " " : ", ") + std::to_string(relays_[i].last.*member);
  return out;
}

bool Play::start_relays() {
  std::vector<std::string> endpoints;
  for (int i = 1; i <= kRelays; ++i) {
    RelayPlan plan{i, directory_.path(), network_};
    plan.bootstrap = endpoints;
    relays_.push_back(start_relay(plan, deadline_));
    const DemoRelay& relay = relays_.back();
    if (!relay.child) return failed("relay " + std::to_string(i) + " did not start");
    endpoints.push_back(relay.endpoint);
    tell("relay " + std::to_string(i) + " is process " + std::to_string(relay.child->pid()) + " on " + relay.endpoint +
         ", node " + relay.node_id.substr(0, 8) + "..");
  }
  return true;
}

bool Play::bob_publishes() {
  bob_ = start_person("bob", bob_secret_, bob_address_);
  if (!bob_) return false;
  tell("Bob is " + bob_address_);
  // One relay is enough for Alice to find him; more are awaited for a moment, they make the lookup quicker.
  const auto has_record = [](const DemoRelay& relay) { return relay.last.records >= 1; };
  while (Clock::now() < deadline_ && std::none_of(relays_.begin(), relays_.end(), has_record)) look_at_relays();
  const Deadline patience = std::min(deadline_, Clock::now() + kRecordPatience);
  while (Clock::now() < patience && !std::all_of(relays_.begin(), relays_.end(), has_record)) look_at_relays();
  if (std::none_of(relays_.begin(), relays_.end(), has_record))
    return failed("no relay has Bob's key record", bob_.get());
  tell(counts("Bob's key record is published; records held by the relays:", &RelayReport::records));
  if (!leave(bob_)) return false;
  tell("Bob has left. He is offline.");
  return true;
}

bool Play::alice_sends() {
  alice_ = start_person("alice", alice_secret_, alice_address_);
  if (!alice_) return false;
  tell("Alice is " + alice_address_ + " and writes to Bob: \"" + kText + "\"");
  alice_->write_line(Json{{"cmd", "send"}, {"to", bob_address_}, {"text", kText}, {"ref", 1}}.dump());
  for (;;) {
    const auto event = event_of(*alice_, "state");
    if (!event) return failed("the message did not reach two relays", alice_.get());
    uid_ = event->value("uid", "");
    const auto state = event->value("state", "");
    const auto relays = event->value("relays", 0u);
    tell("Alice sees: " + state + (state == "relayed" ? " on " + std::to_string(relays) : "") +
         "   (message " + uid_.substr(0, 8) + "..)");
    if (state == "failed" || state == "expired" || state == "delivered")
      return failed("that state cannot be: Bob is offline", alice_.get());
    if (state == "relayed" && relays >= 2) break;
  }
  if (!leave(alice_)) return false;
  if (!every_relay([](const RelayReport& report) { return report.live >= 1; }))
    return failed(counts("not every relay keeps a copy; copies:", &RelayReport::live));
  tell(counts("Alice has left. Copies kept by the relays:", &RelayReport::live));
  return true;
}

bool Play::relay_is_killed() {
  DemoRelay& victim = relays_.front();
  const std::string endpoint = victim.endpoint, node_id = victim.node_id;
  victim.child->signal(SIGKILL);
  const auto status = victim.child->wait(deadline_);
  if (status != 128 + SIGKILL) return failed("relay 1 did not die of SIGKILL");
  tell("relay 1 was killed (SIGKILL)");
  RelayPlan plan{1, directory_.path(), network_};
  plan.listen = endpoint;
  plan.bootstrap = {relays_[1].endpoint, relays_[2].endpoint};
  victim = start_relay(plan, deadline_);
  if (!victim.child) return failed("relay 1 did not start again on its data");
  if (victim.node_id != node_id) return failed("relay 1 is another node after its restart");
  while (victim.last.live == 0 && Clock::now() < deadline_) update_report(victim, deadline_);
  if (victim.last.live == 0) return failed("relay 1 lost the message", victim.child.get());
  tell("relay 1 is back as process " + std::to_string(victim.child->pid()) + ", the same node, and still has " +
       std::to_string(victim.last.live) + " copy");
  return true;
}

bool Play::bob_receives() {
  std::string address;
  bob_ = start_person("bob", bob_secret_, address);
  if (!bob_) return false;
  tell("Bob comes back");
  const auto event = event_of(*bob_, "received");
  if (!event) return failed("Bob received nothing", bob_.get());
  if (event->value("text", "") != kText || event->value("from", "") != alice_address_ || event->value("uid", "") != uid_)
    return failed("Bob received something else", bob_.get());
  tell("Bob reads: \"" + event->value("text", "") + "\"   (message " + uid_.substr(0, 8) + ".., from Alice)");
  return true;
}

bool Play::copies_vanish() {
  if (!every_relay([](const RelayReport& report) { return report.live == 0 && report.acknowledged >= 1; }))
    return failed(counts("copies are left at the relays:", &RelayReport::live));
  tell(counts("Bob's acknowledgement is everywhere. Copies left:", &RelayReport::live) +
       counts("; acknowledgements:", &RelayReport::acknowledged));
  const Deadline watch = std::min(deadline_, Clock::now() + kDuplicateWatch);
  while (const auto event = read_event(*bob_, watch))
    if (event->value("ev", "") == "received") return failed("Bob received a message twice", bob_.get());
  if (!leave(bob_)) return false;
  tell("Bob received it exactly once, and leaves");
  return true;
}

bool Play::alice_learns() {
  std::string address;
  alice_ = start_person("alice", alice_secret_, address);
  if (!alice_) return false;
  tell("Alice comes back");
  while (const auto event = event_of(*alice_, "state")) {
    if (event->value("uid", "") != uid_ || event->value("state", "") != "delivered") continue;
    tell("Alice sees: delivered   (message " + uid_.substr(0, 8) + "..)");
    return leave(alice_);
  }
  return failed("Alice did not learn that it was delivered", alice_.get());
}

int Play::run() {
  if (directory_.path().empty()) return fail({kExitIo, "cannot make a temporary directory. Set TMPDIR."});
  struct Step {
    const char* title;
    bool (Play::*act)();
  };
  static constexpr Step kSteps[] = {
      {"Three relays start", &Play::start_relays},
      {"Bob shows himself once and leaves", &Play::bob_publishes},
      {"Alice writes to Bob, who is offline, and leaves", &Play::alice_sends},
      {"A relay is killed and restarted", &Play::relay_is_killed},
      {"Bob comes back", &Play::bob_receives},
      {"Every copy disappears", &Play::copies_vanish},
      {"Alice comes back", &Play::alice_learns},
  };
  int number = 0;
  for (const Step& step : kSteps) {
    out_.line((number == 0 ? "" : "\n") + std::to_string(number + 1) + ". " + step.title);
    ++number;
    if ((this->*step.act)() && Clock::now() < deadline_ && !out_.failed()) continue;
    out_.line("\nThe demo failed in step " + std::to_string(number) + ": " + step.title + ".");
    return out_.failed() ? kExitIo : kExitFailed;
  }
  char summary[160];
  std::snprintf(summary, sizeof summary, "\nAll of it happened, in %.1f s: one message, delivered once, no copy left.",
                std::chrono::duration<double>(Clock::now() - begin_).count());
  return out_.line(summary) ? kExitOk : kExitIo;
}

}  // namespace

int run_transcript() { return Play().run(); }

}  // namespace comm
