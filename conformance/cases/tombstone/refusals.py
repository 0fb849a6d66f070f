"""Refusals: the mailbox owner's final record (50-ack)."""
from comm_conformance import wire
from comm_conformance.gentools import flip
from comm_conformance.registry import case


@case("refusal-ends-custody", "ACK-009 ACK-012 ACK-013 ACK-014 CUS-005")
def _(t):
    """A valid refusal ends custody, is spread, and answers Message and Offer."""
    giver, owner = t.dial(), t.dial()
    sealed = t.control(giver)
    record = t.refusal(sealed)
    t.acknowledge(owner, record)
    t.wait(lambda: giver.finals(sealed.id), "the refusal at the giver")
    t.check(giver.finals(sealed.id)[0] == record, "another record")
    t.check(not t.is_held(giver, sealed), "still given out")
    item = t.push(t.dial(), sealed)
    t.check(item["status"] == wire.ACKNOWLEDGED and item["ack"] == record, f"answered by {item['status']}")


@case("refusal-by-stranger", "ACK-005 ACK-006", negative=True)
def _(t):
    """Refusals by another mailbox, with a false signature, or of another message have no effect."""
    peer = t.dial()
    sealed, other = t.control(peer), t.control(peer)
    good, stranger = t.refusal(sealed), t.refusal(sealed, t.stranger("somebody else"))
    for forged in (stranger, good[:136] + stranger[136:], flip(good, 199), flip(good, 150),
                   good[:136] + t.refusal(other)[136:]):
        t.acknowledge(peer, forged)
    t.check(t.is_held(peer, sealed) and t.is_held(peer, other), "a forged refusal removed a message")
    t.acknowledge(peer, good)
    t.check(not t.is_held(peer, sealed), "the true refusal had no effect")
    t.positive()


@case("ack-replaces-refusal", "ACK-015 CUS-002", negative=True)
def _(t):
    """An acknowledgement replaces a refusal and is spread; a refusal does not replace an acknowledgement."""
    peer, bringer = t.dial(), t.dial()
    sealed = t.control(peer)
    t.acknowledge(bringer, t.refusal(sealed))
    item = t.push(peer, sealed)
    t.check(item["ack"] == t.refusal(sealed), "not refused")
    t.acknowledge(bringer, sealed.ack())
    t.check(t.push(peer, sealed)["ack"] == sealed.ack(), "the acknowledgement did not replace the refusal")
    t.acknowledge(bringer, t.refusal(sealed))
    t.check(t.push(peer, sealed)["ack"] == sealed.ack(), "the refusal replaced the acknowledgement")
    t.control(peer)


@case("tombstone-keeps-message-out", "CUS-001 CUS-033", negative=True, slow=True)
def _(t):
    """Hours later, before expiry and grace are over, a message with a tombstone does not come back."""
    peer = t.dial()
    sealed = t.foreign_message("comes back", lifetime=600)
    t.check(t.push(peer, sealed)["status"] == wire.STORED, "not stored")
    t.acknowledge(peer, sealed.ack())
    t.positive()
    t.tick(9 * 3_600_000)
    late = t.dial()
    item = t.push(late, sealed)
    t.check(item["status"] == wire.ACKNOWLEDGED, f"nine hours later answered by status {item['status']}")
    t.control(late)


@case("refusal-before-message", "ACK-017 ACK-009", optional=True)
def _(t):
    """A refusal of a message that was never here keeps it out."""
    peer = t.dial()
    sealed = t.foreign_message("refused before it comes")
    t.acknowledge(peer, t.refusal(sealed))
    t.check(t.push(t.dial(), sealed)["status"] == wire.ACKNOWLEDGED, "the message was taken")
