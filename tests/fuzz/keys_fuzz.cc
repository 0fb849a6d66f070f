// What a terminal may send: any bytes, in pieces of any size, go through decoder, model and view. Nothing is sent and
// no command runs without the key for it; the draft stays within its bound; a paste never acts.
#include <clocale>

#include "client_tui/model/key_decoder.h"
#include "client_tui/view/view.h"
#include "proto/base/check.h"
#include "proto/wire/content.h"

using namespace comm;

namespace {

constexpr std::size_t kMostBytes = 4'000;

void feed(Model& model, const std::vector<ModelEvent>& events) {
  for (const ModelEvent& event : events) {
    const auto actions = update(model, event);
    if (std::holds_alternative<Pasted>(event)) CHECK(actions.empty());
    const auto* press = std::get_if<KeyPressed>(&event);
    if (press != nullptr) CHECK(valid_utf8(press->text) && valid_utf8(press->key));
    for (const Action& action : actions)
      if (std::holds_alternative<DoSend>(action))
        CHECK(press != nullptr && (press->key == "Enter" || press->text == "y" || press->text == "Y"));
  }
  CHECK(valid_utf8(model.editor.text()) && model.editor.text().size() <= kMaxEditorBytes);
  CHECK(model.editor.cursor() <= model.editor.text().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool utf8 = std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr;
  CHECK(utf8);
  std::string_view text = as_text(ByteView(data, std::min(size, kMostBytes)));
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
  decoder.learn("\033[[A", "F1");
  // A byte says how much comes at once, and whether a pause or another window size follows it.
  while (!text.empty()) {
    const auto how = static_cast<std::uint8_t>(text.front());
    text.remove_prefix(1);
    const std::string_view burst = text.substr(0, how % 32);
    text.remove_prefix(burst.size());
    std::vector<ModelEvent> events;
    decoder.take(burst, events);
    if (how >= 128) decoder.pause(events);
    if (how % 64 == 63) events.emplace_back(Resized{how % 50, how});
    CHECK(how < 128 || !decoder.waiting());
    feed(model, events);
  }
  const Picture picture = draw(model, {});
  CHECK(picture.cursor_row < picture.grid.rows() && picture.cursor_column < picture.grid.columns());
  return 0;
}
