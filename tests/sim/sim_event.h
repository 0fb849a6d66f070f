// What the simulator's queue holds. Owned by the queue until it is due; values only, no callbacks: an event costs a
// move in and a move out, and a trace can name it.
#pragma once
#include "proto/wire/packet.h"
#include "tests/sim/event_queue.h"

namespace comm::sim {

enum class EventKind : std::uint8_t {
  control,    // the plan: value = index of the action
  start,      // node's process starts, if it still should
  leave,      // churn: the node's session ends
  come_back,  // churn: the node returns
  wake,       // the node's next deadline
  link_up,    // to the dialler: value = LinkId, key = its client key
  link_down,  // link, generation, side: whose end goes down
  packet,     // link, generation, side: where it arrives
  node_id,    // the hasher is done: key = node key
  commit,     // the disk is done: value = the disk's epoch
  send_text,  // value = index of the message
};
inline constexpr std::size_t kEventKinds = static_cast<std::size_t>(EventKind::send_text) + 1;

struct SimEvent {
  EventKind kind = EventKind::control;
  std::uint8_t side = 0;           // of a link: 0 dialler, 1 acceptor
  std::uint32_t node = 0;
  std::uint32_t incarnation = 0;   // wake, node_id, commit: of the process this is meant for
  std::uint32_t link = 0;
  std::uint32_t generation = 0;    // of the link's slot
  std::uint32_t size = 0;          // wire_size of the packet
  std::uint64_t value = 0;
  FixedBytes<32, struct EventKeyTag> key;
  Packet packet;
};

using SimQueue = EventQueue<SimEvent>;
const char* to_string(EventKind kind);

}  // namespace comm::sim
