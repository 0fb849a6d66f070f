"""What cases of reconciliation share."""
from . import keyrecord, reconcile

FAR = b"\xff" * 20
LONG = 10 * 60     # minutes: what lives so long counts in a session that begins now


def sync_message(t, label, lifetime=LONG):
    return t.foreign_message(label, lifetime=lifetime)


def open_session(t, peer, centre=None, radius=FAR):
    """Opens a session as requester: (its key, the body of the answer). Everything counts for this side."""
    nonce = t.rnd(f"nonce {peer.name} {peer.next_request}")
    peer.asked_after = (t.now + 14_400_000) // 60_000
    kind, body = peer.ask("sync", {"nonce": nonce, "centre": peer.node_id() if centre is None else centre,
                                   "radius": radius, "after": peer.asked_after})
    t.check(kind == "sync" and body.get("answer"), f"an opening was answered by {kind} {body}")
    peer.sync_key = reconcile.session_key(nonce, body["nonce"])
    return peer.sync_key, body


def held_elements(t, peer, live, ended=()):
    """The elements of messages and of the key record that the implementation holds of its own user, if it does."""
    out = [(s.header[4:8] + s.id, 0) for s in live] + [(s.header[4:8] + s.id, 2) for s in ended]
    _, body = peer.ask("get_record", {"address": t.address})
    if body.get("record"):
        record = keyrecord.parse(body["record"], body["signature"], body["nonce"])
        out.append((reconcile.record_key(record.address, record.hash), 0))
    return sorted(out)


class Responder:
    """Answers the implementation's requests for reconciliation, as a relay that holds the given elements."""

    def __init__(self, t, elements=()):
        self.t, self.elements = t, sorted(elements)
        self.openings, self.told, self.key = [], [], None

    def answer(self, peer, request_id, body):
        ranges = [one for theirs in body.get("ranges", []) for one in self._judge(theirs)]
        greeting = {}
        if body.get("nonce"):
            self.openings.append(body)
            nonce = self.t.rnd(f"responder {len(self.openings)}")
            self.key = reconcile.session_key(body["nonce"], nonce)
            greeting = {"nonce": nonce, "centre": peer.node_id(), "radius": FAR, "after": body["after"]}
            ranges = [reconcile.whole(self.key, reconcile.FIRST, reconcile.LAST, self.elements)]
        peer.send("sync", {**greeting, "ranges": ranges, "answer": True}, request_id)

    def _judge(self, theirs):
        self.told += reconcile.elements_of(theirs.get("elements", b""))
        return reconcile.answer_range(self.key, theirs, self.elements)


def element(sealed, state=0):
    return sealed.header[4:8] + sealed.id, state


def relay_with(t, count=1, **settings):
    """An implementation started as relay, and relays it dials, each with a Responder."""
    from . import wire
    peers = [t.listen(role=wire.RELAY) for _ in range(count)]
    for peer in peers:
        peer.reconciles = Responder(t)
    t.start(peers, role="relay", **settings)
    t.wait(lambda: all(p.ready for p in peers), "sessions")
    return peers


def reconciled(t, peer, count=1):
    """Ticks until the implementation has opened so many sessions with a peer and they are over."""
    t.tick_until(lambda: len(peer.reconciles.openings) >= count, f"session {count} of reconciliation", step=1000, limit=500)
    t.settle(seconds=0.2)
