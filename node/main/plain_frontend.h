// `comm chat --plain`: one appended line per event, states as words, no escape bytes; `ADDRESS text` sends. For pipes,
// dumb terminals and screen readers. Everything received passes safe_text. Lives on the runtime's thread.
#pragma once
#include <deque>
#include <map>

#include "client_tui/model/input_line.h"
#include "client_tui/view/safe_text.h"
#include "node/main/departure.h"
#include "node/main/line_reader.h"
#include "node/main/no_peers.h"
#include "node/main/output.h"

namespace comm {

struct PlainConfig {
  Millis linger = 0;
  SafeOptions safe;
  std::uint16_t lifetime = kDefaultLifetimeMinutes;  // of messages sent
  std::vector<std::string> bootstrap;                // whom the runtime was told to dial
};

class PlainFrontend final : public Frontend {
 public:
  PlainFrontend(Runtime& runtime, const PlainConfig& config);
  void ready(const Ready& ready) override;
  void user(const UserEvent& event) override;
  void turn() override { departure_.check(); }

 private:
  void say(const std::string& text);  // with the time before it
  void refuse(const std::string& why);
  void on_line(std::string_view line);
  void send(const Address& to, std::string text);
  void show(const StateChanged& change);
  void show(const Received& received);
  std::string name_of(const Address& address) const;
  std::string excerpt(const StateChanged& change);

  // plain_commands.cc
  void run(const LineCommand& line);
  void help(std::string_view about);
  void me();
  void verify(const Address& peer, std::string_view verdict);
  void list_requests();
  void list_outbox();
  void list_peers();
  // The contact of that name or address; says why not.
  std::optional<Address> peer(std::string_view name);

  Runtime& runtime_;
  Departure departure_;
  SafeOptions safe_;
  std::uint16_t lifetime_;
  Output out_;
  LineReader input_;
  NoPeersWatch no_peers_;
  Ready ready_;
  PeerStatus peers_;
  std::optional<Address> target_;
  std::uint64_t next_ref_ = 1;
  std::map<std::string, std::string> sent_by_ref_;     // excerpts of what has no uid yet
  std::map<MessageUid, std::string> sent_by_uid_;      // bounded by sent_order_
  std::deque<MessageUid> sent_order_;
};

}  // namespace comm
