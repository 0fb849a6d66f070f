// The contact book: whom the user knows, blocks or has a request from, and the newest key record of each. Owned by the
// Agent, one thread. In memory one small entry per contact; key records stay in their rows. Strangers are bounded by
// kMaxRequests: beyond it their mail is left to the custodians.
#pragma once
#include "node/agent/agent.h"
#include "node/agent/rows.h"

namespace comm::agent {

inline constexpr std::size_t kMaxRequests = 65'536;   // strangers remembered
inline constexpr std::size_t kMaxNameBytes = 256;

struct RecordMeta {
  std::uint64_t seq = 0;
  Hash hash;
  Millis created = 0;
};

struct ContactEntry {
  ContactInfo info;
  Hash has_own_record;                    // of our records, the newest they have acknowledged
  std::optional<RecordMeta> record;       // theirs, newest seen
  bool heard = false;                     // something of theirs has been opened here
  // In memory only:
  std::uint64_t conflict_seq = 0;         // of the conflict last reported
  std::optional<Millis> looked_up;        // mono, last lookup that somebody answered
};

class ContactBook {
 public:
  explicit ContactBook(const Rows& rows) : rows_(rows) {}

  void load();
  ContactEntry* find(const Address& address);
  const ContactEntry* find(const Address& address) const;
  // The entry, new and not yet saved if there was none. References stay valid until load.
  ContactEntry& ensure(const Address& address, Millis now = 0);
  void save(const ContactEntry& entry, Effects& out);
  // Sending to somebody accepts them.
  ContactEntry& accept(const Address& address, Effects& out, Millis now = 0);
  void set_blocked(const Address& address, bool blocked, Effects& out);
  void set_name(const Address& address, std::string name, Effects& out);  // accepts too
  void set_verified(TimePoint now, const Address& address, bool verified, Effects& out);  // REQUIRES: known
  void set_muted(const Address& address, bool muted, Effects& out);                       // REQUIRES: known
  void mark_read(const Address& address, Effects& out);
  void trouble(const Address& address, int by, Effects& out);             // one more, or one less
  void forget(const Address& address, Effects& out);                      // the entry and their key record

  // Takes a record claimed to be theirs. Keeps it if it is valid and supersedes what is held: never back below the
  // highest seq seen. Two records of one seq are reported once. True if it is now the newest held.
  bool absorb(TimePoint now, const Address& address, const SignedRecord& record, Effects& out);
  void report_conflict(const Address& address, Effects& out);  // nodes hold two records of one seq
  // The newest record held, whatever its age.
  std::optional<KeyRecord> record(const Address& address) const;

  std::vector<ContactInfo> list() const;
  bool requests_full() const { return requests_ >= kMaxRequests; }

 private:
  void report_conflict(ContactEntry& entry, std::uint64_t seq, Effects& out);

  const Rows& rows_;
  std::map<Address, ContactEntry> entries_;
  std::size_t requests_ = 0;  // entries neither accepted nor blocked, when loaded or first saved
};

}  // namespace comm::agent
