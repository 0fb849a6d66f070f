// How text is made safe for whoever reads a descriptor of this program: names and paths may hold anything.
#pragma once
#include "client_tui/view/safe_text.h"

namespace comm {

SafeOptions safe_options(int fd);

}  // namespace comm
