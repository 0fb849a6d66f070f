"""Regions (70-routing), in a network that the suite makes look large."""
from comm_conformance import crypto, message, routing, sealing, wire
from comm_conformance.base import H, param
from comm_conformance.crowd import begin_among, contact_of, crowd, ground_seeds, known_id, nobody, opposite
from comm_conformance.registry import case
from comm_conformance.syncing import FAR, open_session

K = param("bucket_size")


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


@case("empty-answers-end-no-lookup", "RTE-014 RTE-019", fresh=True)
def _(t):
    """The join's lookup asks each of the eight nearest who were named, although all of them answer that they know nobody."""
    near = []

    def contacts_of(target):
        near.extend(t.listen(f"near {number}", seed=seed) for number, seed in enumerate(ground_seeds(t, target)))
        return [contact_of(peer) for peer in near]
    begin_among(t, contacts_of)
    own = bytes.fromhex(t.subject.ready["node_id"])
    nearest = sorted(near, key=lambda peer: routing.distance(peer.node_id(), own))[:K]
    t.wait(lambda: all(peer.received("find_node", lambda b: b["target"] == own) for peer in nearest),
           f"FindNode of the join at each of the {K} nearest nodes")


@case("full-bucket-keeps-its-nodes", "RTE-003", fresh=True, negative=True)
def _(t):
    """In a bucket full of nodes that can be dialled, nodes that cannot be take nobody's place: all of the former are still
    named."""
    own = known_id(t)
    seeds = opposite(t, own, "bucket", K + 4)
    peers = [t.listen(seed=seed) for seed in seeds[:K]]
    t.start(peers)
    t.wait(lambda: all(peer.ready for peer in peers), "sessions with a bucket of nodes")
    asking = t.dial()

    def named():
        found = set()
        for peer in peers:
            t.tick(1000)  # lookups have a rate
            kind, body = asking.ask("find_node", {"target": peer.node_id()})
            t.check(kind == "nodes", f"FindNode was answered by {kind}")
            found |= {contact["node_id"] for contact in body.get("contacts", [])}
        return found & {peer.node_id() for peer in peers}
    t.check(len(named()) == K, f"{len(named())} of {K} nodes in one bucket are named")
    t.positive()
    for seed in seeds[K:]:
        t.control(t.dial(seed=seed))
    t.check(len(named()) == K, f"{len(named())} of {K} nodes are named after others came who cannot be dialled")
    t.positive()
