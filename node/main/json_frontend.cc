#include "node/main/json_frontend.h"

#include <unistd.h>

#include "proto/wire/content.h"

namespace comm {
namespace {

constexpr std::string_view kEcho = "echo: ";
constexpr std::int64_t kMostTick = kHour;  // at once; longer times in several
constexpr std::int64_t kMostStep = 366 * kDay;

}  // namespace

JsonFrontend::JsonFrontend(Runtime& runtime, Millis linger, std::uint16_t lifetime, std::optional<int> ticks)
    : runtime_(runtime),
      lifetime_(lifetime),
      ticks_(ticks),
      departure_(runtime, linger),
      input_(kMaxInputLineBytes,
             {.line = [this](std::string_view line) { on_line(line); },
              .too_long = [this] { refuse(json_error("the line is longer than 1 MiB")); },
              .end =
                  [this] {
                    runtime_.unwatch(STDIN_FILENO);
                    if (ticks_) runtime_.stop(kExitOk);
                    else departure_.input_ended();
                  }}) {}

void JsonFrontend::emit(const std::string& line) {
  if (line.empty() || out_.failed()) return;
  if (out_.line(line)) return;
  complain("cannot write to standard output: " + out_.error() + ".");
  runtime_.stop(kExitIo);
}

void JsonFrontend::refuse(const std::string& line) {
  departure_.refused();
  emit(line);
}

void JsonFrontend::ready(const Ready& ready) {
  emit(json_ready(ready));
  runtime_.watch_patiently(STDIN_FILENO, [this] { input_.read_from(STDIN_FILENO); });
}

void JsonFrontend::user(const UserEvent& event) {
  if (std::holds_alternative<UserError>(event)) departure_.refused();
  emit(json_user(event));
}

void JsonFrontend::ticked() { emit(json_ticked()); }

void JsonFrontend::perform(const JsonSend& send) {
  runtime_.command(SendText{send.to, send.text, send.ref, lifetime_});
}

void JsonFrontend::perform(const JsonTick& tick) {
  // Without a pipe time is moved by --virtual-clock, not by commands.
  if (!ticks_) return refuse(json_unsupported(tick.step ? "step" : "tick"));
  const std::int64_t most = tick.step ? kMostStep : kMostTick, least = tick.step ? -kMostStep : 0;
  if (tick.milliseconds < least || tick.milliseconds > most)
    return refuse(json_error(tick.step ? "step: \"ms\" is a year at most, either way" : "tick: \"ms\" is 0 to 3600000"));
  const std::string line = (tick.step ? "step " : "tick ") + std::to_string(tick.milliseconds) + "\n";
  if (::write(*ticks_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    refuse(json_error(std::string(tick.step ? "step" : "tick") + ": too many at once; wait for ticked"));
}

bool JsonFrontend::adapted(const JsonCommand& command) {
  const auto* block = std::get_if<JsonBlock>(&command);
  const auto* withdraw = std::get_if<JsonWithdraw>(&command);
  if (block == nullptr && withdraw == nullptr) return false;
  if (!ticks_) refuse(json_unsupported(block != nullptr ? "block" : "withdraw"));
  else if (block != nullptr) runtime_.command(BlockContact{block->address, block->blocked});
  else runtime_.command(CancelMessage{withdraw->uid});
  return true;
}

void JsonFrontend::on_line(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  const JsonCommand command = parse_json_command(line);
  if (const auto* send = std::get_if<JsonSend>(&command)) return perform(*send);
  if (const auto* bad = std::get_if<JsonBad>(&command)) return refuse(json_error(bad->what, bad->ref));
  if (const auto* unknown = std::get_if<JsonUnknown>(&command)) return refuse(json_unsupported(unknown->what));
  if (const auto* tick = std::get_if<JsonTick>(&command)) return perform(*tick);
  if (adapted(command)) return;
  runtime_.stop(kExitOk);
}

void EchoFrontend::ready(const Ready& ready) {
  if (!out_.line(json_ready(ready))) runtime_.stop(kExitIo);
}

void EchoFrontend::user(const UserEvent& event) {
  const auto* received = std::get_if<Received>(&event);
  if (received == nullptr || received->text.starts_with(kEcho)) return;  // two echoes would never stop
  std::string answer = std::string(kEcho) + received->text;
  if (answer.size() > kMaxTextBytes) {
    answer.resize(kMaxTextBytes);
    answer.resize(valid_utf8_prefix(answer));
  }
  runtime_.command(SendText{received->from, std::move(answer), "", kDefaultLifetimeMinutes});
}

}  // namespace comm
