"""Decoding on a live session: what proto3 allows is answered, what it forbids has no effect."""
from comm_conformance import wire
from comm_conformance.base import CONFORMANCE
from comm_conformance.pb import encode_varint as varint
from comm_conformance.registry import case
from comm_conformance.vectors import load


def key(number, wire_type):
    return varint(number << 3 | wire_type)


def delimited(number, data):
    return key(number, 2) + varint(len(data)) + data


def answered(t, peer, requirements_text, build):
    """Sends a raw request built for a fresh id and expects an answer to it."""
    peer.next_request += 1
    number = peer.next_request
    peer.send_raw(build(number))
    t.wait(lambda: number in peer.answers or peer.closed, f"an answer: {requirements_text}")
    t.check(number in peer.answers, f"the link was cut: {requirements_text}")
    return peer.answers[number]


@case("valid-forms-answered", "PKT-002 PKT-004")
def _(t):
    """Reordered fields, unknown fields and groups, long varints, repeated singular fields: Ping is answered by Pong."""
    peer = t.dial()

    def rid(number):
        return key(1, 5) + number.to_bytes(4, "little")
    ping = delimited(5, b"")
    forms = {
        "plain": lambda n: rid(n) + ping,
        "reordered": lambda n: ping + rid(n),
        "unknown fields": lambda n: rid(n) + ping + key(100, 0) + b"\1" + delimited(101, b"x") + key(102, 1) + bytes(8),
        "unknown group": lambda n: rid(n) + key(103, 3) + key(1, 0) + b"\1" + key(103, 4) + ping,
        "unknown field inside": lambda n: rid(n) + delimited(5, key(9, 0) + b"\7"),
        "request id twice": lambda n: rid(12345) + ping + rid(n),
        "another oneof member first": lambda n: rid(n) + delimited(7, delimited(1, bytes(20))) + ping,
        "tag and length in more bytes": lambda n: rid(n) + b"\xaa\x80\x00" + b"\x80\x00",
        "known number of another wire type": lambda n: rid(n) + ping + key(7, 0) + b"\1",
    }
    for name, build in forms.items():
        kind, _ = answered(t, peer, name, build)
        t.check(kind == "pong", f"{name}: Ping was answered by {kind}")


@case("oneof-merges", "PKT-004")
def _(t):
    """A submessage that occurs twice is merged: two Wants of one id each are one of two."""
    peer = t.dial()
    a, b = t.control(peer), t.control(peer)
    peer.next_request += 1
    number = peer.next_request
    peer.send_raw(key(1, 5) + number.to_bytes(4, "little") + delimited(10, delimited(1, a.id))
                  + delimited(10, delimited(1, b.id)))
    got = []
    t.wait(lambda: got.extend(peer.received("message")) or len({i["header"] for m in got for i in m["items"]}) == 2,
           "both messages")


@case("invalid-forms-ignored", "PKT-012", negative=True)
def _(t):
    """Truncated, overlong and foreign bytes have no effect and no answer; the link lives."""
    peer = t.dial()
    t.control(peer)
    ping = delimited(5, b"")
    bad = [b"\xff", ping + b"\x80", ping + key(100, 0) + b"\x80" * 10 + b"\0", key(5, 2) + b"\5", ping + key(1, 5) + b"\0",
           ping + key(100, 6), ping + key(100, 7), ping + b"\0\0", ping + key(100, 3), ping + key(100, 4),
           ping + key(100, 2) + varint(2**63), delimited(5, b"\xff")]
    since = peer.mark()
    for raw in bad:
        peer.next_request += 1
        peer.send_raw(key(1, 5) + peer.next_request.to_bytes(4, "little") + raw)
    t.control(peer)
    wrong = [e for e in peer.log[since:] if e[0] == "<" and (e[1] == "pong" or e[1] == "error")]
    t.check(not wrong, f"an invalid packet was answered: {wrong[:1]}")


@case("faults-cut-after-64", "PKT-008 PKT-012 PKT-010", negative=True)
def _(t):
    """64 counted faults leave a link alive, the 65th cuts it; another link of the node does not care."""
    witness, peer = t.dial(), t.dial()
    t.control(peer)
    for number in range(64):
        peer.send_raw(b"" if number % 2 else b"\xff")
    t.control(peer)
    peer.send_raw(b"\xff")
    peer.expect_closed("the link to be cut by its 65th fault")
    t.check(any(b.get("code") == wire.MALFORMED for b in peer.received("error")), "no Error{malformed} before the cut")
    t.control(witness)


