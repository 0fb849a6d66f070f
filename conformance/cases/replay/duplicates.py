"""Duplicates and replays."""
from comm_conformance import wire
from comm_conformance.registry import case


def deliver(t, peer, sealed):
    since = peer.mark()
    peer.send("message", {"items": [sealed.item()]})
    t.wait(lambda: peer.finals(sealed.id, since), "a final record")
    return peer.finals(sealed.id, since)[0]


def shown(t, text):
    return len(t.events("received", text=text))


@case("shown-once", "ACK-022 ACK-025 CUS-005", negative=True)
def _(t):
    """The same message again, from the same and another node, is acknowledged again and not shown again."""
    peer, other = t.dial(), t.dial()
    sealed = t.own_mail("once")
    t.check(deliver(t, peer, sealed) == sealed.ack(), "not acknowledged")
    t.wait(lambda: shown(t, "once") == 1, "the text")
    t.positive()
    for again in (peer, other, peer):
        t.check(deliver(t, again, sealed) == sealed.ack(), "not acknowledged again")
    since = other.mark()
    other.send("offer", {"items": [sealed.offer()]})
    t.wait(lambda: other.finals(sealed.id, since), "the acknowledgement in answer to an Offer")
    after = t.own_mail("after")
    deliver(t, peer, after)
    t.wait(lambda: shown(t, "after") == 1, "a later text")
    t.positive()
    t.check(shown(t, "once") == 1, f"shown {shown(t, 'once')} times")


@case("same-uid-other-copy", "ACK-022", negative=True)
def _(t):
    """Another copy of one message (same sender and uid, another id) is acknowledged and not shown."""
    peer = t.dial()
    plain = t.plain("twin copies")
    first, second = t.crafted("copy 1", plain=plain), t.crafted("copy 2", plain=plain)
    t.check(first.id != second.id, "suite: the copies have one id")
    t.check(deliver(t, peer, first) == first.ack(), "not acknowledged")
    t.wait(lambda: shown(t, "twin copies") == 1, "the text")
    t.positive()
    t.check(deliver(t, peer, second) == second.ack(), "the second copy was not acknowledged")
    other = t.crafted("copy 3", plain=t.plain("twin copies", uid=t.rnd("another uid", 16)))
    deliver(t, peer, other)
    t.wait(lambda: shown(t, "twin copies") == 2, "the same text with another uid")
    t.positive()
    t.settle(seconds=0.2)
    t.check(shown(t, "twin copies") == 2, "a copy was shown")


@case("same-uid-other-sender", "ACK-022 CRY-023")
def _(t):
    """The same uid of another sender is another message."""
    peer = t.dial()
    uid = t.rnd("shared uid", 16)
    for name in ("first sender", "second sender"):
        sender = t.stranger(name)
        sealed = t.crafted(name, plain=t.plain(name, sender=sender, uid=uid), sender=sender)
        t.check(deliver(t, peer, sealed) == sealed.ack(), "not acknowledged")
        t.wait(lambda n=name: shown(t, n) == 1, f"the text of the {name}")


@case("not-shown-again-after-crash", "ACK-023 ACK-021 ACK-025 CUS-041", negative=True, fresh=True)
def _(t):
    """kill -9 after the acknowledgement: the message and another copy of it are acknowledged and not shown again."""
    t.start()
    peer = t.dial()
    plain = t.plain("before the crash")
    sealed, copy = t.crafted("one", plain=plain), t.crafted("two", plain=plain)
    t.check(deliver(t, peer, sealed) == sealed.ack(), "not acknowledged")
    t.positive()
    t.restart()
    count = shown(t, "before the crash")
    peer = t.dial("after")
    t.check(deliver(t, peer, sealed) == sealed.ack(), "not acknowledged after the crash")
    t.check(deliver(t, peer, copy) == copy.ack(), "the copy was not acknowledged after the crash")
    fresh = t.own_mail("after the crash")
    deliver(t, peer, fresh)
    t.wait(lambda: shown(t, "after the crash") == 1, "a new text")
    t.positive()
    t.check(count <= 1 and shown(t, "before the crash") == count, "shown again after the crash")


@case("same-id-other-body", "MSG-011 MSG-009", negative=True)
def _(t):
    """Nobody exchanges the body of a held id."""
    from comm_conformance.gentools import flip
    peer = t.dial()
    sealed = t.control(peer)
    peer.send("message", {"items": [dict(sealed.item(), body=flip(sealed.body, 0))]})
    peer.barrier()
    t.check(t.is_held(peer, sealed), "the held body changed")
    t.control(peer)
    assert wire.STORED
