#include "node/agent/asked.h"

namespace comm {
namespace {

// What did not happen; "" if that needs no word.
std::string undone(const SendText&) { return "message NOT saved."; }
std::string undone(const AddContact& c) {
  return "contact " + (c.name.empty() ? short_hex(c.address.view()) : c.name) + " NOT saved.";
}
std::string undone(const BlockContact& c) { return short_hex(c.address.view()) + " NOT " + (c.blocked ? "blocked." : "unblocked."); }
std::string undone(const CancelMessage&) { return "message NOT cancelled."; }
std::string undone(const RetryMessage&) { return "message NOT sent again."; }
std::string undone(const RefuseMail&) { return "message NOT refused."; }
std::string undone(const MarkRead&) { return {}; }  // it is unread again, and seen to be
std::string undone(const SetDraft&) { return {}; }  // written again by Drafts
std::string undone(const VerifyContact& c) {
  return short_hex(c.address.view()) + " NOT marked " + (c.verified ? "verified." : "as not verified.");
}
std::string undone(const MuteContact& c) { return short_hex(c.address.view()) + " NOT " + (c.muted ? "muted." : "unmuted."); }
std::string undone(const DeclineRequest& c) { return "request of " + short_hex(c.address.view()) + " NOT declined."; }
std::string undone(const ForgetMessage&) { return "message NOT forgotten."; }
std::string undone(const DeleteHistory& c) { return "history with " + short_hex(c.peer.view()) + " NOT deleted."; }

}  // namespace

void Asked::add(const UserCommand& command, Ticket ticket) {
  std::string what = std::visit([](const auto& c) { return undone(c); }, command);
  if (what.empty()) return;
  UserError loss{"Disk full: " + std::move(what), {}};
  // A message goes back to whoever wrote it; anything else is the user's to repeat.
  if (const auto* send = std::get_if<SendText>(&command)) loss.ref = send->ref;
  else loss.what += " Free some space, then repeat it.";
  entries_.push_back({ticket, std::move(loss)});
}

void Asked::committed(Ticket ticket) {
  while (!entries_.empty() && entries_.front().ticket <= ticket) entries_.pop_front();
}

std::vector<UserError> Asked::take_lost() {
  std::vector<UserError> out;
  for (Entry& entry : std::exchange(entries_, {})) out.push_back(std::move(entry.loss));
  return out;
}

}  // namespace comm
