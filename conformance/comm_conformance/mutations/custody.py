"""Custody and final records."""
from .. import message, wire
from ..base import FUTURE, MINUTE, Reject, need
from ..node import custody, sessions
from .base import ignore, mutant, patch, without


@mutant("expiry-off-by-one", "MSG-016")
def _():
    def check(header, now_ms):
        need(header.expires_ms >= now_ms - MINUTE, "policy/expired", "ignore")
        need(header.expires_ms - header.lifetime * MINUTE <= now_ms + FUTURE, "policy/from-the-future", "ignore")
    message.check_lifetime = check


@mutant("oversize-tolerated", "PKT-011")
def _():
    from ..transport import Transport
    wire.need = without(("frame/packet-oversize",))
    patch(Transport, "__init__")(lambda original, self, network="comm", max_message=-1, poller=None: original(
        self, network, -1, poller))


@mutant("old-ack-counted", "PKT-009")
def _():
    @patch(message, "check_final")
    def _(original, record, now_ms=None):
        header = original(record)
        need(header.deleted_ms > now_ms, "policy/ack-expired", "count")
        return header


@mutant("expired-given-out", "REQ-009")
def _():
    ignore(custody.Custody, "current", True)


@mutant("ack-ignored", "ACK-007")
def _():
    ignore(custody.Custody, "on_final")


@mutant("relay-after-ack", "ACK-013")
def _():
    @patch(custody.Custody, "end")
    def _(original, self, held, record, link):
        held.final = record
        self.spread_final(held, link)


@mutant("ack-not-spread", "ACK-014")
def _():
    ignore(custody.Custody, "spread_final")


@mutant("ack-spread-to-bringer", "ACK-014")
def _():
    patch(custody.Custody, "spread_final")(lambda original, self, held, bringer: (
        original(self, held, bringer), bringer and self.node.sessions.send(bringer, "ack", {"records": [held.final]})))


@mutant("known-ack-spread-again", "ACK-016")
def _():
    @patch(custody.Custody, "on_final")
    def _(original, self, link, record):
        held = self.held.get(message.message_id(record[:96]))
        if held is not None and held.state == custody.ACKED:
            self.spread_final(held, link)
        else:
            original(self, link, record)


@mutant("foreign-ack-spread", "ACK-019")
def _():
    @patch(custody.Custody, "_foreign")
    def _(original, self, header, record, link):
        original(self, header, record, link)
        for other in self.node.sessions.ready_links():
            self.node.sessions.send(other, "ack", {"records": [record]})


@mutant("foreign-ack-of-any-time", "ACK-018")
def _():
    @patch(custody.Custody, "_foreign")
    def _(original, self, header, record, link):
        try:
            original(self, header, record, link)
        except Reject:
            held = custody.Held(header.raw, record[96:104], b"")
            held.state, held.final = custody.ACKED, record
            self.held[held.id] = held


@mutant("ack-in-stored-ignored", "ACK-007")
def _():
    ignore(custody.Custody, "_stored_final")


@mutant("ack-of-other-id-counts", "ACK-008")
def _():
    @patch(custody.Custody, "_stored_final")
    def _(original, self, link, item):
        held = self.live(item["id"])
        if held is not None:
            self.end(held, item["ack"], link)


@mutant("refusal-ignored", "ACK-009")
def _():
    @patch(custody.Custody, "on_final")
    def _(original, self, link, record):
        if message.is_ack(record):
            original(self, link, record)


@mutant("refusal-stays", "ACK-015")
def _():
    @patch(custody.Custody, "on_final")
    def _(original, self, link, record):
        held = self.held.get(message.message_id(record[:96]))
        if held is None or held.state == custody.LIVE:
            original(self, link, record)


@mutant("refusal-replaces-ack", "CUS-002")
def _():
    @patch(custody.Custody, "on_final")
    def _(original, self, link, record):
        held = self.held.get(message.message_id(record[:96]))
        if held is not None and held.state == custody.ACKED and not message.is_ack(record):
            held.state, held.final = custody.REFUSED_STATE, record
        else:
            original(self, link, record)


@mutant("tombstone-forgotten", "CUS-001")
def _():
    @patch(custody.Custody, "end")
    def _(original, self, held, record, link):
        original(self, held, record, link)
        self.held.pop(held.id)
        self.store.write("DELETE FROM messages WHERE id=?", held.id)


