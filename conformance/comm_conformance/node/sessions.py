"""Sessions, requests and faults (10-transport)."""
import os

from .. import session, wire
from ..base import Reject, param
from ..identity import node_id
from ..transport import shut_down


class Budget:
    """A token bucket over mono time."""

    def __init__(self, clock, rate, burst):
        self.clock, self.rate, self.burst = clock, rate, burst
        self.level, self.at = burst * 1000, clock.mono()

    def take(self):
        now = self.clock.mono()
        self.level = min(self.burst * 1000, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1000:
            return False
        self.level -= 1000
        return True


class Link:
    def __init__(self, node, channel, dialled, expected=None, probe=None):
        self.node, self.channel, self.dialled = node, channel, dialled
        self.expected, self.probe = expected, probe     # node id demanded; contact of a dial-back
        self.ready = self.closed = False
        self.hello = self.their = self.transcript = self.node_id = None
        self.faults = self.early = self.next_request = self.pings = 0
        self.requests = {}
        self.mailboxes = set()
        self.collect_asked, self.collect_answered = None, False
        self.began = self.heard = node.clock.mono()
        self.ready_at = None
        self.packets = Budget(node.clock, param("packets_per_second"), param("packet_burst"))
        self.costly = Budget(node.clock, param("costly_per_second"), param("costly_burst"))

    @property
    def role(self):
        return self.their["role"]


class Sessions:
    def __init__(self, node):
        self.node, self.clock = node, node.clock
        self.links, self.by_node = {}, {}
        self.ids = {}
        node.timers.after(1000, self._sweep)

    # --- making and ending links

    def dial(self, endpoint, expected=None, probe=None):
        link = Link(self.node, self.node.transport.dial(endpoint), True, expected, probe)
        self.links[link.channel] = link
        link.hello = self._body()
        self._request(link, "hello", link.hello, lambda kind, body: None)
        return link

    def _body(self):
        node = self.node
        return wire.encode_hello(version=1, node_key=node.node_key, nonce=os.urandom(32), endpoints=node.endpoints,
                                 role=node.role, time_ms=self.clock.wall())

    def close(self, link, code=None, text=""):
        if link.closed:
            return
        if code is not None:
            self.send(link, "error", {"code": code, "text": text})
        link.closed = True
        self.links.pop(link.channel, None)
        self.node.later(link.channel.close)
        self._ended(link)

    def _ended(self, link):
        link.closed = True
        was_ready = link.ready
        link.ready = False
        if link.node_id is not None and self.by_node.get(link.node_id) is link:
            del self.by_node[link.node_id]
        for callback, _, _ in list(link.requests.values()):
            callback(None, None)
        link.requests.clear()
        self.node.link_ended(link, was_ready)

    def ready_links(self):
        return list(self.by_node.values())

    # --- sending

    def send(self, link, kind, body=None, request_id=0):
        if not link.closed:
            self.node.queue(link, wire.encode(kind, body, request_id), kind, body, request_id)

    def _request(self, link, kind, body, callback):
        link.next_request += 1
        link.requests[link.next_request] = (callback, kind, self.clock.mono() + param("request_timeout"))
        self.send(link, kind, body, link.next_request)

    def request(self, link, kind, body, callback):
        """callback(kind, body) with the answer, or (None, None) when there is none."""
        self._request(link, kind, body, callback)

    # --- faults

    def fault(self, link, reject):
        if reject.scope == "disconnect":
            self.close(link, wire.MALFORMED, reject.error)
        elif reject.scope == "count":
            link.faults += 1
            if link.faults > param("faults_per_link"):
                self.close(link, wire.MALFORMED, reject.error)

    def out_of_order(self, link, request_id, kind):
        if kind != "error":
            self.send(link, "error", {"code": wire.NO_SESSION}, request_id)
        link.early += 1
        if link.early > param("handshake_faults_per_link"):
            self.close(link)

    # --- receiving

    def receive(self, channel, raw):
        link = self.links.get(channel)
        if link is None:
            if not channel.open or channel.dialled:
                return
            link = self.links[channel] = Link(self.node, channel, False)
        link.heard, link.pings = self.clock.mono(), 0
        try:
            request_id, kind, body = wire.decode(raw)
        except wire.UnknownBody as unknown:
            if unknown.request_id and link.ready:
                self.send(link, "error", {"code": wire.UNSUPPORTED}, unknown.request_id)
            elif not link.ready:
                self.out_of_order(link, unknown.request_id, None)
            return
        except Reject as reject:
            self.fault(link, reject)
            return
        if link.ready and kind not in ("hello", "welcome", "auth"):
            self._ready_packet(link, request_id, kind, body)
        else:
            self._handshake(link, request_id, kind, body)

    def multipart(self, channel):
        link = self.links.get(channel)
        if link is None:
            channel.close(linger=0)
        else:
            self.close(link)

    def gone(self, channel):
        link = self.links.pop(channel, None)
        if link is not None:
            self._ended(link)

    def _handshake(self, link, request_id, kind, body):
        if kind == "hello" and not link.dialled and link.hello is None:
            self._on_hello(link, request_id, body)
        elif kind == "welcome" and link.dialled and link.their is None and request_id in link.requests:
            del link.requests[request_id]
            self._on_welcome(link, body)
        elif kind == "auth" and not link.dialled and link.transcript is not None and not link.ready:
            self._on_auth(link, body)
        elif kind == "error":
            if link.dialled and link.their is None:
                self.close(link)
        else:
            self.out_of_order(link, request_id, kind)

    def _on_hello(self, link, request_id, raw):
        their = wire.parse_hello(raw)
        if their["version"] != param("protocol_version"):
            self.close(link, wire.VERSION)
            return
        if their["node_key"] == self.node.node_key:
            self.close(link, wire.SELF_CONNECT)
            return
        link.hello, link.their = raw, their
        body = self._body()
        link.transcript = session.transcript(link.channel.client_key, raw, body)
        self.send(link, "welcome", {"body": body, "signature": session.sign_welcome(self.node.node_seed, link.transcript)},
                  request_id)

    def _on_welcome(self, link, body):
        their = wire.parse_hello(body["body"])
        digest = session.transcript(link.channel.client_key, link.hello, body["body"])
        if their["version"] != param("protocol_version"):
            self.close(link, wire.VERSION)
        elif not session.welcome_valid(their["node_key"], body["signature"], digest):
            self.close(link, wire.REFUSED, "crypto/welcome-signature")
        elif their["node_key"] == self.node.node_key:
            self.close(link, wire.SELF_CONNECT)
        else:
            link.their, link.transcript = their, digest
            link.node_id = self.compute_id(their["node_key"])
            if link.expected is not None and link.expected != link.node_id:
                self.close(link, wire.REFUSED, "crypto/node-id-mismatch")
            elif link.probe is not None:
                self.node.overlay.dialled_back(link)
                self.close(link)
            else:
                self.send(link, "auth", {"signature": session.sign_auth(self.node.node_seed, digest)})
                self._become_ready(link)

    def _on_auth(self, link, body):
        if not session.auth_valid(link.their["node_key"], body["signature"], link.transcript):
            self.close(link, wire.REFUSED, "crypto/auth-signature")
            return
        link.node_id = self.compute_id(link.their["node_key"])
        self._become_ready(link)

    def compute_id(self, key):
        if key not in self.ids:
            if len(self.ids) > 4096:
                self.ids.clear()
            self.ids[key] = node_id(key, self.node.scale.profile)
        return self.ids[key]

    def _become_ready(self, link):
        link.ready, link.ready_at = True, self.clock.mono()
        other = self.by_node.get(link.node_id)
        if other is not None:
            loser = self._loser(other, link)
            self.close(loser, wire.DUPLICATE_LINK)
            if loser is link:
                return
        self.by_node[link.node_id] = link
        self.node.link_ready(link, other is not None)

    def _loser(self, old, new):
        if old.dialled != new.dialled and new.ready_at - old.ready_at <= param("crossing_links_within"):
            lower_is_us = self.node.node_id < new.node_id
            return old if old.dialled != lower_is_us else new
        return old

    def _ready_packet(self, link, request_id, kind, body):
        if kind != "ack" and not link.packets.take():
            if kind in wire.REQUESTS and request_id:
                self.send(link, "error", {"code": wire.RATE_LIMITED}, request_id)
            return
        if kind == "error":
            self._on_error(link, request_id, body)
            return
        if request_id in link.requests and wire.REQUESTS[link.requests[request_id][1]] == kind and (
                kind != "sync" or body.get("answer")):
            callback, _, _ = link.requests.pop(request_id)
            callback(kind, body)
        elif kind in ("nodes", "collected", "record", "pong"):
            return  # state/unsolicited-answer
        else:
            self.node.dispatch(link, request_id, kind, body)

    def _on_error(self, link, request_id, body):
        if body.get("code") == wire.NO_SESSION:
            self.close(link)
        elif request_id in link.requests:
            callback, _, _ = link.requests.pop(request_id)
            callback("error", body)

    # --- time

    def _sweep(self):
        self.node.timers.after(1000, self._sweep)
        now = self.clock.mono()
        for descriptor, since in list(self.node.transport.silent.items()):  # NET-011
            if since is None:
                self.node.transport.silent[descriptor] = now
            elif now - since >= param("handshake_timeout"):
                shut_down(descriptor)
        for link in list(self.links.values()):
            if not link.ready:
                if now - link.began >= param("handshake_timeout"):
                    self.close(link)
                continue
            for number, (callback, kind, deadline) in list(link.requests.items()):
                if now >= deadline and link.requests.pop(number, None):
                    callback(None, None)
            self._keep_alive(link, now)

    def _keep_alive(self, link, now):
        interval = param("ping_interval") * (1 if link.dialled else 3)
        idle = now - link.heard
        if idle < interval:
            return
        asked = sum(kind == "ping" for _, kind, _ in link.requests.values())
        if not asked and link.pings >= (2 if link.dialled else 1):
            self.close(link)
        elif not asked:
            link.pings += 1
            pings = link.pings
            self._request(link, "ping", None, lambda kind, body: setattr(link, "pings", 0 if kind else pings))
