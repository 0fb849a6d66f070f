"""A message in custody, and what is known of each node with respect to it."""
from .. import message
from ..base import HEADER, param

LIVE, REFUSED_STATE, ACKED = 0, 1, 2


class Peering:
    """What is known of one node with respect to one message."""

    def __init__(self, exchanged=False, holder=False, due=None, attempts=0, settled=False, target=False):
        self.exchanged, self.holder, self.due = exchanged, holder, due
        self.attempts, self.settled, self.target = attempts, settled, target


class Held:
    def __init__(self, header, nonce, body, own=False, ingress=b"", received=0):
        self.header, self.nonce, self.body = message.unpack_header(header), nonce, body
        self.id = self.header.id
        self.own, self.ingress, self.received = own, ingress, received
        self.state, self.final = LIVE, b""
        self.peers = {}

    def cost(self):
        return len(self.body) + HEADER if self.state == LIVE else param("tombstone_cost_bytes")

    def offer(self):
        return {"header": self.header.raw, "nonce": self.nonce}

    def item(self):
        return {**self.offer(), "body": self.body}
