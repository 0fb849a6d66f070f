#include "tests/sim/oracle.h"

#include <algorithm>
#include <charconv>

#include "proto/base/check.h"
#include "proto/seal/message.h"

namespace comm::sim {
namespace {

// A node's clock may run ahead of true time by its skew; header times are whole minutes.
constexpr Millis kClockTolerance = 3 * kMinute;

// States a message may be shown in after another: only upwards. Expired and failed end it, but a late acknowledgement
// still counts.
int rank(DeliveryState state) {
  switch (state) {
    case DeliveryState::needs_key: return 0;
    case DeliveryState::sealed: return 1;
    case DeliveryState::queued: return 2;
    case DeliveryState::relayed: return 3;
    case DeliveryState::expired:
    case DeliveryState::failed: return 4;
    case DeliveryState::delivered: return 5;
  }
  return -1;
}

std::string name_of(std::uint32_t index) { return "message " + std::to_string(index); }

std::optional<std::uint32_t> message_of_ref(const std::string& ref) {
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(ref.data(), ref.data() + ref.size(), index);
  if (error != std::errc{} || end != ref.data() + ref.size()) return std::nullopt;
  return index;
}

}  // namespace

std::string message_text(std::uint32_t index, std::size_t bytes) {
  std::string out = "m" + std::to_string(index) + " ";
  if (out.size() < bytes) out.resize(bytes, 'x');
  return out;
}

std::optional<std::uint32_t> message_of_text(std::string_view text) {
  std::uint32_t index = 0;
  if (text.empty() || text.front() != 'm') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), index);
  if (error != std::errc{} || end == text.data() + text.size() || *end != ' ') return std::nullopt;
  return index;
}

void Oracle::set_user(std::uint32_t node, const Address& address) {
  if (addresses_.size() <= node) addresses_.resize(node + 1);
  addresses_[node] = address;
}

std::uint32_t Oracle::add_message(std::uint32_t from, std::uint32_t to, std::string text) {
  const auto index = static_cast<std::uint32_t>(messages_.size());
  TrackedMessage message;
  message.from = from;
  message.to = to;
  message.text = std::move(text);
  messages_.push_back(std::move(message));
  if (sent_by_.size() <= from) sent_by_.resize(from + 1);
  sent_by_[from].push_back(index);
  return index;
}

void Oracle::asked(std::uint32_t message, Millis now, bool recipient_up) {
  TrackedMessage& m = messages_[message];
  m.asked = true;
  m.sent_at = now;
  m.reached = recipient_up;
}

std::vector<std::uint32_t> Oracle::forget_unaccepted(std::uint32_t node) {
  std::vector<std::uint32_t> out;
  if (node >= sent_by_.size()) return out;
  for (const std::uint32_t index : sent_by_[node]) {
    TrackedMessage& m = messages_[index];
    if (!m.asked || m.accepted) continue;
    m.asked = false;
    out.push_back(index);
  }
  return out;
}

std::optional<std::uint32_t> Oracle::user_event(std::uint32_t node, Millis now, const UserEvent& event) {
  if (const auto* shown = std::get_if<Received>(&event)) received(node, now, *shown);
  if (const auto* state = std::get_if<StateChanged>(&event)) return state_changed(node, now, *state);
  if (const auto* error = std::get_if<UserError>(&event)) return refused(node, *error);
  if (const auto* lost = std::get_if<Undecryptable>(&event))
    violation(node, now, "mail cannot be opened: " + lost->reason);
  if (const auto* conflict = std::get_if<KeyConflict>(&event))
    violation(node, now, "two key records of one number for " + to_hex(conflict->address.view()));
  return std::nullopt;
}

std::optional<std::uint32_t> Oracle::refused(std::uint32_t node, const UserError& event) {
  const auto index = message_of_ref(event.ref);
  if (!index || *index >= messages_.size()) return std::nullopt;
  TrackedMessage& m = messages_[*index];
  if (m.from != node || m.accepted || !m.asked) return std::nullopt;
  m.asked = false;
  return index;
}

void Oracle::received(std::uint32_t node, Millis now, const Received& event) {
  const auto index = message_of_text(event.text);
  if (!index || *index >= messages_.size()) return violation(node, now, "shows a text nobody sent");
  TrackedMessage& m = messages_[*index];
  if (m.to != node) return violation(node, now, "shows " + name_of(*index) + ", which is for another user");
  if (m.text != event.text) violation(node, now, name_of(*index) + " is shown with another text");
  if (event.from != address(m.from)) violation(node, now, name_of(*index) + " is shown as from someone else");
  if (m.uid && *m.uid != event.uid) violation(node, now, name_of(*index) + " is shown under another uid");
  if (++m.received > 1) {
    ++totals_.duplicates;
    return violation(node, now, "I6: " + name_of(*index) + " is shown " + std::to_string(m.received) + " times");
  }
  m.shown_at = now;
  ++totals_.shown;
}

std::optional<std::uint32_t> Oracle::find(std::uint32_t node, const StateChanged& event) {
  if (const auto it = uids_.find(event.uid); it != uids_.end()) return it->second;
  const auto index = message_of_ref(event.ref);
  if (!index || *index >= messages_.size()) return std::nullopt;
  TrackedMessage& m = messages_[*index];
  // A second uid for one ref is right only if the first was never accepted, and then it was never shown.
  if (m.from != node || m.accepted) return std::nullopt;
  m.accepted = true;
  m.uid = event.uid;
  m.state = event.state;
  ++totals_.sent;
  uids_.emplace(event.uid, *index);
  return index;
}

