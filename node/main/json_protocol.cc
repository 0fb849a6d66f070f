#include "node/main/json_protocol.h"

#include <nlohmann/json.hpp>

#include "client_tui/model/input_line.h"
#include "node/main/line_reader.h"

namespace comm {
namespace {

using Json = nlohmann::ordered_json;

// Nesting outside of strings, so that the parser never sees more than kMaxJsonDepth levels.
bool too_deep(std::string_view line) {
  int depth = 0;
  bool in_string = false, escaped = false;
  for (const char c : line) {
    if (in_string) {
      if (escaped) escaped = false;
      else if (c == '\\') escaped = true;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

// Never throws: what is not UTF-8 is replaced (it can only come from a broken caller, texts are checked on arrival).
std::string to_line(const Json& object) { return object.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json ref_value(const std::string& ref) {
  if (ref.empty()) return nullptr;
  Json parsed = Json::parse(ref, nullptr, false);
  return parsed.is_discarded() ? Json(ref) : parsed;
}

JsonCommand parse_send(const Json& object) {
  std::string ref;
  if (object.contains("ref")) ref = to_line(object["ref"]);
  if (ref.size() > kMaxRefBytes) return JsonBad{"send: \"ref\" is longer than 4096 bytes", ""};
  if (!object.contains("to") || !object["to"].is_string()) return JsonBad{"send: \"to\" must be an address", ref};
  if (!object.contains("text") || !object["text"].is_string())
    return JsonBad{"send: \"text\" must be a string", ref};
  const auto to = object["to"].get<std::string>();
  const auto address = parse_address(to);
  if (!address) return JsonBad{"send: " + address_error(to), ref};
  auto text = object["text"].get<std::string>();
  if (text.size() > kMaxTextBytes)
    return JsonBad{"send: the text has " + std::to_string(text.size()) + " bytes, a message at most " +
                       std::to_string(kMaxTextBytes),
                   ref};
  return JsonSend{*address, std::move(text), std::move(ref)};
}

JsonCommand parse_block(const Json& object) {
  const auto text = object.value("address", Json("")).is_string() ? object.value("address", "") : "";
  const auto address = parse_address(text);
  if (!address) return JsonBad{"block: " + address_error(text), ""};
  if (object.contains("blocked") && !object["blocked"].is_boolean()) return JsonBad{"block: \"blocked\" must be true or false", ""};
  return JsonBlock{*address, object.value("blocked", true)};
}

JsonCommand parse_withdraw(const Json& object) {
  const auto text = object.value("uid", Json("")).is_string() ? object.value("uid", "") : "";
  const auto bytes = from_hex(text);
  const auto uid = bytes ? MessageUid::from(*bytes) : std::nullopt;
  if (!uid) return JsonBad{"withdraw: \"uid\" must be the uid of a message", ""};
  return JsonWithdraw{*uid};
}

Json state_json(const StateChanged& change) {
  Json out{{"ev", "state"},
           {"uid", to_hex(change.uid.view())},
           {"ref", ref_value(change.ref)},
           {"state", to_string(change.state)},
           {"relays", change.relays}};
  if (change.late) out["late"] = true;
  if (!change.detail.empty()) out["detail"] = change.detail;
  return out;
}

Json received_json(const Received& received) {
  return {{"ev", "received"},           {"uid", to_hex(received.uid.view())}, {"from", address_hex(received.from)},
          {"text", received.text},      {"request", received.request},        {"sent_at", received.sent_at}};
}

}  // namespace

JsonCommand parse_json_command(std::string_view line) {
  if (line.size() > kMaxInputLineBytes) return JsonBad{"the line is longer than 1 MiB", ""};
  if (too_deep(line)) return JsonBad{"the line nests deeper than 8 levels", ""};
  const Json object = Json::parse(line, nullptr, false);
  if (object.is_discarded()) return JsonBad{"the line is not valid JSON in UTF-8", ""};
  if (!object.is_object()) return JsonBad{"the line is not a JSON object", ""};
  if (!object.contains("cmd") || !object["cmd"].is_string()) return JsonBad{"the object has no \"cmd\"", ""};
  const auto command = object["cmd"].get<std::string>();
  if (command == "quit") return JsonQuit{};
  if (command == "send") return parse_send(object);
  if (command == "tick" || command == "step") {
    if (!object.contains("ms") || !object["ms"].is_number_integer()) return JsonBad{command + ": \"ms\" must be an integer", ""};
    return JsonTick{object["ms"].get<std::int64_t>(), command == "step"};
  }
  if (command == "block") return parse_block(object);
  if (command == "withdraw") return parse_withdraw(object);
  return JsonUnknown{command.substr(0, 64)};
}

std::string json_ready(const Ready& ready) {
  Json out{{"ev", "ready"}, {"v", 1}};
  if (ready.address) out["address"] = address_hex(*ready.address);
  out["endpoint"] = ready.endpoint;
  out["node_id"] = to_hex(ready.node_id.view());
  return to_line(out);
}

std::string json_error(const std::string& what, const std::string& ref) {
  Json out{{"ev", "error"}, {"what", what}};
  if (!ref.empty()) out["ref"] = ref_value(ref);
  return to_line(out);
}

std::string json_unsupported(const std::string& what) { return to_line({{"ev", "unsupported"}, {"what", what}}); }

std::string json_ticked() { return R"({"ev":"ticked"})"; }

std::string json_store(const Totals& totals) {
  return to_line({{"ev", "store"},
                  {"live", totals.live},
                  {"acknowledged", totals.acknowledged},
                  {"bytes", totals.bytes},
                  {"records", totals.records}});
}

std::string json_user(const UserEvent& event) {
  if (const auto* change = std::get_if<StateChanged>(&event)) return to_line(state_json(*change));
  if (const auto* received = std::get_if<Received>(&event)) return to_line(received_json(*received));
  if (const auto* error = std::get_if<UserError>(&event)) return json_error(error->what, error->ref);
  if (const auto* mail = std::get_if<Undecryptable>(&event))
    return json_error("a message arrived that cannot be opened: " + mail->reason + " (id " + to_hex(mail->id.view()) + ")");
  if (const auto* conflict = std::get_if<KeyConflict>(&event))
    return to_line({{"ev", "error"},
                    {"what", "two different key records of the same number exist for " + address_hex(conflict->address) +
                                 ": the secret may be in use elsewhere"},
                    {"address", address_hex(conflict->address)}});
  return {};
}

std::string json_texts(const std::vector<std::pair<std::string, std::string>>& fields) {
  Json out = Json::object();
  for (const auto& [name, text] : fields) out[name] = text;
  return to_line(out);
}

std::string json_version() {
  return to_line({{"name", "comm"}, {"version", COMM_VERSION}, {"protocol", kProtocolVersion}, {"json", 1}});
}

}  // namespace comm
