// `comm adapter --vectors`: one conformance vector per line in, one answer per line out
// (conformance/adapter/PROTOCOL.md). Lines are bounded like those of every program; what does not parse is answered too.
#include <iostream>

#include "node/main/commands.h"
#include "node/main/line_reader.h"
#include "node/main/output.h"
#include "node/main/vector_ops.h"

namespace comm {
namespace vectors {

Bytes hex(const Json& input, const char* field) {
  const auto bytes = from_hex(input.at(field).get_ref<const std::string&>());
  if (!bytes) throw BadInput();
  return *bytes;
}

namespace {

Operation find(std::string_view name) {
  for (const Operations* all : {&crypto_operations(), &message_operations(), &session_operations(), &sync_operations()})
    if (const auto found = all->find(name); found != all->end()) return found->second;
  return nullptr;
}

Json rejected(Json answer, const Error& error) {
  answer["expect"] = "reject";
  answer["error"] = std::string(to_string(error.stage)) + "/" + error.reason;
  return answer;
}

Json answer(const Json& vector) {
  Json out{{"id", vector.at("id")}, {"expect", "unsupported"}};
  const Operation operation = find(vector.at("op").get<std::string>());
  if (operation == nullptr) return out;
  static constexpr Error kInput{Stage::decode, Scope::ignore, "input"};
  try {
    const Result<Json> result = operation(vector.at("input"));
    if (!result) return rejected(out, result.error());
    out["expect"] = "accept";
    out["output"] = *result;
    return out;
  } catch (const BadInput&) {
    return rejected(out, kInput);
  } catch (const Json::exception&) {
    return rejected(out, kInput);
  }
}

}  // namespace
}  // namespace vectors

int run_vectors() {
  Output out;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.size() > kMaxInputLineBytes) {
      complain("a vector is longer than 1 MiB.");
      return kExitUsage;
    }
    std::string said;
    try {
      said = vectors::answer(vectors::Json::parse(line)).dump();
    } catch (const vectors::Json::exception& error) {
      complain(std::string("not a vector: ") + error.what());
      return kExitUsage;
    }
    if (!out.line(said)) {
      complain("cannot write to standard output: " + out.error() + ".");
      return kExitIo;
    }
  }
  return kExitOk;
}

}  // namespace comm
