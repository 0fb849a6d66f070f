// What the transport reports. Called only from within ZmqTransport::round, on the reactor's thread, so that an effect
// performed in the middle of a turn never starts another turn.
#pragma once
#include "node/core/effect.h"

namespace comm {

class TransportSink {
 public:
  virtual ~TransportSink() = default;
  virtual void link_up(const LinkUp& up) = 0;
  virtual void link_down(LinkId link) = 0;                 // exactly once for each link that was up
  virtual void packet(LinkId link, ByteView bytes) = 0;    // one single-part message, at most kMaxPacketBytes long
  virtual void note(const Note& note) = 0;
  virtual bool accepts_packets() = 0;  // false: leave packets where they are, libzmq's high-water mark pushes back
};

struct TransportConfig {
  std::string network = "comm";
  std::size_t max_inbound = kMaxInboundLinks;
  std::size_t max_dials = kMaxSessions;
  std::size_t reserved_descriptors = 32;                   // kept free for the store and everything else
  int handshakes_per_second = 50;
  std::size_t max_per_prefix = 32;                         // inbound; loopback and private ranges are exempt
  std::uint64_t max_unfinished_bytes = std::uint64_t{4} << 20;  // received without a whole packet
  Millis first_packet_within = kHandshakeTimeout;
  Millis dial_within = kHandshakeTimeout;
};

inline constexpr int kPacketsPerRound = 64;                // of one socket, before others have their turn
inline constexpr Millis kGuardInterval = 100;
inline constexpr Millis kBlockedRetry = 10;  // should the news that a peer reads again get lost between calls
inline constexpr int kCurveOverheadBytes = 33;             // of a message as libzmq measures it
inline constexpr int kHighWaterMark = 8;                   // messages in each direction of a connection, at most
inline constexpr std::size_t kReceiveBudgetBytes = std::size_t{256} << 20;  // unread, over all inbound connections

// What libzmq reads ahead on each of so many inbound connections: thousands that all send while the disk lags must not hold
// eight of the largest packets each. Two at least, so that one arrives while another is worked on. Set once: libzmq 4.3.4
// crashes when the mark of a bound socket is changed while a connection ends.
constexpr int receive_window(std::size_t max_inbound) {
  const std::size_t each = kReceiveBudgetBytes / kMaxPacketBytes / (max_inbound == 0 ? 1 : max_inbound);
  return each < 2 ? 2 : each > kHighWaterMark ? kHighWaterMark : static_cast<int>(each);
}
inline constexpr int kSocketBufferBytes = 256 * 1024;

}  // namespace comm
