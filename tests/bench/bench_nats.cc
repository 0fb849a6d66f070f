// Load driver of a NATS server: JetStream with file storage, by its text protocol. Its acknowledgement means written,
// not flushed to disk. See bench_io.h.
//   ingest connections=8 window=256 messages=60000 bytes=1024
//   drain                            a pull consumer, by 64
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <memory>

#include "tests/bench/bench_io.h"

namespace comm::bench {
namespace {

constexpr std::size_t kPullBatch = 64, kPullsOpen = 6;

struct Arrived {
  std::string reply;
  std::string body;
};

class Connection {
 public:
  explicit Connection(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    if (connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) give_up("cannot connect to nats");
    const int one = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    inbox_ = "_INBOX." + std::to_string(getpid()) + "." + std::to_string(fd_);
    out_ = "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\nSUB " + inbox_ + " 1\r\n";
    flush();
  }
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void publish(const std::string& subject, std::string_view body, bool answer = true) {
    out_ += "PUB " + subject + (answer ? " " + inbox_ : "") + " " + std::to_string(body.size()) + "\r\n";
    out_ += body;
    out_ += "\r\n";
  }
  void flush() {
    while (!out_.empty()) {
      const auto written = write(fd_, out_.data(), out_.size());
      if (written <= 0) give_up("cannot write to nats");
      out_.erase(0, static_cast<std::size_t>(written));
    }
  }
  void fill() {
    if (at_ > (1 << 20)) in_.erase(0, at_), at_ = 0;
    const std::size_t size = in_.size();
    in_.resize(size + 256 * 1024);
    const auto got = read(fd_, in_.data() + size, in_.size() - size);
    if (got <= 0) give_up("nats closed the connection");
    in_.resize(size + static_cast<std::size_t>(got));
  }
  // The next message of our inbox among what has been read.
  bool next(Arrived& out) {
    for (;;) {
      const std::size_t end = in_.find("\r\n", at_);
      if (end == std::string::npos) return false;
      const std::string line = in_.substr(at_, end - at_);
      if (line.rfind("PING", 0) == 0) {
        out_ += "PONG\r\n";
        flush();
      } else if (line.rfind("-ERR", 0) == 0) {
        give_up(line);
      } else if (line.rfind("MSG ", 0) == 0 || line.rfind("HMSG ", 0) == 0) {
        std::istringstream words(line);
        std::vector<std::string> word;
        for (std::string w; words >> w;) word.push_back(w);
        const std::size_t size = std::stoull(word.back());
        if (in_.size() < end + 2 + size + 2) return false;
        const bool headers = word[0] == "HMSG";
        out.reply = word.size() == (headers ? 6u : 5u) ? word[3] : "";
        out.body = in_.substr(end + 2, size);
        at_ = end + 2 + size + 2;
        return true;
      }
      at_ = end + 2;
    }
  }
  Arrived wait() {
    flush();
    Arrived out;
    while (!next(out)) fill();
    return out;
  }
  void api(const std::string& subject, const std::string& body) {
    publish("$JS.API." + subject, body);
    if (const std::string answer = wait().body; answer.find("\"error\"") != std::string::npos) give_up(answer);
  }
  int fd() const { return fd_; }
  bool buffered() const { return false; }  // every answer is taken as it comes

 private:
  int fd_;
  std::string inbox_, out_, in_;
  std::size_t at_ = 0;
};

Run ingest(int port, const Command& command) {
  const std::size_t count = command.get("connections", 8), window = command.get("window", 256);
  const std::string body(command.get("bytes", 1024), '\x5a');
  Run run;
  run.messages = command.get("messages", 60'000);
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t c = 0; c < count; ++c) connections.push_back(std::make_unique<Connection>(port));
  Arrived arrived;
  keep_window(
      run, connections, window, [&](std::size_t c, std::uint64_t) { connections[c]->publish("b", body); },
      [&](std::size_t c) {
        if (!connections[c]->next(arrived)) return false;
        if (arrived.body.find("\"seq\"") == std::string::npos) give_up(arrived.body);
        return true;
      });
  return run;
}

Run drain(int port, std::uint64_t held) {
  Connection connection(port);
  Run run;
  run.messages = held;
  const Run::Watch watch;
  std::uint64_t asked = 0, got = 0;
  const auto ask = [&] {
    while (asked < held && asked < got + kPullsOpen * kPullBatch) {
      const std::uint64_t batch = std::min<std::uint64_t>(kPullBatch, held - asked);
      connection.publish("$JS.API.CONSUMER.MSG.NEXT.B.c", "{\"batch\":" + std::to_string(batch) + "}");
      asked += batch;
    }
    connection.flush();
  };
  ask();
  while (got < held) {
    const Arrived arrived = connection.wait();
    if (arrived.reply.empty()) give_up("nats answered: " + arrived.body);
    connection.publish(arrived.reply, "+ACK", false);
    ++got;
    if (got % kPullBatch == 0 || got == held) ask();
  }
  connection.api("INFO", "");  // what came before has been read
  run.stop(watch);
  return run;
}

int serve(int port) {
  {
    Connection connection(port);
    connection.api("STREAM.CREATE.B", R"({"name":"B","subjects":["b"],"storage":"file","retention":"workqueue","num_replicas":1})");
    connection.api("CONSUMER.DURABLE.CREATE.B.c",
                   R"({"stream_name":"B","config":{"durable_name":"c","ack_policy":"explicit","max_ack_pending":100000}})");
  }
  return serve_commands([port](const Command& command) { return ingest(port, command); },
                        [port](std::uint64_t held) { return drain(port, held); });
}

}  // namespace
}  // namespace comm::bench

int main(int argc, char** argv) {
  if (argc < 2) comm::bench::give_up("usage: bench_nats PORT");
  return comm::bench::serve(std::stoi(argv[1]));
}
