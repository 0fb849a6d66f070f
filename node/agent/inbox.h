// Mail that arrives: opened, shown once, acknowledged. The acknowledgement leaves only after the plaintext is durable:
// both are one batch. Owned by the Agent, one thread; holds nothing in memory.
#pragma once
#include "node/agent/grants.h"
#include "node/agent/history.h"
#include "node/agent/own_keys.h"

namespace comm::agent {

// From whom something was opened.
struct Arrival {
  Address sender;
  bool newer_record = false;     // of their key came with it
  bool by_public = false;        // it is new and came by a public mailbox
};

class Inbox {
 public:
  // The references outlive the inbox.
  Inbox(const Identity& identity, const StoreView& store, ContactBook& contacts, History& history, OwnKeys& own,
        Grants& grants)
      : identity_(identity), store_(store), contacts_(contacts), history_(history), own_(own), grants_(grants) {}

  // Nothing if it could not be opened or the sender is blocked.
  std::optional<Arrival> arrived(TimePoint now, const MailArrived& mail, Effects& out);
  // The user asks the sender, as owner of the mailbox, to seal anew what cannot be opened here.
  void refuse(const MessageId& id, Effects& out);

 private:
  void not_opened(const MailArrived& mail, const char* reason, Effects& out);
  void show(TimePoint now, const MailArrived& mail, const OpenedMessage& opened, Effects& out);
  void show_text(TimePoint now, const OpenedMessage& opened, const std::string& text, Effects& out);
  void show_unknown(TimePoint now, const MailArrived& mail, const OpenedMessage& opened, Effects& out);
  void take_grant(TimePoint now, const OpenedMessage& opened, const MailboxGrant& grant, Effects& out);
  void acknowledge(const MailArrived& mail, const AckSecret& ack, Effects& out);
  void refuse_as_owner(const MailboxSigningKey& key, const MessageId& id, const HeaderBytes& header,
                       const StampNonce& nonce, const NodeId& from, Effects& out);

  const Identity& identity_;
  const StoreView& store_;
  ContactBook& contacts_;
  History& history_;
  OwnKeys& own_;
  Grants& grants_;
};

}  // namespace comm::agent
