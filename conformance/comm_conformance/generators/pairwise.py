"""Pairwise mailboxes (60-mailboxes-and-records)."""
from .. import crypto, pairwise
from ..gentools import ALICE, BOB, MALLORY, NOW, Area, flip, rnd
from ..identity import Identity

LAST = NOW + pairwise.LIFETIME + pairwise.SKEW


def areas():
    yield mailboxes()
    yield grants()


def mailboxes():
    area = Area("pairwise/mailbox")
    example = Identity.from_secret(b"alep")
    contact = bytes(range(20))
    start = 340 * pairwise.PERIOD - pairwise.phase(example, contact)
    area.accept("pairwise-check-value", "MBX-017", "pairwise-mailbox", "the check value of 30-crypto", seed=example.seed, contact=contact,
                now_ms=start)
    assert pairwise.phase(example, contact) == 2_939_490_518
    area.accept("pairwise-last-instant", "MBX-017", "pairwise-mailbox", "one ms before the next period", seed=example.seed,
                contact=contact, now_ms=start + pairwise.PERIOD - 1)
    area.accept("pairwise-next-period", "MBX-017", "pairwise-mailbox", seed=example.seed, contact=contact,
                now_ms=start + pairwise.PERIOD)
    for name, owner, other in (("alice-bob", ALICE, BOB), ("bob-alice", BOB, ALICE), ("alice-mallory", ALICE, MALLORY)):
        area.accept(f"pairwise-{name}", "MBX-017", "pairwise-mailbox", seed=owner.seed, contact=other.address, now_ms=NOW)
    return area


def grants():
    area = Area("pairwise/grant")
    key = crypto.ed25519_public(rnd("granted"))

    def good(slug, requirement, expires, mailbox_key=key):
        area.accept(slug, requirement, "check-grant", mailbox_key=mailbox_key, expires_ms=expires, now_ms=NOW)

    def bad(slug, error, twin, mutation, expires=NOW + 1000, mailbox_key=key):
        area.reject(slug, "MBX-026", "check-grant", error, twin, mutation, scope="ignore", mailbox_key=mailbox_key,
                    expires_ms=expires, now_ms=NOW)
    good("grant-plain", "MBX-026", NOW + 1000)
    good("grant-ends-in-a-ms", "MBX-026", NOW + 1)
    good("grant-longest", "MBX-026", LAST)
    bad("grant-ended-now", "policy/grant-expired", "grant-ends-in-a-ms", "a ms sooner", NOW)
    bad("grant-ms-too-long", "policy/grant-lifetime", "grant-longest", "a ms longer", LAST + 1)
    for name, point in unusable_keys(key):
        bad(f"grant-key-{name}", "crypto/grant-key", "grant-plain", name.replace("-", " "), mailbox_key=point)
    return area


def unusable_keys(key):
    """Keys that nobody can sign with alone."""
    neutral = (1).to_bytes(32, "little")
    yield "neutral", neutral
    yield "order-2", (crypto.P - 1).to_bytes(32, "little")
    yield "order-4", bytes(32)
    yield "not-canonical", (crypto.P + 1).to_bytes(32, "little")
    yield "neutral-with-sign", flip(neutral, 31, 0x80)
    off = next(n.to_bytes(32, "little") for n in range(2, 100) if crypto._decompress(n.to_bytes(32, "little")) is None)
    yield "not-on-the-curve", off
    x, y = crypto._add(crypto._decompress(key), (0, crypto.P - 1))
    yield "plus-a-point-of-order-2", (y | (x & 1) << 255).to_bytes(32, "little")
