// Plaintext of a message and key records: input from whoever knows the recipient's prekey. The first byte chooses.
#include "proto/base/check.h"
#include "proto/wire/content.h"

using namespace comm;

namespace {

void try_record(ByteView input) {
  const auto record = parse_key_record(input);
  if (!record) return;
  CHECK(!record->mailboxes.empty() && record->mailboxes.size() <= kMaxMailboxesPerRecord);
  CHECK(record->expires > record->created && record->expires <= kMaxTimestamp);
  const auto again = parse_key_record(encode_key_record(*record));
  CHECK(again && *again == *record);
}

void try_sealed(ByteView input) {
  const auto sealed = parse_sealed(input);
  if (!sealed) return;
  if (const auto* text = std::get_if<TextContent>(&sealed->content))
    CHECK(text->text.size() <= kMaxTextBytes && valid_utf8(text->text));
  const auto again = parse_sealed(encode_sealed(*sealed));
  CHECK(again && *again == *sealed);
}

void try_text(ByteView input) {
  const std::size_t good = valid_utf8_prefix(as_text(input));
  CHECK(good <= input.size() && valid_utf8(as_text(input.first(good))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input = ByteView(data, size).subspan(1);
  switch (data[0] % 3) {
    case 0: try_record(input); break;
    case 1: try_sealed(input); break;
    default: try_text(input);
  }
  return 0;
}
