// From the draft to a message, a command or a question.
#include "client_tui/model/graphemes.h"
#include "client_tui/model/parts.h"
#include "proto/wire/content.h"

namespace comm::model {

void remember_sent(Model& model, const std::string& text) {
  model.recalled.reset();
  if (text.empty() || (!model.sent.empty() && model.sent.back() == text)) return;
  model.sent.push_back(text);
  if (model.sent.size() > kMaxInputHistory) model.sent.pop_front();
}

void send(Model& model, const Address& to, const std::string& text, Actions& out) {
  if (text.size() > kMaxTextBytes) {
    say(model, "Too long: " + std::to_string(text.size()) + " bytes, a message has at most " +
                   std::to_string(kMaxTextBytes) + ". Not sent; the draft is kept.");
    return;
  }
  if (model.unsaved.size() >= kMaxUnsaved) {
    say(model, "The disk lags behind. Not sent; the draft is kept.");
    return;
  }
  remember_sent(model, model.editor.text());
  model.editor.clear();
  model.unsaved_drafts.insert(draft_key(model));
  const WindowRef window{Page::talk, to};
  const std::string ref = "\"" + model.session + "-" + std::to_string(model.next_ref++) + "\"";
  model.unsaved.push_back({ref, to, text});
  const bool elsewhere = model.window != window || !model.talk.at_end;
  // Sent before the window opens, so that the history it then reads has it.
  out.emplace_back(DoSend{to, text, ref, model.lifetime});
  if (elsewhere) {
    open_window(model, window, out);
    model.talk.new_count = 0;
    return;
  }
  Entry entry;
  entry.ref = ref;
  entry.outgoing = true;
  entry.text = text;
  entry.at = model.now;
  entry.state = DeliveryState::needs_key;
  entry.lifetime = model.lifetime;
  model.talk.entries.push_back(std::move(entry));
  model.talk.new_count = 0;
  to_newest(model, out);
}

std::optional<Address> find_peer(const Model& model, std::string_view name, std::string& why) {
  if (const auto address = typed_address(name)) return address;
  if (looks_like_address(name)) {
    why = address_error(name);
    return std::nullopt;
  }
  const std::string folded = fold_case(name);
  for (const auto& [address, contact] : model.contacts)
    if (!contact.name.empty() && fold_case(contact.name) == folded) return address;
  // The first digits of an address, or the short form that the sidebar shows, if only one begins so.
  std::optional<Address> found;
  for (const auto& [address, contact] : model.contacts) {
    const std::string hex = address_hex(address);
    if (folded != short_hex(address.view()) && (folded.size() < 4 || !hex.starts_with(folded))) continue;
    if (found) {
      why = "More than one address begins with that.";
      return std::nullopt;
    }
    found = address;
  }
  if (!found) why = "There is no contact of that name. /add ADDRESS NAME makes one.";
  return found;
}

namespace {

void ask_about_address(Model& model, const LineAsk& ask) {
  if (model.window.page != Page::talk) {
    say(model, ask.why + " Nothing was sent.");
    return;
  }
  Question question;
  question.kind = Question::send_text;
  question.text = ask.why + " Send to " + peer_name(model, model.window.peer) + " as text? [y/N]";
  question.argument = ask.text;
  question.peer = model.window.peer;
  model.question = std::move(question);
}

void send_here(Model& model, const std::string& text, Actions& out) {
  if (model.window.page == Page::talk) send(model, model.window.peer, text, out);
  else say(model, "To whom? Write ADDRESS text, or /msg NAME TEXT. The draft is kept.");
}

void run_line(Model& model, const LineCommand& line, Actions& out) {
  const std::string typed = model.editor.text();
  model.editor.clear();  // a command may open another window, whose draft then stands here
  const Address key = draft_key(model);
  model.unsaved_drafts.insert(key);
  if (run_command(model, line, out)) {
    remember_sent(model, typed);
  } else if (model.editor.empty() && draft_key(model) == key) {
    model.editor.set(typed);
  }
}

}  // namespace

void submit(Model& model, Actions& out) {
  model.notice.clear();
  const InputLine line = parse_line(model.editor.text(), model.editor.pasted());
  std::visit(Overload{
                 [&](const LineEmpty&) {},
                 [&](const LineText& text) { send_here(model, text.text, out); },
                 [&](const LineTo& to) {
                   if (!to.text.empty()) return send(model, to.to, to.text, out);
                   model.editor.clear();
                   open_window(model, {Page::talk, to.to}, out);
                 },
                 [&](const LineAsk& ask) { ask_about_address(model, ask); },
                 [&](const LineCommand& command) { run_line(model, command, out); },
                 [&](const LineRefused& refused) { say(model, refused.why); },
             },
             line);
}

void answer(Model& model, bool yes, Actions& out) {
  const Question question = std::move(*model.question);
  model.question.reset();
  if (!yes) {
    model.notice = question.kind == Question::send_text ? "Nothing was sent. The draft is kept." : "Nothing was done.";
    return;
  }
  switch (question.kind) {
    case Question::send_text: send(model, question.peer, question.argument, out); break;
    case Question::delete_history:
      out.emplace_back(DoCommand{DeleteHistory{question.peer}});
      if (model.talk.peer == question.peer) out.emplace_back(DoOpen{question.peer, 0});
      say(model, "Deleted, but for what is still under way.");
      break;
    case Question::export_history: out.emplace_back(DoExport{question.peer, question.argument}); break;
    case Question::decline:
      out.emplace_back(DoCommand{DeclineRequest{question.peer}});
      if (model.window == WindowRef{Page::talk, question.peer}) open_window(model, {}, out);
      say(model, "Declined.");
      break;
  }
}

}  // namespace comm::model
