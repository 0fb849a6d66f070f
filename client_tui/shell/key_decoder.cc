#include "client_tui/shell/key_decoder.h"

namespace comm {
namespace {

constexpr std::uint32_t kEscape = 0x1b;

// The key that a control character is, "" if it is none.
std::string control_name(std::uint32_t code) {
  switch (code) {
    case 0x00: return "C-Space";
    case 0x09: return "Tab";
    case 0x0a: return "C-j";
    case 0x0d: return "Enter";
    case 0x7f: return "Backspace";
    default: break;
  }
  if (code < 0x1b) return std::string("C-") + static_cast<char>('a' + code - 1);
  return {};
}

}  // namespace

std::string utf8_of(std::uint32_t v) {
  if (v > 0x10ffff || (v >= 0xd800 && v < 0xe000)) v = 0xfffd;
  std::string out;
  const auto byte = [&](std::uint32_t b) { out += static_cast<char>(b); };
  if (v < 0x80) {
    byte(v);
  } else if (v < 0x800) {
    byte(0xc0 | v >> 6), byte(0x80 | (v & 0x3f));
  } else if (v < 0x10000) {
    byte(0xe0 | v >> 12), byte(0x80 | (v >> 6 & 0x3f)), byte(0x80 | (v & 0x3f));
  } else {
    byte(0xf0 | v >> 18), byte(0x80 | (v >> 12 & 0x3f)), byte(0x80 | (v >> 6 & 0x3f)), byte(0x80 | (v & 0x3f));
  }
  return out;
}

void KeyDecoder::take(const TerminalKey& key, std::vector<ModelEvent>& out) {
  if (pasting_) {
    if (key.kind == TerminalKey::paste_end) {
      pasting_ = false;
      out.emplace_back(Pasted{std::exchange(paste_, {})});
    } else if (key.kind == TerminalKey::character && paste_.size() < kMaxPasteBytes) {
      paste_ += utf8_of(key.code);
    }
    return;
  }
  switch (key.kind) {
    case TerminalKey::character: return take_character(key.code, out);
    case TerminalKey::named:
      out.emplace_back(KeyPressed{std::string(std::exchange(escaped_, false) ? "M-" : "") + key.name, {}});
      return;
    case TerminalKey::paste_begin: pasting_ = true; break;
    case TerminalKey::focus_in: out.emplace_back(FocusChanged{true}); break;
    case TerminalKey::focus_out: out.emplace_back(FocusChanged{false}); break;
    case TerminalKey::paste_end:
    case TerminalKey::other: break;
  }
  escaped_ = false;
}

void KeyDecoder::take_character(std::uint32_t code, std::vector<ModelEvent>& out) {
  if (code == kEscape) {
    if (escaped_) out.emplace_back(KeyPressed{"Esc", {}});
    escaped_ = true;
    return;
  }
  const bool alt = std::exchange(escaped_, false);
  const std::string prefix = alt ? "M-" : "";
  const std::string control = control_name(code);
  if (!control.empty()) out.emplace_back(KeyPressed{prefix + control, {}});
  else if (alt && code > 0x20 && code < 0x7f) out.emplace_back(KeyPressed{prefix + static_cast<char>(code), {}});
  else if (!alt && code >= 0x20 && (code < 0x80 || code >= 0xa0)) out.emplace_back(KeyPressed{"", utf8_of(code)});
}

void KeyDecoder::pause(std::vector<ModelEvent>& out) {
  if (!pasting_ && std::exchange(escaped_, false)) out.emplace_back(KeyPressed{"Esc", {}});
}

}  // namespace comm
