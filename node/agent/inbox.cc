#include "node/agent/inbox.h"

namespace comm::agent {
namespace {

// It opened, so it was meant for us, but what it says is wrong: the owner may refuse it without being asked. Anything
// else may be somebody's attempt to make us remove mail that another of our machines can open.
bool opened_but_wrong(std::string_view reason) {
  return reason == "ack-mismatch" || reason == "bad-padding" || reason == "bad-content" || reason == "sender-mismatch";
}

MailboxId mailbox_of(const HeaderBytes& header) {
  const auto parsed = parse_header(header);
  return parsed ? parsed->mailbox : MailboxId{};
}

}  // namespace

std::optional<Arrival> Inbox::arrived(TimePoint now, const MailArrived& mail, Effects& out) {
  const auto openers = own_.openers();
  const auto opened = open_message(identity_.address(), openers, mail.item.header, mail.item.body);
  if (!opened) {
    not_opened(mail, opened.error().reason, out);
    return std::nullopt;
  }
  ContactEntry* contact = contacts_.find(opened->sender);
  if (contact != nullptr && contact->info.blocked) {
    acknowledge(mail, opened->ack, out);
    return std::nullopt;
  }
  if (contact == nullptr && contacts_.requests_full()) {
    not_opened(mail, "too-many-requests", out);
    return std::nullopt;
  }
  if (contact == nullptr && std::holds_alternative<MailboxGrant>(opened->content.content)) {
    // A contact of an earlier machine, or a stranger with nothing to say: no reason to show a request.
    history_.mark_seen(opened->sender, opened->content.uid, out);
    acknowledge(mail, opened->ack, out);
    return std::nullopt;
  }
  if (contact == nullptr) contact = &contacts_.ensure(opened->sender, now.wall);
  if (!std::exchange(contact->heard, true)) contacts_.save(*contact, out);
  Arrival arrival{opened->sender, contacts_.absorb(now, opened->sender, opened->content.record, out), false};
  if (!history_.seen(opened->sender, opened->content.uid)) {
    arrival.by_public = !own_.is_pairwise(mailbox_of(mail.item.header));
    show(now, mail, *opened, out);
  }
  acknowledge(mail, opened->ack, out);
  return arrival;
}

void Inbox::not_opened(const MailArrived& mail, const char* reason, Effects& out) {
  const MailboxSigningKey* key = own_.mailbox(mailbox_of(mail.item.header));
  if (key != nullptr && opened_but_wrong(reason)) {
    out.note(Severity::info, "mail-refused", reason);
    refuse_as_owner(*key, mail.id, mail.item.header, mail.item.nonce, mail.from, out);
    return;
  }
  // Live in the store: declined before, the user knows.
  if (store_.custody_of(mail.id) == Custody::live) return;
  out.durable(UserEvent{Undecryptable{mail.id, reason}});
  out.now(Event{DeclineMail{mail.id, mail.item, mail.from}});
}

void Inbox::show(TimePoint now, const MailArrived& mail, const OpenedMessage& opened, Effects& out) {
  history_.mark_seen(opened.sender, opened.content.uid, out);
  if (const auto* text = std::get_if<TextContent>(&opened.content.content)) {
    show_text(now, opened, text->text, out);
  } else if (const auto* grant = std::get_if<MailboxGrant>(&opened.content.content)) {
    take_grant(now, opened, *grant, out);
  } else {
    show_unknown(now, mail, opened, out);
  }
}

void Inbox::show_text(TimePoint now, const OpenedMessage& opened, const std::string& text, Effects& out) {
  const ContactEntry* contact = contacts_.find(opened.sender);
  HistoryRow item;
  item.uid = opened.content.uid;
  item.peer = opened.sender;
  item.request = contact != nullptr && !contact->info.accepted;
  item.at = now.wall;
  item.text = text;
  const bool request = item.request;
  const std::uint64_t sequence = history_.add(std::move(item), out);
  out.durable(UserEvent{
      Received{opened.content.uid, opened.sender, text, opened.content.sent_at, now.wall, request, sequence}});
}

void Inbox::show_unknown(TimePoint now, const MailArrived& mail, const OpenedMessage& opened, Effects& out) {
  HistoryRow item;
  item.uid = opened.content.uid;
  item.peer = opened.sender;
  item.unknown_content = true;
  item.at = now.wall;
  history_.add(std::move(item), out);
  out.durable(UserEvent{Undecryptable{mail.id, "unknown-content"}});
}

void Inbox::take_grant(TimePoint now, const OpenedMessage& opened, const MailboxGrant& grant, Effects& out) {
  if (const char* why = grants_.take(now, opened.sender, grant, out)) out.note(Severity::info, "grant-ignored", why);
}

// Seen again and already acknowledged: said again, for the first saying was lost.
void Inbox::acknowledge(const MailArrived& mail, const AckSecret& ack, Effects& out) {
  Bytes record = encode_ack({mail.item.header, mail.item.nonce, ack});
  if (store_.custody_of(mail.id) != Custody::acknowledged)
    out.store(PutTombstone{mail.id, Custody::acknowledged, record, mail.from, false});
  out.durable(Event{SubmitFinal{mail.id, std::move(record)}});
}

void Inbox::refuse_as_owner(const MailboxSigningKey& key, const MessageId& id, const HeaderBytes& header,
                            const StampNonce& nonce, const NodeId& from, Effects& out) {
  if (store_.custody_of(id) == Custody::acknowledged) return;
  Bytes record = make_refusal(key, header, nonce);
  if (store_.custody_of(id) != Custody::refused)
    out.store(PutTombstone{id, Custody::refused, record, from, false});
  out.durable(Event{SubmitFinal{id, std::move(record)}});
}

void Inbox::refuse(const MessageId& id, Effects& out) {
  const auto held = store_.message(id);
  const MailboxSigningKey* key = held ? own_.mailbox(mailbox_of(held->header)) : nullptr;
  if (key == nullptr) {
    out.now(UserEvent{UserError{"Nothing to refuse: no such message waits for you here.", ""}});
    return;
  }
  refuse_as_owner(*key, id, held->header, held->nonce, held->ingress, out);
}

}  // namespace comm::agent
