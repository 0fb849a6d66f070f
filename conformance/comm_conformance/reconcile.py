"""Reconciliation as pure functions (80-sync): elements, fingerprints, and what is answered to a range."""
import hashlib
from dataclasses import dataclass

from .base import H, need, param

FINGERPRINT, LIST, EXTRA, AGAIN = range(1, 5)
RECORD_EXPIRES = 0xFFFFFFFF
KEY, ELEMENT = 36, 37
FIRST, LAST = bytes(KEY), b"\xff" * KEY
MODULUS = 1 << 128


def key_of(expires, identifier):
    return expires.to_bytes(4, "big") + identifier


def record_key(address, record_hash):
    return key_of(RECORD_EXPIRES, address + record_hash[:12])


def elements_of(data):
    """[(key, state)] of concatenated elements."""
    return [(data[at:at + KEY], data[at + KEY]) for at in range(0, len(data) - ELEMENT + 1, ELEMENT)]


def encode_elements(elements):
    return b"".join(key + bytes([state]) for key, state in elements)


# --- the schema stage


def check_sync(body):
    """SYN-001."""
    nonce = body.get("nonce", b"")
    if nonce:
        need([len(body.get(f, b"")) for f in ("nonce", "centre", "radius")] == [32, 20, 20], "schema/sync-opening")
    else:
        need(not body.get("centre") and not body.get("radius") and not body.get("after"), "schema/sync-opening")
    ranges = body.get("ranges", [])
    need(len(ranges) <= param("max_sync_ranges_per_packet"), "schema/sync-count")
    need(sum(len(r.get("elements", b"")) // ELEMENT for r in ranges) <= param("max_sync_elements_per_packet"),
         "schema/sync-count")
    for one in ranges:
        _check_range(one)
    for before, after in zip(ranges, ranges[1:]):
        need(before["upper"] <= after["lower"], "schema/sync-order")


def _check_range(one):
    lower, upper, mode = one.get("lower", b""), one.get("upper", b""), one.get("mode", 0)
    need(len(lower) == len(upper) == KEY and lower < upper, "schema/sync-bound")
    need(FINGERPRINT <= mode <= AGAIN, "schema/sync-mode")
    need(len(one.get("fingerprint", b"")) == (16 if mode == FINGERPRINT else 0), "schema/sync-fingerprint")
    data = one.get("elements", b"")
    need(mode in (LIST, EXTRA) or not data, "schema/sync-elements")
    need(len(data) % ELEMENT == 0, "schema/sync-elements")
    listed = elements_of(data)
    need(all(lower <= key < upper and state <= 2 for key, state in listed), "schema/sync-elements")
    need(all(a[0] < b[0] for a, b in zip(listed, listed[1:])), "schema/sync-elements")


# --- fingerprints


def session_key(requester_nonce, responder_nonce):
    return H("sync", requester_nonce, responder_nonce)


def share(key, element):
    """BLAKE2b-128 of session key, id and state."""
    name, state = element
    return hashlib.blake2b(key + name[4:] + bytes([state]), digest_size=16).digest()


def fingerprint(key, elements):
    total = sum(int.from_bytes(share(key, element), "big") for element in elements)
    return (total % MODULUS).to_bytes(16, "big")


@dataclass(frozen=True)
class View:
    """Of which elements a session speaks: both sides' centre and radius, and `after`."""
    after: int
    circles: tuple

    def counts(self, expires_minutes, point):
        number = int.from_bytes(point, "big")
        return expires_minutes > self.after and all(
            number ^ int.from_bytes(centre, "big") <= int.from_bytes(radius, "big") for centre, radius in self.circles)


# --- ranges


def within(elements, lower, upper):
    return [e for e in elements if lower <= e[0] < upper]


def missing_from(theirs, ours):
    """What of ours the other side lacks or has in a lower state."""
    known = dict(theirs)
    return [(key, state) for key, state in ours if known.get(key, -1) < state]


def whole(key, lower, upper, ours):
    return {"lower": lower, "upper": upper, "mode": FINGERPRINT, "fingerprint": fingerprint(key, ours)}


def split(key, lower, upper, ours):
    parts = min(param("sync_split"), len(ours))
    cuts = [lower, *(ours[len(ours) * n // parts][0] for n in range(1, parts)), upper]
    return [whole(key, a, b, within(ours, a, b)) for a, b in zip(cuts, cuts[1:])]


def answer_range(key, theirs, elements):
    """The ranges that answer one of theirs, `elements` being all of ours in rising order."""
    lower, upper, mode = theirs["lower"], theirs["upper"], theirs["mode"]
    ours = within(elements, lower, upper)
    if mode == EXTRA:
        return []
    if mode == AGAIN:
        return [whole(key, lower, upper, ours)]
    if mode == FINGERPRINT:
        if theirs["fingerprint"] == fingerprint(key, ours):
            return []
        if len(ours) <= param("sync_listed"):
            return [{"lower": lower, "upper": upper, "mode": LIST, "elements": encode_elements(ours)}]
        return split(key, lower, upper, ours)
    if len(ours) > param("sync_kept"):
        return split(key, lower, upper, ours)
    extra = missing_from(elements_of(theirs.get("elements", b"")), ours)
    if not extra:
        return []
    return [{"lower": lower, "upper": upper, "mode": EXTRA, "elements": encode_elements(extra)}]