std::optional<std::uint32_t> Oracle::state_changed(std::uint32_t node, Millis now, const StateChanged& event) {
  const auto index = find(node, event);
  if (!index) {
    violation(node, now, std::string("shows state ") + comm::to_string(event.state) + " of a message nobody sent");
    return std::nullopt;
  }
  TrackedMessage& m = messages_[*index];
  if (m.from != node) violation(node, now, "shows a state of " + name_of(*index) + ", which it did not send");
  if (rank(event.state) < rank(m.state))
    violation(node, now, "state of " + name_of(*index) + " goes back from " + comm::to_string(m.state) + " to " +
                             comm::to_string(event.state));
  m.state = event.state;
  if (event.state == DeliveryState::delivered && m.delivered_at < 0) {
    m.delivered_at = now;
    ++totals_.delivered;
    if (m.received == 0)
      violation(node, now, "I4: " + name_of(*index) + " is shown as delivered, but its recipient never saw it");
  }
  return index;
}

void Oracle::put(std::uint32_t node, Millis now, const MessageId& id, Custody held) {
  if (held == Custody::refused || held == Custody::acknowledged)
    violation(node, now, "I1: holds " + short_hex(id.view()) + " as final and stores it as live again");
}

void Oracle::tell(const MessageId& id, std::set<Bytes>& told) {
  if (const auto it = letters_.find(id); it != letters_.end()) told.insert(it->second.begin(), it->second.end());
}

bool Oracle::told_by_another(const MessageId& id, const std::set<Bytes>& told) const {
  const auto it = letters_.find(id);
  return it != letters_.end() &&
         std::any_of(it->second.begin(), it->second.end(), [&](const Bytes& row) { return told.contains(row); });
}

bool Oracle::owner_ack_committed(const MessageId& id) {
  tell(id, acked_rows_);
  return owner_acked_.insert(id).second;
}

void Oracle::final(std::uint32_t node, Millis now, const PutTombstone& op, bool with_agent_row) {
  const auto checked = check_final_record(op.record);
  const bool acknowledged = op.kind == Custody::acknowledged;
  if (!checked || checked->id != op.id || (checked->kind == FinalKind::acknowledged) != acknowledged)
    return violation(node, now, "I3: final record of " + short_hex(op.id.view()) + " does not prove itself");
  if (!acknowledged) return;
  if (mailbox_owner(checked->header.mailbox) == node) {
    const bool pairwise = mailboxes_.at(checked->header.mailbox).pairwise;
    if (arrived_.insert(op.id).second) ++(pairwise ? totals_.by_pairwise : totals_.by_public);
    if (with_agent_row) tell(op.id, shown_rows_);
    // A further copy of what was shown already is acknowledged alone (ACK-022).
    else if (!owner_acked_.contains(op.id) && !told_by_another(op.id, shown_rows_))
      violation(node, now, "I4: acknowledges " + short_hex(op.id.view()) + " without writing its text in one batch");
  } else if (!owner_acked_.contains(op.id) && !told_by_another(op.id, acked_rows_)) {  // its sender may withdraw it
    violation(node, now, "I4: holds an ack of " + short_hex(op.id.view()) + " that its recipient has not committed");
  }
}

void Oracle::erase_message(std::uint32_t node, Millis now, Millis wall, const MessageId& id, std::uint32_t expires) {
  if (wall + kClockTolerance < Millis{expires} * kMinute)
    violation(node, now, "I7: deletes " + short_hex(id.view()) + " before it expires");
}

void Oracle::erase_tombstone(std::uint32_t node, Millis now, Millis wall, const MessageId& id,
                             std::uint32_t expires) {
  if (wall + kClockTolerance < Millis{expires} * kMinute + kTombstoneGrace)
    violation(node, now, "I1: forgets that " + short_hex(id.view()) + " is final before its expiry and 2 h");
}

std::optional<std::uint32_t> Oracle::mailbox_owner(const MailboxId& mailbox) const {
  const auto it = mailboxes_.find(mailbox);
  if (it == mailboxes_.end()) return std::nullopt;
  return it->second.owner;
}

void Oracle::not_durable(std::uint32_t node, Millis now, const MessageId& id, const char* why) {
  violation(node, now, "I5: answered Stored for " + short_hex(id.view()) + ", but " + why);
}

void Oracle::over_bound(std::uint32_t node, Millis now, const std::string& what) {
  violation(node, now, "I8: " + what);
}

void Oracle::violation(std::uint32_t node, Millis now, const std::string& what) {
  if (outlaws_.contains(node)) return;
  if (++violation_count_ > kMaxViolations) return;
  violations_.push_back("at " + std::to_string(now) + " ms, node " + std::to_string(node) + ": " + what + "\n  " +
                        reproduce_);
}

void Oracle::finish(Millis now, const std::vector<std::uint64_t>& live_per_node, const Explain& explain) {
  for (std::uint32_t index = 0; index < messages_.size(); ++index) {
    const TrackedMessage& m = messages_[index];
    if (m.received == 1 && m.state == DeliveryState::delivered) continue;
    if (!m.accepted) {
      violation(m.from, now, "I6: never accepted " + name_of(index));
    } else if (m.received == 0) {
      violation(m.to, now, "I6: never shows " + name_of(index) + " from node " + std::to_string(m.from) + ", sent at " +
                               std::to_string(m.sent_at) + " ms, at its sender " + comm::to_string(m.state) +
                               (explain ? "; " + explain(m) : ""));
    } else if (m.state != DeliveryState::delivered) {
      violation(m.from, now, "I6: never shows " + name_of(index) + " as delivered: it is " +
                                 comm::to_string(m.state) + ", shown at " + std::to_string(m.shown_at) + " ms");
    }
  }
  for (std::uint32_t node = 0; node < live_per_node.size(); ++node)
    if (live_per_node[node] > 0)
      violation(node, now, "still holds " + std::to_string(live_per_node[node]) + " live messages at the end");
}

}  // namespace comm::sim
