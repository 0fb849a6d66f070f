#include "client_tui/model/commands.h"

namespace comm {

using Arg = ArgumentKind;
const CommandSpec kCommandSpecs[] = {
    {CommandId::help, "/help", "[COMMAND]", "the commands and keys, or one command", "/help add tells about /add.",
     Arg::command, ""},
    {CommandId::me, "/me", "", "your address, with QR code, to give to others",
     "Shows both forms of your address, the words others compare, and a QR code.", Arg::none, ""},
    {CommandId::copy, "/copy", "[me|NAME]", "copy the selected message, or an address, to the clipboard",
     "Asks the terminal to put it into the clipboard (OSC 52; some terminals refuse).\nM-k and M-j select a message.",
     Arg::contact, "me"},
    {CommandId::add, "/add", "ADDRESS NAME", "name an address, accept its messages",
     "ADDRESS is 40 hex digits, comm1..., or COMM:... as a QR code says it.", Arg::none, ""},
    {CommandId::rename, "/rename", "NAME NEW-NAME", "give a contact another name",
     "In a conversation: /rename NEW-NAME. Names are yours alone; nobody else sees them.", Arg::contact, ""},
    {CommandId::msg, "/msg", "NAME TEXT", "write to a contact, and go on with them",
     "NAME may be an address. Without TEXT it opens the conversation.", Arg::contact, ""},
    {CommandId::query, "/query", "NAME", "open the conversation with a contact", "NAME may be an address.", Arg::contact,
     ""},
    {CommandId::close, "/close", "", "leave this conversation for the home window", "Nothing is deleted.", Arg::none, ""},
    {CommandId::requests, "/requests", "", "strangers who have written",
     "Enter opens one; /accept, /decline or /block answers it.", Arg::none, ""},
    {CommandId::accept, "/accept", "[ADDRESS] [NAME]", "make a contact of a stranger who has written",
     "In their window: /accept NAME. Elsewhere the address, or its first digits, comes first.", Arg::request, ""},
    {CommandId::decline, "/decline", "[ADDRESS]", "forget a stranger and what they wrote",
     "They may write again. /block keeps them out.", Arg::request, ""},
    {CommandId::block, "/block", "[NAME|ADDRESS]", "accept nothing more from them",
     "Their messages are acknowledged and dropped unseen. /unblock undoes it.", Arg::contact, ""},
    {CommandId::unblock, "/unblock", "NAME|ADDRESS", "accept messages again", "", Arg::contact, ""},
    {CommandId::verify, "/verify", "[NAME] [ok|mismatch]", "compare addresses with a contact, then mark them verified",
     "Shows their address as words and QR code. Ask them for /me by another way (telephone, in person).\n"
     "The same: /verify ok. Not the same: /verify mismatch; then somebody else has given you that address.",
     Arg::contact, "ok mismatch"},
    {CommandId::info, "/info", "[NAME]", "details of the selected message and of the contact",
     "Which relays hold it, when it is tried next, when it expires. M-k and M-j select a message.", Arg::contact, ""},
    {CommandId::retry, "/retry", "", "try the selected message again now",
     "One that expired or failed is sealed anew; others are offered again at once.", Arg::none, ""},
    {CommandId::cancel, "/cancel", "", "take the selected message back",
     "Before a relay has it, it is gone. Afterwards relays are told to drop it;\n"
     "what was already received cannot be recalled.", Arg::none, ""},
    {CommandId::forget, "/forget", "", "remove the selected message from your history",
     "One still under way is cancelled first.", Arg::none, ""},
    {CommandId::outbox, "/outbox", "", "messages not yet received by whom they are for", "", Arg::none, ""},
    {CommandId::search, "/search", "TEXT", "find text in all messages",
     "n and N go through what was found, Enter opens it where it stands, Esc leaves.", Arg::text, ""},
    {CommandId::ttl, "/ttl", "[TIME]", "how long messages you send from now on are kept for their reader",
     "TIME is like 30m, 12h or 7d; at most 30d. Without it, tells what is set.", Arg::words, "1h 1d 7d 30d"},
    {CommandId::mute, "/mute", "[NAME] [off]", "no bell for this contact", "", Arg::contact, "off"},
    {CommandId::clear, "/clear", "", "an empty page; PgUp brings the old one back", "Nothing is deleted.", Arg::none, ""},
    {CommandId::history, "/history", "export FILE | delete", "write this conversation to a file, or delete it",
     "export: readable text, only for you (0600). delete: every settled message with this contact.", Arg::words,
     "export delete"},
    {CommandId::peers, "/peers", "", "whom this program is connected to", "", Arg::none, ""},
    {CommandId::connect, "/connect", "HOST:PORT", "another relay or node to join through", "", Arg::text, ""},
    {CommandId::status, "/status", "", "connections, store, outbox", "", Arg::none, ""},
    {CommandId::set, "/set", "[NAME VALUE]", "settings of this run; config.toml keeps them",
     "sidebar N|on|off    columns of the contacts, 18 to 26\n"
     "info on|off         the pane at the right, from 110 columns\n"
     "bell off|unfocused|all\n"
     "glyphs auto|ascii   + and x instead of the check marks",
     Arg::words, "sidebar info bell glyphs"},
    {CommandId::log, "/log", "", "what the program has said", "", Arg::none, ""},
    {CommandId::quit, "/quit", "", "leave; drafts and what is not sent yet are kept", "", Arg::none, ""},
};
const std::size_t kCommandSpecCount = sizeof kCommandSpecs / sizeof kCommandSpecs[0];

const CommandSpec* find_command(std::string_view name) {
  for (const CommandSpec& command : kCommandSpecs)
    if (name == command.name) return &command;
  return nullptr;
}

std::string usage_of(const CommandSpec& command) {
  std::string out = std::string("Usage: ") + command.name;
  if (command.usage[0] != '\0') out += std::string(" ") + command.usage;
  return out;
}

std::vector<std::string> help_overview() {
  std::vector<std::string> out{
      "ADDRESS text             write to an address (40 hex digits, or comm1...)",
      "text                     write to whoever the prompt names",
      "//text                   a text that begins with /",
  };
  for (const CommandSpec& command : kCommandSpecs) {
    std::string line = std::string(command.name) + " " + command.usage;
    if (line.size() < 24) line.resize(24, ' ');
    out.push_back(line + " " + command.summary);
  }
  return out;
}

std::vector<std::string> help_of(const CommandSpec& command) {
  std::vector<std::string> out{usage_of(command), std::string(command.summary) + "."};
  std::string_view rest = command.detail;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

}  // namespace comm
