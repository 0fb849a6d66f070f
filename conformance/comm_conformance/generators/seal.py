"""Sealing and opening with injected randomness (30-crypto)."""
from .. import sealing
from ..gentools import ALICE, ALICE_RECORD, BOB, BOB_KEYS, BOB_RECORD, MALLORY, NOW, WEEK_NOW, Area, flip, rnd, text_message
from ..pb import encode_varint as varint

GIVEN = dict(sender_seed=ALICE.seed, recipient_record=BOB_RECORD["record"], sender_record=ALICE_RECORD["record"],
             sender_record_signature=ALICE_RECORD["signature"], now_ms=NOW, lifetime=60, uid=rnd("uid", 16),
             ephemeral=rnd("ephemeral"), effort=0)
OPEN = dict(recipient_seed=BOB.seed, weeks=[WEEK_NOW])


def areas():
    yield seals()
    yield opens()


def seals():
    area = Area("seal/seal")

    def ok(slug, requirements, text, comment="", **changes):
        area.accept(slug, requirements, "seal", comment, **{**GIVEN, "text": text, **changes})
    ok("seal-hello", "CRY-013 MSG-010 MSG-019", b"hello")
    ok("seal-empty", "MSG-010", b"")
    base = len(sealing.encode_sealed(sign_key=ALICE.sign_key, uid=bytes(16), sent_at_ms=NOW, text="x" * 200,
                                     record=ALICE_RECORD["record"], record_signature=ALICE_RECORD["signature"])) - 200
    for size_class, room in enumerate((924, 3996, 16284)):
        ok(f"seal-fills-class-{size_class}", "MSG-010", b"x" * (room - base - (1 if room > 16383 else 0)),
           "the longest text of its class")
        ok(f"seal-over-class-{size_class}", "MSG-010", b"x" * (room - base + 1), "a byte more")
    ok("seal-longest-text", "CRY-016", b"y" * 57344)
    ok("seal-record-hash", "CRY-014 CRY-015", b"hi", record_hash=rnd("record hash"))
    ok("seal-effort-8", "MSG-013 MSG-015", b"paid", effort=8)
    ok("seal-utf8", "CRY-016", "Grüße, 世界 🙂".encode())
    area.reject("seal-text-too-long", "CRY-016", "seal", "schema/too-large", "seal-longest-text", "a byte more",
                scope="ignore", **GIVEN, text=b"y" * 57345)
    area.reject("seal-text-not-utf8", "CRY-016", "seal", "schema/bad-content", "seal-utf8", "0xff", scope="ignore",
                **GIVEN, text=b"\xff")
    return area


