// Load driver of a RabbitMQ broker: one durable quorum queue, publisher confirms, manual acknowledgements. A client's
// socket blocks, so every connection has a thread of its own. See bench_io.h.
//   ingest connections=8 window=256 messages=60000 bytes=1024
//   drain                          one consumer, prefetch 512, acknowledged by 64
#include <amqp.h>
#include <amqp_tcp_socket.h>

#include <deque>
#include <memory>
#include <thread>
#include <utility>

#include "tests/bench/bench_io.h"

namespace comm::bench {
namespace {

constexpr std::uint16_t kPrefetch = 512;
constexpr std::uint64_t kAcknowledgedAtOnce = 64;
const amqp_bytes_t kQueue = amqp_cstring_bytes("bench");

class Connection {
 public:
  explicit Connection(int port) : state_(amqp_new_connection()) {
    amqp_socket_t* socket = amqp_tcp_socket_new(state_);
    if (amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK) give_up("cannot connect to rabbitmq");
    check(amqp_login(state_, "/", 0, 131'072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"));
    amqp_channel_open(state_, 1);
    check(amqp_get_rpc_reply(state_));
  }
  ~Connection() {
    amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(state_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void declare() {
    amqp_table_entry_t type{};
    type.key = amqp_cstring_bytes("x-queue-type");
    type.value.kind = AMQP_FIELD_KIND_UTF8;
    type.value.value.bytes = amqp_cstring_bytes("quorum");
    const amqp_table_t arguments{1, &type};
    amqp_queue_declare(state_, 1, kQueue, 0, 1, 0, 0, arguments);
    check(amqp_get_rpc_reply(state_));
  }

  void publish(std::uint64_t messages, std::size_t bytes, std::size_t window, Run& run) {
    amqp_confirm_select(state_, 1);
    check(amqp_get_rpc_reply(state_));
    const std::string body(bytes, '\x5a');
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    std::deque<Clock::time_point> sent;
    std::uint64_t next = 0, confirmed = 0;
    while (confirmed < messages) {
      while (next < messages && next - confirmed < window) {
        amqp_basic_publish(state_, 1, amqp_empty_bytes, kQueue, 0, 0, &properties, {body.size(), const_cast<char*>(body.data())});
        sent.push_back(Clock::now());
        ++next;
      }
      amqp_frame_t frame;
      amqp_maybe_release_buffers(state_);
      if (amqp_simple_wait_frame(state_, &frame) != AMQP_STATUS_OK) give_up("rabbitmq has gone");
      if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD) continue;
      const auto* ack = static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
      const std::uint64_t upto = ack->multiple ? ack->delivery_tag : confirmed + 1;
      for (; confirmed < upto; ++confirmed) {
        run.answered(sent.front(), 1);
        sent.pop_front();
      }
    }
  }

  void consume(std::uint64_t messages) {
    amqp_basic_qos(state_, 1, 0, kPrefetch, 0);
    check(amqp_get_rpc_reply(state_));
    amqp_basic_consume(state_, 1, kQueue, amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(state_));
    for (std::uint64_t got = 0; got < messages;) {
      amqp_envelope_t envelope;
      amqp_maybe_release_buffers(state_);
      check(amqp_consume_message(state_, &envelope, nullptr, 0));
      ++got;
      if (got % kAcknowledgedAtOnce == 0 || got == messages) amqp_basic_ack(state_, 1, envelope.delivery_tag, 1);
      amqp_destroy_envelope(&envelope);
    }
  }

 private:
  static void check(const amqp_rpc_reply_t& reply) {
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) give_up("rabbitmq refused");
  }
  amqp_connection_state_t state_;
};

Run ingest(int port, const Command& command) {
  const std::size_t count = command.get("connections", 8), window = command.get("window", 256);
  Run run;
  run.messages = command.get("messages", 60'000);
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t i = 0; i < count; ++i) connections.push_back(std::make_unique<Connection>(port));
  connections.front()->declare();
  std::vector<Run> parts(count);
  std::vector<std::thread> threads;
  const Run::Watch watch;
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      connections[i]->publish(run.messages / count + (i < run.messages % count ? 1 : 0), command.get("bytes", 1024), window,
                              parts[i]);
    });
  for (auto& thread : threads) thread.join();
  run.stop(watch);
  for (const Run& part : parts) run.micros.insert(run.micros.end(), part.micros.begin(), part.micros.end());
  return run;
}

Run drain(int port, std::uint64_t held) {
  Connection connection(port);
  Run run;
  run.messages = held;
  const Run::Watch watch;
  connection.consume(held);
  run.stop(watch);
  return run;
}

int serve(int port) {
  return serve_commands([port](const Command& command) { return ingest(port, command); },
                        [port](std::uint64_t held) { return drain(port, held); });
}

}  // namespace
}  // namespace comm::bench

int main(int argc, char** argv) {
  if (argc < 2) comm::bench::give_up("usage: bench_rabbitmq PORT");
  return comm::bench::serve(std::stoi(argv[1]));
}
