// What each command of the chat does.
#include "client_tui/model/graphemes.h"
#include "client_tui/model/parts.h"

namespace comm::model {
namespace {

bool usage(Model& model, const CommandSpec& command) {
  say(model, usage_of(command));
  return false;
}

bool refuse(Model& model, std::string why) {
  say(model, std::move(why));
  return false;
}

// The contact named first, or the one whose window is open. `rest` moves on behind the name.
std::optional<Address> peer_or_here(Model& model, std::string_view& rest, std::string& why) {
  if (!rest.empty()) {
    std::string_view after = rest;
    const std::string_view name = take_word(after);
    if (const auto peer = find_peer(model, name, why)) {
      rest = after;
      return peer;
    }
    // A name of several words?
    if (const auto peer = find_peer(model, rest, why)) {
      rest = {};
      return peer;
    }
    return std::nullopt;
  }
  if (model.window.page == Page::talk) return model.window.peer;
  why = "Whose? Name a contact, or open their window first.";
  return std::nullopt;
}

bool add(Model& model, const LineCommand& line, Actions& out) {
  std::string_view rest = line.arguments;
  const std::string_view word = take_word(rest);
  if (word.empty() || rest.empty()) return usage(model, *line.command);
  const auto address = typed_address(word);
  if (!address) return refuse(model, address_error(word) + " Nothing was added.");
  out.emplace_back(DoCommand{AddContact{*address, std::string(rest)}});
  say(model, "Added " + std::string(rest) + ". Their address was not compared yet: /verify " + std::string(rest));
  return true;
}

bool rename(Model& model, const LineCommand& line, Actions& out) {
  std::string_view rest = line.arguments;
  if (rest.empty()) return usage(model, *line.command);
  std::string why;
  std::string_view after = rest;
  const std::string_view first = take_word(after);
  std::optional<Address> peer;
  if (!after.empty()) peer = find_peer(model, first, why);
  if (peer) rest = after;
  else if (model.window.page == Page::talk) peer = model.window.peer;
  else return after.empty() ? usage(model, *line.command) : refuse(model, why);
  out.emplace_back(DoCommand{AddContact{*peer, std::string(rest)}});
  return true;
}

bool msg(Model& model, const LineCommand& line, Actions& out) {
  std::string_view rest = line.arguments;
  const std::string_view name = take_word(rest);
  if (name.empty()) return usage(model, *line.command);
  std::string why;
  const auto peer = find_peer(model, name, why);
  if (!peer) return refuse(model, why);
  if (rest.empty()) open_window(model, {Page::talk, *peer}, out);
  else send(model, *peer, std::string(rest), out);
  return true;
}

bool query(Model& model, const LineCommand& line, Actions& out) {
  if (line.arguments.empty()) return usage(model, *line.command);
  std::string why;
  const auto peer = find_peer(model, line.arguments, why);
  if (!peer) return refuse(model, why);
  open_window(model, {Page::talk, *peer}, out);
  return true;
}

// The stranger meant: named, or whose window is open, or the only one there is.
std::optional<Address> request_meant(Model& model, std::string_view& rest, std::string& why) {
  std::string_view after = rest;
  const std::string_view word = take_word(after);
  std::string ignored;
  if (const auto named = word.empty() ? std::nullopt : find_peer(model, word, ignored)) {
    const ContactInfo* contact = contact_of(model, *named);
    if (contact == nullptr || is_request(*contact)) {
      rest = after;
      return named;
    }
  }
  const ContactInfo* here = model.window.page == Page::talk ? contact_of(model, model.window.peer) : nullptr;
  if (here != nullptr && is_request(*here)) return here->address;
  const std::vector<Address> strangers = request_order(model);
  if (strangers.size() == 1) return strangers.front();
  why = strangers.empty() ? "Nobody waits to be accepted." : "Which? /requests lists them; name one by its first digits.";
  return std::nullopt;
}

bool accept(Model& model, const LineCommand& line, Actions& out) {
  std::string_view rest = line.arguments;
  std::string why;
  const auto stranger = request_meant(model, rest, why);
  if (!stranger) return refuse(model, why);
  out.emplace_back(DoCommand{AddContact{*stranger, std::string(rest)}});
  open_window(model, {Page::talk, *stranger}, out);
  say(model, "Accepted" + (rest.empty() ? std::string(". /rename NAME names them.") : " as " + std::string(rest) + "."));
  return true;
}

bool decline(Model& model, const LineCommand& line) {
  std::string_view rest = line.arguments;
  std::string why;
  const auto stranger = request_meant(model, rest, why);
  if (!stranger) return refuse(model, why);
  Question question;
  question.kind = Question::decline;
  question.peer = *stranger;
  question.text = "Forget " + short_hex(stranger->view()) + " and what they wrote? [y/N]";
  model.question = std::move(question);
  return true;
}

bool block(Model& model, const LineCommand& line, Actions& out, bool blocked) {
  std::string_view rest = line.arguments;
  std::string why;
  const auto peer = peer_or_here(model, rest, why);
  if (!peer) return refuse(model, why);
  out.emplace_back(DoCommand{BlockContact{*peer, blocked}});
  const std::string name = peer_name(model, *peer);
  if (blocked && model.window == WindowRef{Page::talk, *peer}) open_window(model, {}, out);
  say(model, blocked ? "Blocked " + name + ". Nothing more of theirs is shown. /unblock " + name + " undoes it."
                     : "Unblocked " + name + ".");
  return true;
}

bool verify(Model& model, const LineCommand& line, Actions& out) {
  std::string_view rest = line.arguments;
  std::string why;
  std::optional<Address> peer;
  const bool verdict_only = rest == "ok" || rest == "mismatch";
  if (verdict_only && model.window.page == Page::talk) peer = model.window.peer;
  else peer = peer_or_here(model, rest, why);
  if (!peer) return refuse(model, why);
  if (rest.empty()) {
    open_address(model, *peer);
    return true;
  }
  if (rest != "ok" && rest != "mismatch") return usage(model, *line.command);
  const bool same = rest == "ok";
  out.emplace_back(DoCommand{VerifyContact{*peer, same}});
  if (same) model.conflicts.erase(*peer);
  model.overlay.reset();
  say(model, same ? peer_name(model, *peer) + " is verified now."
                  : "Not verified. That address is not theirs: ask " + peer_name(model, *peer) +
                        " for it by another way, and do not write to this one.");
  return true;
}

// Commands about the selected message.
bool about_message(Model& model, CommandId id, Actions& out) {
  const Entry* entry = model.window.page == Page::talk ? selected_entry(model) : nullptr;
  if (entry == nullptr || entry->uid.is_zero()) return refuse(model, "No message is selected. M-k and M-j select one.");
  if (id == CommandId::forget && !entry->outgoing)
    return refuse(model, "Only own messages are forgotten one by one. /history delete removes a whole conversation.");
  if (!entry->outgoing) return refuse(model, "That message is not yours. M-k and M-j select another.");
  if (id == CommandId::retry) out.emplace_back(DoCommand{RetryMessage{entry->uid}});
  if (id == CommandId::cancel) out.emplace_back(DoCommand{CancelMessage{entry->uid}});
  if (id == CommandId::forget) {
    out.emplace_back(DoCommand{ForgetMessage{entry->uid}});
    model.talk.selected = 0;
    out.emplace_back(DoOpen{model.talk.peer, 0});
  }
  return true;
}

bool copy(Model& model, const LineCommand& line, Actions& out) {
  std::string text;
  std::string what = "the message";
  if (line.arguments == "me") {
    text = address_bech32m(model.own);
    what = "your address";
  } else if (!line.arguments.empty()) {
    std::string why;
    const auto peer = find_peer(model, line.arguments, why);
    if (!peer) return refuse(model, why);
    text = address_bech32m(*peer);
    what = "the address of " + peer_name(model, *peer);
  } else if (model.window.page != Page::talk || model.talk.entries.empty()) {
    text = address_bech32m(model.own);
    what = "your address";
  } else {
    const Entry* entry = model.talk.selected != 0 ? selected_entry(model) : &model.talk.entries.back();
    if (entry == nullptr) return refuse(model, "No message is selected.");
    text = entry->text;
  }
  out.emplace_back(DoCopy{std::move(text)});
  say(model, "Asked the terminal to copy " + what + ".");
  return true;
}

bool ttl(Model& model, const LineCommand& line) {
  if (!line.arguments.empty()) {
    const auto minutes = parse_lifetime(line.arguments);
    if (!minutes) return refuse(model, "Times are like 30m, 12h or 7d; at most 30d.");
    model.lifetime = *minutes;
  }
  const std::uint16_t m = model.lifetime;
  say(model, "Messages you send from now on are kept for " +
                 (m % 1'440 == 0  ? std::to_string(m / 1'440) + " days."
                  : m % 60 == 0 ? std::to_string(m / 60) + " hours."
                                : std::to_string(m) + " minutes."));
  return true;
}

bool mute(Model& model, const LineCommand& line, Actions& out) {
  std::string_view rest = line.arguments;
  std::string why;
  const bool here_off = rest == "off" && model.window.page == Page::talk;
  const auto peer = here_off ? std::optional(model.window.peer) : peer_or_here(model, rest, why);
  if (!peer) return refuse(model, why);
  if (!rest.empty() && rest != "off" && rest != "on") return usage(model, *line.command);
  out.emplace_back(DoCommand{MuteContact{*peer, rest != "off"}});
  say(model, (rest == "off" ? "The bell rings again for " : "No bell for ") + peer_name(model, *peer) + ".");
  return true;
}

bool history(Model& model, const LineCommand& line) {
  std::string_view rest = line.arguments;
  const std::string_view what = take_word(rest);
  if (model.window.page != Page::talk) return refuse(model, "Open a conversation first.");
  Question question;
  question.peer = model.window.peer;
  const std::string name = peer_name(model, question.peer);
  if (what == "delete" && rest.empty()) {
    question.kind = Question::delete_history;
    question.text = "Delete every settled message with " + name + ", for good? [y/N]";
  } else if (what == "export" && !rest.empty()) {
    question.kind = Question::export_history;
    question.argument = std::string(rest);
    question.text = "Write the conversation with " + name + " readable to " + question.argument + "? [y/N]";
  } else {
    return usage(model, *line.command);
  }
  model.question = std::move(question);
  return true;
}

bool set(Model& model, const LineCommand& line) {
  std::string_view rest = line.arguments;
  const std::string_view name = take_word(rest);
  ScreenSettings& s = model.settings;
  const bool on = rest == "on", off = rest == "off";
  if (name.empty()) {
    open_text(model, "SETTINGS of this run",
              {std::string("sidebar  ") + (s.show_sidebar ? s.sidebar == 0 ? "on" : std::to_string(s.sidebar) : "off"),
               std::string("info     ") + (s.show_info ? "on" : "off"),
               std::string("bell     ") + (s.bell == Bell::off ? "off" : s.bell == Bell::all ? "all" : "unfocused"),
               std::string("glyphs   ") + (s.ascii ? "ascii" : "auto"), "",
               "/set NAME VALUE changes one; [ui] in config.toml keeps it."});
    return true;
  }
  if (name == "sidebar" && (on || off)) {
    s.show_sidebar = on;
  } else if (name == "sidebar" && rest.size() == 2 && rest >= "18" && rest <= "26") {
    s.sidebar = (rest[0] - '0') * 10 + (rest[1] - '0');
    s.show_sidebar = true;
  } else if (name == "info" && (on || off)) {
    s.show_info = on;
  } else if (name == "bell" && (off || rest == "all" || rest == "unfocused")) {
    s.bell = off ? Bell::off : rest == "all" ? Bell::all : Bell::unfocused;
  } else if (name == "glyphs" && (rest == "auto" || rest == "ascii")) {
    s.ascii = rest == "ascii";
  } else {
    return refuse(model, "No such setting or value. /help set lists them.");
  }
  return true;
}

bool info(Model& model, const LineCommand& line, Actions& out) {
  if (!line.arguments.empty()) {
    std::string why;
    const auto peer = find_peer(model, line.arguments, why);
    if (!peer) return refuse(model, why);
    open_window(model, {Page::talk, *peer}, out);
  }
  if (model.window.page != Page::talk) return refuse(model, "Open a conversation first.");
  model.info_open = true;
  model.settings.show_info = true;
  return true;
}

bool requests(Model& model) {
  open_text(model, "REQUESTS: Enter opens one, then /accept NAME, /decline or /block", {});
  for (const Address& address : request_order(model))
    model.overlay->choices.push_back({short_hex(address.view()), {Page::talk, address}, 0, 0, false});
  if (model.overlay->choices.empty()) model.overlay->lines = {"Nobody waits to be accepted."};
  return true;
}

}  // namespace

