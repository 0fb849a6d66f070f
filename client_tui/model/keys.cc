// Keys and pastes: the draft is edited, windows change, commands complete.
#include <algorithm>

#include "client_tui/model/graphemes.h"
#include "client_tui/model/parts.h"

namespace comm::model {
namespace {

void touched(Model& model) {
  model.unsaved_drafts.insert(draft_key(model));
  model.completion.reset();
}

void insert(Model& model, std::string_view text, bool pasted) {
  if (model.editor.insert(text, pasted)) return touched(model);
  say(model, "The draft is full (" + std::to_string(kMaxTextBytes) + " bytes a message). Nothing was added.");
}

void recall(Model& model, bool older) {
  if (!model.editor.empty() && !model.recalled) return;
  if (model.sent.empty()) return;
  if (!model.recalled) {
    if (!older) return;
    model.recalled = model.sent.size();
  }
  if (older && *model.recalled > 0) --*model.recalled;
  else if (!older) ++*model.recalled;
  const bool beyond = *model.recalled >= model.sent.size();
  model.editor.set(beyond ? std::string() : model.sent[*model.recalled]);
  if (beyond) model.recalled.reset();
  touched(model);
}

void clear(Model& model, bool again, Actions& out) {
  if (again) {
    model.quitting = true;
    out.emplace_back(DoQuit{});
    return;
  }
  model.quit_armed = true;
  remember_sent(model, model.editor.text());
  const bool had = !model.editor.empty();
  model.editor.clear();
  touched(model);
  model.notice = had ? "Draft cleared; Up brings it back. C-c again leaves." : "C-c again leaves.";
}

// True if the key edits the draft.
bool edit(Model& model, KeyAction action) {
  Editor& editor = model.editor;
  switch (action) {
    case KeyAction::newline: insert(model, "\n", false); return true;
    case KeyAction::left: editor.left(); return true;
    case KeyAction::right: editor.right(); return true;
    case KeyAction::word_left: editor.word_left(); return true;
    case KeyAction::word_right: editor.word_right(); return true;
    case KeyAction::line_start: editor.line_start(); return true;
    case KeyAction::line_end: editor.line_end(); return true;
    case KeyAction::up:
      if (model.recalled || !editor.line_up()) recall(model, true);
      return true;
    case KeyAction::down:
      if (model.recalled || !editor.line_down()) recall(model, false);
      return true;
    case KeyAction::history_previous: recall(model, true); return true;
    case KeyAction::history_next: recall(model, false); return true;
    case KeyAction::backspace: editor.backspace(); break;
    case KeyAction::erase: editor.erase(); break;
    case KeyAction::cut_word: editor.cut_word(); break;
    case KeyAction::cut_word_right: editor.cut_word_right(); break;
    case KeyAction::cut_to_line_start: editor.cut_to_line_start(); break;
    case KeyAction::put_back: editor.put_back(); break;
    default: return false;
  }
  model.recalled.reset();
  touched(model);
  return true;
}

void act(Model& model, const KeyBinding& binding, bool armed, Actions& out) {
  if (edit(model, binding.action)) return;
  switch (binding.action) {
    case KeyAction::send: submit(model, out); break;
    case KeyAction::scroll_up: page(model, true, out); break;
    case KeyAction::scroll_down: page(model, false, out); break;
    case KeyAction::to_oldest: to_oldest(model, out); break;
    case KeyAction::to_newest: to_newest(model, out); break;
    case KeyAction::window: open_numbered(model, binding.window, out); break;
    case KeyAction::previous_window: step_window(model, -1, out); break;
    case KeyAction::next_window: step_window(model, 1, out); break;
    case KeyAction::next_unread: open_next_unread(model, out); break;
    case KeyAction::switcher: open_switcher(model); break;
    case KeyAction::search: open_search(model, {}, out); break;
    case KeyAction::info: {
      const bool roomy = model.columns >= 110;
      if (roomy) model.settings.show_info = !model.settings.show_info;
      else model.info_open = !model.info_open && model.window.page == Page::talk;
      break;
    }
    case KeyAction::sidebar: model.settings.show_sidebar = !model.settings.show_sidebar; break;
    case KeyAction::editor: out.emplace_back(DoEdit{model.editor.text()}); break;
    case KeyAction::complete: complete(model); break;
    case KeyAction::redraw: out.emplace_back(DoRedraw{}); break;
    case KeyAction::clear: clear(model, armed, out); break;
    case KeyAction::help: open_help(model, nullptr); break;
    case KeyAction::close:
      if (model.info_open) model.info_open = false;
      else model.talk.selected = 0;
      model.notice.clear();
      break;
    case KeyAction::select_older: select(model, true); break;
    case KeyAction::select_newer: select(model, false); break;
    default: break;
  }
}

// --- completion ---

std::vector<std::string> candidates(const Model& model, std::string_view line, std::size_t start, std::string_view word) {
  std::vector<std::string> out;
  const std::string folded = fold_case(word);
  const auto offer = [&](const std::string& text) {
    if (text.size() > word.size() && fold_case(text).starts_with(folded)) out.push_back(text);
  };
  ArgumentKind kind = ArgumentKind::contact;
  const char* words = "";
  if (!line.empty() && line.front() == '/') {
    if (start == 0) {
      for (std::size_t i = 0; i < kCommandSpecCount; ++i) offer(kCommandSpecs[i].name);
      std::sort(out.begin(), out.end());
      return out;
    }
    std::string_view rest = line;
    if (const CommandSpec* command = find_command(take_word(rest))) {
      kind = command->first;
      words = command->words;
    }
  }
  if (kind == ArgumentKind::command)
    for (std::size_t i = 0; i < kCommandSpecCount; ++i) offer(kCommandSpecs[i].name + 1);
  std::string_view rest = words;
  while (!rest.empty()) offer(std::string(take_word(rest)));
  if (kind == ArgumentKind::contact)
    for (const Address& address : contact_order(model))
      if (const ContactInfo* contact = contact_of(model, address); contact != nullptr && !contact->name.empty())
        offer(contact->name);
  if (kind == ArgumentKind::request || (kind == ArgumentKind::contact && word.size() >= 2)) {
    for (const auto& [address, contact] : model.contacts)
      if (kind == ArgumentKind::contact || is_request(contact)) {
        offer(address_hex(address));
        offer(address_bech32m(address));
      }
  }
  return out;
}

}  // namespace

// The first Tab completes as far as it is certain or to the first candidate; further ones go round.
void complete(Model& model) {
  Editor& editor = model.editor;
  if (!model.completion) {
    const std::string_view upto = std::string_view(editor.text()).substr(0, editor.cursor());
    const std::size_t blank = upto.find_last_of(" \n");
    const std::size_t start = blank == std::string_view::npos ? 0 : blank + 1;
    const std::string word(upto.substr(start));
    if (word.empty() && (editor.text().empty() || editor.text().front() != '/')) return;
    auto offers = candidates(model, editor.text(), start, word);
    if (offers.empty()) {
      model.notice = "Nothing to complete.";
      return;
    }
    offers.push_back(word);
    const bool only = offers.size() == 2;
    editor.replace(start, editor.cursor(), offers.front() + (only ? " " : ""));
    touched(model);
    if (only) return;
    std::string all;
    for (std::size_t i = 0; i + 1 < offers.size() && i < 12; ++i) all += (i > 0 ? "  " : "") + offers[i];
    model.notice = all;
    model.completion = Model::Completion{std::move(offers), 0, start};
    return;
  }
  Model::Completion round = *model.completion;
  const std::size_t end = round.start + round.candidates[round.index].size();
  round.index = (round.index + 1) % round.candidates.size();
  editor.replace(round.start, end, round.candidates[round.index]);
  touched(model);
  model.completion = std::move(round);
}

void on_key(Model& model, const KeyPressed& press, Actions& out) {
  const bool armed = std::exchange(model.quit_armed, false);
  const auto binding = press.key.empty() ? std::nullopt : model.keymap.find(press.key);
  if (model.question) {
    if (binding && binding->action == KeyAction::redraw) out.emplace_back(DoRedraw{});
    else answer(model, press.text == "y" || press.text == "Y", out);
    return;
  }
  if (overlay_key(model, press, binding, out)) return;
  if (binding) return act(model, *binding, armed, out);
  if (press.text.empty()) return;
  model.recalled.reset();
  insert(model, press.text, false);
}

// Pasted bytes never send and never act.
void on_paste(Model& model, const Pasted& pasted) {
  model.quit_armed = false;
  if (model.question) return;
  const std::string clean = clean_paste(pasted.text);
  if (model.overlay && model.overlay->typing) {
    model.overlay->input.insert(clean.substr(0, clean.find('\n')), true);
    return;
  }
  model.recalled.reset();
  insert(model, clean, true);
}

}  // namespace comm::model
