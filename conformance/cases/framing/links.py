"""Links and frames (10-transport, Links). Hostile bytes go through plain sockets."""
import socket

from comm_conformance.registry import case
from comm_conformance.transport import Transport, hostport

GREETING = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"CURVE".ljust(20, b"\0") + b"\0" + bytes(31)


def connect(t):
    raw = socket.create_connection(hostport(t.endpoint), 20)
    raw.settimeout(t.patience)
    return raw


def read(raw, count):
    data = b""
    while len(data) < count:
        part = raw.recv(count - len(data))
        if not part:
            return data
        data += part
    return data


@case("ready-session-answers", "NET-001 NET-002 NET-003 NET-005 NET-006 SES-002 REQ-001")
def _(t):
    """A dialler with a fresh CURVE key gets a valid Welcome, and its Ping is answered with its request id."""
    peer = t.dial()
    kind, _ = peer.ask("ping")
    t.check(kind == "pong", f"Ping was answered by {kind}")


@case("multipart-cuts", "NET-007", negative=True)
def _(t):
    """A message of two parts ends its link; other links and new ones live on."""
    witness, peer = t.dial(), t.dial()
    t.control(peer)
    peer.channel.send_parts([b"a", b"b"])
    peer.expect_closed("the link to be cut after a multipart message")
    t.control(witness)


@case("no-curve-turned-away", "NET-004", negative=True)
def _(t):
    """A client without CURVE gets no session; one with CURVE does, before and after."""
    t.control(t.dial())
    plain = t.dial(connect=False, curve=False)
    plain.say_hello()
    t.wait(lambda: plain.closed or plain.welcome_body, "the link without CURVE to end")
    t.check(plain.welcome_body is None, "Hello without CURVE was answered by Welcome")
    t.control(t.dial())


@case("other-network-turned-away", "NET-001", negative=True)
def _(t):
    """A dialler that derives the server's key from another network's name cannot talk."""
    t.control(t.dial())
    other = Transport("another", poller=t.poller)
    t.transports.append(other)
    stranger = t.dial(connect=False)
    stranger.close()
    stranger.channel, stranger.closed = other.dial(t.endpoint), False
    stranger.say_hello()
    t.settle(lambda: stranger.closed or stranger.welcome_body, 1.0)
    t.check(stranger.welcome_body is None, "Hello under another network's key was answered by Welcome")
    t.control(t.dial())


@case("greeting-exact", "NET-001 NET-004")
def _(t):
    """The listener's ZMTP greeting announces version 3 and CURVE."""
    with connect(t) as raw:
        raw.sendall(GREETING)
        got = read(raw, 64)
    t.check(got[:1] == b"\xff" and got[9:10] == b"\x7f" and got[10] == 3, f"no ZMTP 3 greeting: {got.hex()}")
    t.check(got[12:32].rstrip(b"\0") == b"CURVE", f"mechanism {got[12:32]!r}")
    t.control(t.dial())


@case("greeting-byte-at-a-time", "NET-003")
def _(t):
    """A greeting that comes byte by byte is as good as one at once."""
    with connect(t) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GREETING:
            raw.sendall(bytes([byte]))
        got = read(raw, 64)
    t.check(len(got) == 64 and got[12:17] == b"CURVE", f"no greeting in answer: {got.hex()}")
    t.control(t.dial())


@case("garbage-instead-of-greeting", "NET-010", negative=True)
def _(t):
    """Bytes that are no ZMTP end nothing but their own connection."""
    t.control(t.dial())
    for garbage in (b"GET / HTTP/1.1\r\n\r\n" * 8, bytes(64), b"\xff" * 200, t.rnd("garbage", 500),
                    GREETING + b"\x02" + b"\xff" * 8, GREETING + b"\x06" + (2**63 - 1).to_bytes(8, "big")):
        with connect(t) as raw:
            raw.sendall(garbage)
    t.control(t.dial())


@case("half-greeting-then-close", "NET-010", negative=True)
def _(t):
    """Connections that end inside the greeting or the handshake."""
    t.control(t.dial())
    for cut in (1, 9, 10, 11, 32, 63, 64):
        with connect(t) as raw:
            raw.sendall(GREETING[:cut])
    with connect(t) as raw:
        raw.sendall(GREETING)
        read(raw, 64)
        raw.sendall(b"\x04\x7f\x05HELLO" + bytes(50))
    t.control(t.dial())


@case("any-routing-id-survived", "NET-010", negative=True)
def _(t):
    """Whatever routing id a client announces: short, long, and of the form that libraries give to silent peers."""
    witness = t.dial()
    t.control(witness)
    counter = t.rnd("counter", 4)
    for name in (b"x", b"y" * 255, b"\1" + bytes(4), b"\1" + counter, b"\1" + counter, bytes.fromhex("01ffffffff")):
        peer = t.dial(connect=False, routing_id=name)
        peer.say_hello()
        t.settle(lambda p=peer: p.closed or p.welcome_body, 0.3)
    t.control(t.dial())
    t.control(witness)


@case("silent-connection-cut", "NET-011", optional=True, negative=True, slow=True)
def _(t):
    """A connection that delivers no packet is cut after handshake_timeout; one with a session stays."""
    peer = t.dial()
    t.control(peer)
    silent = t.dial(connect=False)
    t.settle(seconds=0.5)
    t.tick_until(lambda: silent.closed, "a silent connection to be cut", step=5_000, limit=200)
    t.control(peer)


@case("listener-takes-new-dial", "NET-003 NET-008")
def _(t):
    """After a link ends, the same node gets a new session by a new dial."""
    first = t.dial("same", seed=t.rnd("same"))
    t.control(first)
    first.close()
    t.control(t.dial("same again", seed=t.rnd("same")))


@case("lost-bootstrap-redialled", "NET-002 NET-008 RTE-008 SES-001", fresh=True)
def _(t):
    """A dialled link that ends comes back as a new dial with another client key and another nonce."""
    peer = t.listen()
    t.start([peer])
    t.wait(lambda: peer.ready, "a session with the bootstrap")
    key, nonce = peer.channel.client_key, peer.their["nonce"]
    peer.channel.close(linger=0)
    peer.ready = False
    t.tick_until(lambda: peer.ready, "a new session with the bootstrap", limit=20)
    t.check(peer.channel.client_key != key, "the new link has the client key of the old one")
    t.check(peer.their["nonce"] != nonce, "the new Hello has the nonce of the old one")
