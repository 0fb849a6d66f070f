"""Sizes of packets and lists."""
from comm_conformance import message, sealing, wire
from comm_conformance.base import CLASS_BYTES, MAX_PACKET
from comm_conformance.crypto import blake2b
from comm_conformance.pb import encode_varint as varint
from comm_conformance.registry import case


def padded(number, size):
    """A Ping of exactly `size` bytes: an unknown field fills it."""
    base = wire.encode("ping", request_id=number)
    rest = size - len(base)
    head = varint(30 << 3 | 2)
    length = rest - len(head) - 3
    out = base + head + varint(length) + bytes(length)
    assert len(out) == size
    return out


@case("packet-of-max-size", "PKT-001")
def _(t):
    """A packet of 98,304 bytes is answered."""
    peer = t.dial()
    peer.next_request += 1
    peer.send_raw(padded(peer.next_request, MAX_PACKET))
    t.wait(lambda: peer.next_request in peer.answers or peer.closed, "Pong")
    t.check(not peer.closed, "a packet of the largest size cut the link")


@case("packet-above-max-cuts", "PKT-011", negative=True)
def _(t):
    """One byte more cuts the link, with no effect; other links live."""
    witness, peer = t.dial(), t.dial()
    t.control(peer)
    peer.next_request += 1
    peer.send_raw(padded(peer.next_request, MAX_PACKET + 1))
    peer.expect_closed("the link to be cut by an oversized packet")
    t.check(not any(k == "pong" for n, (k, _) in peer.answers.items() if n == peer.next_request), "it was answered")
    t.control(witness)


@case("packet-of-megabytes-cuts", "PKT-011 LIM-005", negative=True)
def _(t):
    """Five megabytes in one frame: cut; other links live."""
    witness, peer = t.dial(), t.dial()
    t.control(peer)
    peer.channel.send(bytes(5_000_000))
    peer.expect_closed("the link to be cut by five megabytes")
    t.control(witness)


@case("every-class-stored", "MSG-004 MSG-008 MSG-012 PKT-021")
def _(t):
    """Messages of each size class, whatever their body says, are stored and given out byte for byte."""
    peer = t.dial()
    for size_class, body_bytes in enumerate(CLASS_BYTES):
        body = t.rnd(f"body {size_class}", body_bytes)
        raw = message.encode_header(size_class, t.now // 60_000 + 60, 60, t.rnd("box", 20), t.rnd(f"a{size_class}"),
                                    blake2b(body))
        sealed = sealing.SealedMessage(raw, t.rnd("n", 8), body, b"")
        t.check(t.push(peer, sealed)["status"] == wire.STORED, f"class {size_class} was not stored")
        t.check(t.is_held(peer, sealed), f"class {size_class} was stored and is not given out")


@case("list-bounds", "PKT-017 PKT-007 REQ-008", negative=True)
def _(t):
    """Want of 1,024 ids is answered; of 1,025 not."""
    peer = t.dial()
    held = t.control(peer)
    ids = [t.rnd(f"id {i}") for i in range(1024)]
    kind, _ = peer.ask("want", {"ids": ids[:1023] + [held.id]})
    t.check(kind == "message", f"Want of 1,024 ids was answered by {kind}")
    since = peer.mark()
    peer.next_request += 1
    peer.send_raw(wire.encode("want", {"ids": ids + [held.id]}, peer.next_request))
    peer.barrier()
    t.check(not peer.received("message", since=since) and not peer.received("error", since=since), "1,025 were answered")
    t.control(peer)
