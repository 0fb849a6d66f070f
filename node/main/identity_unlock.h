// Opening the identity of a profile for a command: finds the key file, asks for its passphrase where it has one.
#pragma once
#include "node/main/profile.h"

namespace comm {

// A profile that has a key file. Nullopt with `failure` (78, and what to run) if it has none.
std::optional<ProfilePlace> find_identity(const Options& options, Failure& failure);

// By --passphrase-fd, the credentials or the terminal, where a wrong one may be typed three times.
IdentitySeedBox unlock(const ProfilePlace& place, const Options& options, Failure& failure);

// Where there is no identity: what to run instead (78).
Failure no_identity(const ProfilePlace& place);

}  // namespace comm
