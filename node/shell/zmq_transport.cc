#include "node/shell/zmq_transport.h"

#include <sys/epoll.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace comm {
namespace {

constexpr std::uint64_t kListenerToken = 0;  // the dialler's start at 1
constexpr int kMaxSockets = 16'384;          // three for each dial, those lingering included
constexpr int kEventsPerRound = 256;
constexpr Millis kFlushStep = 5;

}  // namespace

ZmqTransport::ZmqTransport(TransportConfig config, RandomSource& random)
    : config_(std::move(config)),
      server_(network_curve(config_.network)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      context_(kMaxSockets) {
  CHECK(epoll_);
  // ROUTER's own routing ids count up from rand(): unseeded, strangers would know the next one (listener.h).
  std::srand(static_cast<unsigned>(random.next()));
  dialler_ = std::make_unique<Dialler>(
      context_, config_, server_.public_key, budget_,
      Dialler::Watcher{[this](int fd, std::uint64_t token) { watch(fd, token); }, [this](int fd) { unwatch(fd); }});
}

ZmqTransport::~ZmqTransport() = default;

void ZmqTransport::watch(int fd, std::uint64_t token) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = token;
  CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
}

void ZmqTransport::unwatch(int fd) { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

int ZmqTransport::bind(const Endpoint& endpoint, Endpoint& bound) {
  // Kept when the address is refused: libzmq frees the names of its inner sockets some time after they are closed.
  if (listener_ == nullptr) listener_ = std::make_unique<Listener>(context_, config_, server_, budget_);
  if (const int error = listener_->bind(endpoint, bound); error != 0) return error;
  for (const int fd : listener_->fds()) watch(fd, kListenerToken);
  listener_fired_ = true;
  return 0;
}

bool ZmqTransport::pending(bool accepts_packets) const {
  return listener_fired_ || dialler_->pending(accepts_packets) ||
         (listener_ != nullptr && listener_->pending(accepts_packets));
}

std::optional<Millis> ZmqTransport::next_deadline() const {
  auto out = dialler_->next_deadline();
  if (listener_ != nullptr)
    if (const auto other = listener_->next_deadline(); other && (!out || *other < *out)) out = other;
  return out;
}

void ZmqTransport::round(Millis now, TransportSink& sink) {
  std::array<epoll_event, kEventsPerRound> events;
  const int count = epoll_wait(epoll_.get(), events.data(), kEventsPerRound, 0);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t token = events[static_cast<std::size_t>(i)].data.u64;
    if (token == kListenerToken) listener_fired_ = true;
    else dialler_->fired(token);
  }
  dialler_->round(now, sink);
  if (listener_ == nullptr) return;
  const auto deadline = listener_->next_deadline();
  if (!listener_fired_ && !listener_->pending(sink.accepts_packets()) && !(deadline && now >= *deadline)) return;
  listener_fired_ = false;
  listener_->round(now, sink);
}

void ZmqTransport::dial(LinkId link, const Endpoint& endpoint, Millis now) { dialler_->dial(link, endpoint, now); }

void ZmqTransport::send(LinkId link, Bytes packet) {
  if ((link & kDialledLinkBit) != 0) dialler_->send(link, std::move(packet));
  else if (listener_ != nullptr) listener_->send(link, std::move(packet));
}

void ZmqTransport::close_link(LinkId link, Millis now) {
  if ((link & kDialledLinkBit) != 0) dialler_->close_link(link);
  else if (listener_ != nullptr) listener_->close_link(link, now);
}

void ZmqTransport::close(Millis linger) {
  for (Millis waited = 0; waited < linger; waited += kFlushStep) {
    const bool dialled = dialler_->flush();
    const bool accepted = listener_ == nullptr || listener_->flush();
    if (dialled && accepted) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(kFlushStep));
  }
  dialler_->close(static_cast<int>(linger));
  if (listener_ != nullptr) listener_->close(static_cast<int>(linger));
  listener_.reset();
  dialler_.reset();
}

}  // namespace comm
