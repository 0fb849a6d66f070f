// Two users without a network: an Agent on a MemStore, and as little of a core as it takes to stage what it is told and
// to write down what it is asked. Turns, tickets and the commit gate are those of the Driver. One thread.
#pragma once
#include <memory>

#include "node/agent/asked.h"
#include "node/agent/commit_gate.h"
#include "proto/seal/os_random.h"
#include "relay_store/store.h"

namespace comm::test {

inline constexpr Millis kStartWall = 1'763'000'000'000;  // a Thursday, 02:13 into a protocol week

struct Clock {
  TimePoint now{1'000, kStartWall};
  void pass(Millis time) {
    now.mono += time;
    now.wall += time;
  }
};

class User {
 public:
  User(Clock& clock, std::uint8_t seed, bool derived_prekeys = true, Profile profile = {});

  void start();                                    // for the first time
  void command(const UserCommand& command);
  void send(const Address& to, const std::string& text, const std::string& ref = "");
  void notice(const Notice& notice);
  void write(StoreOp op);                          // behind the agent's back
  void time();                                     // only if the deadline has come
  void run_for(Clock& clock, Millis time);         // from deadline to deadline
  void restart();                                  // a clean end and a new process
  void crash();                                    // what is not committed is gone, then a new process
  void disk_full();                                // the same, but the process goes on
  void hold_commits(bool hold) { hold_ = hold; }
  void commit();

  const Address& address() const { return agent_->address(); }
  Agent& agent() { return *agent_; }
  Store& store() { return *store_; }
  const Identity& identity() const { return *identity_; }  // a twin of the agent's

  // What was shown and asked since the last call.
  std::vector<UserEvent> shown() { return std::exchange(shown_, {}); }
  std::vector<std::string> states();               // of shown(): "sealed", "relayed 2", "delivered late"
  template <class T>
  std::vector<T> shown_of() {
    std::vector<T> out;
    for (UserEvent& event : shown_)
      if (auto* one = std::get_if<T>(&event)) out.push_back(std::move(*one));
    shown_.clear();
    return out;
  }
  template <class T>
  std::vector<T> asked() {
    std::vector<T> out;
    std::vector<Event> rest;
    for (Event& event : asked_) {
      if (auto* one = std::get_if<T>(&event)) out.push_back(std::move(*one));
      else rest.push_back(std::move(event));
    }
    asked_ = std::move(rest);
    return out;
  }
  const SignedRecord& published() const { return published_; }

 private:
  void make_agent();
  template <class Do>
  void turn(Do&& action);
  void perform(Effect& effect, Effects& out);
  void mini_core(Event& event, Effects& out);

  Clock& clock_;
  std::uint8_t seed_;
  bool derived_;
  Profile profile_;
  Prng random_;
  std::unique_ptr<Store> store_;
  LockedBox<Identity> identity_;
  std::unique_ptr<Agent> agent_;
  CommitGate gate_;
  Asked asked_by_user_;
  Ticket ticket_ = 0;
  Ticket last_ = 0;
  bool hold_ = false;
  std::vector<UserEvent> shown_;
  std::vector<Event> asked_;
  SignedRecord published_;
};

LockedBox<Identity> identity_of(std::uint8_t seed, bool derived_prekeys);
class User;
// A text by somebody without a machine, whose record is `like` with keys of its own.
Sealed text_by(const Identity& sender, const SignedRecord& like, std::string text);
SealRequest request_to(const User& user);

// Alice and Bob, started; neither knows the other yet.
struct Pair {
  Clock clock;
  User alice{clock, 1};
  User bob{clock, 2};
  NodeId relay = *NodeId::from(Bytes(20, 7));

  Pair();
  void look_up(User& who, User& whom);             // who's lookup finds whom's published record
  void introduce() { look_up(alice, bob); }        // Alice's message waits for Bob's key: give it
  // Alice sends a text and it is sealed: the item on its way. `text` new to Bob's key or not.
  SubmitMessage send(const std::string& text);
  void arrive(User& at, const SubmitMessage& mail);
  void settle(User& at, const SubmitFinal& final); // the record comes back to the sender's core
};

bool contains(const std::vector<std::string>& states, const std::string& state);

}  // namespace comm::test
