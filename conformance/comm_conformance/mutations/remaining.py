"""Rules that other rules hide at first sight: each is broken alone."""
import dataclasses

from .. import message, pairwise, pb, wire
from ..base import need
from ..node import agent, custody, overlay, records, sessions
from ..node.base import Scale, Store
from .base import ignore, mutant, patch, tolerate


@mutant("unknown-code-is-no-failure", "PKT-029")
def _():
    patch(sessions.Sessions, "_on_error")(lambda original, self, link, request_id, body: (
        original(self, link, request_id, body) if body.get("code") in wire.ERROR_NAMES else None))


@mutant("unasked-records-kept", "REQ-002")
def _():
    @patch(sessions.Sessions, "_ready_packet")
    def _(original, self, link, request_id, kind, body):
        if kind == "record" and request_id not in link.requests and body.get("record"):
            self.node.records.on_put(link, request_id, body)
        else:
            original(self, link, request_id, kind, body)


@mutant("requests-never-fail", "REQ-003")
def _():
    patch(sessions, "param")(lambda original, name, *profile: 10**12 if name == "request_timeout" else original(name, *profile))


@mutant("want-is-a-push", "REQ-004")
def _():
    patch(sessions.Sessions, "send")(lambda original, self, link, kind, body=None, request_id=0: original(
        self, link, kind, body, 0 if kind == "want" else request_id))


@mutant("any-kind-ends-a-request", "REQ-006")
def _():
    @patch(sessions.Sessions, "_ready_packet")
    def _(original, self, link, request_id, kind, body):
        if request_id in link.requests and kind == "pong":
            link.requests.pop(request_id)[0](kind, body)
        else:
            original(self, link, request_id, kind, body)


@mutant("effort-above-24-refused", "MSG-008")
def _():
    @patch(message, "parse_header")
    def _(original, raw):
        header = original(raw)
        need(header.effort <= 24, "schema/header-version")
        return header


@mutant("sealed-to-the-identity-key", "CRY-013")
def _():
    patch(agent.Agent, "seal")(lambda original, self, out, record, effort=0: original(
        self, out, dataclasses.replace(record, prekey=record.dh_key), effort))


@mutant("not-openable-shown", "CRY-018")
def _():
    @patch(agent.Agent, "open_mail")
    def _(original, self, link, header, nonce, body):
        opened = original(self, link, header, nonce, body)
        if not opened:
            self.node.event(ev="received", uid=header.id.hex()[:32], **{"from": "00" * 20}, text="?")
        return opened


@mutant("subscriber-at-origin-waits", "CUS-016")
def _():
    @patch(custody.Custody, "originate")
    def _(original, self, header, nonce, body):
        links = self.node.sessions.ready_links()
        kept = [link.mailboxes for link in links]
        for link in links:
            link.mailboxes = set()
        held = original(self, header, nonce, body)
        for link, mailboxes in zip(links, kept):
            link.mailboxes = mailboxes
        return held


@mutant("offered-after-expiry", "CUS-024")
def _():
    ignore(custody.Custody, "current", True)


@mutant("owner-not-looked-for", "CUS-030")
def _():
    @patch(custody.Custody, "_spread")
    def _(original, self, held, lazily):
        self.node.timers.after(3_600_000, original, self, held, lazily)


@mutant("outbox-in-memory-only", "CUS-043")
def _():
    ignore(agent.Agent, "_save")


@mutant("copies-not-withdrawn", "CUS-044")
def _():
    ignore(agent.Agent, "_withdraw")


@mutant("message-stays-beside-its-end", "ACK-012")
def _():
    patch(custody.Custody, "save")(lambda original, self, held: original(self, held) if held.state == custody.LIVE else None)


@mutant("plaintext-not-written", "ACK-021")
def _():
    patch(Store, "write")(lambda original, self, statement, *values: (
        None if "INTO seen" in statement or "INTO inbox" in statement else original(self, statement, *values)))


@mutant("own-mail-again-unanswered", "ACK-025")
def _():
    @patch(custody.Custody, "known")
    def _(original, self, link, held):
        answer = original(self, link, held)
        if held.state != custody.LIVE and self.node.agent.owns(held.header.mailbox):
            return {"id": held.id, "status": wire.DUPLICATE}
        return answer


@mutant("clients-do-not-answer-collect", "MBX-010")
def _():
    patch(records.Records, "on_collect")(lambda original, self, link, request_id, body: (
        original(self, link, request_id, body) if self.node.role == wire.RELAY else None))


@mutant("last-record-wins", "REC-014")
def _():
    @patch(records.Records, "keep")
    def _(original, self, record):
        self.records.pop(record.address, None)
        original(self, record)


@mutant("old-record-never-used", "REC-028")
def _():
    @patch(agent.Agent, "_asked")
    def _(original, self, out, address, again):
        record = self.node.records.records.get(address)
        if record is not None and self.clock.wall() - record.created_ms > 691_200_000:
            self.lookups.pop(out.uid, None)
        else:
            original(self, out, address, again)


@mutant("nobody-enters-the-table", "RTE-001")
def _():
    ignore(overlay.Overlay, "proved")


@mutant("named-contacts-named-on", "RTE-002")
def _():
    @patch(sessions.Sessions, "request")
    def _(original, self, link, kind, body, callback):
        def believed(answer, fields):
            for contact in fields.get("contacts", []) if answer == "nodes" else []:
                self.node.overlay.table[contact["node_id"]] = overlay.Contact(
                    contact["node_id"], contact["node_key"], wire.endpoint_text(contact["endpoint"]))
            callback(answer, fields)
        original(self, link, kind, body, believed)


@mutant("small-networks-have-no-regions", "RTE-021")
def _():
    patch(overlay.Overlay, "members")(lambda original, self, point, callback: self.node.timers.after(0, callback, []))


@mutant("test-profile-unscaled", "LIM-003")
def _():
    @patch(Scale, "__init__")
    def _(original, self, profile):
        original(self, profile)
        self.unit = 1000


@mutant("ids-of-the-other-profile", "LIM-004")
def _():
    patch(sessions, "node_id")(lambda original, key, profile: original(key, "default"))


def _torn(name, requirement, schema):
    """What was read before bytes stop to decode is taken for the whole."""
    @mutant(name, requirement)
    def _():
        @patch(pb.Codec, "decode")
        def _(original, self, which, data, into=None, depth=0):
            out = {} if into is None else into
            try:
                return original(self, which, data, out, depth)
            except pb.DecodeError:
                if which != schema:
                    raise
                return out


_torn("torn-packets-taken", "PKT-012", "Packet")
_torn("torn-hello-taken", "PKT-013", "HelloBody")
_torn("torn-record-taken", "REC-002", "KeyRecord")

tolerate("any-granted-key", "MBX-026", pairwise, "crypto/grant-key")
tolerate("grants-of-any-length", "MBX-026", pairwise, "policy/grant-lifetime")
tolerate("ended-grants-taken", "MBX-026", pairwise, "policy/grant-expired")


@mutant("mailboxes-of-the-period-before", "MBX-017")
def _():
    patch(pairwise, "period")(lambda original, identity, contact, now_ms: original(identity, contact, now_ms) - 1)


@mutant("two-records-of-one-seq-hidden", "REC-015")
def _():
    ignore(agent.Agent, "_compare")
