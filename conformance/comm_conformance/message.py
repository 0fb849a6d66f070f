"""The 96-byte header, ids, stamps, work and the lifetime policy (20-message), and final records (50-ack)."""
import struct
from dataclasses import dataclass

from . import crypto
from .base import (ACK_BYTES, CLASS_BYTES, FUTURE, GRACE, H, HEADER, MINUTE, NONCE, REFUSAL_BYTES, leading_zero_bits,
                   need, param)

_LAYOUT = struct.Struct(">BBBBIHBB20s32s32s")
assert _LAYOUT.size == HEADER


@dataclass(frozen=True)
class Header:
    raw: bytes
    version: int
    suite: int
    kind: int
    size_class: int
    expires: int
    lifetime: int
    effort: int
    reserved: int
    mailbox: bytes
    ack_hash: bytes
    body_hash: bytes

    @property
    def id(self):
        return H("id", self.raw)

    @property
    def expires_ms(self):
        return self.expires * MINUTE

    @property
    def deleted_ms(self):
        return self.expires_ms + GRACE


def encode_header(size_class, expires, lifetime, mailbox, ack_hash, body_hash, effort=0, version=1, suite=1, kind=0,
                  reserved=0):
    return _LAYOUT.pack(version, suite, kind, size_class, expires, lifetime, effort, reserved, mailbox, ack_hash,
                        body_hash)


def unpack_header(raw):
    """The fields, whatever their values."""
    return Header(raw, *_LAYOUT.unpack(raw))


def parse_header(raw):
    """MSG-001 to MSG-006."""
    header = unpack_header(raw)
    need(header.version == 1, "schema/header-version")
    need(header.suite == 1, "schema/header-suite")
    need(header.kind == 0, "schema/header-kind")
    need(header.size_class <= 3, "schema/header-class")
    need(1 <= header.lifetime <= param("max_lifetime_minutes"), "schema/header-lifetime")
    need(header.reserved == 0, "schema/header-reserved")
    return header


def message_id(raw):
    return H("id", raw)


def stamp_bits(subject, nonce):
    return leading_zero_bits(H("stamp", subject, nonce))


def stamp_valid(subject, nonce, effort):
    return effort == 0 or stamp_bits(subject, nonce) >= effort


def make_stamp(subject, effort, start=0):
    """The first nonce from `start` (as big-endian number) that is valid."""
    while not stamp_valid(subject, start.to_bytes(NONCE, "big"), effort):
        start += 1
    return start.to_bytes(NONCE, "big")


def work(header):
    """(numerator, denominator) of the exact fraction."""
    return 2 ** min(header.effort, 63), CLASS_BYTES[header.size_class] * (header.lifetime + 120)


def check_lifetime(header, now_ms):
    """MSG-016, MSG-017."""
    need(header.expires_ms > now_ms, "policy/expired", "ignore")
    need(header.expires_ms - header.lifetime * MINUTE <= now_ms + FUTURE, "policy/from-the-future", "ignore")


def check_message(header, nonce, body):
    """Body and stamp of a message whose header is valid."""
    need(len(body) == CLASS_BYTES[header.size_class], "crypto/body-size")
    need(crypto.blake2b(body) == header.body_hash, "crypto/body-hash")
    need(stamp_valid(header.id, nonce, header.effort), "crypto/stamp")


def mailbox_id(public):
    return H("mailbox", public)[:20]


def encode_ack(header_raw, nonce, secret):
    return header_raw + nonce + secret


def encode_refusal(header_raw, nonce, mailbox_seed):
    signature = crypto.ed25519_sign(mailbox_seed, H("owner-ack", message_id(header_raw)))
    return header_raw + nonce + crypto.ed25519_public(mailbox_seed) + signature


def is_ack(record):
    return len(record) == ACK_BYTES


def check_final(record, now_ms=None):
    """ACK-001 to ACK-010; the header of the record."""
    need(len(record) in (ACK_BYTES, REFUSAL_BYTES), "schema/final-record-size")
    header = parse_header(record[:HEADER])
    nonce, rest = record[HEADER:HEADER + NONCE], record[HEADER + NONCE:]
    need(stamp_valid(header.id, nonce, header.effort), "crypto/stamp")
    if is_ack(record):
        need(H("ack", rest) == header.ack_hash, "crypto/ack-forged")
    else:
        need(mailbox_id(rest[:32]) == header.mailbox, "crypto/refusal-mailbox")
        need(crypto.ed25519_verify(rest[:32], rest[32:], H("owner-ack", header.id)), "crypto/refusal-signature")
    if now_ms is not None:
        need(header.deleted_ms > now_ms, "policy/ack-expired", "ignore")
    return header
