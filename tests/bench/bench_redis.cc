// Load driver of a Redis server: streams, plain or over TLS. hiredis encodes and parses, the bytes travel by a socket of
// our own, because Debian's hiredis has no TLS. See bench_io.h.
//   ingest connections=8 window=256 messages=60000 bytes=1024 mailboxes=1    XADD, pipelined
//   drain                                                 XREADGROUP, then XACK and XDEL, by 64 entries
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <memory>
#include <span>

#include "tests/bench/bench_io.h"

namespace comm::bench {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kDrainCount = 64, kDrainOpen = 6;

struct FreeReply { void operator()(redisReply* reply) const { freeReplyObject(reply); } };
using Reply = std::unique_ptr<redisReply, FreeReply>;

class Connection {
 public:
  Connection(int port, SSL_CTX* tls) : fd_(socket(AF_INET, SOCK_STREAM, 0)), reader_(redisReaderCreate()) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    if (connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) give_up("cannot connect to redis");
    const int one = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (tls != nullptr) {
      ssl_ = SSL_new(tls);
      SSL_set_fd(ssl_, fd_);
      if (SSL_connect(ssl_) != 1) give_up("no TLS with redis");
    }
  }
  ~Connection() {
    redisReaderFree(reader_);
    if (ssl_ != nullptr) SSL_free(ssl_);
    close(fd_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void command(const std::vector<std::string_view>& words) {
    std::vector<const char*> at;
    std::vector<std::size_t> size;
    for (const auto word : words) at.push_back(word.data()), size.push_back(word.size());
    char* text = nullptr;
    const auto length = redisFormatCommandArgv(&text, static_cast<int>(words.size()), at.data(), size.data());
    out_.append(text, static_cast<std::size_t>(length));
    redisFreeCommand(text);
  }
  // Writes what is pending, as far as the socket takes it without waiting... the server reads whatever it can.
  void flush() {
    while (!out_.empty()) {
      const auto written = ssl_ != nullptr ? SSL_write(ssl_, out_.data(), static_cast<int>(out_.size()))
                                           : write(fd_, out_.data(), out_.size());
      if (written <= 0) give_up("cannot write to redis");
      out_.erase(0, static_cast<std::size_t>(written));
    }
  }
  // Waits until something has been read, unless a whole reply is there already.
  void fill() {
    buffer_.resize(kReadBytes);
    const auto got = ssl_ != nullptr ? SSL_read(ssl_, buffer_.data(), static_cast<int>(buffer_.size()))
                                     : read(fd_, buffer_.data(), buffer_.size());
    if (got <= 0) give_up("redis closed the connection");
    redisReaderFeed(reader_, buffer_.data(), static_cast<std::size_t>(got));
  }
  Reply next() {
    void* reply = nullptr;
    if (redisReaderGetReply(reader_, &reply) != REDIS_OK) give_up("not a reply of redis");
    if (reply == nullptr) return nullptr;
    Reply out(static_cast<redisReply*>(reply));
    if (out->type == REDIS_REPLY_ERROR) give_up(out->str);
    return out;
  }
  Reply wait() {
    for (;;) {
      if (Reply reply = next()) return reply;
      fill();
    }
  }
  bool buffered() const { return ssl_ != nullptr && SSL_pending(ssl_) > 0; }
  int fd() const { return fd_; }

 private:
  int fd_;
  SSL* ssl_ = nullptr;
  redisReader* reader_;
  std::string out_;
  std::vector<char> buffer_;
};

class Client {
 public:
  Client(int port, bool tls) : port_(port) {
    if (tls) {
      tls_ = SSL_CTX_new(TLS_client_method());
      SSL_CTX_set_verify(tls_, SSL_VERIFY_NONE, nullptr);
    }
    noise_.resize(1 << 20);
    std::uint64_t state = 0x9e3779b97f4a7c15;
    for (char& byte : noise_) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<char>(state >> 56);
    }
  }
  ~Client() { SSL_CTX_free(tls_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Run ingest(const Command& command) {
    const std::size_t count = command.get("connections", 8), window = command.get("window", 256);
    const std::size_t bytes = command.get("bytes", 1024), streams = command.get("mailboxes", 1);
    Run run;
    run.messages = command.get("messages", 60'000);
    while (connections_.size() < count) connections_.push_back(std::make_unique<Connection>(port_, tls_));
    keep_window(
        run, std::span(connections_).first(count), window,
        [&](std::size_t c, std::uint64_t number) {
          const std::string stream = "s" + std::to_string(number % streams);
          const std::string_view body(noise_.data() + number * 31 % (noise_.size() - bytes), bytes);
          connections_[c]->command({"XADD", stream, "*", "m", body});
        },
        [&](std::size_t c) { return connections_[c]->next() != nullptr; });
    return run;
  }

  Run drain(std::uint64_t held) {
    Connection connection(port_, tls_);
    connection.command({"XGROUP", "CREATE", "s0", "g", "0"});
    connection.flush();
    connection.wait();
    Run run;
    run.messages = held;
    const Run::Watch watch;
    const std::string count = std::to_string(kDrainCount);
    std::uint64_t asked = 0, gone = 0;
    std::deque<bool> expected;  // true: entries, false: the count of an XACK or XDEL
    const auto ask = [&] {
      while (asked < held && static_cast<std::size_t>(std::count(expected.begin(), expected.end(), true)) < kDrainOpen) {
        connection.command({"XREADGROUP", "GROUP", "g", "c", "COUNT", count, "STREAMS", "s0", ">"});
        expected.push_back(true);
        asked += kDrainCount;
      }
      connection.flush();
    };
    ask();
    while (!expected.empty()) {
      const Reply reply = connection.wait();
      const bool entries = expected.front();
      expected.pop_front();
      if (entries && reply->type == REDIS_REPLY_ARRAY) {
        const redisReply* list = reply->element[0]->element[1];
        std::vector<std::string_view> acknowledge{"XACK", "s0", "g"}, erase{"XDEL", "s0"};
        for (std::size_t i = 0; i < list->elements; ++i) {
          const redisReply* id = list->element[i]->element[0];
          acknowledge.emplace_back(id->str, id->len);
          erase.emplace_back(id->str, id->len);
        }
        gone += list->elements;
        connection.command(acknowledge);
        connection.command(erase);
        expected.push_back(false);
        expected.push_back(false);
      }
      ask();
    }
    run.stop(watch);
    if (gone != held) give_up("drained " + std::to_string(gone) + " of " + std::to_string(held));
    connection.command({"DEL", "s0"});
    connection.flush();
    connection.wait();
    return run;
  }

 private:
  int port_;
  SSL_CTX* tls_ = nullptr;
  std::string noise_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

int serve(int port, bool tls) {
  Client client(port, tls);
  return serve_commands([&](const Command& command) { return client.ingest(command); },
                        [&](std::uint64_t held) { return client.drain(held); });
}

}  // namespace
}  // namespace comm::bench

int main(int argc, char** argv) {
  if (argc < 2) comm::bench::give_up("usage: bench_redis PORT [tls]");
  return comm::bench::serve(std::stoi(argv[1]), argc > 2);
}
