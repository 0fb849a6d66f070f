"""Acknowledgements at a relay (50-ack)."""
from comm_conformance import message, wire
from comm_conformance.gentools import flip
from comm_conformance.registry import case


def gone(t, peer, sealed, text):
    t.check(not t.is_held(peer, sealed), f"still given out after {text}")


def answered_by(t, peer, sealed, record, text):
    """A message and an offer of an id with a tombstone are answered by the final record."""
    item = t.push(peer, sealed)
    t.check(item["status"] == wire.ACKNOWLEDGED and item["ack"] == record, f"{text}: Message answered by {item['status']}")
    since = peer.mark()
    peer.send("offer", {"items": [sealed.offer()]})
    peer.barrier()
    t.wait(lambda: peer.finals(sealed.id, since), f"{text}: the final record in answer to an Offer")
    t.check(not peer.wants(sealed.id, since), f"{text}: the message was asked for again")


@case("ack-ends-custody", "ACK-007 ACK-012 ACK-013 CUS-001 CUS-005")
def _(t):
    """After a valid acknowledgement the message is not given, and who brings or offers it gets the record."""
    giver, stranger = t.dial(), t.dial()
    sealed = t.control(giver)
    t.acknowledge(stranger, sealed.ack())
    gone(t, giver, sealed, "its acknowledgement")
    answered_by(t, t.dial(), sealed, sealed.ack(), "acknowledged")


@case("ack-stops-offers", "ACK-013 CUS-022", negative=True)
def _(t):
    """Offers to a mute peer stop with the acknowledgement; of another message they go on."""
    giver, mute = t.dial(), t.dial()
    sealed, other = t.control(giver), t.control(giver)
    t.tick_until(lambda: len(mute.offers(sealed.id)) >= 2, "offers", step=100, limit=50)
    t.acknowledge(t.dial(), sealed.ack())
    mute.barrier()
    mark = mute.mark()
    t.tick_until(lambda: len(mute.offers(other.id, mark)) >= 2, "offers of the other message", step=200, limit=200)
    mute.barrier()
    t.check(not mute.offers(sealed.id, mark), "offered after its acknowledgement")


@case("ack-is-brought-to-who-left", "ACK-036", fresh=True, optional=True)
def _(t):
    """A node that exchanged a message, and has left since, is dialled where it was reached before, and gets the acknowledgement.
    (When the implementation sees the end of the link is its own affair: there are several messages.)"""
    left = t.listen()
    t.start([left])
    t.wait(lambda: left.ready, "a session")
    giver = t.dial()
    some = [t.control(giver) for _ in range(6)]
    t.check(all(t.is_held(left, one) for one in some), "not held")
    since = left.mark()
    left.close()

    def told():
        return any(left.finals(one.id, since) for one in some)
    for one in some:
        t.acknowledge(giver, one.ack())
        if t.settle(told, t.patience / len(some)):
            return
    t.check(told(), "no acknowledgement came to the node that had left")


@case("ack-spreads-to-who-exchanged", "ACK-014 CUS-010", negative=True)
def _(t):
    """The record goes to every node that gave, wanted or was offered the message, not to the one that brought it."""
    giver, taker, bringer = t.dial(), t.dial(), t.dial()
    sealed = t.control(giver)
    t.tick_until(lambda: taker.offers(sealed.id), "an offer", step=100, limit=50)
    t.check(t.is_held(taker, sealed), "not given")
    mark = bringer.mark()
    t.acknowledge(bringer, sealed.ack())
    t.wait(lambda: giver.finals(sealed.id) and taker.finals(sealed.id), "the acknowledgement at giver and taker")
    t.check(giver.finals(sealed.id)[0] == sealed.ack(), "another record")
    bringer.barrier()
    t.check(not bringer.finals(sealed.id, mark), "the record was sent back to the node that brought it")
    t.control(bringer)


@case("known-ack-not-spread-again", "ACK-016", negative=True)
def _(t):
    """A record that is known already is not spread again."""
    giver, bringer = t.dial(), t.dial()
    sealed = t.control(giver)
    t.acknowledge(bringer, sealed.ack())
    t.wait(lambda: giver.finals(sealed.id), "the acknowledgement at the giver")
    mark = giver.mark()
    for _ in range(5):
        t.acknowledge(bringer, sealed.ack())
    giver.barrier()
    t.check(not giver.finals(sealed.id, mark), "spread again")
    t.control(giver)


@case("forged-ack-no-effect", "ACK-004 ACK-002 ACK-003", negative=True)
def _(t):
    """Acknowledgements with a wrong secret, that of another message, or a changed header have no effect."""
    peer, forger = t.dial(), t.dial()
    sealed, other = t.control(peer), t.control(peer)
    ack = sealed.ack()
    for forged in (flip(ack, 135), ack[:104] + other.ack_secret, ack[:104] + sealed.header[32:64], ack[:104] + bytes(32),
                   flip(flip(ack, 0, 2), 0, 2)[:104] + t.rnd("secret"), flip(ack, 5), flip(ack, 12), flip(ack, 40)):
        t.acknowledge(forger, forged)
    t.check(t.is_held(peer, sealed), "a forged acknowledgement removed the message")
    t.check(t.is_held(peer, other), "a forged acknowledgement removed another message")
    t.acknowledge(forger, ack)
    gone(t, peer, sealed, "the true acknowledgement")


