#include "relay_store/level_log.h"

#include <algorithm>
#include <array>

namespace comm {
namespace {

constexpr std::size_t kBlockBytes = 32'768, kRecordHeaderBytes = 7;
constexpr std::uint8_t kFull = 1, kFirst = 2, kLast = 4;

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> out{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0x82f6'3b78u : 0u);  // Castagnoli, reflected
    out[i] = value;
  }
  return out;
}

std::uint32_t masked_crc(std::string_view bytes) {
  static constexpr auto kTable = crc_table();
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<std::uint8_t>(byte)) & 0xff];
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xa282'ead8u;
}

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t out = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) out = out << 8 | static_cast<std::uint8_t>(bytes[i]);
  return out;
}

// The record at the start of `rest` if it can be read, else empty.
std::string_view record_at(std::string_view rest) {
  if (rest.size() < kRecordHeaderBytes) return {};
  const std::size_t length = little_endian(rest.substr(4, 2));
  const auto type = static_cast<std::uint8_t>(rest[6]);
  if (type < kFull || type > kLast || kRecordHeaderBytes + length > rest.size()) return {};
  if (masked_crc(rest.substr(6, 1 + length)) != little_endian(rest.substr(0, 4))) return {};
  return rest.substr(0, kRecordHeaderBytes + length);
}

}  // namespace

LogReading read_log(std::string_view bytes) {
  LogReading out;
  bool torn = false;
  for (std::size_t block = 0; block < bytes.size(); block += kBlockBytes) {
    std::string_view rest = bytes.substr(block, kBlockBytes);
    while (rest.size() >= kRecordHeaderBytes) {
      const std::string_view record = record_at(rest);
      if (record.empty()) {
        torn = true;
        const std::size_t length = kRecordHeaderBytes + little_endian(rest.substr(4, 2));
        if (rest[6] == '\0' || length > rest.size()) break;  // where the next one begins is unknown until the next block
        rest.remove_prefix(length);
        continue;
      }
      const auto type = static_cast<std::uint8_t>(record[6]);
      if (torn && (type == kFull || type == kFirst)) return {LogState::damaged, out.whole};
      rest.remove_prefix(record.size());
      if (!torn && (type == kFull || type == kLast)) out.whole = static_cast<std::size_t>(rest.data() - bytes.data());
    }
    torn = torn || (!rest.empty() && rest.size() < kRecordHeaderBytes && rest.find_first_not_of('\0') != rest.npos);
  }
  if (torn) out.state = LogState::torn;
  return out;
}

}  // namespace comm
