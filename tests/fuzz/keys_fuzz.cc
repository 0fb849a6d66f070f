// What a terminal may send: keys, pastes and resizes of any kind go through decoder, model and view. Nothing is sent
// and no command runs without the key for it; the draft stays within its bound; a paste never acts.
#include <clocale>
#include <iterator>

#include "client_tui/shell/key_decoder.h"
#include "client_tui/view/view.h"
#include "proto/base/check.h"
#include "proto/wire/content.h"

using namespace comm;

namespace {

constexpr const char* kNames[] = {"Up", "Down", "Left", "Right", "Home", "End", "PgUp", "PgDn", "F1", "C-Home", "C-End",
                                  "Delete", "M-Up", "C-Right", "M-Enter", "Backspace"};

TerminalKey key_of(std::uint8_t kind, std::uint8_t value, std::uint8_t more) {
  TerminalKey key;
  switch (kind % 8) {
    case 0: key.kind = TerminalKey::named; key.name = kNames[value % std::size(kNames)]; break;
    case 1: key.kind = TerminalKey::paste_begin; break;
    case 2: key.kind = TerminalKey::paste_end; break;
    case 3: key.kind = value % 2 != 0 ? TerminalKey::focus_in : TerminalKey::focus_out; break;
    case 4: key.kind = TerminalKey::other; break;
    case 5: key.kind = TerminalKey::character; key.code = static_cast<std::uint32_t>(value) << 8 | more; break;
    default: key.kind = TerminalKey::character; key.code = value; break;
  }
  return key;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool utf8 = std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr;
  CHECK(utf8);
  const std::string_view text = as_text(ByteView(data, size));
  if (const auto name = parse_key_name(text)) CHECK(parse_key_name(*name) == *name);
  (void)parse_line(text, size % 2 != 0);

  Model model;
  ContactInfo bob;
  bob.address.data.fill(0xb0);
  bob.name = "bob";
  bob.accepted = true;
  update(model, ContactsChanged{{bob}});
  update(model, OpenWindow{{Page::talk, bob.address}});
  update(model, ConversationLoaded{bob.address, {}, true, true, 0});
  KeyDecoder decoder;
  for (std::size_t i = 0; i + 2 < size && i < 3 * 400; i += 3) {
    std::vector<ModelEvent> events;
    const bool pasting = decoder.pasting();
    decoder.take(key_of(data[i], data[i + 1], data[i + 2]), events);
    if (data[i] % 16 == 15) decoder.pause(events);
    if (data[i] == 0x4c) events.emplace_back(Resized{data[i + 1] % 50, data[i + 2]});
    for (const ModelEvent& event : events) {
      const auto actions = update(model, event);
      if (std::holds_alternative<Pasted>(event)) CHECK(pasting && actions.empty());
      const auto* press = std::get_if<KeyPressed>(&event);
      for (const Action& action : actions)
        if (std::holds_alternative<DoSend>(action)) CHECK(press != nullptr && (press->key == "Enter" || press->text == "y" || press->text == "Y"));
    }
    CHECK(valid_utf8(model.editor.text()) && model.editor.text().size() <= kMaxEditorBytes);
    CHECK(model.editor.cursor() <= model.editor.text().size());
  }
  const Picture picture = draw(model, {});
  CHECK(picture.cursor_row < picture.grid.rows() && picture.cursor_column < picture.grid.columns());
  return 0;
}
