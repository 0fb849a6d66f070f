// Which contacts' key records are being looked for, for which messages, and when to try again. Pure bookkeeping of the
// Outbox: one entry per contact with waiting messages, at most kMaxLookups questions with the core at once.
#pragma once
#include <set>

#include "node/core/effect.h"

namespace comm::agent {

inline constexpr std::size_t kMaxLookups = 16;
inline constexpr Millis kLookupLost = 2 * kLookupTimeout;  // an answer this late is not waited for
inline constexpr Millis kMetPause = kMinute;

class KeyLookups {
 public:
  KeyLookups(Millis retry_min, Millis retry_max) : retry_min_(retry_min), retry_max_(retry_max) {}

  void clear();
  // `uid` wants the record of `address`; asked for at once if nobody did yet.
  void want(TimePoint now, const Address& address, const MessageUid& uid, Effects& out);
  void forget(const Address& address, const MessageUid& uid);
  void retry_all(TimePoint now, Effects& out);
  // One more session: what was not found may be found now. Not at once each time: looking makes sessions.
  void retry_some(TimePoint now, Effects& out);
  void retry_due(TimePoint now, Effects& out);
  // The core answered. Returns the messages to seal and forgets them if `usable`, else plans the next try.
  std::vector<MessageUid> answered(TimePoint now, const Address& address, bool usable, Effects& out);
  std::optional<Millis> next_deadline() const;
  bool waiting(const Address& address) const { return wanted_.contains(address); }

 private:
  struct Wanted {
    std::set<MessageUid> uids;
    bool asked = false;
    Millis due = 0;      // mono: of the next question, or when the answer is given up
    Millis backoff = 0;
    Millis last = 0;     // mono: of the last question
  };
  void ask(TimePoint now, const Address& address, Wanted& wanted, Effects& out);
  void plan(TimePoint now, Wanted& wanted);

  Millis retry_min_, retry_max_;
  std::map<Address, Wanted> wanted_;
  std::size_t asked_ = 0;
};

}  // namespace comm::agent
