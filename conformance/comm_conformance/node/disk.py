"""A disk that is behind (CUS-054): a turn keeps so much and no more. One that is full (CUS-032): nothing of a turn whose
writes failed is said, and whoever waits is told."""
from .. import wire
from ..base import param
from .base import DiskFull
from .held import LIVE

PAUSE = 10_000


def refused(identifier):
    return {"id": identifier, "status": wire.ST_REFUSED, "reason": wire.DISK}


class Disk:
    def __init__(self, node):
        self.node, self.sends = node, []     # refs of what the user has sent since the last commit
        self.until = None                   # mono
        self.staged = 0                     # bytes of messages, since the last commit

    def is_behind(self):
        return self.staged >= self.node.quotas["max_staged"]

    def is_full(self):
        return self.pause() > 0

    def pause(self):
        """How long no write is tried."""
        return 0 if self.until is None else max(0, self.until - self.node.clock.mono())

    def commit(self):
        try:
            self.node.store.commit()
        except DiskFull:
            self._failed()
        self.sends, self.staged = [], 0

    def _failed(self):
        node = self.node
        self.until = node.clock.mono() + PAUSE
        node.custody.read()
        node.records.read()
        if node.agent is not None:
            node.agent.read()
            node.agent.pairwise.read()
        unsaid, node.outgoing = node.outgoing, []
        for entry in unsaid:
            if len(entry) == 1:
                node.outgoing.append(entry)
            else:
                self._anew(entry, *entry[1:])
        for ref in self.sends:
            node.event(ev="error", what="not sent: the disk is full", ref=ref)
        self._wait_for_room()

    def _anew(self, entry, link, kind, body, request_id):
        """What was to leave, as it is without the writes: what is the user's, and offers, wait for them."""
        node = self.node
        if kind == "stored":
            items = [again for again in map(self.answer_anew, body["items"]) if again is not None]
            if items:
                node.sessions.send(link, kind, {"items": items}, request_id)
        elif kind == "record" and request_id:
            node.records.answer(link, request_id, body["address"])
        elif not (kind in ("ack", "offer", "put_record") or kind == "message" and not request_id
                  or kind == "event" and body["ev"] in ("state", "received")):
            node.outgoing.append(entry)

    def answer_anew(self, item):
        """A StoredItem that was not said: what is so without the writes."""
        held = self.node.custody.held.get(item["id"])
        if item["status"] == wire.ST_REFUSED:
            return item
        if held is not None and held.state == LIVE:
            return None if item["status"] == wire.EVICTED else {"id": held.id, "status": wire.DUPLICATE}
        if held is not None:
            return {"id": held.id, "status": wire.ACKNOWLEDGED, "ack": held.final}
        return refused(item["id"])

    def _wait_for_room(self):
        """What was due is due when the next write may be tried."""
        custody, now = self.node.custody, self.node.clock.wall()
        for held in custody.held.values():
            for node_id, peering in held.peers.items():
                if held.state == LIVE and peering.due is not None:
                    custody._arm(held, node_id, max(PAUSE, min(peering.due - now, param("backoff_cap"))))
