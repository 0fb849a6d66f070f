// Default data directories: $XDG_DATA_HOME/comm/NAME (~/.local/share/comm/NAME).
#pragma once
#include <string>

#include "node/shell/runtime.h"

namespace comm {

// Creates the directories above it, 0700. Empty with `failure` if there is no home directory to put it in.
std::string default_data_dir(const std::string& name, Failure& failure);

}  // namespace comm
