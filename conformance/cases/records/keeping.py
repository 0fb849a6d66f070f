"""Key records at a relay (60-mailboxes-and-records)."""
from comm_conformance import keyrecord, wire
from comm_conformance.base import DAY, H
from comm_conformance.gentools import flip
from comm_conformance.registry import case


def put(t, peer, record):
    return peer.ask("put_record", record)


def got(t, peer, address):
    kind, body = peer.ask("get_record", {"address": address})
    t.check(kind == "record" and body["address"] == address, f"GetRecord was answered by {kind}")
    return body.get("record", b"")


def published(t, peer, who, **changes):
    record = who.record(t.now, **changes)
    kind, body = put(t, peer, record)
    t.check(kind == "record" and body.get("record") == record["record"], f"PutRecord was answered by {kind} {body}")
    return record


@case("put-and-get", "REC-012 REC-016 REC-018 PKT-026 RTE-023")
def _(t):
    """A valid record is answered by itself and found by everybody; an address without one by an empty Record."""
    peer, who = t.dial(), t.stranger("published")
    t.check(got(t, peer, who.address) == b"", "a record before it was published")
    record = published(t, peer, who)
    kind, body = t.dial().ask("get_record", {"address": who.address})
    t.check({k: body.get(k) for k in record} == record, "another record, signature or nonce than was published")


@case("higher-seq-supersedes", "REC-013 REC-016", negative=True)
def _(t):
    """A higher seq takes the place of a lower one, and not the other way round: the answer is what is held."""
    peer, who = t.dial(), t.stranger("two seqs")
    low = published(t, peer, who, seq=5)
    high = published(t, peer, who, seq=6)
    t.positive()
    kind, body = put(t, peer, low)
    t.check(kind == "record" and body.get("record") == high["record"], f"an older record was answered by {kind}")
    t.check(got(t, peer, who.address) == high["record"], "an older record took the place")
    published(t, peer, who, seq=7)
    t.positive()


@case("smaller-hash-supersedes", "REC-013", negative=True)
def _(t):
    """Of two records of one seq the one with the smaller hash stays, in either order."""
    peer = t.dial()
    for name, order in (("ascending", False), ("descending", True)):
        who = t.stranger(name)
        pair = sorted((who.record(t.now, seq=9, prekey=t.rnd(p + name)) for p in "ab"),
                      key=lambda r: H("record", r["record"]), reverse=order)
        put(t, peer, pair[0])
        put(t, peer, pair[1])
        smaller = min(pair, key=lambda r: H("record", r["record"]))
        t.check(got(t, peer, who.address) == smaller["record"], f"{name}: the larger hash won")
        t.positive()


@case("invalid-record-refused", "REC-017 REC-002 REC-003 REC-005 REC-006 REC-007 REC-008 REC-009 REC-010 REC-011",
      negative=True)
def _(t):
    """Each broken record is answered by Error{refused} and not kept; a valid one is."""
    peer, who = t.dial(), t.stranger("broken")
    box = who.mailbox_id(1)
    good = who.record(t.now)
    broken = {
        "signature": {**good, "signature": flip(good["signature"], 7)},
        "signed by another": t.stranger("other").sign_record(good["record"]),
        "garbage": who.sign_record(good["record"] + b"\xff"),
        "prekey of 31 bytes": who.record(t.now, prekey=bytes(31)),
        "no mailbox": who.record(t.now, mailboxes=[]),
        "17 mailboxes": who.record(t.now, mailboxes=[(w, box) for w in range(17)]),
        "weeks fall": who.record(t.now, mailboxes=[(2, box), (1, box)]),
        "min_effort 25": who.record(t.now, min_effort=25),
        "expires when created": who.record(t.now, expires_ms=t.now),
        "from the future": who.record(t.now + 2 * 3_600_000 + 60_000),
        "lives 46 days": who.record(t.now, expires_ms=t.now + 46 * DAY),
        "expired": who.record(t.now - 50 * DAY, expires_ms=t.now - 10 * DAY),
    }
    published(t, peer, t.stranger("fine"))
    t.positive()
    for name, record in broken.items():
        kind, body = put(t, peer, record)
        t.check(kind == "error" and body["code"] == wire.REFUSED, f"{name}: answered by {kind} {body}")
        t.check(got(t, peer, who.address) == b"", f"{name}: kept")
    published(t, peer, who)
    t.positive()


@case("record-kept-as-received", "PKT-003 PKT-002 REC-012")
def _(t):
    """A record with unknown fields and another order is verified, kept and given as received; any nonce will do."""
    peer, who = t.dial(), t.stranger("odd order")
    fields = keyrecord.CODEC.decode("KeyRecord", who.record(t.now)["record"])
    raw = keyrecord.CODEC.encode("KeyRecord", {"seq": 3, "expires_ms": fields["expires_ms"],
                                               "created_ms": fields["created_ms"], "mailboxes": fields["mailboxes"]})
    raw += b"\x92\x03\x03new" + keyrecord.CODEC.encode("KeyRecord", {k: fields[k] for k in ("sign_key", "dh_key", "prekey")})
    record = {**who.sign_record(raw, stamp=False), "nonce": t.rnd("nonce", 8)}
    kind, body = put(t, peer, record)
    t.check(kind == "record", f"answered by {kind} {body}")
    t.check(got(t, peer, who.address) == raw, "not the bytes that were given")


@case("expired-record-gives-way", "REC-011 REC-013 REC-020", optional=True)
def _(t):
    """A held record that has expired gives way to one of a lower seq."""
    peer, who = t.dial(), t.stranger("short lived")
    published(t, peer, who, seq=10, expires_ms=t.now + 600_000)
    t.tick(700_000)
    published(t, t.dial(), who, seq=9)


@case("costly-requests-limited", "REQ-013 REC-017", negative=True, optional=True, fresh=True)
def _(t):
    """Above a burst of 64, PutRecord is answered by Error{rate_limited}, per session; a second later it is taken again."""
    t.start()
    peer, other, who = t.dial(), t.dial(), t.stranger("often")
    published(t, peer, who)
    t.positive()
    record = who.record(t.now)
    numbers = [peer.request("put_record", record) for _ in range(80)]
    t.wait(lambda: all(n in peer.answers for n in numbers), "80 answers")
    limited = [peer.answers[n] for n in numbers if peer.answers[n][0] == "error"]
    t.check(limited and all(body["code"] == wire.RATE_LIMITED for _, body in limited), f"limited: {limited[:1]}")
    published(t, other, t.stranger("another session"))
    t.tick(2_000)
    published(t, peer, t.stranger("recovered"))
    t.positive()


@case("unasked-record-ignored", "REQ-002", negative=True)
def _(t):
    """A Record that answers no request has no effect; the same record by PutRecord is kept."""
    peer = t.dial()
    t.control(peer)
    who = t.stranger("unasked")
    record = who.record(t.now)
    peer.send("record", {"address": who.address, **record}, 4321)
    peer.barrier()
    kind, body = peer.ask("get_record", {"address": who.address})
    t.check(kind == "record" and not body.get("record"), "a record that nobody asked for was kept")
    kind, body = peer.ask("put_record", record)
    t.check(kind == "record" and body["record"] == record["record"], f"PutRecord was answered by {kind}")
    t.positive()
