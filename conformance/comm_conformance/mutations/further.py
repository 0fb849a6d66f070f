"""Rules of every part, many of them seen in vectors alone."""
from .. import address, crypto, message, ops, routing, sealing, session, wire
from ..base import H, need
from ..node import agent, custody, overlay, records, sessions
from .base import ignore, mutant, patch


@mutant("nodes-must-be-some", "PKT-016")
def _():
    patch(wire, "_nodes")(lambda original, body: (need(body.get("contacts"), "schema/nodes-count"), original(body)))
    wire._CHECKS["nodes"] = wire._nodes


@mutant("record-must-be-some", "PKT-026")
def _():
    wire._CHECKS["record"] = lambda body: wire._record_fields(body, "schema/record-record")


@mutant("port-0-rejected", "PKT-019")
def _():
    @patch(wire, "parse_hello")
    def _(original, raw):
        body = original(raw)
        need(all(e[16:] != b"\0\0" for e in body.get("endpoints", [])), "schema/hello-endpoints")
        return body


@mutant("error-text-uncut", "PKT-028")
def _():
    wire.error_text = lambda body: body.get("text", "")


@mutant("capabilities-rejected", "SES-017")
def _():
    @patch(wire, "parse_hello")
    def _(original, raw):
        body = original(raw)
        need(not body.get("capabilities"), "schema/hello-version")
        return body


@mutant("small-order-keys", "CRY-002")
def _():
    crypto.SMALL_ORDER_YS = frozenset()


@mutant("library-equation", "CRY-003")
def _():
    from cryptography.exceptions import InvalidSignature

    def verify(public, signature, text):
        try:
            crypto.Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
            return True
        except (InvalidSignature, ValueError):
            return False
    crypto.ed25519_verify = verify


@mutant("zero-agreement", "CRY-004")
def _():
    patch(crypto, "x25519")(lambda original, secret, public, check_zero=True: original(secret, public, False))


@mutant("other-kdf-context", "CRY-005")
def _():
    patch(crypto, "kdf")(lambda original, key, context, index: original(key, context[::-1], index))


@mutant("upper-case-refused", "CRY-008")
def _():
    patch(address, "parse")(lambda original, text: original(text) if text == text.lower() else original(""))


@mutant("bech32-constant", "CRY-009")
def _():
    address.BECH32M = 1


@mutant("tag-without-zero", "CRY-001")
def _():
    ops.H = lambda tag, *parts: H(tag + " ", *parts)


@mutant("id-of-encoded-header", "MSG-009")
def _():
    message.Header.id = property(lambda self: H("id", self.raw[:95]))


@mutant("nonce-0-only", "MSG-014")
def _():
    patch(message, "stamp_valid")(lambda original, subject, nonce, effort: original(subject, nonce, effort)
                                  and (effort or nonce == bytes(8)))


@mutant("one-hour-of-skew", "MSG-018")
def _():
    message.FUTURE = 3_600_000


@mutant("no-grace", "ACK-011")
def _():
    message.GRACE = 0


@mutant("region-half", "RTE-022")
def _():
    patch(routing, "region_radius")(lambda original, estimate: original(estimate) // 2)


@mutant("other-node-id-memory", "LIM-001")
def _():
    patch(crypto, "node_id_argon")(lambda original, public, salt, profile: original(
        public, salt, "test" if profile == "default" else "default"))


@mutant("every-stored-is-new", "CUS-003")
def _():
    patch(custody.Custody, "known")(lambda original, self, link, held: {**original(self, link, held), "status": wire.STORED,
                                                                        "ack": b""})


@mutant("offer-of-tombstone-unanswered", "CUS-005")
def _():
    @patch(custody.Custody, "on_offer")
    def _(original, self, link, body):
        items = [i for i in body["items"] if not getattr(self.held.get(message.message_id(i["header"])), "state", 0)]
        original(self, link, {"items": items})


@mutant("takers-forgotten", "CUS-010")
def _():
    @patch(custody.Custody, "spread_final")
    def _(original, self, held, bringer):
        for node_id in [n for n, p in held.peers.items() if not p.holder]:
            del held.peers[node_id]
        original(self, held, bringer)


@mutant("fetched-spreads-at-once", "CUS-027")
def _():
    patch(custody.Custody, "_spread")(lambda original, self, held, lazily: original(self, held, False))


@mutant("settled-left-alone", "CUS-028")
def _():
    patch(custody.Custody, "_refresh")(lambda original, self, identifier: None)


@mutant("push-without-want-ignored", "REQ-005")
def _():
    patch(custody.Custody, "on_message")(lambda original, self, link, request_id, body, fetched: original(
        self, link, request_id, body, fetched) if fetched else None)


@mutant("records-not-kept", "REC-012")
def _():
    ignore(records.Records, "keep")


@mutant("records-not-given", "REC-018")
def _():
    patch(records.Records, "answer")(lambda original, self, link, request_id, asked: original(
        self, link, request_id, asked[::-1]))


@mutant("collect-refused", "MBX-005")
def _():
    patch(sessions.Sessions, "send")(lambda original, self, link, kind, body=None, request_id=0: original(
        self, link, kind, {"status": 2} if kind == "collected" else body, request_id))


@mutant("does-not-collect", "MBX-011")
def _():
    ignore(agent.Agent, "_collect")


@mutant("does-not-publish", "REC-022")
def _():
    ignore(agent.Agent, "_put")


@mutant("old-records-trusted", "REC-027")
def _():
    patch(agent, "param")(lambda original, name: 10**15 if name == "record_refresh_age" else original(name))


@mutant("inner-record-ignored", "REC-030")
def _():
    @patch(agent.Agent, "_receive")
    def _(original, self, opened):
        original(self, opened.__class__(**{**vars(opened), "record": None}))


@mutant("this-weeks-prekey-only", "REC-031")
def _():
    patch(sealing, "open_message")(lambda original, raw, body, recipient, secrets: original(raw, body, recipient, secrets[1:2]))


@mutant("no-auth", "SES-006")
def _():
    patch(session, "sign_auth")(lambda original, seed, digest: bytes(64))


@mutant("record-and-hash", "CRY-014")
def _():
    patch(sealing, "encode_sealed")(lambda original, **fields: original(**{**fields, "record_hash": b"h" * 32}))


@mutant("own-messages-rest", "CUS-042")
def _():
    ignore(custody.Custody, "resume")
    ignore(custody.Custody, "link_ready")


@mutant("rest-not-asked-for", "REQ-010")
def _():
    @patch(custody.Custody, "ask_for")
    def _(original, self, link, ids):
        """Ids that have been asked for here before are the rest of a Want."""
        asked = self.__dict__.setdefault("asked_before", set())
        original(self, link, [one for one in ids if (one, link) not in asked])
        asked |= {(one, link) for one in ids}


@mutant("who-left-is-not-told", "ACK-036")
def _():
    patch(overlay.Overlay, "reach")(lambda original, self, node_id, *what: None if what else original(self, node_id))
