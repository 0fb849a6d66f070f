// Acknowledgements and refusals, which any peer may push at any time.
#include "proto/base/check.h"
#include "proto/seal/message.h"
#include "proto/seal/os_random.h"

using namespace comm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool started = (init_crypto(), true);
  static_cast<void>(started);
  const ByteView input(data, size);
  const auto record = check_final_record(input);
  if (!record) return 0;
  CHECK(record->bytes == to_bytes(input));
  CHECK(record->id == message_id(record->header_bytes));
  CHECK(encode_header(record->header) == record->header_bytes);
  const bool acknowledged = record->kind == FinalKind::acknowledged;
  CHECK(size == (acknowledged ? kAckRecordBytes : kRefusalRecordBytes));
  return 0;
}
