#include "client_tui/view/qr.h"

#include <qrcodegen/qrcodegen.hpp>

#include "proto/base/check.h"

namespace comm {
namespace {

constexpr int kMargin = 2;

// Whether a cell's upper and lower module are drawn.
const char* half_block(bool upper, bool lower) {
  if (upper) return lower ? "\u2588" : "\u2580";
  return lower ? "\u2584" : " ";
}

}  // namespace

std::vector<std::string> qr_rows(std::string_view text, QrStyle style) {
  CHECK(text.size() <= kMaxQrText);  // then no version is too small, and nothing throws
  const auto code = qrcodegen::QrCode::encodeText(std::string(text).c_str(), qrcodegen::QrCode::Ecc::MEDIUM);
  const int size = code.getSize() + 2 * kMargin;
  // Outside the code all is light; below the last row nothing is drawn.
  const auto drawn = [&](int x, int y) {
    return y < size && code.getModule(x - kMargin, y - kMargin) == (style == QrStyle::dark_blocks);
  };
  std::vector<std::string> rows;
  const int step = style == QrStyle::ascii ? 1 : 2;
  for (int y = 0; y < size; y += step) {
    std::string row;
    for (int x = 0; x < size; ++x)
      row += style == QrStyle::ascii ? (drawn(x, y) ? "##" : "  ") : half_block(drawn(x, y), drawn(x, y + 1));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string address_uri(const Address& address) {
  std::string out = "COMM:" + to_hex(address.view());
  for (char& c : out)
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

}  // namespace comm