@mutant("tombstone-in-memory-only", "CUS-041")
def _():
    @patch(custody.Custody, "save")
    def _(original, self, held):
        if held.state == custody.LIVE:
            original(self, held)


@mutant("stored-before-durable", "CUS-004")
def _():
    from ..node.base import Store
    ignore(Store, "commit")


@mutant("message-in-memory-only", "CUS-041")
def _():
    ignore(custody.Custody, "save")


@mutant("backoff-constant", "CUS-022")
def _():
    from ..node.base import Scale
    patch(Scale, "backoff")(lambda original, self, transmissions: original(self, 1))


@mutant("backoff-uncapped", "CUS-021")
def _():
    from ..node.base import Scale
    Scale.backoff = lambda self, transmissions: self.jitter((2**transmissions - 1) * self.unit)


@mutant("offers-never-again", "CUS-022")
def _():
    from ..node.base import Scale
    Scale.backoff = lambda self, transmissions: 10**12


@mutant("stored-does-not-settle", "CUS-022")
def _():
    patch(custody.Custody, "on_stored")(lambda original, self, link, body: original(self, link, {"items": [
        i for i in body["items"] if i["status"] == wire.ACKNOWLEDGED]}))


@mutant("disk-settles", "CUS-022")
def _():
    patch(custody.Custody, "on_stored")(lambda original, self, link, body: original(self, link, {"items": [
        {**i, "reason": min(i.get("reason", 0), 1)} for i in body["items"]]}))


@mutant("offered-back-to-giver", "CUS-011")
def _():
    @patch(custody.Custody, "exchanged")
    def _(original, self, held, node_id, **changes):
        return original(self, held, node_id, **{k: v for k, v in changes.items() if k not in ("holder", "settled")})


@mutant("pushed-spreads-lazily", "CUS-026")
def _():
    patch(custody.Custody, "_spread")(lambda original, self, held, lazily: self.node.timers.after(
        3_600_000, self.spread_lazily, held.id))


@mutant("unsolicited-stored-counts", "CUS-012")
def _():
    @patch(custody.Custody, "on_stored")
    def _(original, self, link, body):
        for item in body["items"]:
            self.claimed = getattr(self, "claimed", set()) | {(item["id"], link.node_id)}
        original(self, link, body)

    @patch(custody.Custody, "target")
    def _(original, self, held, node_id, push=False):
        if (held.id, node_id) not in getattr(self, "claimed", set()):
            original(self, held, node_id, push)


@mutant("two-wants-at-once", "CUS-006")
def _():
    ignore(custody.Custody, "offered", True)


@mutant("one-offerer-remembered", "CUS-007")
def _():
    @patch(custody.Custody, "_want_failed")
    def _(original, self, identifier, entry):
        self.wanted.pop(identifier, None)


@mutant("offered-id-is-known", "CUS-008")
def _():
    @patch(custody.Custody, "take")
    def _(original, self, link, item, fetched):
        identifier = message.message_id(item["header"])
        if identifier in self.wanted and not fetched:
            return {"id": identifier, "status": wire.DUPLICATE}
        return original(self, link, item, fetched)


@mutant("one-bad-item-spoils-all", "MSG-007")
def _():
    @patch(custody.Custody, "on_message")
    def _(original, self, link, request_id, body, fetched):
        for item in body["items"]:
            try:
                message.parse_header(item["header"])
            except Reject as reject:
                self.node.sessions.fault(link, reject)
                return
        original(self, link, request_id, body, fetched)


@mutant("not-held-unanswered", "REQ-008")
def _():
    @patch(custody.Custody, "on_want")
    def _(original, self, link, request_id, body):
        if any(i in self.held for i in body["ids"]):
            original(self, link, request_id, body)


@mutant("answers-with-id-0", "REQ-001")
def _():
    patch(sessions.Sessions, "send")(lambda original, self, link, kind, body=None, request_id=0: original(
        self, link, kind, body, request_id if kind in ("hello", "welcome") or kind in wire.REQUESTS else 0))


@mutant("wants-unbounded", "CUS-047")
def _():
    ignore(custody.Custody, "may_ask", True)
