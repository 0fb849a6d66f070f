// What the seal tests are made of: two people, their keys and a content to send.
#pragma once
#include "proto/seal/message.h"
#include "tests/unit/wire/expect.h"

namespace comm {

inline constexpr std::uint32_t kTestWeek = 2'900;
inline constexpr Millis kTestWall = Millis{kTestWeek} * kWeek + kDay;

inline LockedBox<Identity> person(std::uint8_t number) {
  Seed seed;
  seed.data()[0] = number;
  return Identity::from_seed(seed, true);
}

inline KeyRecord record_of(const Identity& identity) {
  KeyRecord out;
  out.sign_key = identity.sign_pair().public_key();
  out.dh_key = identity.dh_pair().public_key;
  out.seq = static_cast<std::uint64_t>(kTestWall);
  out.created = kTestWall;
  out.expires = kTestWall + kRecordLifetime;
  out.prekey = identity.prekey(kTestWeek).public_key;
  for (std::uint32_t week = kTestWeek; week <= kTestWeek + kMailboxWeeksAhead; ++week)
    out.mailboxes.push_back({week, mailbox_id(identity.mailbox(week).public_key())});
  return out;
}

inline Sealed text_from(const Identity& sender, std::string text) {
  Sealed out;
  out.sign_key = sender.sign_pair().public_key();
  out.record = sign_record(sender, record_of(sender));
  out.uid = filled<MessageUid>(9);
  out.sent_at = kTestWall;
  out.content = TextContent{std::move(text)};
  return out;
}

inline SealRequest request_to(const Identity& recipient) {
  return {recipient.address(), recipient.prekey(kTestWeek).public_key,
          mailbox_id(recipient.mailbox(kTestWeek).public_key()), minute_of(kTestWall) + kDefaultLifetimeMinutes,
          kDefaultLifetimeMinutes, 0};
}

}  // namespace comm
