// Answers libzmq's question whether a CURVE client may come in (RFC 27): any may, and its public key becomes the
// User-Id of every message on that connection, to which the session's transcript is bound (spec 10-transport). Not an
// authentication of nodes: that is Hello, Welcome, Auth. Runs on the reactor's thread; bound before any connection.
#pragma once
#include "node/shell/zmq_handle.h"

namespace comm {

class ZapHandler {
 public:
  explicit ZapHandler(ZmqContext& context);
  void round();  // answers everything that is waiting
  int fd() const { return socket_.get(ZMQ_FD); }

 private:
  ZmqSocket socket_;
};

}  // namespace comm
