// A CURVE client spoken by hand (ZMTP 3.1, RFC 23 and 26), for what libzmq will not send: a routing id that begins with
// zero, a multipart message whose end never comes. Blocking socket; run its steps while the listener is being pumped.
#pragma once
#include <sodium.h>

#include "tests/unit/shell/transport_fixture.h"

namespace comm {

class ForgedClient {
 public:
  ForgedClient(const Endpoint& to, const CurveKey& server) : raw_(to), server_(server) {
    crypto_box_keypair(long_public_.data(), long_secret_.data());
    crypto_box_keypair(short_public_.data(), short_secret_.data());
  }

  // Greeting, HELLO, WELCOME, INITIATE with this Identity, READY. `idle` runs the other side. False: it was refused.
  template <class Idle>
  bool shake_hands(std::string_view identity, Idle&& idle) {
    idle_ = std::forward<Idle>(idle);
    greet();
    if (!take(64)) return false;
    hello();
    const auto welcome = frame();
    if (!welcome || !initiate(*welcome, identity)) return false;
    const auto ready = frame();
    return ready && ready->size() > 6 && as_text(ByteView(*ready).subspan(1, 5)) == "READY";
  }

  // False once the other side has gone.
  bool send(ByteView payload, bool more) {
    Bytes box{static_cast<std::uint8_t>(more ? 1 : 0)};
    append(box, payload);
    Bytes body = to_bytes(as_bytes("\x07MESSAGE"));
    const std::uint64_t counter = next_nonce();
    put_be(body, counter);
    append(body, sealed("CurveZMQMESSAGEC", counter, box, server_short_, short_secret_));
    return write_frame(0, body);
  }
  bool ended() { return raw_.ended(); }

 private:
  using Key = std::array<std::uint8_t, 32>;
  using Nonce = std::array<std::uint8_t, 24>;

  std::uint64_t next_nonce() { return ++nonce_; }
  static Nonce nonce_of(std::string_view prefix, ByteView rest) {
    Nonce out{};
    std::copy(prefix.begin(), prefix.end(), out.begin());
    std::copy(rest.begin(), rest.end(), out.begin() + static_cast<std::ptrdiff_t>(prefix.size()));
    return out;
  }
  static Bytes sealed(std::string_view prefix, std::uint64_t counter, ByteView plain, ByteView to, const Key& from) {
    Bytes tail;
    put_be(tail, counter);
    return sealed(nonce_of(prefix, tail), plain, to, from);
  }
  static Bytes sealed(const Nonce& nonce, ByteView plain, ByteView to, const Key& from) {
    Bytes out(plain.size() + crypto_box_MACBYTES);
    BOOST_REQUIRE(crypto_box_easy(out.data(), plain.data(), plain.size(), nonce.data(), to.data(), from.data()) == 0);
    return out;
  }

  void greet() {
    Bytes out{0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1};
    append(out, as_bytes("CURVE"));
    out.resize(64, 0);
    raw_.write(out);
  }
  void hello() {
    Bytes body = to_bytes(as_bytes("\x05HELLO"));
    body.push_back(1);
    body.push_back(0);
    body.resize(body.size() + 72, 0);
    append(body, short_public_);
    const std::uint64_t counter = next_nonce();
    put_be(body, counter);
    append(body, sealed("CurveZMQHELLO---", counter, Bytes(64, 0), server_.view(), short_secret_));
    write_frame(4, body);
  }
  bool initiate(const Bytes& welcome, std::string_view identity) {
    if (welcome.size() != 168) return false;
    const ByteView in(welcome);
    Bytes plain(128);
    if (crypto_box_open_easy(plain.data(), in.data() + 24, 144, nonce_of("WELCOME-", in.subspan(8, 16)).data(),
                             server_.view().data(), short_secret_.data()) != 0)
      return false;
    std::copy_n(plain.begin(), 32, server_short_.begin());
    const Bytes vouch_tail(16, 7);
    Bytes vouched = to_bytes(short_public_);
    append(vouched, server_.view());
    Bytes box = to_bytes(long_public_);
    append(box, vouch_tail);
    append(box, sealed(nonce_of("VOUCH---", vouch_tail), vouched, server_short_, long_secret_));
    property(box, "Socket-Type", "DEALER");
    property(box, "Identity", identity);
    Bytes body = to_bytes(as_bytes("\x08INITIATE"));
    append(body, ByteView(plain).subspan(32));
    const std::uint64_t counter = next_nonce();
    put_be(body, counter);
    append(body, sealed("CurveZMQINITIATE", counter, box, server_short_, short_secret_));
    return write_frame(4, body);
  }
  static void property(Bytes& out, std::string_view name, std::string_view value) {
    out.push_back(static_cast<std::uint8_t>(name.size()));
    append(out, as_bytes(name));
    put_be(out, static_cast<std::uint32_t>(value.size()));
    append(out, as_bytes(value));
  }

  bool write_frame(std::uint8_t flags, ByteView body) {
    Bytes out;
    if (body.size() > 255) {
      out.push_back(static_cast<std::uint8_t>(flags | 2));
      put_be(out, static_cast<std::uint64_t>(body.size()));
    } else {
      out.push_back(flags);
      out.push_back(static_cast<std::uint8_t>(body.size()));
    }
    append(out, body);
    return raw_.write_all(out, idle_);
  }
  std::optional<Bytes> frame() {
    auto head = take(2);
    if (!head) return std::nullopt;
    if (((*head)[0] & 2) != 0) return std::nullopt;  // handshake frames are short
    return take((*head)[1]);
  }
  std::optional<Bytes> take(std::size_t size) { return raw_.read_exactly(size, idle_); }

  RawClient raw_;
  CurveKey server_;
  Key long_public_{}, long_secret_{}, short_public_{}, short_secret_{}, server_short_{};
  std::uint64_t nonce_ = 0;
  std::function<void()> idle_;
};

}  // namespace comm
