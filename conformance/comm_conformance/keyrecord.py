"""Key records (60-mailboxes-and-records)."""
from dataclasses import dataclass

from . import crypto, pb
from .base import DAY, HOUR, MAX_TIMESTAMP, H, Reject, need, now_week, param

CODEC = pb.Codec(
    pb.Schema("KeyRecord", {1: ("sign_key", "bytes"), 2: ("dh_key", "bytes"), 3: ("seq", "u64"),
                            4: ("created_ms", "u64"), 5: ("expires_ms", "u64"), 6: ("prekey", "bytes"),
                            7: ("mailboxes", "*msg:WeekMailbox"), 8: ("min_effort", "u32")}),
    pb.Schema("WeekMailbox", {1: ("week", "u32"), 2: ("mailbox_id", "bytes")}),
)


@dataclass(frozen=True)
class KeyRecord:
    raw: bytes
    signature: bytes
    nonce: bytes
    sign_key: bytes
    dh_key: bytes
    seq: int
    created_ms: int
    expires_ms: int
    prekey: bytes
    mailboxes: tuple
    min_effort: int

    @property
    def hash(self):
        return H("record", self.raw)

    @property
    def address(self):
        return address_of(self.sign_key, self.dh_key)

    def supersedes(self, other):
        if self.seq != other.seq:
            return self.seq > other.seq
        return self.hash < other.hash

    def mailbox_for(self, now_ms):
        """MBX-001: the mailbox id a message goes to."""
        week = now_week(now_ms)
        for listed, mailbox in self.mailboxes:
            if listed == week:
                return mailbox
        return self.mailboxes[0][1] if week < self.mailboxes[0][0] else self.mailboxes[-1][1]


def address_of(sign_key, dh_key):
    return H("address", sign_key, dh_key)[:20]


def record_region(address):
    return H("record region", address)[:20]


def encode(sign_key, dh_key, seq, created_ms, expires_ms, prekey, mailboxes, min_effort=0):
    return CODEC.encode("KeyRecord", {
        "sign_key": sign_key, "dh_key": dh_key, "seq": seq, "created_ms": created_ms, "expires_ms": expires_ms,
        "prekey": prekey, "mailboxes": [{"week": week, "mailbox_id": box} for week, box in mailboxes],
        "min_effort": min_effort})


def parse(raw, signature=bytes(64), nonce=bytes(8)):
    """Decode and schema: REC-001 to REC-007."""
    need(1 <= len(raw) <= param("max_record_bytes"), "schema/record-size")
    try:
        fields = CODEC.decode("KeyRecord", raw)
    except pb.DecodeError:
        raise Reject("decode/record-decode") from None
    need(len(fields.get("sign_key", b"")) == 32, "schema/record-sign-key")
    need(len(fields.get("dh_key", b"")) == 32, "schema/record-dh-key")
    need(len(fields.get("prekey", b"")) == 32, "schema/record-prekey")
    created, expires = fields.get("created_ms", 0), fields.get("expires_ms", 0)
    need(created <= MAX_TIMESTAMP, "schema/record-created")
    need(created < expires <= MAX_TIMESTAMP, "schema/record-expires")
    boxes = tuple((box.get("week", 0), box.get("mailbox_id", b"")) for box in fields.get("mailboxes", []))
    need(1 <= len(boxes) <= param("max_mailboxes_per_record"), "schema/record-mailboxes")
    need(all(len(mailbox) == 20 for _, mailbox in boxes), "schema/record-mailboxes")
    need(all(a[0] < b[0] for a, b in zip(boxes, boxes[1:])), "schema/record-weeks")
    need(fields.get("min_effort", 0) <= param("max_stamp_effort"), "schema/record-effort")
    return KeyRecord(raw, signature, nonce, fields["sign_key"], fields["dh_key"], fields.get("seq", 0), created,
                     expires, fields["prekey"], boxes, fields.get("min_effort", 0))


def check(raw, signature, nonce, now_ms):
    """All stages: REC-001 to REC-011."""
    record = parse(raw, signature, nonce)
    need(crypto.ed25519_verify(record.sign_key, signature, record.hash), "crypto/record-signature")
    need(record.created_ms <= now_ms + param("record_future"), "policy/record-from-the-future")
    need(record.expires_ms - record.created_ms <= param("record_lifetime"), "policy/record-lifetime")
    need(record.expires_ms > now_ms, "policy/record-expired", "ignore")
    return record


assert param("record_lifetime") == 45 * DAY and param("record_future") == 2 * HOUR
