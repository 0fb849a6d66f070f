// Load driver of a Mosquitto broker: QoS 1 to the queue of a session that is away, which then comes and takes it. The
// broker's acknowledgement does not mean that anything is on disk. See bench_io.h.
//   ingest connections=8 window=256 messages=60000 bytes=1024
//   drain
#include <mosquitto.h>

#include <deque>
#include <memory>
#include <thread>

#include "tests/bench/bench_io.h"

namespace comm::bench {
namespace {

constexpr const char* kTopic = "bench";

class Connection {
 public:
  Connection(int port, const char* id, bool clean) : raw_(mosquitto_new(id, clean, this)) {
    mosquitto_max_inflight_messages_set(raw_, 0);
    mosquitto_connect_callback_set(raw_, [](mosquitto*, void* self, int) { static_cast<Connection*>(self)->up_ = true; });
    mosquitto_subscribe_callback_set(
        raw_, [](mosquitto*, void* self, int, int, const int*) { static_cast<Connection*>(self)->subscribed_ = true; });
    mosquitto_publish_callback_set(raw_, [](mosquitto*, void* self, int) { static_cast<Connection*>(self)->published(); });
    mosquitto_message_callback_set(
        raw_, [](mosquitto*, void* self, const mosquitto_message*) { ++static_cast<Connection*>(self)->received_; });
    if (mosquitto_connect(raw_, "127.0.0.1", port, 60) != MOSQ_ERR_SUCCESS) give_up("cannot connect to mosquitto");
    while (!up_) loop();
  }
  ~Connection() {
    mosquitto_disconnect(raw_);
    mosquitto_loop(raw_, 100, 1);
    mosquitto_destroy(raw_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void subscribe() {
    mosquitto_subscribe(raw_, nullptr, kTopic, 1);
    while (!subscribed_) loop();
  }
  void publish(std::uint64_t messages, std::size_t bytes, std::size_t window) {
    const std::string body(bytes, '\x5a');
    std::uint64_t next = 0;
    while (run.micros.size() < messages) {
      while (next < messages && sent_.size() < window) {
        sent_.push_back(Clock::now());
        ++next;
        if (mosquitto_publish(raw_, nullptr, kTopic, static_cast<int>(body.size()), body.data(), 1, false) != MOSQ_ERR_SUCCESS)
          give_up("cannot publish to mosquitto");
      }
      loop();
    }
  }
  void take(std::uint64_t messages) {
    while (received_ < messages) loop();
  }

  Run run;

 private:
  void loop() {
    if (mosquitto_loop(raw_, 1'000, 1) != MOSQ_ERR_SUCCESS) give_up("mosquitto has gone");
  }
  void published() {
    run.answered(sent_.front(), 1);
    sent_.pop_front();
  }

  mosquitto* raw_;
  bool up_ = false, subscribed_ = false;
  std::uint64_t received_ = 0;
  std::deque<Clock::time_point> sent_;
};

Run ingest(int port, const Command& command) {
  const std::size_t count = command.get("connections", 8), window = command.get("window", 256);
  Run run;
  run.messages = command.get("messages", 60'000);
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t i = 0; i < count; ++i) connections.push_back(std::make_unique<Connection>(port, nullptr, true));
  std::vector<std::thread> threads;
  const Run::Watch watch;
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      connections[i]->publish(run.messages / count + (i < run.messages % count ? 1 : 0), command.get("bytes", 1024), window);
    });
  for (auto& thread : threads) thread.join();
  run.stop(watch);
  for (const auto& one : connections) run.micros.insert(run.micros.end(), one->run.micros.begin(), one->run.micros.end());
  return run;
}

Run drain(int port, std::uint64_t held) {
  Run run;
  run.messages = held;
  const Run::Watch watch;
  Connection(port, "reader", false).take(held);
  run.stop(watch);
  return run;
}

int serve(int port) {
  mosquitto_lib_init();
  Connection(port, "reader", false).subscribe();  // its queue outlives it
  return serve_commands([port](const Command& command) { return ingest(port, command); },
                        [port](std::uint64_t held) { return drain(port, held); });
}

}  // namespace
}  // namespace comm::bench

int main(int argc, char** argv) {
  if (argc < 2) comm::bench::give_up("usage: bench_mosquitto PORT");
  return comm::bench::serve(std::stoi(argv[1]));
}