bool run_command(Model& model, const LineCommand& line, Actions& out) {
  const CommandId id = line.command->id;
  switch (id) {
    case CommandId::help: {
      const std::string_view asked = line.arguments;
      if (asked.empty()) return open_help(model, nullptr), true;
      const CommandSpec* about = find_command(asked.front() == '/' ? std::string(asked) : "/" + std::string(asked));
      if (about == nullptr) return refuse(model, "There is no command of that name. /help lists them.");
      return open_help(model, about), true;
    }
    case CommandId::me: return open_address(model, model.own), true;
    case CommandId::copy: return copy(model, line, out);
    case CommandId::add: return add(model, line, out);
    case CommandId::rename: return rename(model, line, out);
    case CommandId::msg: return msg(model, line, out);
    case CommandId::query: return query(model, line, out);
    case CommandId::close: return open_window(model, {}, out), true;
    case CommandId::requests: return requests(model);
    case CommandId::accept: return accept(model, line, out);
    case CommandId::decline: return decline(model, line);
    case CommandId::block: return block(model, line, out, true);
    case CommandId::unblock: return block(model, line, out, false);
    case CommandId::verify: return verify(model, line, out);
    case CommandId::info: return info(model, line, out);
    case CommandId::retry:
    case CommandId::cancel:
    case CommandId::forget: return about_message(model, id, out);
    case CommandId::search: return open_search(model, line.arguments, out), true;
    case CommandId::ttl: return ttl(model, line);
    case CommandId::mute: return mute(model, line, out);
    case CommandId::clear:
      model.talk.entries.clear();
      model.talk.at_start = model.window.page != Page::talk;
      if (model.window.page == Page::log) model.notices.clear();
      return true;
    case CommandId::history: return history(model, line);
    case CommandId::outbox:
    case CommandId::peers:
    case CommandId::status: return out.emplace_back(DoShow{id}), true;
    case CommandId::connect:
      if (line.arguments.empty() || line.arguments.find(' ') != std::string::npos) return usage(model, *line.command);
      out.emplace_back(DoConnect{line.arguments});
      say(model, "Connecting to " + line.arguments + ".");
      return true;
    case CommandId::set: return set(model, line);
    case CommandId::log: return open_window(model, {Page::log, {}}, out), true;
    case CommandId::quit:
      model.quitting = true;
      out.emplace_back(DoQuit{});
      return true;
  }
  return false;
}

}  // namespace comm::model
