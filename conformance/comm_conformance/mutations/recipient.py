"""Key records, mailboxes and the recipient."""
from .. import keyrecord, message, pb, sealing, session, wire
from ..base import H, Reject, need
from ..node import agent, custody, main, records, sessions
from .base import ignore, mutant, patch


@mutant("older-record-wins", "REC-013")
def _():
    keyrecord.KeyRecord.supersedes = lambda self, other: True


@mutant("larger-hash-wins", "REC-013")
def _():
    keyrecord.KeyRecord.supersedes = lambda self, other: (self.seq, self.hash) > (other.seq, other.hash)


@mutant("record-encoded-again", "PKT-003")
def _():
    @patch(records.Records, "keep")
    def _(original, self, record):
        raw = keyrecord.CODEC.encode("KeyRecord", keyrecord.CODEC.decode("KeyRecord", record.raw))
        original(self, keyrecord.parse(raw, record.signature, record.nonce))


@mutant("record-in-memory-only", "REC-016")
def _():
    @patch(records.Records, "keep")
    def _(original, self, record):
        write, self.node.store.write = self.node.store.write, lambda *a: None
        original(self, record)
        self.node.store.write = write


@mutant("bad-record-unanswered", "REC-017")
def _():
    patch(sessions.Sessions, "send")(lambda original, self, link, kind, body=None, request_id=0: (
        None if kind == "error" and body["code"] == wire.REFUSED and request_id else original(self, link, kind, body, request_id)))


@mutant("collect-unsigned", "MBX-004")
def _():
    ignore(session, "collect_valid", True)


@mutant("collect-offers-nothing", "MBX-006")
def _():
    ignore(custody.Custody, "collected", 0)


@mutant("owner-waits", "MBX-007")
def _():
    @patch(custody.Custody, "_spread")
    def _(original, self, held, lazily):
        self.node.timers.after(5_000, original, self, held, lazily)


@mutant("uid-not-remembered", "ACK-022")
def _():
    patch(agent.Agent, "_receive")(lambda original, self, opened: (
        original(self, opened), self.store.write("DELETE FROM seen")))


@mutant("uid-in-memory-only", "ACK-023")
def _():
    @patch(main.Node, "__init__")
    def _(original, self, *arguments, **named):
        original(self, *arguments, **named)
        self.store.write("DELETE FROM seen")


@mutant("not-openable-refused", "ACK-027")
def _():
    @patch(sealing, "open_message")
    def _(original, *arguments):
        try:
            return original(*arguments)
        except Reject:
            raise Reject("crypto/bad-content") from None


@mutant("not-openable-dropped", "ACK-028")
def _():
    patch(agent.Agent, "open_mail")(lambda original, *arguments: original(*arguments) or True)


@mutant("bad-content-acknowledged", "ACK-026")
def _():
    patch(message, "encode_refusal")(lambda original, header, nonce, seed: header + nonce + bytes(32))


@mutant("bad-content-shown", "CRY-021")
def _():
    ignore(sealing, "_parse_sealed", None)

    def lenient(raw):
        try:
            fields = sealing.CODEC.decode("Sealed", raw)
        except pb.DecodeError:
            raise Reject("decode/sealed-decode") from None
        return {**fields, "sign_key": fields.get("sign_key", b"").ljust(32, b"\0"),
                "uid": fields.get("uid", b"").ljust(16, b"\0"), "record": b""}
    sealing._parse_sealed = lenient


@mutant("sender-from-record", "CRY-023")
def _():
    patch(sealing, "_check_sealed")(lambda original, raw, static, secret: original(raw, static, secret).__class__(
        **{**vars(original(raw, static, secret)), "sender": H("address", static)[:20]}))


@mutant("one-prekey-only", "CRY-017")
def _():
    patch(sealing, "open_message")(lambda original, raw, body, recipient, secrets: original(raw, body, recipient, secrets[1:2]))


@mutant("unknown-content-refused", "CRY-024")
def _():
    @patch(sealing, "open_message")
    def _(original, *arguments):
        opened = original(*arguments)
        need(opened.kind != "unknown", "crypto/bad-content")
        return opened


@mutant("grant-refused", "CRY-025")
def _():
    @patch(sealing, "open_message")
    def _(original, *arguments):
        opened = original(*arguments)
        need(opened.kind != "mailbox_grant", "crypto/bad-content")
        return opened


@mutant("own-mail-not-acknowledged", "ACK-020")
def _():
    ignore(agent.Agent, "_finish")


@mutant("ack-to-giver-only", "ACK-024")
def _():
    @patch(agent.Agent, "_finish")
    def _(original, self, link, header, nonce, final):
        ready, self.node.sessions.ready_links = self.node.sessions.ready_links, lambda: []
        original(self, link, header, nonce, final)
        self.node.sessions.ready_links = ready
