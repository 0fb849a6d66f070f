"""What later versions may send."""
from comm_conformance import wire
from comm_conformance.registry import case


@case("unknown-fields-interoperate", "PKT-002 PKT-003 SES-017")
def _(t):
    """A peer whose packets carry unknown fields everywhere is served like any other."""
    peer = t.dial(connect=False)
    peer.hello = peer.hello_body(capabilities=0xFFFF) + b"\xa0\x06\x01" + b"\xaa\x06\x05later"
    peer.next_request += 1
    peer.send_raw(wire.encode("hello", peer.hello, peer.next_request) + b"\xa0\x06\x01")
    peer.await_welcome()
    peer.say_auth()
    peer.ready = True
    sealed = t.foreign_message("from a later version")
    item = wire.CODEC.encode("SealedItem", sealed.item()) + b"\xa0\x06\x01"
    body = b"\x0a" + _varint(len(item)) + item + b"\xa0\x06\x02"
    peer.send_raw(b"\x5a" + _varint(len(body)) + body + b"\xa2\x06\x03new")
    t.wait(lambda: peer.stored_items(sealed.id), "Stored")
    t.check(t.is_held(peer, sealed), "not held")


def _varint(value):
    from comm_conformance.pb import encode_varint
    return encode_varint(value)


@case("other-version-refused", "SES-003 PKT-018", negative=True)
def _(t):
    """Hello of another version gets Error{version} and the link is closed."""
    t.control(t.dial())
    for version in (2, 99, 2**32 - 1):
        peer = t.dial(connect=False)
        peer.say_hello(version=version)
        peer.expect_closed("the link to be closed")
        codes = [body.get("code") for body in peer.received("error")]
        t.check(codes == [wire.VERSION], f"version {version}: errors {codes}, expected version")
        t.check(peer.welcome_body is None, f"version {version} was welcomed")
    t.control(t.dial())


@case("unknown-body-unsupported", "PKT-005", negative=True)
def _(t):
    """Numbers above 20 as requests get Error{unsupported}; the session goes on."""
    peer = t.dial()
    t.control(peer)
    for field in (b"\xaa\x01", b"\xb2\x01", b"\xc2\x3e"):
        peer.next_request += 1
        number = peer.next_request
        peer.send_raw(b"\x0d" + number.to_bytes(4, "little") + field + b"\x02xx")
        t.wait(lambda n=number: n in peer.answers or peer.closed, "an answer")
        kind, body = peer.answers.get(number, ("closed", {}))
        t.check(kind == "error" and body["code"] == wire.UNSUPPORTED, f"answered by {kind} {body}")
    t.control(peer)


@case("reserved-statuses-understood", "PKT-022 CUS-011", negative=True)
def _(t):
    """Statuses that this edition never sends are valid: busy leaves the backoff, evicted ends being a holder."""
    giver, peer = t.dial(), t.dial()
    sealed = t.control(giver)
    t.tick_until(lambda: peer.offers(sealed.id), "an offer", step=100, limit=50)
    peer.send("stored", {"items": [{"id": sealed.id, "status": wire.ST_BUSY}]})
    peer.barrier()
    mark = peer.mark()
    t.tick_until(lambda: peer.offers(sealed.id, mark), "an offer after busy", step=200, limit=100)
    t.control(giver)


@case("other-suite-and-kind-refused", "MSG-002 MSG-003", negative=True)
def _(t):
    """Headers of a later suite or kind are not stored, and cost the packet's other items nothing."""
    peer = t.dial()
    t.control(peer)
    good = t.foreign_message("today")
    later = [dict(good.item(), header=good.header[:at] + b"\x02" + good.header[at + 1:]) for at in (1, 2)]
    peer.send("message", {"items": [*later, good.item()]})
    t.wait(lambda: peer.stored_items(good.id), "Stored for the good item")
    t.control(peer)
