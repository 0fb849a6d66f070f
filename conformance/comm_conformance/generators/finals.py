"""Acknowledgements and refusals (50-ack)."""
from .. import message
from ..base import GRACE, H
from ..gentools import BOB, MALLORY, NOW, WEEK_NOW, Area, flip, text_message


def areas():
    area = Area("ack/final")
    plain, paid, other = text_message("plain"), text_message("paid", effort=9), text_message("other")
    expires = message.unpack_header(plain.header).expires_ms

    def ok(slug, requirements, record, comment="", now_ms=NOW):
        area.accept(slug, requirements, "check-final", comment, record=record, now_ms=now_ms)

    def bad(slug, requirement, error, mutation, twin, record, now_ms=NOW, scope="count"):
        area.reject(slug, requirement, "check-final", error, twin, mutation, scope=scope, record=record, now_ms=now_ms)
    ack = plain.ack()
    refusal = message.encode_refusal(plain.header, plain.nonce, BOB.mailbox_seed(WEEK_NOW))
    ok("ack-valid", "ACK-001 ACK-007", ack)
    ok("ack-other-nonce-effort-0", "ACK-007 MSG-014", plain.header + b"\xff" * 8 + plain.ack_secret)
    ok("ack-paid", "ACK-003", paid.ack())
    ok("refusal-valid", "ACK-001 ACK-009", refusal)
    ok("ack-of-expired", "ACK-011", ack, "the last millisecond", expires + GRACE - 1)
    ok("refusal-of-expired", "ACK-011", refusal, now_ms=expires + GRACE - 1)
    bad("ack-too-old", "ACK-010", "policy/ack-expired", "a millisecond later", "ack-of-expired", ack,
        expires + GRACE, "ignore")
    bad("refusal-too-old", "ACK-010", "policy/ack-expired", "a millisecond later", "refusal-of-expired", refusal,
        expires + GRACE, "ignore")
    for size in (0, 135, 137, 199, 201):
        bad(f"final-size-{size}", "ACK-001", "schema/final-record-size", f"{size} bytes",
            "ack-valid" if size < 150 else "refusal-valid", refusal.ljust(201, b"\0")[:size])
    for position, requirement, reason in ((0, "MSG-001", "version"), (1, "MSG-002", "suite"), (2, "MSG-003", "kind"),
                                          (11, "MSG-006", "reserved")):
        bad(f"ack-header-{reason}", f"ACK-002 {requirement}", f"schema/header-{reason}", f"byte {position}", "ack-valid",
            flip(ack, position, 2))
    bad("ack-header-class", "ACK-002 MSG-004", "schema/header-class", "class 4", "ack-valid", flip(ack, 3, 4))
    bad("ack-header-lifetime", "ACK-002 MSG-005", "schema/header-lifetime", "lifetime 0", "ack-valid",
        ack[:8] + b"\0\0" + ack[10:])
    bad("ack-stamp", "ACK-003", "crypto/stamp", "another nonce", "ack-paid", flip(paid.ack(), 103))
    bad("refusal-stamp", "ACK-003", "crypto/stamp", "another nonce", "refusal-paid", flip(
        message.encode_refusal(paid.header, paid.nonce, BOB.mailbox_seed(WEEK_NOW)), 103))
    ok("refusal-paid", "ACK-003", message.encode_refusal(paid.header, paid.nonce, BOB.mailbox_seed(WEEK_NOW)))
    bad("ack-forged-random", "ACK-004", "crypto/ack-forged", "another secret", "ack-valid", flip(ack, 135))
    bad("ack-forged-hash-as-secret", "ACK-004", "crypto/ack-forged", "the ack hash in place of the secret", "ack-valid",
        ack[:104] + plain.header[32:64])
    bad("ack-of-another-message", "ACK-004", "crypto/ack-forged", "the secret of another message", "ack-valid",
        ack[:104] + other.ack_secret)
    bad("ack-flip-mailbox", "ACK-007", "crypto/ack-forged", "another mailbox and ack hash", "ack-valid",
        flip(flip(ack, 12), 40))
    stranger = message.encode_refusal(plain.header, plain.nonce, MALLORY.mailbox_seed(WEEK_NOW))
    bad("refusal-by-stranger", "ACK-005", "crypto/refusal-mailbox", "signed by another mailbox", "refusal-valid", stranger)
    bad("refusal-other-week", "ACK-005", "crypto/refusal-mailbox", "the mailbox of the week after", "refusal-valid",
        message.encode_refusal(plain.header, plain.nonce, BOB.mailbox_seed(WEEK_NOW + 1)))
    bad("refusal-signature", "ACK-006", "crypto/refusal-signature", "last byte", "refusal-valid", flip(refusal, 199))
    bad("refusal-strangers-signature", "ACK-006", "crypto/refusal-signature", "another key signed", "refusal-valid",
        refusal[:136] + stranger[136:])
    bad("refusal-for-other-id", "ACK-006", "crypto/refusal-signature", "the refusal of another message", "refusal-valid",
        refusal[:136] + message.encode_refusal(other.header, other.nonce, BOB.mailbox_seed(WEEK_NOW))[136:])
    bad("refusal-signs-raw-id", "ACK-006 CRY-001", "crypto/refusal-signature", "the id itself is signed", "refusal-valid",
        refusal[:136] + _sign(BOB.mailbox_seed(WEEK_NOW), plain.id))
    bad("refusal-signs-other-tag", "ACK-006 CRY-001", "crypto/refusal-signature", "tag ack instead of owner-ack",
        "refusal-valid", refusal[:136] + _sign(BOB.mailbox_seed(WEEK_NOW), H("ack", plain.id)))
    yield area


def _sign(seed, digest):
    from ..crypto import ed25519_sign
    return ed25519_sign(seed, digest)
