"""Many people who write to one, from the independent protocol stack in conformance/ over one ZeroMQ link: what five
hundred programs would do, without their five hundred processes."""
import os
import sys
import time
from pathlib import Path

import zmq
import zmq.utils.z85

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "conformance"))
from comm_conformance import crypto, identity, keyrecord, message, sealing, session, wire  # noqa: E402

PER_PACKET = 32


class Link:
    """An authenticated session with a relay."""

    def __init__(self, endpoint, timeout=30_000):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        for option, value in ((zmq.LINGER, 0), (zmq.RCVTIMEO, timeout), (zmq.SNDTIMEO, timeout)):
            self.socket.setsockopt(option, value)
        public, secret = zmq.curve_keypair()
        self.socket.curve_publickey, self.socket.curve_secretkey = public, secret
        self.socket.curve_serverkey = zmq.utils.z85.encode(identity.network_pair()[1])
        self.socket.connect("tcp://" + endpoint)
        self._join(zmq.utils.z85.decode(public))

    def _join(self, curve_key):
        seed = os.urandom(32)
        hello = wire.encode_hello(version=1, node_key=crypto.ed25519_public(seed), nonce=os.urandom(32), role=wire.CLIENT,
                                  time_ms=int(time.time() * 1000))
        self.send("hello", hello, 1)
        while True:
            _, kind, body = wire.decode_only(self.socket.recv())
            if kind == "welcome":
                break
        self.digest = session.transcript(curve_key, hello, body["body"])
        self.send("auth", {"signature": session.sign_auth(seed, self.digest)})

    def send(self, kind, body, request_id=0):
        self.socket.send(wire.encode(kind, body, request_id))

    def wait_for(self, wanted, seconds=60):
        """Bodies of packets of that kind; pings are answered meanwhile."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            request_id, kind, body = wire.decode_only(self.socket.recv())
            if kind == "ping":
                self.send("pong", {}, request_id)
            elif kind == wanted:
                return body
        raise AssertionError(f"no {wanted} within {seconds} s")

    def close(self):
        self.socket.close()
        self.context.term()


def write_as_strangers(endpoint, secret, count):
    """`count` people, each with a key of their own, write one message to the owner of SECRET. Waits until the relay has
    stored all of them. Returns their addresses."""
    now = int(time.time() * 1000)
    reader = identity.Identity.from_secret(secret.encode())
    signed = reader.record(now)
    record = keyrecord.parse(signed["record"], signed["signature"], signed["nonce"])
    people = [identity.Identity(os.urandom(32)) for _ in range(count)]
    link = Link(endpoint)
    stored = 0
    for start in range(0, count, PER_PACKET):
        items = []
        for number, person in enumerate(people[start:start + PER_PACKET], start):
            own = person.record(now, stamp=False)
            sealed = sealing.seal_text(person, reader.address, record, f"stranger {number}", now, 60, os.urandom(16), os.urandom(32), own)
            items.append(sealed.item())
        link.send("message", {"items": items})
        while stored < start + len(items):
            stored += sum(1 for item in link.wait_for("stored")["items"] if item.get("status") == wire.STORED)
    link.close()
    return [person.address.hex() for person in people]


def read_without_acknowledging(endpoint, secret):
    """Collects the one message that waits for the owner of SECRET and opens it. Returns (text, acknowledgement)."""
    reader = identity.Identity.from_secret(secret.encode())
    week = int(time.time() * 1000) // (7 * 24 * 3_600_000)
    link = Link(endpoint)
    link.send("collect", session.sign_collect(reader.mailbox_seed(week), link.digest), 7)
    while True:
        offered = [item for item in link.wait_for("offer")["items"]
                   if message.unpack_header(item["header"]).mailbox == reader.mailbox_id(week)]
        if offered:
            break
    link.send("want", {"ids": [message.message_id(offered[0]["header"])]}, 8)
    item = link.wait_for("message")["items"][0]
    opened = sealing.open_message(item["header"], item["body"], reader.address, [reader.prekey(week)[0]])
    link.close()
    return opened.content, message.encode_ack(item["header"], item["nonce"], opened.ack_secret)


def acknowledge(endpoint, record):
    link = Link(endpoint)
    link.send("ack", {"records": [record]})
    return link  # to be closed by the caller: what was sent must arrive first
