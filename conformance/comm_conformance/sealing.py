"""Sealing and opening (30-crypto)."""
import hmac
from dataclasses import dataclass

from . import crypto, keyrecord, message, noise, pb
from .base import CLASS_BYTES, H, MAX_TIMESTAMP, Reject, need, param

CODEC = pb.Codec(
    pb.Schema("Sealed", {1: ("sign_key", "bytes"), 2: ("record", "bytes"), 3: ("record_signature", "bytes"),
                         4: ("record_hash", "bytes"), 5: ("uid", "bytes"), 6: ("sent_at_ms", "u64"),
                         7: ("text", "string"), 8: ("receipt", "bytes"), 9: ("mailbox_grant", "msg:MailboxGrant")},
              oneof=(7, 8, 9)),
    pb.Schema("MailboxGrant", {1: ("mailbox_key", "bytes"), 3: ("expires_ms", "u64")}),
)
OVERHEAD = 100  # 96 of Noise, 4 of the length


@dataclass(frozen=True)
class SealedMessage:
    header: bytes
    nonce: bytes
    body: bytes
    ack_secret: bytes

    @property
    def id(self):
        return message.message_id(self.header)

    def item(self):
        return {"header": self.header, "nonce": self.nonce, "body": self.body}

    def offer(self):
        return {"header": self.header, "nonce": self.nonce}

    def ack(self):
        return message.encode_ack(self.header, self.nonce, self.ack_secret)


@dataclass(frozen=True)
class Opened:
    sender: bytes
    uid: bytes
    sent_at_ms: int
    kind: str           # text, mailbox_grant or unknown
    content: object
    record: object      # KeyRecord or None
    record_hash: bytes
    ack_secret: bytes


def smallest_class(sealed_bytes):
    for size_class, room in enumerate(CLASS_BYTES):
        if sealed_bytes <= room - OVERHEAD:
            return size_class
    raise Reject("schema/too-large", "ignore")


def encode_sealed(**fields):
    return CODEC.encode("Sealed", fields)


def ack_secret_of(chaining_key):
    return hmac.digest(chaining_key, b"comm/1 ack", "sha256")


def seal_bytes(plain, sender_dh_secret, recipient, prekey, mailbox, expires, lifetime, ephemeral, effort=0,
               size_class=None, padding=None, ack_hash=None, length=None):
    """Seals serialised Sealed bytes. What conformant senders never choose can be given: class, padding, ack hash,
    length."""
    size_class = smallest_class(len(plain)) if size_class is None else size_class
    room = CLASS_BYTES[size_class] - 96
    payload = (len(plain) if length is None else length).to_bytes(4, "big") + plain
    payload += (bytes(room - len(payload)) if padding is None else padding)
    prefix = message.encode_header(size_class, expires, lifetime, mailbox, bytes(32), bytes(32), effort)[:32]
    body, chaining_key, _ = noise.seal(prefix + recipient, sender_dh_secret, prekey, ephemeral, payload)
    secret = ack_secret_of(chaining_key)
    header = prefix + (H("ack", secret) if ack_hash is None else ack_hash) + crypto.blake2b(body)
    return SealedMessage(header, message.make_stamp(message.message_id(header), effort), body, secret)


def check_text(text_bytes):
    """CRY-016."""
    need(len(text_bytes) <= param("max_text_bytes"), "schema/too-large", "ignore")
    try:
        return text_bytes.decode("utf-8")
    except UnicodeDecodeError:
        raise Reject("schema/bad-content", "ignore") from None


def open_message(raw_header, body, recipient, prekey_secrets):
    """CRY-017 to CRY-025. `prekey_secrets` newest first. Reject with crypto/not-openable when no prekey opens it."""
    header = message.parse_header(raw_header)
    need(len(body) == CLASS_BYTES[header.size_class], "crypto/body-size")
    failure = Reject("crypto/not-openable")
    for secret in prekey_secrets:
        try:
            payload, static, chaining_key = noise.open_message(raw_header[:32] + recipient, secret, body)
        except Reject as error:
            failure = error
            continue
        return _check_payload(header, payload, static, ack_secret_of(chaining_key))
    raise failure


def _check_payload(header, payload, static, secret):
    need(H("ack", secret) == header.ack_hash, "crypto/ack-mismatch")
    need(len(payload) >= 4, "crypto/bad-padding")
    length = int.from_bytes(payload[:4], "big")
    need(length <= len(payload) - 4 and not any(payload[4 + length:]), "crypto/bad-padding")
    return _check_sealed(payload[4:4 + length], static, secret)


def _check_sealed(raw, static, secret):
    fields = parse_sealed(raw, as_content=True)
    record = None
    if fields.get("record"):
        try:
            record = keyrecord.parse(fields["record"], fields["record_signature"])
        except Reject:
            raise Reject("crypto/bad-content") from None
        need((record.sign_key, record.dh_key) == (fields["sign_key"], static), "crypto/sender-mismatch")
    kind = "text" if "text" in fields else "mailbox_grant" if "mailbox_grant" in fields else "unknown"
    return Opened(keyrecord.address_of(fields["sign_key"], static), fields["uid"], fields.get("sent_at_ms", 0), kind,
                  fields.get(kind), record, fields.get("record_hash", b""), secret)


def parse_sealed(raw, as_content=False):
    """The fields of Sealed. With `as_content` each fault is crypto/bad-content, as when a message is opened."""
    try:
        return _parse_sealed(raw)
    except Reject:
        if as_content:
            raise Reject("crypto/bad-content") from None
        raise


def _parse_sealed(raw):
    try:
        fields = CODEC.decode("Sealed", raw)
    except pb.DecodeError:
        raise Reject("decode/sealed-decode") from None
    need(len(fields.get("sign_key", b"")) == 32, "schema/sealed-sign-key")
    has_record, has_hash = bool(fields.get("record")), bool(fields.get("record_hash"))
    need(len(fields.get("record_signature", b"")) == (64 if has_record else 0), "schema/sealed-record")
    need(has_record != has_hash, "schema/sealed-record")
    need(not has_hash or len(fields["record_hash"]) == 32, "schema/sealed-record-hash")
    need(len(fields.get("uid", b"")) == 16, "schema/sealed-uid")
    need(fields.get("sent_at_ms", 0) <= MAX_TIMESTAMP, "schema/sealed-time")
    need(len(fields.get("text", "").encode("utf-8")) <= param("max_text_bytes"), "schema/text-length")
    grant = fields.get("mailbox_grant")
    if grant is not None:
        need(len(grant.get("mailbox_key", b"")) == 32, "schema/grant-key")
        need(grant.get("expires_ms", 0) <= MAX_TIMESTAMP, "schema/grant-expires")
    return fields


def seal_text(sender, recipient_address, record, text, now_ms, lifetime, uid, ephemeral, sender_record=None,
              known_hash=None, effort=0):
    """A text from `sender` (an Identity) to the owner of `record` (a KeyRecord), sent at `now_ms`."""
    check_text(text.encode("utf-8"))
    carried = ({"record": sender_record["record"], "record_signature": sender_record["signature"]}
               if known_hash is None else {"record_hash": known_hash})
    plain = encode_sealed(sign_key=sender.sign_key, uid=uid, sent_at_ms=now_ms, text=text, **carried)
    return seal_bytes(plain, sender.dh_secret, recipient_address, record.prekey, record.mailbox_for(now_ms),
                      now_ms // 60_000 + lifetime, lifetime, ephemeral, effort)
