// A text as a QR code in character cells, for terminals (ISO/IEC 18004, error correction M or better). Pure.
// Two modules stand above each other in a cell; a margin of two modules is included. An address as address_uri() is 33
// columns and 17 rows, which fits 80x24 with something below it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/ids.h"

namespace comm {

inline constexpr std::size_t kMaxQrText = 122;  // upper-case letters and digits: version 5

enum class QrStyle {
  light_blocks,  // the code's light parts are drawn: right for light text on a dark ground
  dark_blocks,   // its dark parts are drawn: right for dark text on a light ground, or with colours set so
  ascii          // light parts as "##", two columns a module, a row a module: where half blocks cannot be shown
};

// REQUIRES: text.size() <= kMaxQrText. Every row has the same number of columns.
std::vector<std::string> qr_rows(std::string_view text, QrStyle style);

// "COMM:" and 40 upper-case hex digits: what the QR code of an address says.
std::string address_uri(const Address& address);

}  // namespace comm