def crafted(label, plain, **changes):
    given = dict(sender_dh_secret=ALICE.dh_secret, recipient=BOB.address, prekey=BOB_KEYS.prekey,
                 mailbox=BOB.mailbox_id(WEEK_NOW), expires=NOW // 60_000 + 60, lifetime=60, ephemeral=rnd(label))
    sealed = sealing.seal_bytes(plain, **{**given, **changes})
    return dict(header=sealed.header, body=sealed.body)


FIELDS = dict(sign_key=ALICE.sign_key, record=ALICE_RECORD["record"], record_signature=ALICE_RECORD["signature"],
              uid=rnd("open uid", 16), sent_at_ms=NOW, text="hello")


def _plain(**changes):
    fields = {**FIELDS, **changes}
    return sealing.encode_sealed(**{key: value for key, value in fields.items() if value is not None})


def opens():
    area = Area("seal/open")
    plain = _plain()

    def ok(slug, requirements, message, comment="", **changes):
        area.accept(slug, requirements, "open", comment, **{**OPEN, **message, **changes})

    def bad(slug, requirements, error, mutation, message, twin="open-text", comment="", **changes):
        area.reject(slug, requirements, "open", error, twin, mutation, comment, **{**OPEN, **message, **changes})
    text = crafted("open", plain)
    ok("open-text", "CRY-017 CRY-023 ACK-020", text)
    ok("open-second-prekey", "CRY-017", text, "the first of three prekeys does not open it",
       weeks=[WEEK_NOW + 1, WEEK_NOW, WEEK_NOW - 1])
    ok("open-larger-class", "CRY-017", crafted("larger", plain, size_class=2), "not the smallest class: the sender's fault only")
    ok("open-record-hash", "CRY-014", crafted("hash", _plain(record=None, record_signature=None, record_hash=rnd("h"))))
    ok("open-unknown-content", "CRY-024", crafted("unknown", _plain(text=None) + varint(60 << 3 | 2) + b"\2ab"))
    ok("open-no-content", "CRY-024", crafted("none", _plain(text=None)))
    ok("open-receipt", "CRY-024", crafted("receipt", _plain(text=None, receipt=b"x")))
    grant = dict(mailbox_key=rnd("gk"), expires_ms=NOW)
    ok("open-grant", "CRY-025", crafted("grant", _plain(text=None, mailbox_grant=grant)))
    ok("open-empty-text", "CRY-017", crafted("empty", _plain(text="")))
    _not_openable(bad, text)
    _own_fault(bad, plain)
    content = [
        ("no-sign-key", dict(sign_key=b"")), ("sign-key-31", dict(sign_key=bytes(31))), ("no-uid", dict(uid=b"")),
        ("uid-15", dict(uid=bytes(15))), ("no-record-no-hash", dict(record=None, record_signature=None)),
        ("record-and-hash", dict(record_hash=rnd("h"))), ("no-record-signature", dict(record_signature=None)),
        ("hash-31", dict(record=None, record_signature=None, record_hash=bytes(31))),
        ("record-garbage", dict(record=b"\xff")), ("time-too-high", dict(sent_at_ms=257698037700001)),
        ("text-too-long", dict(text="z" * 57345)),
        ("grant-key-31", dict(text=None, mailbox_grant={**grant, "mailbox_key": bytes(31)})),
        ("grant-no-key", dict(text=None, mailbox_grant={**grant, "mailbox_key": b""}))]
    for slug, change in content:
        bad("open-" + slug, "CRY-014 CRY-021", "crypto/bad-content", slug, crafted(slug, _plain(**change)))
    bad("open-text-not-utf8", "CRY-021", "crypto/bad-content", "text of 0xff",
        crafted("utf8", _plain(text=None) + b"\x3a\1\xff"))
    bad("open-sealed-garbage", "CRY-021", "crypto/bad-content", "Sealed does not decode", crafted("garbage", plain + b"\xff"))
    bad("open-others-record", "CRY-022", "crypto/sender-mismatch", "the record of a third party", crafted(
        "others", _plain(record=BOB_RECORD["record"], record_signature=BOB_RECORD["signature"])))
    bad("open-others-sign-key", "CRY-022 CRY-023", "crypto/sender-mismatch", "sign_key of a third party", crafted(
        "sign", _plain(sign_key=MALLORY.sign_key)))
    bad("open-others-dh-key", "CRY-022 CRY-023", "crypto/sender-mismatch", "sealed with a third party's dh key",
        crafted("dh", plain, sender_dh_secret=MALLORY.dh_secret))
    return area


def _not_openable(bad, text):
    body = text["body"]
    for position in (0, 31, 32, 79, 80, 500, 1023):
        bad(f"open-flip-{position}", "CRY-018", "crypto/not-openable", f"one bit of byte {position} of the body",
            {**text, "body": flip(body, position)})
    for position in (4, 9, 10, 31):
        bad(f"open-header-flip-{position}", "CRY-018", "crypto/not-openable", f"byte {position} of the header: the prologue",
            {**text, "header": flip(text["header"], position)})
    bad("open-other-prekey", "CRY-018", "crypto/not-openable", "the prekey of the next week", text, weeks=[WEEK_NOW + 1])
    bad("open-other-recipient", "CRY-018", "crypto/not-openable", "another identity", text, recipient_seed=MALLORY.seed)
    for name in ("zero", "one"):
        low = bytes([name == "one"]) + bytes(31)
        bad(f"open-low-order-{name}", "CRY-004", "crypto/small-order", "e is of small order",
            {**text, "body": low + body[32:]})


def _own_fault(bad, plain):
    bad("open-ack-mismatch", "CRY-019", "crypto/ack-mismatch", "a random ack hash", crafted("am", plain, ack_hash=rnd("x")))
    room = 1024 - 96 - 4 - len(plain)
    for slug, padding in (("first", b"\1" + bytes(room - 1)), ("last", bytes(room - 1) + b"\x80")):
        bad(f"open-padding-{slug}", "CRY-020", "crypto/bad-padding", f"the {slug} byte of the padding is not 0",
            crafted("pad" + slug, plain, padding=padding))
    bad("open-length-past-end", "CRY-020", "crypto/bad-padding", "length 925", crafted("len", plain, length=925))
    bad("open-length-huge", "CRY-020", "crypto/bad-padding", "length 2^32 - 1", crafted("huge", plain, length=2**32 - 1))
    assert text_message("x").id
