// The first run on a terminal: asks what there is to ask, makes the identity and stores it in the profile.
#pragma once
#include "node/main/profile.h"

namespace comm {

// The new identity's seed; `place` then has it, with its settings. Null with `failure` if something went wrong, or
// without a sentence if the user left.
IdentitySeedBox first_run(ProfilePlace& place, bool color, bool ascii, Failure& failure);

}  // namespace comm
