"""A node as a process: the adapter protocol on standard input and output."""
import json
import os
import sys

from .. import address, crypto, wire
from ..base import Reject, param
from ..identity import Identity, node_id
from ..transport import Transport
from .agent import Agent
from .anchors import Anchors
from .base import Clock, Scale, Store, Timers
from .custody import Custody
from .disk import Disk
from .overlay import Overlay
from .reconciliation import Reconciliation
from .records import Records
from .sessions import Sessions


QUOTAS = {"store_quota": "default_store_quota_bytes", "mailbox_quota": "mailbox_quota_bytes",
          "ingress_quota": "ingress_quota_bytes", "max_staged": "max_staged_bytes"}


class Node:
    def __init__(self, directory, who, listen, peers, profile, network="comm"):
        self.clock = Clock(virtual=True if os.environ.get("CF_CLOCK", "virtual") == "virtual" else False)
        self.timers, self.scale, self.store = Timers(self.clock), Scale(profile), Store(directory)
        self.role = wire.RELAY if who is None or os.environ.get("CF_ROLE") == "relay" else wire.CLIENT
        self.quotas = {name: int(os.environ.get("CF_" + name.upper()) or param(default)) for name, default in QUOTAS.items()}
        self.disk, self.outgoing = Disk(self), []
        self.node_seed = self.store.get("node seed")
        if self.node_seed is None:
            self.node_seed = os.urandom(32)
            self.store.put("node seed", self.node_seed)
        self.node_key = crypto.ed25519_public(self.node_seed)
        self.node_id = node_id(self.node_key, profile)
        self.transport = Transport(network, max_message=param("max_packet_bytes") + 64)  # CURVE adds 33 bytes
        self.endpoint = self.transport.listen(listen)
        host, _, port = self.endpoint.rpartition(":")
        self.endpoints = [wire.endpoint_bytes(host.strip("[]"), int(port))]
        self.agent = None
        self.overlay, self.sessions = Overlay(self), Sessions(self)
        self.records, self.custody, self.reconciliation = Records(self), Custody(self), Reconciliation(self)
        self.agent = Agent(self, who) if who is not None else None
        self.waiting = {}
        self.trusted_gap, self.suspect = self.clock.wall() - self.clock.mono(), False
        self.bootstraps = {peer: param("bootstrap_retry_min") for peer in peers}
        for peer in peers:
            self._bootstrap(peer)
        self.anchors = Anchors(self, (peer.rpartition("@")[2] for peer in peers))
        self.anchors.dial(param("bootstrap_retry_min"))
        self.custody.resume()

    # --- what the parts ask of the node

    def queue(self, link, raw, *what):
        self.outgoing.append((lambda: link.channel.send(raw), link, *what))

    def later(self, function):
        """After what was queued before has left."""
        self.outgoing.append((function,))

    def event(self, **fields):
        self.outgoing.append((lambda: print(json.dumps(fields), flush=True), None, "event", fields, 0))

    def report(self, held):
        if self.agent is not None and held.own:
            self.agent.report(held)

    def joined(self):
        self.reconciliation.joined()
        if self.agent is not None:
            self.agent.joined()

    def clock_suspect(self):
        """CUS-038: suspect when wall and mono time departed; trusted again when peers confirm it."""
        gap = self.clock.wall() - self.clock.mono()
        if abs(gap - self.trusted_gap) > param("clock_step"):
            self.suspect = True
        if self.suspect:
            times = sorted(link.their["time_ms"] + self.clock.mono() - link.began for link in self.sessions.ready_links())
            middle = times[(len(times) - 1) // 2:len(times) // 2 + 1]
            if middle and all(abs(t - self.clock.wall()) <= param("clock_agreement") for t in middle):
                self.suspect, self.trusted_gap = False, gap
        return self.suspect

    def with_session(self, wanted, endpoint, callback):
        """callback(link or None) with a ready session to a node, dialled if need be."""
        link = self.sessions.by_node.get(wanted)
        if link is not None:
            self.timers.after(0, callback, link)
            return
        if wanted in self.waiting:
            self.waiting[wanted].append(callback)
            return
        self.waiting[wanted] = [callback]
        self.sessions.dial(endpoint, expected=wanted)

    def link_ready(self, link, again):
        self.overlay.proved(link)
        if link.dialled:
            self.anchors.remember(link.node_id, link.channel.endpoint)
        for callback in self.waiting.pop(link.node_id, []):
            self.timers.after(0, callback, link)
        if not self.overlay.joining:
            self.overlay.join()
        if self.agent is not None:
            self.agent.link_ready(link)
        self.custody.link_ready(link)
        self.reconciliation.link_ready(link)

    def link_ended(self, link, was_ready):
        self.reconciliation.link_ended(link)
        if link.expected is not None and not was_ready:
            self.overlay.failed(link.expected, link.channel.endpoint)
            for callback in self.waiting.pop(link.expected, []):
                self.timers.after(0, callback, None)
        peer = getattr(link, "bootstrap", None)
        if peer is not None:
            pause = self.bootstraps[peer]
            self.bootstraps[peer] = param("bootstrap_retry_min") if was_ready else min(
                2 * pause, param("bootstrap_retry_max"))
            self.timers.after(pause, self._bootstrap, peer)

    def _bootstrap(self, peer):
        name, _, endpoint = peer.rpartition("@")
        link = self.sessions.dial(endpoint, bytes.fromhex(name) if name else None)
        link.bootstrap = peer

    def dispatch(self, link, request_id, kind, body):
        if kind == "ping":
            self.sessions.send(link, "pong", None, request_id)
        elif kind == "find_node":
            self.overlay.on_find_node(link, request_id, body)
        elif kind == "message":
            self.custody.on_message(link, request_id, body, fetched=False)
        elif kind == "offer":
            self.custody.on_offer(link, body)
        elif kind == "want":
            if request_id:
                self.custody.on_want(link, request_id, body)
        elif kind == "stored":
            self.custody.on_stored(link, body)
        elif kind == "ack":
            self.custody.on_ack(link, body)
        elif kind == "collect":
            self.records.on_collect(link, request_id, body)
        elif kind == "put_record":
            self.records.on_put(link, request_id, body)
        elif kind == "get_record":
            self.records.on_get(link, request_id, body)
        elif kind == "sync":
            self.reconciliation.on_sync(link, request_id, body)

    # --- turns

    def flush(self):
        """CUS-004: what claims something leaves once that is on stable storage."""
        self.disk.commit()
        outgoing, self.outgoing = self.outgoing, []
        for leave, *_ in outgoing:
            leave()

    def turn(self, timeout_ms):
        for kind, channel, data in self.transport.poll(self.timers.wait_ms(timeout_ms)):
            if kind == "packet":
                self.sessions.receive(channel, data)
            elif kind == "multipart":
                self.sessions.multipart(channel)
            elif kind == "closed":
                self.sessions.gone(channel)
            elif kind == "readable":
                self.flush()
                return True
        self.timers.fire()
        self.flush()
        return False

    def tick(self, ms):
        for _ in self.timers.advance(ms):
            self.flush()
        self.flush()
        self.event(ev="ticked")

    def command(self, command):
        """False ends the node."""
        name = command.get("cmd")
        if name == "quit":
            return False
        if name == "send":
            self._send(command)
        elif name == "tick" and self.clock.virtual:
            self.tick(int(command["ms"]))
        elif name == "step" and self.clock.virtual:
            self.clock.step(int(command["ms"]))
            self.event(ev="ticked")
        elif name == "block" and self.agent is not None:
            self.agent.pairwise.block(bytes.fromhex(command["address"]), command.get("blocked", True))
        elif name == "withdraw" and self.agent is not None:
            self.agent.withdraw(command["uid"])
        else:
            self.event(ev="unsupported", what=name)
        return True

    def _send(self, command):
        to, text = command.get("to"), command.get("text")
        if not isinstance(to, str) or not isinstance(text, str):
            self.event(ev="error", what="send needs the texts `to` and `text`")
            return
        try:
            self.agent.send(address.parse(to), text, command.get("ref"))
            self.disk.sends.append(command.get("ref"))
        except Reject as reject:
            self.event(ev="error", what=f"not sent: {reject.error}", ref=command.get("ref"))


def _command(line):
    try:
        command = json.loads(line)
    except ValueError:
        command = None
    return command if isinstance(command, dict) else {}


def _user():
    """The identity of a generated seed, or of a SECRET; none: a relay without a user."""
    seed, secret = os.environ.get("CF_SEED"), os.environ.get("CF_SECRET")
    if seed:
        return Identity(bytes.fromhex(seed), generated=True)
    return Identity.from_secret(secret.encode()) if secret is not None else None


def run(make=Node):
    """The adapter: configured by the environment, until `quit` or the end of input."""
    peers = list(filter(None, os.environ.get("CF_PEERS", "").split(",")))
    node = make(os.environ["CF_DIR"], _user(), os.environ.get("CF_LISTEN") or "127.0.0.1:0", peers,
                os.environ.get("CF_PROFILE", "test"), os.environ.get("CF_NETWORK", "comm"))
    node.event(ev="ready", v=1, address=node.agent.identity.address.hex() if node.agent else "", endpoint=node.endpoint,
               node_id=node.node_id.hex())
    descriptor = sys.stdin.fileno()
    os.set_blocking(descriptor, False)
    node.transport.watch(descriptor, "stdin")
    buffer = b""
    while True:
        if not node.turn(1000):
            continue
        data = os.read(descriptor, 65536)
        buffer += data
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            alive = node.command(_command(line))
            node.flush()
            if not alive:
                return 0
        if not data:
            return 0
