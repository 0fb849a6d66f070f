// sd_notify(3) without its library: one datagram to $NOTIFY_SOCKET. Does nothing when no manager asked for it.
#pragma once
#include <string_view>

namespace comm {

void notify_manager(std::string_view state);  // "READY=1\nSTATUS=..."

}  // namespace comm
