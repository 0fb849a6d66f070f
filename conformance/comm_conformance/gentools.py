"""What the vector generators share: injected randomness, actors, and the collector of one area."""
import hashlib
import json

from . import crypto, identity, keyrecord, message, ops, packing, sealing
from .base import CONFORMANCE, EDITION, WEEK

NOW = 1_800_000_000_000
WEEK_NOW = NOW // WEEK
VERSION = "1"


def rnd(label, size=32):
    """Bytes that follow from a label: the generators' only randomness."""
    return hashlib.shake_256(b"comm vectors " + label.encode()).digest(size)


ALICE = identity.Identity(rnd("alice"))
BOB = identity.Identity(rnd("bob"))
MALLORY = identity.Identity(rnd("mallory"))
ALICE_RECORD = ALICE.record(NOW - 1000)
BOB_RECORD = BOB.record(NOW - 2000)
BOB_KEYS = keyrecord.parse(BOB_RECORD["record"], BOB_RECORD["signature"], BOB_RECORD["nonce"])


def text_message(label, text="hello", lifetime=60, sender=ALICE, effort=0, now=NOW):
    return sealing.seal_text(sender, BOB.address, BOB_KEYS, text, now, lifetime, rnd(label + " uid", 16),
                             rnd(label + " e"), sender.record(now - 1000), effort=effort)


def header(mailbox=b"m" * 20, expires=NOW // 60_000 + 60, lifetime=60, size_class=0, ack=bytes(32), body=None, **more):
    body = bytes(1024) if body is None else body
    return message.encode_header(size_class, expires, lifetime, mailbox, ack, crypto.blake2b(body), **more)


class Area:
    """Vectors of one file. Expectations are stated by the author of a vector; outputs come from the stack."""

    def __init__(self, name):
        self.name, self.vectors = name, []

    def accept(self, slug, requirements, op, comment="", output=None, **given):
        result = ops.answer({"id": slug, "op": op, "input": _hex(given)})
        assert result["expect"] == "accept", (slug, result)
        if output is not None:
            assert _hex(output) == result["output"], (slug, result["output"])
        self._add(slug, requirements, op, given, comment, expect="accept", output=result["output"])

    def reject(self, slug, requirements, op, error, twin, mutation, comment="", scope=None, **given):
        self._add(slug, requirements, op, given, comment, expect="reject", error=error, scope=scope or "count",
                  twin=twin, mutation=mutation)

    def _add(self, slug, requirements, op, given, comment, **rest):
        vector = {"id": slug, "requirements": requirements.split(), "op": op, "input": _hex(given), **rest,
                  "flags": [], "since": EDITION}
        if comment:
            vector["comment"] = comment
        self.vectors.append(vector)

    def text(self):
        head = json.dumps({"schema": "vector-v1", "area": self.name, "spec": EDITION,
                           "source": {"name": "comm_conformance", "version": VERSION}})[:-1]
        lines = ",\n".join(" " + json.dumps(packing.on_values(packing.pack, vector)) for vector in self.vectors)
        return f'{head}, "vectors": [\n{lines}\n]}}\n'

    def path(self):
        return CONFORMANCE / "vectors" / self.name.split("/")[0] / (self.name.split("/")[1] + ".json")


def _hex(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: _hex(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_hex(item) for item in value]
    return value


def flip(data, position, mask=1):
    return data[:position] + bytes([data[position] ^ mask]) + data[position + 1:]
