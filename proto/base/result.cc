#include "proto/base/result.h"

namespace comm {

const char* to_string(Stage stage) {
  switch (stage) {
    case Stage::frame: return "frame";
    case Stage::decode: return "decode";
    case Stage::schema: return "schema";
    case Stage::crypto: return "crypto";
    case Stage::policy: return "policy";
    case Stage::state: return "state";
  }
  return "?";
}

}  // namespace comm
