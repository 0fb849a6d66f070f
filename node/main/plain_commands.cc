// The commands of --plain: those that make sense where lines are only appended.
#include "client_tui/model/graphemes.h"
#include "client_tui/view/format.h"
#include "node/main/plain_frontend.h"
#include "proto/seal/words.h"

namespace comm {
namespace {
constexpr std::size_t kOutboxLines = 100;
constexpr int kOutboxColumns = 40;
}  // namespace

std::optional<Address> PlainFrontend::peer(std::string_view name) {
  if (name.empty() && target_) return target_;
  if (const auto address = typed_address(name)) return address;
  for (const ContactInfo& contact : runtime_.agent()->contacts())
    if (!contact.name.empty() && fold_case(contact.name) == fold_case(name)) return contact.address;
  if (looks_like_address(name)) refuse(address_error(name));
  else refuse("There is no contact of that name. /add ADDRESS NAME makes one.");
  return std::nullopt;
}

void PlainFrontend::help(std::string_view about) {
  const CommandSpec* command = about.empty() ? nullptr : find_command(about.front() == '/' ? std::string(about) : "/" + std::string(about));
  for (const std::string& line : command != nullptr ? help_of(*command) : help_overview()) say(line);
}

void PlainFrontend::me() {
  say("you are " + address_hex(*ready_.address));
  say("or, with a checksum, " + address_bech32m(*ready_.address));
  say("as words: " + std::string(as_text(words_of(ready_.address->view()).view())));
}

void PlainFrontend::verify(const Address& address, std::string_view verdict) {
  if (verdict.empty()) {
    say(name_of(address) + " is " + address_hex(address));
    say("as words: " + std::string(as_text(words_of(address.view()).view())));
    return say("Compare with what /me says at their side. The same: /verify NAME ok. Not the same: /verify NAME mismatch");
  }
  if (verdict != "ok" && verdict != "mismatch") return refuse(usage_of(*find_command("/verify")));
  runtime_.command(VerifyContact{address, verdict == "ok"});
  say(name_of(address) + (verdict == "ok" ? " is verified now" : " is not verified; ask for the address by another way"));
}

void PlainFrontend::list_requests() {
  bool any = false;
  for (const ContactInfo& contact : runtime_.agent()->contacts()) {
    if (contact.accepted || contact.blocked) continue;
    any = true;
    say("request of " + address_hex(contact.address) + ", " + plural(contact.unread, "message"));
  }
  say(any ? "/accept ADDRESS NAME, /decline ADDRESS or /block ADDRESS answers" : "nobody waits to be accepted");
}

void PlainFrontend::list_outbox() {
  const auto items = runtime_.agent()->outbox_items(kOutboxLines);
  for (const HistoryItem& item : items)
    say("to " + name_of(item.peer) + ", " + state_words(item.state, item.relays, item.late) + ": " +
        safe_excerpt(item.text, kOutboxColumns, safe_));
  if (items.empty()) say("everything has been received");
}

void PlainFrontend::list_peers() {
  say(plural(peers_.sessions, "peer") + " connected, " + std::to_string(peers_.relays) + " of them relays");
  for (const NodeCore::PeerInfo& peer : runtime_.peers()) say(peer_text(peer));
}

void PlainFrontend::run(const LineCommand& line) {
  std::string_view rest = line.arguments;
  std::string_view after = rest;
  const std::string_view word = take_word(after);
  const auto usage = [&] { refuse(usage_of(*line.command)); };
  switch (line.command->id) {
    case CommandId::help: return help(rest);
    case CommandId::me: return me();
    case CommandId::quit: return runtime_.stop(kExitOk);
    case CommandId::requests: return list_requests();
    case CommandId::outbox: return list_outbox();
    case CommandId::peers: return list_peers();
    case CommandId::status:
      return say(std::to_string(peers_.sessions) + " peers connected, " + std::to_string(peers_.relays) + " of them relays; " +
                 plural(runtime_.agent()->outbox().open, "message") + " not yet received");
    case CommandId::connect:
      if (rest.empty() || !after.empty()) return usage();
      runtime_.connect(std::string(rest));
      no_peers_.also(std::string(rest));
      return say("connecting to " + safe_text(rest, safe_));
    case CommandId::ttl:
      if (!rest.empty() && !parse_lifetime(rest)) return refuse("Times are like 30m, 12h or 7d; at most 30d.");
      if (!rest.empty()) lifetime_ = *parse_lifetime(rest);
      return say("messages you send from now on are kept for " + lifetime_text(lifetime_));
    case CommandId::add:
    case CommandId::accept: {
      const auto address = typed_address(word);
      if (!address || (after.empty() && line.command->id == CommandId::add))
        return word.empty() || address ? usage() : refuse(address_error(word) + " Nothing was added.");
      runtime_.command(AddContact{*address, std::string(after)});
      return say("added " + name_of(*address));
    }
    default: break;
  }
  if (line.command->id == CommandId::msg || line.command->id == CommandId::query) {
    if (word.empty()) return usage();
    if (const auto to = peer(word)) send(*to, std::string(after));
    return;
  }
  const CommandId id = line.command->id;
  if (id != CommandId::verify && id != CommandId::decline && id != CommandId::block && id != CommandId::unblock &&
      id != CommandId::rename)
    return refuse(std::string(line.command->name) + " is a command of the screen; this is --plain.");
  if (word.empty()) return usage();
  const auto whom = peer(word);
  if (!whom) return;
  if (id == CommandId::verify) return verify(*whom, after);
  if (id == CommandId::rename && after.empty()) return usage();
  if (id == CommandId::rename) runtime_.command(AddContact{*whom, std::string(after)});
  else if (id == CommandId::decline) runtime_.command(DeclineRequest{*whom});
  else runtime_.command(BlockContact{*whom, id == CommandId::block});
  say(id == CommandId::rename ? "they are " + name_of(*whom) + " now" : "done");
}

}  // namespace comm
