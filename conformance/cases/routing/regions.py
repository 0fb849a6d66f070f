"""Regions (70-routing), in a network that the suite makes look large."""
from comm_conformance import crypto, message, routing, sealing, wire
from comm_conformance.base import H
from comm_conformance.crowd import begin_among, crowd, nobody
from comm_conformance.registry import case
from comm_conformance.syncing import FAR, open_session


def far_from(own, label, t):
    """The seed of a mailbox in the other half of the space."""
    for number in range(64):
        seed = t.rnd(f"{label} {number}")
        point = message.mailbox_id(crypto.ed25519_public(seed))
        if routing.distance(point, own) >= routing.SPACE // 2:
            return seed, point
    raise AssertionError("64 mailboxes in one half of the space")


@case("outside-the-region", "RTE-023 RTE-022 RTE-019", fresh=True)
def _(t):
    """In a network of more than a thousand nodes a node has a region, and takes messages and Collects for mailboxes at the
    other end of the space all the same."""
    begin_among(t, crowd(t))
    own, giver, owner = bytes.fromhex(t.subject.ready["node_id"]), t.dial(), t.dial()
    _, body = open_session(t, giver)
    t.check(body["radius"] < FAR, "everyone is a member, although more than a thousand nodes were found")
    seed, mailbox = far_from(own, "mailbox", t)
    inside, secret = t.rnd("body", 1024), t.rnd("secret")
    raw = message.encode_header(0, t.now // 60_000 + 60, 60, mailbox, H("ack", secret), crypto.blake2b(inside))
    sealed = sealing.SealedMessage(raw, bytes(8), inside, secret)
    item = t.push(giver, sealed)
    t.check(item["status"] == wire.STORED, f"a message for a mailbox outside the region was answered by {item}")
    mark = owner.mark()
    t.check(t.collect(owner, seed) == wire.SUBSCRIBED, "a Collect of a mailbox outside the region was refused")
    t.wait(lambda: owner.offers(sealed.id, mark), "an Offer after Collect")


@case("named-is-not-found", "RTE-012 RTE-021", fresh=True, negative=True)
def _(t):
    """Ids that a node names, and under which nobody answers, are not found: they make the network no larger."""
    bootstrap = begin_among(t, nobody(t))
    t.positive()
    t.check(len(bootstrap.received("find_node")) > 0, "no lookup")
    _, body = open_session(t, t.dial())
    t.check(body["radius"] == FAR, f"sixteen names without nodes made a region of radius {body['radius'].hex()}")
    t.control(t.dial())
