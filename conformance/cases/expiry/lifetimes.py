"""Expiry and the clock."""
from comm_conformance import wire
from comm_conformance.quotas import FITTING, MEBIBYTE, bulk, give, statuses
from comm_conformance.registry import case

MINUTE = 60_000


def aged(t, label, expires_in_ms, lifetime=60):
    """A message that expires so many milliseconds (whole minutes) from the minute of now on."""
    from comm_conformance import message, sealing
    from comm_conformance.crypto import blake2b
    from comm_conformance.base import H
    body, secret = t.rnd(label, 1024), t.rnd("s" + label)
    raw = message.encode_header(0, t.now // MINUTE + expires_in_ms // MINUTE, lifetime, t.rnd("box " + label, 20),
                                H("ack", secret), blake2b(body))
    return sealing.SealedMessage(raw, bytes(8), body, secret)


def ignored(t, peer, sealed):
    since = peer.mark()
    peer.send("message", {"items": [sealed.item()]})
    peer.send("offer", {"items": [sealed.offer()]})
    peer.barrier()
    t.check(not peer.stored_items(sealed.id, since), "it was answered by Stored")
    t.check(not peer.wants(sealed.id, since), "it was asked for")
    t.check(not t.is_held(peer, sealed), "it was stored")


@case("expired-not-taken", "MSG-016 MSG-018", negative=True)
def _(t):
    """A message that expired with this minute is ignored, one that expires with the next is stored; no fault counts."""
    peer = t.dial()
    t.check(t.push(peer, aged(t, "next minute", MINUTE))["status"] == wire.STORED, "not stored a minute before expiry")
    t.positive()
    ignored(t, peer, aged(t, "this minute", 0))
    for number in range(70):
        peer.send("message", {"items": [aged(t, f"old {number}", -MINUTE * number).item()]})
    t.control(peer)


@case("expired-is-judged-before-body", "MSG-016 PKT-009", negative=True)
def _(t):
    """An expired message with a wrong body is ignored for its age: 70 of them do not cut the link, 65 wrong bodies do."""
    from comm_conformance.gentools import flip
    peer, other = t.dial(), t.dial()
    t.control(peer)
    for number in range(70):
        old = aged(t, f"old and wrong {number}", -MINUTE * number)
        peer.send("message", {"items": [dict(old.item(), body=flip(old.body, 5))]})
    t.control(peer)
    for number in range(65):
        wrong = aged(t, f"wrong {number}", 5 * MINUTE)
        other.send("message", {"items": [dict(wrong.item(), body=flip(wrong.body, 5))]})
    other.expect_closed("the link to be cut by 65 wrong bodies")


@case("from-the-future-not-taken", "MSG-017 MSG-018", negative=True)
def _(t):
    """A message sent up to 120 minutes ahead is stored, 122 minutes ahead ignored."""
    peer = t.dial()
    t.check(t.push(peer, aged(t, "ahead", 180 * MINUTE, 60))["status"] == wire.STORED, "not stored 120 minutes ahead")
    t.positive()
    ignored(t, peer, aged(t, "too far", 182 * MINUTE, 60))
    t.control(peer)


@case("expires-while-stored", "REQ-009 CUS-024 MSG-016", negative=True)
def _(t):
    """After its expiry a stored message is neither given nor offered; before, it was."""
    peer = t.dial()
    sealed = aged(t, "short", 5 * MINUTE)
    t.check(t.push(peer, sealed)["status"] == wire.STORED, "not stored")
    t.check(t.is_held(peer, sealed), "not given before its expiry")
    t.positive()
    t.tick(6 * MINUTE)
    late = t.dial()
    t.check(not t.is_held(late, sealed), "given out after its expiry")
    t.tick(3 * MINUTE)
    late.barrier()
    t.check(not late.offers(sealed.id), "offered after its expiry")
    t.control(late)


@case("ack-counts-until-grace-ends", "ACK-011 CUS-035 CUS-005", negative=True)
def _(t):
    """An acknowledgement of an expired message counts for two hours, so that the message cannot come back meanwhile."""
    peer = t.dial()
    sealed = aged(t, "late ack", 2 * MINUTE)
    t.check(t.push(peer, sealed)["status"] == wire.STORED, "not stored")
    t.tick(60 * MINUTE)
    witness, bringer = t.dial(), t.dial()
    bringer.barrier()
    t.acknowledge(bringer, sealed.ack())
    t.positive()
    t.check(not t.is_held(witness, sealed), "given after its expiry and acknowledgement")
    t.control(witness)


@case("too-old-ack-has-no-effect", "ACK-010 PKT-009", negative=True)
def _(t):
    """A final record older than its expiry and two hours is ignored, and not counted as a fault."""
    peer = t.dial()
    t.control(peer)
    for number in range(70):
        peer.send("ack", {"records": [aged(t, f"{number}", -121 * MINUTE).ack()]})
    t.control(peer)


@case("time-advances", "CUS-039 SES-001")
def _(t):
    """Hello and Welcome state wall time: it moves with the clock."""
    before = t.dial().their["time_ms"]
    t.tick(90_000)
    after = t.dial().their["time_ms"]
    t.check(after == before + 90_000, f"90 s later Welcome states {after - before} ms more")


@case("room-is-given-back", "CUS-035 CUS-031", fresh=True)
def _(t):
    """What has expired two hours ago takes no room: where a message was refused for want of it, another is stored then."""
    t.start(ingress_quota=MEBIBYTE)
    peer = t.dial("giver", seed=t.rnd("giver"))
    filled = [bulk(t, f"short {n}", lifetime=10) for n in range(FITTING)]
    t.check(statuses(give(t, peer, filled)) == [wire.STORED] * FITTING, "a message within the quota was not stored")
    item = t.push(peer, bulk(t, "one more", lifetime=10))
    t.check(item["status"] == wire.ST_REFUSED, f"one above the quota was answered by {item}")
    t.tick(10 * MINUTE + 2 * 60 * MINUTE + 10 * MINUTE)
    back = t.dial("back", seed=t.rnd("giver"))
    item = t.push(back, bulk(t, "later", lifetime=10))
    t.check(item["status"] == wire.STORED, f"two hours and ten minutes after the others' expiry answered by {item}")