@case("forged-acks-are-counted", "ACK-004 PKT-008", negative=True)
def _(t):
    """65 forged acknowledgements cut the link that brings them."""
    witness, forger = t.dial(), t.dial()
    sealed = t.control(witness)
    forger.send("ack", {"records": [sealed.header + sealed.nonce + t.rnd(f"s{i}") for i in range(65)]})
    forger.expect_closed("the link to be cut by 65 forged acknowledgements")
    t.check(t.is_held(witness, sealed), "one of them removed the message")
    t.control(witness)


@case("ack-with-bad-stamp", "ACK-003", negative=True)
def _(t):
    """An acknowledgement whose nonce is no valid stamp has no effect; with the right nonce it has."""
    peer = t.dial()
    paid = t.foreign_message("paid", effort=9)
    t.check(t.push(peer, paid)["status"] == wire.STORED, "not stored")
    t.positive()
    wrong = next(bytes(7) + bytes([n]) for n in range(256) if not message.stamp_valid(paid.id, bytes(7) + bytes([n]), 9))
    t.acknowledge(peer, paid.header + wrong + paid.ack_secret)
    t.check(t.is_held(peer, paid), "removed by an acknowledgement without a valid stamp")
    t.acknowledge(peer, paid.ack())
    gone(t, peer, paid, "the true acknowledgement")
    t.positive()


@case("ack-inside-stored", "ACK-007 PKT-023 ACK-008", negative=True)
def _(t):
    """Stored{acknowledged} counts like an Ack, from anybody; with the record of another id it counts for neither."""
    giver, bringer = t.dial(), t.dial()
    sealed, other = t.control(giver), t.control(giver)
    bringer.send("stored", {"items": [{"id": other.id, "status": wire.ACKNOWLEDGED, "ack": sealed.ack()}]})
    bringer.barrier()
    t.check(t.is_held(giver, other), "the record of another id removed the message")
    bringer.send("stored", {"items": [{"id": sealed.id, "status": wire.ACKNOWLEDGED, "ack": sealed.ack()}]})
    bringer.barrier()
    gone(t, giver, sealed, "Stored{acknowledged}")
    t.check(t.is_held(giver, other), "the other message is gone too")


@case("ack-before-message", "ACK-017 ACK-019 CUS-005", optional=True, negative=True)
def _(t):
    """A record of a message that was never here keeps it out, and is not spread on arrival."""
    bringer, witness = t.dial(), t.dial()
    t.control(witness)
    sealed = t.foreign_message("acknowledged before it comes")
    t.acknowledge(bringer, sealed.ack())
    witness.barrier()
    t.check(not witness.finals(sealed.id), "a foreign acknowledgement was spread on arrival")
    answered_by(t, t.dial(), sealed, sealed.ack(), "foreign")
    t.control(witness)


@case("foreign-ack-from-the-future", "ACK-018", negative=True, slow=True)
def _(t):
    """A foreign record whose header is from the future is ignored: once its time has come the message is taken."""
    peer = t.dial()
    t.control(peer)
    sealed = t.foreign_message("future", now=t.now + 3 * 3_600_000)
    t.acknowledge(peer, sealed.ack())
    t.tick(2 * 3_600_000)
    peer = t.dial()
    t.check(t.push(peer, sealed)["status"] == wire.STORED, "kept out by a record from the future")
    t.control(peer)


@case("unknown-ack-not-amplified", "ACK-019 PKT-006", negative=True)
def _(t):
    """500 foreign records in one packet cause no packet to anybody."""
    witness, sender = t.dial(), t.dial()
    t.control(witness)
    marks = witness.mark(), sender.mark()
    sender.send("ack", {"records": [t.foreign_message(f"f{i}").ack() for i in range(100)]})
    sender.barrier()
    witness.barrier()
    for peer, mark in zip((witness, sender), marks):
        t.check(not peer.received("ack", since=mark), "foreign records were sent on")
    t.control(witness)


@case("acks-are-not-rate-limited", "REQ-012 REQ-011", negative=True, fresh=True)
def _(t):
    """With the packet budget used up, a request is answered by Error{rate_limited}, and an Ack still counts."""
    t.start()
    giver, flood = t.dial(), t.dial()
    sealed = t.control(giver)
    numbers = t.pings(flood, 4300)
    limited = [n for n in numbers if flood.answers[n][0] == "error"]
    t.check(limited and flood.answers[limited[0]][1]["code"] == wire.RATE_LIMITED, "no request was limited")
    flood.send("ack", {"records": [sealed.ack()]})
    t.wait(lambda: giver.finals(sealed.id), "the acknowledgement to count")
    t.control(giver)
