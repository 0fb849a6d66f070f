// Where a write-ahead log or a manifest of LevelDB is damaged. Their format (doc/log_format.md of LevelDB), in blocks of
// 32 KiB:
//
//   record = crc32c(4, little-endian, masked) length(2, little-endian) type(1: 1 full, 2 first, 3 middle, 4 last) data
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace comm {

enum class LogState : std::uint8_t {
  whole,
  torn,     // only the end cannot be read: a loss of power while it was written. Nothing of it was reported as durable.
  damaged   // something that began later can be read: what is lost was durable
};
struct LogReading {
  LogState state = LogState::whole;
  std::size_t whole = 0;  // bytes of the records before the first that cannot be read
};
// What follows a record header that cannot be read is looked for from the next block on only: a message's body could
// contain what looks like a record.
// REQUIRES: a record is synced before the next is begun, as LevelKv does and LevelDB with its manifests; so only the last
// one can be torn.
LogReading read_log(std::string_view bytes);

}  // namespace comm
