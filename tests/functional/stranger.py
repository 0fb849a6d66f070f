"""Peers that do not keep to the rules: raw ZMTP 3.1 with CURVE, enough to send what libzmq's own sockets never would."""
import os
import socket
import struct

import sodium


def connect(endpoint, timeout=5):
    host, _, port = endpoint.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout)


def closed_by_peer(plain_socket, timeout):
    """True when the peer ends the connection within `timeout` seconds."""
    plain_socket.settimeout(timeout)
    try:
        while plain_socket.recv(65536):
            pass
        return True
    except ConnectionError:
        return True
    except TimeoutError:
        return False


class CurveStranger:
    """A connection past the CURVE handshake. `identity` is the ZeroMQ routing id it announces."""

    def __init__(self, endpoint, identity=b"", network="comm", timeout=5):
        self.socket = connect(endpoint, timeout)
        self.counter = 0
        try:
            self._handshake(identity, sodium.network_key(network))
        except BaseException:
            self.socket.close()
            raise

    def _nonce(self):
        self.counter += 1
        return struct.pack(">Q", self.counter)

    def _read(self, count):
        data = b""
        while len(data) < count:
            chunk = self.socket.recv(count - len(data))
            if not chunk:
                raise ConnectionError("the peer ended the connection")
            data += chunk
        return data

    def _read_frame(self):
        flags = self._read(1)[0]
        size = struct.unpack(">Q", self._read(8))[0] if flags & 2 else self._read(1)[0]
        return self._read(size)

    def _frame(self, body, flags):
        if len(body) > 255:
            return bytes([flags | 2]) + struct.pack(">Q", len(body)) + body
        return bytes([flags, len(body)]) + body

    def _handshake(self, identity, server):
        self.socket.sendall(b"\xff" + bytes(7) + b"\x01\x7f" + b"\x03\x00" + b"CURVE".ljust(20, b"\x00") + bytes(32))
        self._read(64)
        permanent, permanent_secret = sodium.box_keypair()
        public, self.secret = sodium.box_keypair()
        short = self._nonce()
        signature = sodium.box(bytes(64), b"CurveZMQHELLO---" + short, server, self.secret)
        self.socket.sendall(self._frame(b"\x05HELLO\x01\x00" + bytes(72) + public + short + signature, 4))
        welcome = self._read_frame()
        assert welcome.startswith(b"\x07WELCOME"), welcome[:20]
        opened = sodium.box_open(welcome[24:], b"WELCOME-" + welcome[8:24], server, self.secret)
        self.peer, cookie = opened[:32], opened[32:]
        long_nonce = os.urandom(16)
        vouch = sodium.box(public + server, b"VOUCH---" + long_nonce, self.peer, permanent_secret)
        metadata = self._property(b"Socket-Type", b"DEALER") + self._property(b"Identity", identity)
        short = self._nonce()
        sealed = sodium.box(permanent + long_nonce + vouch + metadata, b"CurveZMQINITIATE" + short, self.peer, self.secret)
        self.socket.sendall(self._frame(b"\x08INITIATE" + cookie + short + sealed, 4))
        ready = self._read_frame()
        if not ready.startswith(b"\x05READY"):
            raise ConnectionError(f"refused: {ready[:40]!r}")

    @staticmethod
    def _property(name, value):
        return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value

    def send(self, body, more=False):
        short = self._nonce()
        sealed = sodium.box(bytes([1 if more else 0]) + body, b"CurveZMQMESSAGEC" + short, self.peer, self.secret)
        self.socket.sendall(self._frame(b"\x07MESSAGE" + short + sealed, 0))

    def receive(self):
        """The next message part that the peer sends."""
        while True:
            frame = self._read_frame()
            if frame.startswith(b"\x07MESSAGE"):
                return sodium.box_open(frame[16:], b"CurveZMQMESSAGES" + frame[8:16], self.peer, self.secret)[1:]

    def close(self):
        self.socket.close()
