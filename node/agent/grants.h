// Pairwise mailboxes, both ways (spec 60-mailboxes-and-records): which mailbox each contact has granted us to write to, and
// which of ours we have granted and collect. Owned by the Agent, one thread. Our own derive from identity, contact and
// period, so a row names only the period: one row per contact, kMaxPairwise contacts with a grant that is in force.
#pragma once
#include <set>

#include "node/agent/own_keys.h"
#include "node/agent/contacts.h"

namespace comm::agent {

inline constexpr Millis kGrantCheck = kHour;  // looks at the calendar

class Grants {
 public:
  // The references outlive the grants.
  Grants(const Identity& identity, const Rows& rows, const ContactBook& contacts, OwnKeys& own)
      : identity_(identity), rows_(rows), contacts_(contacts), own_(own) {}

  void load();
  void start(TimePoint now) { check_at_ = now.mono + kMinute; }  // the clock has been judged by then
  void forget(const Address& contact, Effects& out);
  void doubt_clock(bool suspicious) { clock_doubted_ = suspicious; }

  // --- theirs, to write to ---
  std::optional<MailboxId> mailbox_of(const Address& contact, Millis wall) const;
  // Keeps what a contact grants us. The reason why it has no effect, null if it has.
  const char* take(TimePoint now, const Address& contact, const MailboxGrant& grant, Effects& out);

  // --- ours, to be written to ---
  // Whether the contact is to be granted the present period's mailbox. `wrote_to_public`: something of theirs came by a
  // public mailbox just now, although they may hold a grant.
  bool wanted(TimePoint now, const Address& contact, bool wrote_to_public) const;
  // Those whose successor is due; once in kGrantCheck.
  std::vector<Address> due(TimePoint now, Effects& out);
  Millis next_deadline() const { return check_at_; }
  std::uint32_t give(TimePoint now, const Address& contact, Effects& out);  // the period, from now on collected
  MailboxGrant content(const Address& contact, std::uint32_t period) const;
  void acknowledged(const Address& contact, std::uint32_t period, Effects& out);
  // Of the outbox: a grant that is not settled is not given again.
  void under_way(const Address& contact, bool yes);
  // Hands the mailboxes that are to be collected to OwnKeys; true if they are others than before.
  bool refresh(TimePoint now);

 private:
  struct Entry {
    MailboxKey mailbox;              // theirs
    Millis expires = 0;              // 0: they have granted none
    std::uint32_t period = 0;        // the newest of ours they were granted, 0 = none
    std::uint32_t acknowledged = 0;  // the newest they have acknowledged
    Millis given_at = 0;             // wall clock, last time
  };
  struct Collected {
    Address contact;
    std::uint32_t period = 0;
    bool in_use = false;
    friend bool operator==(const Collected&, const Collected&) = default;
  };

  std::uint32_t period_at(const Address& contact, Millis wall) const;
  Millis end_of(const Address& contact, std::uint32_t period) const;
  bool in_force(const Address& contact, const Entry& entry, Millis wall) const;
  std::size_t count_in_force(Millis wall) const;
  bool welcome(const Address& contact) const;  // accepted, not blocked, heard of
  void save(const Address& contact, const Entry& entry, Effects& out) const;

  const Identity& identity_;
  const Rows& rows_;
  const ContactBook& contacts_;
  OwnKeys& own_;
  std::map<Address, Entry> entries_;
  std::set<Address> under_way_;
  std::vector<Collected> collected_;
  Millis check_at_ = 0;  // mono
  bool clock_doubted_ = false;
};

}  // namespace comm::agent
