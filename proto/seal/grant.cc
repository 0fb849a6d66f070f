// What a granted mailbox must be (spec 60-mailboxes-and-records, Pairwise mailboxes).
#include <sodium.h>

#include "proto/seal/message.h"

namespace comm {

Result<void> check_grant(const MailboxGrant& grant, Millis wall) {
  // Whose signatures nobody accepts can never be collected: small order, not canonical, off the curve or its subgroup.
  if (crypto_core_ed25519_is_valid_point(grant.mailbox_key.data.data()) != 1)
    return reject(Stage::crypto, Scope::ignore, "grant-key");
  if (grant.expires <= wall) return reject(Stage::policy, Scope::ignore, "grant-expired");
  if (grant.expires > wall + kPairwiseLifetime + kRecordFuture)
    return reject(Stage::policy, Scope::ignore, "grant-lifetime");
  return {};
}

}  // namespace comm
