"""The sender, the overlay and own records."""
from .. import crypto, identity, keyrecord, sealing, wire
from ..base import H, Reject, now_week
from ..node import agent, custody, overlay, sessions
from .base import ignore, mutant, patch


@mutant("ephemeral-reused", "CRY-012")
def _():
    patch(sealing, "seal_bytes")(lambda original, *a, **named: original(*a[:7], b"e" * 32, **named))


@mutant("largest-class-always", "MSG-010")
def _():
    ignore(sealing, "smallest_class", 3)


@mutant("text-unbounded", "CRY-016")
def _():
    ignore(sealing, "check_text")
    sealing.smallest_class = lambda size: next(c for c, room in enumerate((924, 3996, 16284, 10**6)) if size <= room)


@mutant("wrong-weeks-mailbox", "MBX-001")
def _():
    keyrecord.KeyRecord.mailbox_for = lambda self, now_ms: self.mailboxes[-1][1]


@mutant("expiry-from-sealing", "MSG-019")
def _():
    @patch(agent.Agent, "seal")
    def _(original, self, out, record):
        sent, out.sent_ms = out.sent_ms, self.clock.wall()
        original(self, out, record)
        out.sent_ms = sent


@mutant("random-prekeys", "CRY-006")
def _():
    patch(identity.Identity, "prekey")(lambda original, self, week: crypto.dhpair(H("ack", b"%d" % week)))


@mutant("first-is-offer", "CUS-015")
def _():
    patch(custody.Custody, "target")(lambda original, self, held, node_id, push=False: original(self, held, node_id))


@mutant("every-node-is-entry", "CUS-014")
def _():
    patch(custody.Custody, "add_entries")(lambda original, self, held, count: original(self, held, 64))


@mutant("clients-are-entries", "CUS-014")
def _():
    patch(custody.Custody, "add_entries")(lambda original, self, held, count: _clients_first(original, self, held, count))


def _clients_first(original, self, held, count):
    for link in self.node.sessions.ready_links():
        link.their["role"] = 3 - link.their["role"]
    original(self, held, count)


@mutant("refusing-entry-kept", "CUS-018")
def _():
    @patch(custody.Custody, "add_entries")
    def _(original, self, held, count):
        if not held.peers:
            original(self, held, count)


@mutant("no-refresh", "CUS-017")
def _():
    ignore(custody.Custody, "_every")


@mutant("own-message-in-memory", "CUS-013")
def _():
    @patch(custody.Custody, "save")
    def _(original, self, held):
        if not held.own:
            original(self, held)


@mutant("refusal-is-delivery", "ACK-031")
def _():
    @patch(agent.Agent, "ended")
    def _(original, self, held):
        held.state = custody.ACKED
        original(self, held)


@mutant("no-reseal", "ACK-032")
def _():
    @patch(agent.Agent, "ended")
    def _(original, self, held):
        if held.state == custody.ACKED:
            original(self, held)


@mutant("stored-is-delivery", "ACK-030")
def _():
    patch(agent.Agent, "report")(lambda original, self, held: self.state(self.of_copy(held.id), "delivered"))


def _checked(body, now_ms):
    try:
        return keyrecord.check(body["record"], body["signature"], body["nonce"], now_ms)
    except Reject:
        return None


@mutant("record-of-other-taken", "REC-026")
def _():
    @patch(agent.Agent, "_found")
    def _(original, self, wanted, body):
        record = _checked(body, self.clock.wall())
        if record is not None:
            self.node.records.records[wanted] = record


@mutant("first-record-counts", "REC-025")
def _():
    @patch(agent.Agent, "_found")
    def _(original, self, wanted, body):
        held, record = self.node.records.records.get(wanted), _checked(body, self.clock.wall())
        if record is not None and (held is None or record.seq < held.seq):
            self.node.records.records[wanted] = record


@mutant("gives-up-without-key", "CUS-045")
def _():
    @patch(agent.Agent, "find_key")
    def _(original, self, out, again=False):
        if out.lookups == 0:
            original(self, out, again)


@mutant("expiry-untold", "CUS-036")
def _():
    ignore(agent.Agent, "expired")


@mutant("late-ack-unshown", "CUS-037")
def _():
    @patch(agent.Agent, "ended")
    def _(original, self, held):
        if self.of_copy(held.id) is not None and self.of_copy(held.id).state != "expired":
            original(self, held)


@mutant("node-key-not-kept", "CRY-010")
def _():
    from ..node.base import Store
    patch(Store, "get")(lambda original, self, key, default=None: default if key == "node seed" else original(self, key, default))


@mutant("names-everybody", "RTE-011")
def _():
    @patch(overlay.Overlay, "proved")
    def _(original, self, link):
        original(self, link)
        contact = self.table.get(link.node_id)
        if contact is not None and not contact.dialable:
            contact.endpoint, contact.dialable = "127.0.0.1:9", True


@mutant("dials-claimed-address", "RTE-010")
def _():
    @patch(overlay.Overlay, "_dial_back")
    def _(original, self, contact, link):
        for endpoint in link.their.get("endpoints", []):
            self.node.sessions.dial(wire.endpoint_text(endpoint), contact.node_id, contact)


@mutant("dial-back-says-auth", "RTE-009")
def _():
    ignore(overlay.Overlay, "_dial_back")


@mutant("does-not-join", "RTE-019")
def _():
    patch(overlay.Overlay, "join")(lambda original, self: (setattr(self, "joined", True), self.node.joined())
                                   if not self.joined else None)


@mutant("collects-before-join", "MBX-016")
def _():
    patch(agent.Agent, "link_ready")(lambda original, self, link: (self.collect(link), original(self, link)))
    patch(overlay.Overlay, "join")(lambda original, self: self.node.timers.after(100, original, self))


@mutant("collects-this-week-only", "MBX-002")
def _():
    agent.Agent.weeks = lambda self: range(now_week(self.clock.wall()), now_week(self.clock.wall()) + 1)


@mutant("replaced-records-forgotten", "MBX-003")
def _():
    ignore(agent.Agent, "last_weeks", [])


@mutant("few-are-enough", "MBX-012")
def _():
    ignore(agent.Agent, "_while_few")


@mutant("failed-collect-forgotten", "MBX-014")
def _():
    patch(sessions.Sessions, "request")(lambda original, self, link, kind, body, callback: original(
        self, link, kind, body, (lambda k, b: None) if kind == "collect" else callback))


@mutant("publishes-once", "REC-023")
def _():
    ignore(agent.Agent, "_retry_publish")


@mutant("foreign-own-record-ignored", "REC-024")
def _():
    ignore(agent.Agent, "saw_record")


@mutant("eight-weeks-listed", "REC-021")
def _():
    patch(identity.Identity, "record")(lambda original, self, now_ms, **changes: original(self, now_ms, **{
        "mailboxes": [(w, self.mailbox_id(w)) for w in range(now_week(now_ms), now_week(now_ms) + 8)], **changes}))


@mutant("acks-rate-limited", "REQ-012")
def _():
    @patch(sessions.Sessions, "_ready_packet")
    def _(original, self, link, request_id, kind, body):
        if kind != "ack" or link.packets.take():
            original(self, link, request_id, kind, body)


@mutant("twenty-contacts", "REQ-007")
def _():
    patch(sessions.Sessions, "send")(lambda original, self, link, kind, body=None, request_id=0: original(
        self, link, kind, {"contacts": (body["contacts"] * 20)[:20]} if kind == "nodes" else body, request_id))
