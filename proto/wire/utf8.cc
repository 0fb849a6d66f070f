#include "proto/wire/content.h"

namespace comm {

std::size_t valid_utf8_prefix(std::string_view text) {
  // Well-formed sequences of The Unicode Standard, table 3-7: no overlong forms, no surrogates, at most U+10FFFF.
  std::size_t i = 0;
  while (i < text.size()) {
    const auto at = [&](std::size_t k) { return k < text.size() ? static_cast<std::uint8_t>(text[k]) : 0u; };
    const unsigned lead = at(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3
                               : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
    if (length == 0) return i;
    const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (at(i + 1) < low || at(i + 1) > high) return i;
    for (std::size_t k = 2; k < length; ++k)
      if (at(i + k) < 0x80 || at(i + k) > 0xbf) return i;
    i += length;
  }
  return i;
}

bool valid_utf8(std::string_view text) { return valid_utf8_prefix(text) == text.size(); }

}  // namespace comm
