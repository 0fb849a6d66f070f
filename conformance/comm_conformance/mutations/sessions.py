"""Links, packets and sessions."""
from .. import pb, session, wire
from ..base import Reject
from ..node import sessions
from .base import ignore, mutant, patch


@mutant("multipart-tolerated", "NET-007")
def _():
    ignore(sessions.Sessions, "multipart")


@mutant("faults-unbounded", "PKT-008")
def _():
    patch(sessions.Sessions, "fault")(lambda original, self, link, reject: reject.scope == "disconnect" and original(
        self, link, reject))


@mutant("ignored-input-counted", "PKT-009")
def _():
    @patch(sessions.Sessions, "_ready_packet")
    def _(original, self, link, request_id, kind, body):
        if kind in ("nodes", "collected") and request_id not in link.requests:
            self.fault(link, Reject("state/unsolicited-answer"))
        original(self, link, request_id, kind, body)


@mutant("unknown-fields-rejected", "PKT-002")
def _():
    def strict(data, at, number, wire_type, depth):
        raise pb.DecodeError("unknown field")
    pb.skip = strict


@mutant("first-value-counts", "PKT-004")
def _():
    patch(wire.CODEC, "decode")(lambda original, name, data, into=None, depth=0: _first_wins(original, name, data, into, depth))


def _first_wins(original, name, data, into, depth):
    out = original(name, data, into, depth)
    if name == "Packet" and data[:1] == b"\x0d":
        out["request_id"] = int.from_bytes(data[1:5], "little")
    return out


@mutant("unknown-body-unanswered", "PKT-005")
def _():
    patch(sessions.Sessions, "send")(lambda original, self, link, kind, body=None, request_id=0: (
        None if kind == "error" and body["code"] == wire.UNSUPPORTED else original(self, link, kind, body, request_id)))


@mutant("errors-answered", "PKT-006")
def _():
    patch(sessions.Sessions, "_on_error")(lambda original, self, link, request_id, body: self.send(
        link, "error", {"code": wire.UNSUPPORTED}, request_id))


@mutant("answers-answered-by-error", "REQ-015")
def _():
    @patch(sessions.Sessions, "_ready_packet")
    def _(original, self, link, request_id, kind, body):
        if kind in ("nodes", "collected", "record", "pong") and request_id not in link.requests:
            self.send(link, "error", {"code": wire.UNSUPPORTED}, request_id)
        original(self, link, request_id, kind, body)


@mutant("auth-unchecked", "SES-007")
def _():
    ignore(session, "auth_valid", True)


@mutant("welcome-unchecked", "SES-005")
def _():
    ignore(session, "welcome_valid", True)


@mutant("own-key-welcomed", "SES-004")
def _():
    @patch(sessions.Sessions, "_on_hello")
    def _(original, self, link, request_id, raw):
        key, self.node.node_key = self.node.node_key, b""
        body = self._body
        self._body = lambda: wire.encode_hello(**{**wire.parse_hello(_with_key(self, body, key)), "node_key": key})
        original(self, link, request_id, raw)
        self.node.node_key, self._body = key, body


def _with_key(self, body, key):
    self.node.node_key = key
    out = body()
    self.node.node_key = b""
    return out


@mutant("version-ignored", "SES-003")
def _():
    patch(wire, "parse_hello")(lambda original, raw: {**original(raw), "version": 1})


@mutant("traffic-before-auth", "SES-011")
def _():
    @patch(sessions.Sessions, "_handshake")
    def _(original, self, link, request_id, kind, body):
        if kind == "message" and link.their is not None:
            link.node_id = self.compute_id(link.their["node_key"])
            self.node.dispatch(link, request_id, kind, body)
        else:
            original(self, link, request_id, kind, body)


@mutant("out-of-order-unbounded", "SES-012")
def _():
    @patch(sessions.Sessions, "out_of_order")
    def _(original, self, link, request_id, kind):
        link.early = 0
        original(self, link, request_id, kind)


@mutant("pinned-id-ignored", "SES-010")
def _():
    patch(sessions.Sessions, "dial")(lambda original, self, endpoint, expected=None, probe=None: original(
        self, endpoint, None, probe))


@mutant("older-session-stays", "SES-016")
def _():
    patch(sessions.Sessions, "_loser")(lambda original, self, old, new: new)


@mutant("handshake-never-times-out", "SES-015")
def _():
    @patch(sessions.Sessions, "_sweep")
    def _(original, self):
        for link in self.links.values():
            if not link.ready:
                link.began = self.clock.mono()
        original(self)


@mutant("no-session-survived", "SES-013")
def _():
    ignore(sessions.Sessions, "_on_error")


@mutant("error-before-welcome-ignored", "SES-014")
def _():
    @patch(sessions.Sessions, "_handshake")
    def _(original, self, link, request_id, kind, body):
        if kind != "error":
            original(self, link, request_id, kind, body)


@mutant("one-curve-key", "NET-002")
def _():
    import os as system

    class Constant:
        urandom = staticmethod(lambda count: b"k" * count if count == 32 else system.urandom(count))

        def __getattr__(self, name):
            return getattr(system, name)
    from .. import transport
    transport.os = Constant()
