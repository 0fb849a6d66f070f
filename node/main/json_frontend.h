// `comm chat --json`: commands from standard input, events to standard output, one JSON object per line
// (json_protocol.h). Also `comm echo`, which takes no commands and answers what is written to it.
// Lives on the runtime's thread.
#pragma once
#include "node/main/departure.h"
#include "node/main/json_protocol.h"
#include "node/main/line_reader.h"
#include "node/main/output.h"

namespace comm {

class JsonFrontend final : public Frontend {
 public:
  // `ticks`, of `comm adapter`: where lines for the virtual clock go; then the end of input ends the program at once.
  JsonFrontend(Runtime& runtime, Millis linger, std::uint16_t lifetime, std::optional<int> ticks = std::nullopt);
  void ready(const Ready& ready) override;
  void user(const UserEvent& event) override;
  void ticked() override;
  void turn() override { departure_.check(); }

 private:
  void emit(const std::string& line);
  void refuse(const std::string& line);  // a command that was not obeyed
  void on_line(std::string_view line);
  void perform(const JsonSend& send);
  void perform(const JsonTick& tick);
  bool adapted(const JsonCommand& command);  // obeys what only an adapter does

  Runtime& runtime_;
  const std::uint16_t lifetime_;  // of messages sent, minutes
  const std::optional<int> ticks_;
  Output out_;
  Departure departure_;
  LineReader input_;
};

class EchoFrontend final : public Frontend {
 public:
  explicit EchoFrontend(Runtime& runtime) : runtime_(runtime) {}
  void ready(const Ready& ready) override;
  void user(const UserEvent& event) override;

 private:
  Runtime& runtime_;
  Output out_;
};

}  // namespace comm
