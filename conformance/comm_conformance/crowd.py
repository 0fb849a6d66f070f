"""A large network in the eyes of one node: nodes whose ids are ground to lie next to its own, which the join's lookup finds."""
from . import crypto, identity, routing, wire

SHARE = 200         # they lie in this part of the space: N_hat is above 23/3 * 200
COUNT = 10          # the size is estimated from the eighth


def ground_seeds(t, target):
    """Seeds of node keys whose ids lie within 1/SHARE of the target."""
    found, number = [], 0
    while len(found) < COUNT:
        seed = t.rnd(f"ground {number}")
        number += 1
        if routing.distance(identity.node_id(crypto.ed25519_public(seed), "test"), target) < routing.SPACE // SHARE:
            found.append(seed)
    return found


def contact_of(peer):
    return {"node_id": peer.node_id(), "node_key": peer.node_key, "endpoint": peer.endpoints[0]}


def answering(peer, contacts):
    """The peer answers FindNode by contacts(target)."""
    serve = peer._serve

    def answer(kind, body, request_id):
        if kind == "find_node":
            peer.send("nodes", {"contacts": contacts(body["target"])}, request_id)
        else:
            serve(kind, body, request_id)
    peer._serve = answer


def begin_among(t, contacts_of):
    """An implementation that joins through one node, which answers its FindNode by contacts_of(own id); that node."""
    bootstrap, own, named = t.listen("bootstrap"), [], []

    def contacts(target):
        if not own:  # the first lookup is the join's
            own.append(target)
            named.extend(contacts_of(target))
        return named if target == own[0] else []
    answering(bootstrap, contacts)
    t.start([bootstrap])
    t.wait(lambda: bootstrap.collected, "the join's lookup to end and the first Collect")
    return bootstrap


def crowd(t):
    """contacts_of for begin_among: listening peers next to the implementation."""
    peers = []

    def contacts_of(target):
        peers.extend(t.listen(f"near {number}", seed=seed) for number, seed in enumerate(ground_seeds(t, target)))
        return [contact_of(peer) for peer in peers]
    return contacts_of


def nobody(t):
    """contacts_of for begin_among: ids next to the implementation's at endpoints where nobody is."""
    def contacts_of(target):
        return [{"node_id": target[:-1] + bytes([target[-1] ^ number]), "node_key": t.rnd(f"key {number}"),
                 "endpoint": wire.endpoint_bytes("127.0.0.1", 9)} for number in range(1, 17)]
    return contacts_of


def known_id(t):
    """The node id that the implementation will have: it is started, and killed before anything happens."""
    t.start()
    own = bytes.fromhex(t.subject.ready["node_id"])
    t.kill()
    return own


def opposite(t, own, label, count):
    """Seeds of nodes in the other half of the space: all in one bucket of the implementation."""
    seeds = (t.rnd(f"{label} {number}") for number in range(10_000))
    far = (s for s in seeds if identity.node_id(crypto.ed25519_public(s), "test")[0] >> 7 != own[0] >> 7)
    return [next(far) for _ in range(count)]
