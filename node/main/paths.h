// Default data directories: $XDG_DATA_HOME/comm/NAME (~/.local/share/comm/NAME).
#pragma once
#include <string>

#include "node/shell/runtime.h"

namespace comm {

// $XDG_DATA_HOME/comm, created or not. Empty with `failure` if there is no home directory to put it in.
std::string data_home(Failure& failure);
// $XDG_CONFIG_HOME/comm (~/.config/comm); "/nonexistent" without a home directory.
std::string config_home();
// Creates the directories above it, 0700. Empty with `failure` if there is no home directory to put it in.
std::string default_data_dir(const std::string& name, Failure& failure);

}  // namespace comm
