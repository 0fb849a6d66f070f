#include "node/shell/socket_monitor.h"

#include <cstring>

namespace comm {

SocketMonitor::SocketMonitor(ZmqContext& context, const ZmqSocket& socket, const std::string& name) {
  const std::string address = "inproc://" + name;
  if (zmq_socket_monitor(socket.raw(), address.c_str(), ZMQ_EVENT_ALL) != 0) return;
  watched_ = socket.raw();
  ZmqSocket events(context, ZMQ_PAIR);
  if (events) events.set(ZMQ_RCVHWM, 0);
  if (events && zmq_connect(events.raw(), address.c_str()) == 0) events_ = std::move(events);
  else stop();
}

void SocketMonitor::stop() {
  if (void* watched = std::exchange(watched_, nullptr)) zmq_socket_monitor(watched, nullptr, 0);
  events_.close();
}

std::optional<MonitorEvent> SocketMonitor::next() {
  ZmqMessage head;
  if (!events_.receive(head)) return std::nullopt;
  // u16 event, u32 value, both in the machine's order; then the endpoint.
  MonitorEvent out;
  const ByteView bytes = head.view();
  if (bytes.size() >= 6) {
    std::uint16_t event;
    std::uint32_t value;
    std::memcpy(&event, bytes.data(), sizeof event);
    std::memcpy(&value, bytes.data() + sizeof event, sizeof value);
    out.event = event;
    out.value = static_cast<int>(value);
  }
  bool more = head.more();
  while (more) {
    ZmqMessage rest;
    if (!events_.receive(rest)) break;
    more = rest.more();
  }
  return out;
}

}  // namespace comm
