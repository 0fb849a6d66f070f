#include "client_tui/model/key_decoder.h"

#include <algorithm>
#include <optional>

namespace comm {
namespace {

constexpr char kEscape = 0x1b;
constexpr std::string_view kPasteBegin = "\033[200~", kPasteEnd = "\033[201~";
constexpr std::uint32_t kReplacement = 0xfffd;

bool is_visible(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; }

// Bytes of the escape sequence at the front: 0 if none begins there, none if it is unfinished.
std::optional<std::size_t> sequence_size(std::string_view in) {
  if (in.size() < 2) return std::nullopt;
  if (in[1] != '[' && in[1] != 'O') return 0;
  std::size_t at = 2;
  if (in[1] == '[' && at < in.size() && in[at] == '[') ++at;  // the Linux console's function keys
  while (at < in.size() && in[at] >= 0x20 && in[at] < 0x40) ++at;
  if (at >= kMaxSequenceBytes) return at;
  if (at == in.size()) return std::nullopt;
  return is_visible(in[at]) && static_cast<unsigned char>(in[at]) < 0x7f ? at + 1 : at;
}

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

const char* letter_key(char final) {
  switch (final) {
    case 'A': return "Up";
    case 'B': return "Down";
    case 'C': return "Right";
    case 'D': return "Left";
    case 'H': return "Home";
    case 'F': return "End";
    case 'P': return "F1";
    case 'Q': return "F2";
    case 'R': return "F3";
    case 'S': return "F4";
    default: return "";
  }
}

const char* numbered_key(int number) {
  static constexpr const char* kEditing[] = {"", "Home", "Insert", "Delete", "End", "PgUp", "PgDn", "Home", "End"};
  static constexpr const char* kFunction[] = {"F1", "F2", "F3", "F4", "F5", "",    "F6",
                                              "F7", "F8", "F9", "F10", "", "F11", "F12"};
  if (number >= 1 && number <= 8) return kEditing[number];
  if (number >= 11 && number <= 24) return kFunction[number - 11];
  return "";
}

// The keys that xterm and its kin send, with Alt and Ctrl: ESC [ NUMBER ; 1 + MODIFIERS FINAL. "" for others.
std::string common_key(std::string_view sequence) {
  int numbers[2] = {0, 1};
  std::size_t index = 0, at = 2;
  for (; at + 1 < sequence.size(); ++at) {
    if (sequence[at] == ';' && index == 0) numbers[++index] = 0;
    else if (sequence[at] < '0' || sequence[at] > '9' || numbers[index] > 999) return {};
    else numbers[index] = 10 * numbers[index] + (sequence[at] - '0');
  }
  if (at + 1 != sequence.size()) return {};
  if (sequence == "\033OM") return "Enter";  // of the keypad
  const char final = sequence[at];
  const bool is_numbered = final == '~' || final == '^';  // rxvt's ^ is ~ with Ctrl
  const std::string key = is_numbered ? numbered_key(numbers[0]) : letter_key(final);
  if (key.empty()) return {};
  const int modifiers = numbers[1] - 1;  // 1 Shift, 2 Alt, 4 Ctrl
  return std::string(modifiers > 0 && (modifiers & 2) != 0 ? "M-" : "") +
         (final == '^' || (modifiers > 0 && (modifiers & 4) != 0) ? "C-" : "") + key;
}

}  // namespace

std::string utf8_of(std::uint32_t v) {
  if (v > 0x10ffff || (v >= 0xd800 && v < 0xe000)) v = kReplacement;
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

bool is_paste_burst(std::string_view burst) {
  if (burst.find(kPasteBegin) != std::string_view::npos) return false;  // this terminal says so itself
  bool line_ended = false;
  for (std::size_t at = 0; at < burst.size(); ++at) {
    if (burst[at] == kEscape) {
      // A key; of two bytes, such as M-Enter, if it is no sequence.
      const std::size_t size = sequence_size(burst.substr(at)).value_or(burst.size());
      at += std::max<std::size_t>(size, 2) - 1;
    } else if (burst[at] == '\r' || burst[at] == '\n') {
      line_ended = true;
    } else if (line_ended && is_visible(burst[at])) {
      return true;
    }
  }
  return false;
}

KeyDecoder::KeyDecoder() { stray_.fill(kReplacement); }

void KeyDecoder::learn(std::string sequence, std::string name) {
  if (sequence_size(sequence) == sequence.size()) learned_[std::move(sequence)] = std::move(name);
}

void KeyDecoder::take(std::string_view burst, std::vector<ModelEvent>& out) {
  if (!pasting_ && !waiting() && is_paste_burst(burst)) {
    out.emplace_back(Pasted{std::string(burst.substr(0, kMaxPasteBytes))});
    return;
  }
  const std::string whole = std::exchange(rest_, {}) + std::string(burst);
  std::string_view in = whole;
  bool going = true;
  while (going && !in.empty()) {
    if (pasting_) going = take_pasted(in, out);
    else if (in.front() == kEscape) going = take_escape(in, out);
    else going = take_letter(in, 0, false, out);
  }
  rest_ = in;
}

bool KeyDecoder::take_pasted(std::string_view& in, std::vector<ModelEvent>& out) {
  const std::size_t end = in.find(kPasteEnd);
  std::size_t size = std::min(end, in.size());
  // The beginning of the end may have come.
  if (end == std::string_view::npos)
    for (std::size_t tail = std::min(kPasteEnd.size() - 1, in.size()); tail > 0 && size == in.size(); --tail)
      if (in.ends_with(kPasteEnd.substr(0, tail))) size -= tail;
  paste_ += in.substr(0, std::min(size, kMaxPasteBytes - paste_.size()));
  in.remove_prefix(size);
  if (end == std::string_view::npos) return false;
  in.remove_prefix(kPasteEnd.size());
  pasting_ = false;
  out.emplace_back(Pasted{std::exchange(paste_, {})});
  return true;
}

bool KeyDecoder::take_escape(std::string_view& in, std::vector<ModelEvent>& out) {
  if (in.size() > 1 && in[1] == kEscape) {
    if (alt_) out.emplace_back(KeyPressed{"Esc", {}});
    alt_ = true;
    in.remove_prefix(1);
    return true;
  }
  const auto size = sequence_size(in);
  if (!size) return false;
  if (*size > 0) {
    named(in.substr(0, *size), out);
    alt_ = false;
    in.remove_prefix(*size);
    return true;
  }
  if (std::exchange(alt_, false)) out.emplace_back(KeyPressed{"Esc", {}});
  return take_letter(in, 1, true, out);
}

void KeyDecoder::named(std::string_view sequence, std::vector<ModelEvent>& out) {
  if (sequence == kPasteBegin) {
    pasting_ = true;
  } else if (sequence == "\033[I" || sequence == "\033[O") {
    out.emplace_back(FocusChanged{sequence.back() == 'I'});
  } else {
    const auto known = learned_.find(sequence);
    const std::string name = known != learned_.end() ? known->second : common_key(sequence);
    if (!name.empty()) out.emplace_back(KeyPressed{(alt_ ? "M-" : "") + name, {}});
  }
}

KeyDecoder::Letter KeyDecoder::letter_at(std::string_view in) const {
  const auto lead = static_cast<unsigned char>(in.front());
  if (lead < 0x80) return {lead, 1};
  const Letter stray{stray_[lead & 0x7f], 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return stray;
  std::uint32_t code = lead & (0xffu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if (i == in.size()) return {};
    const auto next = static_cast<unsigned char>(in[i]);
    if ((next & 0xc0) != 0x80) return stray;
    code = code << 6 | (next & 0x3fu);
  }
  return utf8_of(code) == in.substr(0, bytes) ? Letter{code, bytes} : stray;  // not overlong, no surrogate
}

bool KeyDecoder::take_letter(std::string_view& in, std::size_t at, bool alt, std::vector<ModelEvent>& out) {
  const Letter letter = letter_at(in.substr(at));
  if (letter.bytes == 0) return false;
  in.remove_prefix(at + letter.bytes);
  const std::string prefix = alt ? "M-" : "";
  const std::uint32_t code = letter.code;
  const std::string control = control_name(code);
  if (!control.empty()) out.emplace_back(KeyPressed{prefix + control, {}});
  else if (alt && code > 0x20 && code < 0x7f) out.emplace_back(KeyPressed{prefix + static_cast<char>(code), {}});
  else if (!alt && code >= 0x20 && (code < 0x80 || code >= 0xa0)) out.emplace_back(KeyPressed{"", utf8_of(code)});
  return true;
}

void KeyDecoder::pause(std::vector<ModelEvent>& out) {
  if (pasting_) return;
  const std::string rest = std::exchange(rest_, {});
  if (std::exchange(alt_, false)) out.emplace_back(KeyPressed{"Esc", {}});
  if (rest.empty()) return;
  if (rest.front() != kEscape) out.emplace_back(KeyPressed{"", utf8_of(kReplacement)});  // a character cut off
  else if (rest.size() == 1) out.emplace_back(KeyPressed{"Esc", {}});
  else if (rest.size() == 2 && (rest[1] == '[' || rest[1] == 'O')) out.emplace_back(KeyPressed{std::string("M-") + rest[1], {}});
}

}  // namespace comm
