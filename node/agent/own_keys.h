// The user's own keys in time: prekeys, weekly mailboxes, and the key record that names them. Owned by the Agent, one
// thread. Prekeys derive from seed and week, or are random rows deleted kPrekeyKept after their successor (forward
// secrecy). In memory: the keys of about a dozen weeks, bounded by kMaxKept and kPrekeyKept.
#pragma once
#include "node/agent/agent.h"
#include "node/agent/rows.h"

namespace comm::agent {

inline constexpr std::uint32_t kPrekeyWeeksBack = 11;   // kPrekeyKept in weeks, rounded up
inline constexpr std::size_t kMaxKept = 64;             // predecessors of the own record whose mail is still collected
inline constexpr std::uint8_t kOwnRecordEffort = 8;     // stamp of the own record, bits
inline constexpr Millis kConflictPause = kHour;         // between answers to a foreign record of the own address
inline constexpr Millis kStoreRetry = 5 * kSecond;      // nothing is written of our own accord so long after a failure
static_assert(kPrekeyWeeksBack * kWeek >= kPrekeyKept);

class OwnKeys {
 public:
  // The references outlive the keys.
  OwnKeys(const Identity& identity, const Profile& profile, const Rows& rows, RandomSource& random)
      : identity_(identity), profile_(profile), rows_(rows), random_(random) {}

  void load();
  void start(TimePoint now, Effects& out);
  void time(TimePoint now, Effects& out);
  void store_failed(TimePoint now);  // after load: wait before writing again
  std::optional<Millis> next_deadline() const { return std::min(check_at_, publish_at_); }

  // Makes the record of this week if there is none; true if there is one.
  bool ensure(TimePoint now, Effects& out);
  const SignedRecord& record() const { return record_->signed_record; }  // REQUIRES: ensure
  const Hash& record_hash() const { return record_->hash; }              // REQUIRES: ensure
  DhKey prekey() const { return record_->key_record.prekey; }            // REQUIRES: ensure

  void peers(TimePoint now, std::uint32_t sessions, Effects& out);
  void doubt_clock(bool suspicious) { clock_doubted_ = suspicious; }
  void published(TimePoint now, const RecordPublished& notice);
  // A valid record of the own address that some node holds.
  void seen(TimePoint now, const SignedRecord& record, Effects& out);

  // Mailboxes of single contacts (grants.h), collected too from the next collect on.
  struct Pairwise {
    MailboxSigningKey key;
    bool in_use = false;  // else only what is on its way is fetched
  };
  void set_pairwise(std::vector<Pairwise> keys);
  void collect(TimePoint now, Effects& out);

  // Prekeys to try on arriving mail, likeliest first; valid until the next call of anything else.
  std::vector<const DhPair*> openers() const;
  const MailboxSigningKey* mailbox(const MailboxId& id) const;
  bool is_pairwise(const MailboxId& id) const;
  const MailboxSigningKey* mailbox(const MailboxKey& key) const;

 private:
  struct OwnRecord {
    SignedRecord signed_record;
    KeyRecord key_record;
    Hash hash;
  };
  struct RandomPrekey {
    std::uint32_t week = 0;
    Millis replaced = 0;  // wall clock when its successor was stored, 0 = current
    DhPair pair;
  };
  // What senders who know only an older record still use.
  struct Kept {
    std::uint32_t prekey_week = 0;
    std::uint32_t mailbox_week = 0;  // the last that record lists
    Millis until = 0;                // wall clock
  };

  void make_record(TimePoint now, Effects& out);
  DhKey current_prekey(TimePoint now, Effects& out);
  void keep(const KeyRecord& old, Millis wall);
  void save_record(Effects& out) const;
  void save_prekey(std::uint64_t number, const RandomPrekey& prekey, Effects& out) const;
  void drop_old(TimePoint now, Effects& out);
  void refresh_derived(std::uint32_t week);
  void publish(TimePoint now, Effects& out);
  Millis scaled(Millis time) const { return time * profile_.backoff_unit / kSecond; }

  const Identity& identity_;
  const Profile& profile_;
  const Rows& rows_;
  RandomSource& random_;

  std::optional<OwnRecord> record_;
  std::uint64_t highest_seq_ = 0;                    // of any own record ever seen
  std::vector<Kept> kept_;                           // oldest first
  std::map<std::uint64_t, RandomPrekey> prekeys_;    // by number, rising with time
  std::map<std::uint32_t, DhPair> derived_;          // by week
  std::map<MailboxKey, MailboxSigningKey> mailboxes_;  // public
  std::map<MailboxKey, Pairwise> pairwise_;
  std::map<MailboxId, MailboxKey> mailbox_keys_;
  std::uint32_t week_ = 0;                           // the one mailboxes_ and derived_ were made for

  std::uint32_t sessions_ = 0;
  std::optional<Millis> first_session_;              // mono, this start
  std::optional<Millis> last_conflict_;              // mono
  Millis check_at_ = 0;                              // mono: look at the calendar
  Millis publish_at_ = 0;                            // mono
  Millis publish_backoff_ = 0;
  bool waiting_for_store_ = false;
  bool clock_doubted_ = false;                       // then no key is dropped for age
};

}  // namespace comm::agent
