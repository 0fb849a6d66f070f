"""Links over ZeroMQ (10-transport, Links): a ROUTER that listens, a ROUTER for each dial, CURVE on both.

A Transport is used by one thread; a second one only answers ZAP. `poll` returns events as (kind, channel, data):
packet (bytes), multipart (None) and closed (None). A channel appears with its first packet.
"""
import os
import socket
import threading
import time

import zmq
from zmq.utils.monitor import recv_monitor_message

from . import crypto, identity

_GONE = (zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
         | zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_CONNECT_RETRIED | zmq.EVENT_CLOSED)
_BATCH = 256
LAST_WORDS = 0.15   # seconds that a closing link has to write what was sent before


def hostport(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Channel:
    """One link. `client_key` is the dialler's CURVE key, on both sides."""

    def __init__(self, transport, routing_id, client_key, dialled, endpoint, descriptor=-1, sock=None):
        self.transport, self.routing_id, self.client_key = transport, routing_id, client_key
        self.dialled, self.endpoint, self.descriptor, self.sock = dialled, endpoint, descriptor, sock
        self.open = True

    def send(self, raw):
        self.send_parts([raw])

    def send_parts(self, parts):
        if not self.open:
            return
        try:
            (self.sock or self.transport.listener).send_multipart([self.routing_id, *parts], zmq.DONTWAIT)
        except zmq.ZMQError:
            pass  # gone or full: what matters is repeated by its own schedule

    def close(self, linger=500):
        """Ends the link. What was sent before has `linger` milliseconds to leave."""
        if self.open:
            self.open = False
            self.transport.drop(self, linger)


class Transport:
    def __init__(self, network="comm", max_message=-1, poller=None):
        self.context = zmq.Context()
        self.secret, self.public = identity.network_pair(network)
        self.max_message = max_message
        self.poller = poller or zmq.Poller()
        self.listener = self.monitor = None
        self.accepted, self.dials, self.monitors = {}, {}, {}
        self.descriptors, self.extra = {}, {}
        self.silent, self.closing, self.doubts = {}, [], []  # descriptors without a packet; channels that end, that may have
        self._zap_ready = threading.Event()
        threading.Thread(target=self._zap, daemon=True).start()
        self._zap_ready.wait(10)

    def _zap(self):
        handler = self.context.socket(zmq.REP)
        handler.linger = 0
        handler.bind("inproc://zeromq.zap.01")
        self._zap_ready.set()
        try:
            while True:
                frames = handler.recv_multipart()
                good = len(frames) == 7 and frames[5] == b"CURVE" and self.admits(frames[6])
                user = frames[6].hex().encode() if good else b""
                handler.send_multipart([b"1.0", frames[1], b"200" if good else b"400", b"", user, b""])
        except zmq.ZMQError:
            handler.close()

    def admits(self, client_key):
        """NET-003: any client."""
        return True

    def _router(self, ipv6):
        sock = self.context.socket(zmq.ROUTER)
        sock.linger = 0
        sock.ipv6 = ipv6
        sock.setsockopt(zmq.ROUTER_MANDATORY, 1)
        sock.setsockopt(zmq.MAXMSGSIZE, self.max_message)
        sock.setsockopt(zmq.RECONNECT_IVL, -1)
        return sock

    def listen(self, text):
        """Binds; returns HOST:PORT as bound."""
        host, port = hostport(text)
        sock = self._router(":" in host)
        sock.setsockopt(zmq.CURVE_SERVER, 1)
        sock.setsockopt(zmq.CURVE_SECRETKEY, self.secret)
        sock.setsockopt(zmq.ZAP_DOMAIN, b"comm")
        self.monitor = sock.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        self.listener = sock  # before it is bound: what cannot be bound is closed, too, or the context would wait for it
        self.poller.register(sock, zmq.POLLIN)
        self.poller.register(self.monitor, zmq.POLLIN)
        quoted = f"[{host}]" if ":" in host else host
        sock.bind(f"tcp://{quoted}:{port or '*'}")
        return sock.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode().removeprefix("tcp://")

    def dial(self, text, curve=True, name=None):
        """A new link with a new client key. It is open at once; `closed` follows if it cannot be made. NET-009: no
        routing id is announced, unless a hostile `name` is given."""
        secret = os.urandom(32)
        sock = self._router(text.startswith("["))
        if name is not None:
            sock.setsockopt(zmq.ROUTING_ID, name)
        if curve:
            sock.setsockopt(zmq.CURVE_SERVERKEY, self.public)
            sock.setsockopt(zmq.CURVE_PUBLICKEY, crypto.x25519_public(secret))
            sock.setsockopt(zmq.CURVE_SECRETKEY, secret)
        sock.setsockopt(zmq.CONNECT_ROUTING_ID, b"peer")
        monitor = sock.get_monitor_socket(_GONE)
        sock.connect("tcp://" + text)
        channel = Channel(self, b"peer", crypto.x25519_public(secret), True, text, sock=sock)
        self.dials[sock], self.monitors[monitor] = channel, channel
        channel.monitor = monitor
        self.poller.register(sock, zmq.POLLIN)
        self.poller.register(monitor, zmq.POLLIN)
        return channel

    def watch(self, descriptor, tag):
        """Reports ("readable", None, tag) when a file descriptor is."""
        self.extra[descriptor] = tag
        self.poller.register(descriptor, zmq.POLLIN)

    def unwatch(self, descriptor):
        if self.extra.pop(descriptor, None) is not None:
            self.poller.unregister(descriptor)

    def drop(self, channel, linger):
        if channel.sock is not None:
            self._forget_dial(channel, linger)
        elif linger:
            self.closing.append((time.monotonic() + LAST_WORDS, channel))
        else:
            self._shut_down(channel)

    def _shut_down(self, channel):
        """A bound ROUTER cannot disconnect one peer: its descriptor is shut down, unless it is another's by now."""
        if self.descriptors.get(channel.descriptor) is channel and _peer_name(channel.descriptor) == channel.endpoint:
            shut_down(channel.descriptor)

    def _forget_dial(self, channel, linger):
        for sock in (channel.sock, channel.monitor):
            self.poller.unregister(sock)
        self.dials.pop(channel.sock, None)
        self.monitors.pop(channel.monitor, None)
        channel.sock.disable_monitor()
        channel.monitor.close(0)
        channel.sock.close(linger)

    def poll(self, timeout_ms):
        if self.closing or self.doubts:
            timeout_ms = min(timeout_ms, LAST_WORDS * 1000)
        return self.process(dict(self.poller.poll(timeout_ms)))

    def process(self, ready):
        """The events of what a poll of the (perhaps shared) poller found ready."""
        events = []
        while self.closing and self.closing[0][0] <= time.monotonic():
            self._shut_down(self.closing.pop(0)[1])
        while self.doubts and self.doubts[0][0] <= time.monotonic():
            self._look_again(events, self.doubts.pop(0)[1])
        if self.listener is not None and self.listener in ready:
            self._receive(self.listener, events)
        for sock in [s for s in ready if s in self.dials]:
            self._receive(sock, events)
        events += [("readable", None, self.extra[fd]) for fd in ready if fd in self.extra]
        if self.monitor is not None and self.monitor in ready:
            self._accepted_gone(events)
        for monitor in [m for m in ready if m in self.monitors]:
            self._dial_gone(monitor, events)
        return events

    def _receive(self, sock, events):
        for _ in range(_BATCH):
            try:
                frames = sock.recv_multipart(zmq.DONTWAIT, copy=False)
            except zmq.ZMQError:
                return
            channel = self.dials.get(sock) or self._channel(frames)
            if len(frames) == 2:
                events.append(("packet", channel, frames[1].bytes))
            else:
                events.append(("multipart", channel, None))

    def _channel(self, frames):
        routing_id = frames[0].bytes
        user = bytes.fromhex(frames[-1].get("User-Id"))
        channel = self.accepted.get(routing_id)
        if channel is None or channel.client_key != user:
            descriptor = frames[-1].get(zmq.SRCFD)
            self.silent.pop(descriptor, None)
            channel = Channel(self, routing_id, user, False, _peer_name(descriptor), descriptor)
            self.accepted[routing_id] = self.descriptors[descriptor] = channel
        return channel

    def _accepted_gone(self, events):
        for _ in range(_BATCH):
            if not self.monitor.poll(0):
                return
            happened = recv_monitor_message(self.monitor)
            descriptor = happened["value"]
            if happened["event"] == zmq.EVENT_ACCEPTED:
                known = self.descriptors.get(descriptor)
                if known is None or known.endpoint != _peer_name(descriptor):  # else its first packet was faster
                    self.silent[descriptor] = None
                continue
            self.silent.pop(descriptor, None)
            channel = self.descriptors.get(descriptor)
            if channel is not None:  # it may be of an older connection with the same descriptor: look again shortly
                self.doubts.append((time.monotonic() + LAST_WORDS, channel))
                self._look_again(events, channel)

    def _look_again(self, events, channel):
        """Reports an accepted channel as closed unless its descriptor still leads to the same peer."""
        if self.accepted.get(channel.routing_id) is not channel or _peer_name(channel.descriptor) == channel.endpoint:
            return
        if self.descriptors.get(channel.descriptor) is channel:
            del self.descriptors[channel.descriptor]
        del self.accepted[channel.routing_id]
        if channel.open:
            channel.open = False
            self._receive(self.listener, events)
            events.append(("closed", channel, None))

    def _dial_gone(self, monitor, events):
        channel = self.monitors.get(monitor)
        if channel is None:
            return
        self._receive(channel.sock, events)
        if channel.open:
            channel.open = False
            self._forget_dial(channel, 0)
            events.append(("closed", channel, None))

    def close(self):
        for channel in list(self.dials.values()):
            channel.close(linger=0)
        if self.listener is not None:
            self.poller.unregister(self.listener)
            self.poller.unregister(self.monitor)
            self.listener.disable_monitor()
            self.monitor.close(0)
            self.listener.close(0)
        self.context.term()  # the ZAP thread closes its own socket


def shut_down(descriptor):
    try:
        with socket.socket(fileno=os.dup(descriptor)) as handle:
            handle.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def _peer_name(descriptor):
    try:
        with socket.socket(fileno=os.dup(descriptor)) as handle:
            host, port = handle.getpeername()[:2]
            return f"{host.removeprefix('::ffff:')}:{port}"
    except OSError:
        return ""
