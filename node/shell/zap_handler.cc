#include "node/shell/zap_handler.h"

#include <vector>

namespace comm {
namespace {

// Request: route, "", version, request id, domain, address, identity, mechanism, credentials...
enum Frame : std::size_t {
  kRoute,
  kEmpty,
  kVersion,
  kRequestId,
  kDomain,
  kAddress,
  kIdentity,
  kMechanism,
  kKey,
  kFrames
};
constexpr std::size_t kCurveKeyBytes = 32;

}  // namespace

ZapHandler::ZapHandler(ZmqContext& context) : socket_(context, ZMQ_ROUTER) {
  CHECK(socket_);
  CHECK(zmq_bind(socket_.raw(), "inproc://zeromq.zap.01") == 0);
}

void ZapHandler::round() {
  for (;;) {
    std::vector<Bytes> frames;
    for (bool more = true; more;) {
      ZmqMessage frame;
      if (!socket_.receive(frame)) return;
      more = frame.more();
      frames.push_back(to_bytes(frame.view()));
    }
    if (frames.size() <= kRequestId) continue;  // only libzmq itself talks to this socket
    const bool curve = frames.size() == kFrames && as_text(frames[kMechanism]) == "CURVE" &&
                       frames[kKey].size() == kCurveKeyBytes;
    const std::string user = curve ? to_hex(frames[kKey]) : std::string();
    // Errors are the client's loss: it went away while we answered.
    socket_.send(frames[kRoute], true);
    socket_.send({}, true);
    socket_.send(as_bytes("1.0"), true);
    socket_.send(frames[kRequestId], true);
    socket_.send(as_bytes(curve ? "200" : "400"), true);
    socket_.send(as_bytes(curve ? "OK" : "CURVE only"), true);
    socket_.send(as_bytes(user), true);
    socket_.send({}, false);
  }
}

}  // namespace comm
