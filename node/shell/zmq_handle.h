// Owning handles over libzmq's C interface (its C++ wrapper reports by exceptions and offers nothing more here).
// A handle belongs to the reactor's thread. An option that libzmq refuses is our bug; a socket it cannot make
// (no descriptors left) is not: such a handle is empty.
#pragma once
#include <zmq.h>

#include <cerrno>
#include <string>
#include <utility>

#include "proto/base/bytes.h"
#include "proto/base/check.h"

namespace comm {

class ZmqContext {
 public:
  explicit ZmqContext(int max_sockets) : raw_(zmq_ctx_new()) {
    CHECK(raw_ != nullptr);
    CHECK(zmq_ctx_set(raw_, ZMQ_MAX_SOCKETS, max_sockets) == 0);
  }
  // REQUIRES: every socket is closed. Waits for their lingering packets, at most as long as their ZMQ_LINGER.
  ~ZmqContext() {
    while (zmq_ctx_term(raw_) != 0 && errno == EINTR) {
    }
  }
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;
  void* raw() { return raw_; }

 private:
  void* raw_;
};

class ZmqMessage {
 public:
  ZmqMessage() { zmq_msg_init(&raw_); }
  ~ZmqMessage() { zmq_msg_close(&raw_); }
  ZmqMessage(const ZmqMessage&) = delete;
  ZmqMessage& operator=(const ZmqMessage&) = delete;

  zmq_msg_t* raw() { return &raw_; }
  ByteView view() { return {static_cast<const std::uint8_t*>(zmq_msg_data(&raw_)), zmq_msg_size(&raw_)}; }
  bool more() { return zmq_msg_more(&raw_) != 0; }
  int source_fd() { return zmq_msg_get(&raw_, ZMQ_SRCFD); }  // -1 if unknown
  std::string_view property(const char* name) {
    const char* text = zmq_msg_gets(&raw_, name);
    return text == nullptr ? std::string_view{} : std::string_view(text);
  }

 private:
  zmq_msg_t raw_;
};

class ZmqSocket {
 public:
  ZmqSocket() = default;
  ZmqSocket(ZmqContext& context, int type) : raw_(zmq_socket(context.raw(), type)) {
    if (raw_ != nullptr) set(ZMQ_LINGER, 0);
  }
  ZmqSocket(ZmqSocket&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  ZmqSocket& operator=(ZmqSocket&& other) noexcept {
    if (this != &other) {
      close();
      raw_ = std::exchange(other.raw_, nullptr);
    }
    return *this;
  }
  ZmqSocket(const ZmqSocket&) = delete;
  ZmqSocket& operator=(const ZmqSocket&) = delete;
  ~ZmqSocket() { close(); }

  explicit operator bool() const { return raw_ != nullptr; }
  void* raw() const { return raw_; }
  void close() {
    if (raw_ != nullptr) zmq_close(std::exchange(raw_, nullptr));
  }

  void set(int option, int value) { CHECK(zmq_setsockopt(raw_, option, &value, sizeof value) == 0); }
  void set_size(int option, std::int64_t value) {
    CHECK(zmq_setsockopt(raw_, option, &value, sizeof value) == 0);
  }
  void set(int option, ByteView value) {
    CHECK(zmq_setsockopt(raw_, option, value.data(), value.size()) == 0);
  }
  int get(int option) const {
    int value = 0;
    std::size_t size = sizeof value;
    CHECK(zmq_getsockopt(raw_, option, &value, &size) == 0);
    return value;
  }
  // Takes in what libzmq's threads have told this socket, which also silences its descriptor.
  void process_commands() const { static_cast<void>(get(ZMQ_EVENTS)); }

  // False if there is nothing to receive now.
  bool receive(ZmqMessage& into) const {
    int rc;
    do rc = zmq_msg_recv(into.raw(), raw_, ZMQ_DONTWAIT);
    while (rc < 0 && errno == EINTR);
    return rc >= 0;
  }
  // 0, or the errno of the refusal (EAGAIN, EHOSTUNREACH).
  int send(ByteView bytes, bool more) const {
    int rc;
    do rc = zmq_send(raw_, bytes.data(), bytes.size(), ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? errno : 0;
  }

 private:
  void* raw_ = nullptr;
};

}  // namespace comm