@case("ignored-input-is-not-counted", "PKT-009 PKT-005 REQ-002 CUS-012", negative=True)
def _(t):
    """200 packets that are to be ignored do not cut the link."""
    peer = t.dial()
    t.control(peer)
    for number in range(50):
        peer.send_raw(delimited(21, b"?"))
        peer.send("nodes", {"contacts": []}, 7777)
        peer.send("collected", {"status": 1}, 7778)
        peer.send("stored", {"items": [{"id": t.rnd(f"never {number}"), "status": 1}]})
    t.control(peer)


@case("unknown-body-answered", "PKT-005 REQ-015 PKT-006", negative=True)
def _(t):
    """A request of unknown body gets Error{unsupported}; with id 0 nothing; an Error nothing."""
    peer = t.dial()
    t.control(peer)
    kind, body = answered(t, peer, "unknown body", lambda n: key(1, 5) + n.to_bytes(4, "little") + delimited(21, b"x"))
    t.check(kind == "error" and body["code"] == wire.UNSUPPORTED, f"answered by {kind} {body}")
    since = peer.mark()
    peer.send_raw(delimited(21, b"x"))
    peer.send("error", {"code": 2, "text": "?"}, 4242)
    peer.send("error", {"code": 999}, 4243)
    peer.send("pong", None, 4244)
    peer.send("record", {"address": bytes(20)}, 4245)
    peer.barrier()
    t.check(not peer.received("error", since=since), "a push, an answer or an Error was answered by an Error")
    t.control(peer)


def _schema_vectors():
    for name in ("fields", "lists"):
        for vector in load(CONFORMANCE / "vectors" / "packet" / f"{name}.json")["vectors"]:
            kind = bytes.fromhex(vector["input"]["bytes"])
            yield vector, kind


@case("schema-vectors-have-no-effect", "PKT-014 PKT-015 PKT-017 PKT-018 PKT-020 PKT-021 PKT-022 PKT-023 PKT-024 PKT-025 "
      "PKT-027", negative=True)
def _(t):
    """Every negative schema vector, sent on a ready session: no answer, no effect, the link lives to its bound."""
    peer = since = None
    handshake = ("welcome", "auth", "hello")
    sent = 0
    for vector, raw in _schema_vectors():
        if vector["expect"] != "reject" or vector["id"].startswith(handshake):
            continue
        if sent % 50 == 0:
            if peer is not None:
                _nothing_happened(t, peer, since)
            peer = t.dial()
            t.control(peer)
            since = peer.mark()
        sent += 1
        peer.send_raw(raw)
    _nothing_happened(t, peer, since)


def _nothing_happened(t, peer, since):
    peer.barrier()
    effects = [e for e in peer.log[since:] if e[0] == "<" and e[1] in ("error", "stored", "message", "nodes", "record",
                                                                         "collected", "want")]
    t.check(not effects, f"a packet that breaks the schema was answered: {effects[:1]}")
    t.control(peer)


@case("schema-faults-are-counted", "PKT-014 PKT-015 PKT-017 PKT-021", negative=True)
def _(t):
    """Faults of the schema count: 65 of them, of several kinds, cut the link."""
    witness, peer = t.dial(), t.dial()
    t.control(peer)
    faults = [raw for vector, raw in _schema_vectors() if vector["expect"] == "reject" and len(raw) < 2000
              and vector["id"].startswith(("want", "offer", "find_node", "ack", "collect", "get_record"))]
    for number in range(65):
        peer.send_raw(faults[number % len(faults)])
    peer.expect_closed("the link to be cut by 65 faults of the schema")
    t.control(witness)


@case("empty-nodes-valid", "PKT-016 REQ-003 REQ-006", fresh=True)
def _(t):
    """Nodes without contacts is a valid answer, Record without a record too: the join ends and collecting begins."""
    peer = t.listen()
    t.start([peer])
    t.wait(lambda: len(peer.collected) >= 7, "the Collects that follow the join lookup")
    t.check(peer.received("find_node"), "no FindNode came before")
