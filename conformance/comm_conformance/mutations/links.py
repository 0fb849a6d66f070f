"""Links that break one rule and still carry packets, or as many as it takes to see it."""
from .. import identity, session, transport, wire
from ..base import param
from ..node import custody, main, overlay, sessions
from .base import ignore, mutant, patch


@mutant("key-of-another-network", "NET-001")
def _():
    patch(identity, "network_pair")(lambda original, name: original(name + "-"))


@mutant("one-client-let-in", "NET-003")
def _():
    first = []

    def admits(self, key):
        first.append(key)
        return key == first[0]
    transport.Transport.admits = admits


@mutant("client-key-not-of-the-link", "NET-005")
def _():
    patch(session, "transcript")(lambda original, client_key, hello, body: original(bytes(32), hello, body))


@mutant("packets-in-two-parts", "NET-006")
def _():
    patch(transport.Channel, "send")(lambda original, self, raw: self.send_parts([raw[:1], raw[1:]]))


@mutant("libzmq-reconnects", "NET-008")
def _():
    """The socket of an ended dial stays and connects again under its old key."""
    @patch(transport.Transport, "_router")
    def _(original, self, ipv6):
        sock = original(self, ipv6)
        sock.setsockopt(transport.zmq.RECONNECT_IVL, 100)
        return sock
    patch(transport.Transport, "_dial_gone")(lambda original, self, monitor, events: transport.recv_monitor_message(monitor))


@mutant("announced-name-ends-all-links", "NET-010")
def _():
    @patch(transport.Transport, "_channel")
    def _(original, self, frames):
        if frames[0].bytes[:1] != b"\0":
            for descriptor in list(self.descriptors):
                transport.shut_down(descriptor)
        return original(self, frames)


@mutant("nonce-once-for-all", "SES-001")
def _():
    class Constant:
        urandom = staticmethod(lambda count: b"n" * count)
    sessions.os = Constant()


@mutant("hello-without-endpoints", "SES-001")
def _():
    patch(wire, "encode_hello")(lambda original, **fields: original(**{**fields, "endpoints": []}))


@mutant("hello-states-no-time", "SES-001")
def _():
    patch(wire, "encode_hello")(lambda original, **fields: original(**{**fields, "time_ms": 1}))


@mutant("welcome-as-push", "SES-002")
def _():
    patch(sessions.Sessions, "send")(lambda original, self, link, kind, body=None, request_id=0: original(
        self, link, kind, body, 0 if kind == "welcome" else request_id))


@mutant("welcome-unsigned", "SES-002")
def _():
    ignore(session, "sign_welcome", bytes(64))


@mutant("auth-unsigned", "SES-006")
def _():
    ignore(session, "sign_auth", bytes(64))


@mutant("ready-a-second-later", "SES-008")
def _():
    @patch(sessions.Sessions, "_become_ready")
    def _(original, self, link):
        self.node.timers.after(1000, original, self, link)


@mutant("largest-packet-cut", "PKT-001")
def _():
    wire.MAX_PACKET -= 1


@mutant("foreign-mail-left", "MSG-012")
def _():
    @patch(custody.Custody, "take")
    def _(original, self, link, item, fetched):
        agent = self.node.agent
        return original(self, link, item, fetched) if agent is not None and agent.owns(item["header"][12:32]) else None


@mutant("attempts-count-without-session", "CUS-023")
def _():
    @patch(custody.Custody, "_due")
    def _(original, self, identifier, node_id, due, push):
        held = self.live(identifier)
        peering = held.peers.get(node_id) if held is not None else None
        if peering is not None and peering.due == due and node_id not in self.node.sessions.by_node:
            peering.attempts += 1
            if peering.attempts >= param("max_offer_attempts"):
                peering.due, peering.settled = None, True
                return
        original(self, identifier, node_id, due, push)


@mutant("nothing-deleted", "CUS-035")
def _():
    ignore(custody.Custody, "_expire")


@mutant("backoff-goes-on-at-collect", "MBX-008")
def _():
    @patch(custody.Custody, "collected")
    def _(original, self, link, mailbox):
        before = {(h.id, n): p.attempts for h in self.held.values() for n, p in h.peers.items()}
        waiting = original(self, link, mailbox)
        for (identifier, node_id), attempts in before.items():
            if node_id != link.node_id:
                self.held[identifier].peers[node_id].attempts = attempts
        return waiting


@mutant("named-counts-as-found", "RTE-012")
def _():
    patch(overlay.Lookup, "_closed")(lambda original, self, node_id, good: original(self, node_id, True))


@mutant("lookup-ends-with-an-empty-answer", "RTE-014")
def _():
    @patch(overlay.Lookup, "_send")
    def _(original, self, link, node_id, path):
        before = len(self.paths[path])
        closed = self._closed

        def ended(one, good):
            closed(one, good)
            if good and len(self.paths[path]) == before:
                self.end()
        self._closed = ended
        original(self, link, node_id, path)


@mutant("newcomers-displace", "RTE-003")
def _():
    @patch(overlay.Overlay, "_room")
    def _(original, self, node_id, dialable):
        mine = [c for c in self.table.values() if self.bucket(c.node_id) == self.bucket(node_id)]
        if len(mine) >= overlay.K:
            del self.table[mine[0].node_id]
        return True


def _outside(node, point):
    return not overlay.routing.in_region(node.node_id, point, node.overlay.size(), [])


@mutant("outside-messages-refused", "RTE-023")
def _():
    @patch(custody.Custody, "refusal")
    def _(original, self, header, ingress):
        if _outside(self.node, header.mailbox):
            return {"id": header.id, "status": wire.ST_REFUSED, "reason": wire.QUOTA}
        return original(self, header, ingress)


@mutant("outside-collects-refused", "RTE-023")
def _():
    @patch(main.Node, "dispatch")
    def _(original, self, link, request_id, kind, body):
        if kind == "collect" and _outside(self, _mailbox(body)):
            self.sessions.send(link, "collected", {"status": wire.COLLECT_REFUSED}, request_id)
        else:
            original(self, link, request_id, kind, body)


def _mailbox(body):
    from ..message import mailbox_id
    return mailbox_id(body["mailbox_key"])
