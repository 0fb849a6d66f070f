"""Key records (60-mailboxes-and-records)."""
from .. import keyrecord, pb
from ..base import DAY, HOUR, WEEK, H
from ..gentools import ALICE, BOB, NOW, WEEK_NOW, Area, flip, rnd


def areas():
    yield checks()
    yield choices()


def _signed(**changes):
    return ALICE.record(NOW, **changes)


def checks():
    area = Area("record/check")

    def ok(slug, requirements, comment="", now_ms=NOW, record=None, **changes):
        area.accept(slug, requirements, "check-record", comment, **(record or _signed(**changes)), now_ms=now_ms)

    def bad(slug, requirement, error, mutation, twin="record-valid", now_ms=NOW, scope="count", record=None, **changes):
        area.reject(slug, requirement, "check-record", error, twin, mutation, scope=scope,
                    **(record or _signed(**changes)), now_ms=now_ms)
    ok("record-valid", "REC-012")
    ok("record-any-nonce", "REC-012", "nobody checks the stamp", record={**_signed(), "nonce": b"\xff" * 8})
    ok("record-seq-0", "REC-012", seq=0)
    ok("record-seq-max", "REC-012", seq=2**64 - 1)
    box = ALICE.mailbox_id(0)
    ok("record-one-mailbox", "REC-005", mailboxes=[(WEEK_NOW, box)])
    ok("record-16-mailboxes", "REC-005", mailboxes=[(WEEK_NOW + i, box) for i in range(16)])
    ok("record-weeks-with-gap", "REC-006", mailboxes=[(0, box), (2**32 - 1, box)])
    ok("record-effort-24", "REC-007", min_effort=24)
    ok("record-45-days", "REC-004 REC-010", expires_ms=NOW + 45 * DAY)
    ok("record-two-hours-ahead", "REC-009", now_ms=NOW - 2 * HOUR)
    ok("record-last-ms", "REC-011", now_ms=NOW + 45 * DAY - 1)
    unknown = _signed()["record"] + pb.encode_varint(50 << 3) + b"\1"
    ok("record-unknown-field", "PKT-002 PKT-003", "hashed and signed as received", record=ALICE.sign_record(unknown, False))
    reordered = _reordered()
    ok("record-fields-reordered", "PKT-003", "not the canonical order", record=ALICE.sign_record(reordered, False))
    full = _signed()["record"] + b"\x92\x03"
    full += pb.encode_varint(4096 - len(full) - 2) + bytes(4096 - len(full) - 2)
    assert len(full) == 4096
    ok("record-max-size", "REC-001", "4,096 bytes, filled by an unknown field", record=ALICE.sign_record(full, False))
    bad("record-empty", "REC-001", "schema/record-size", "0 bytes", record=ALICE.sign_record(b"", False))
    large = _signed()["record"] + b"\x92\x03" + pb.encode_varint(4096) + bytes(4096)
    bad("record-large", "REC-001", "schema/record-size", "an unknown field makes it larger than 4,096", twin="record-max-size",
        record=ALICE.sign_record(large, False))
    bad("record-garbage", "REC-002", "decode/record-decode", "0xff more", twin="record-unknown-field",
        record=ALICE.sign_record(_signed()["record"] + b"\xff", False))
    for field, reason in (("sign_key", "sign-key"), ("dh_key", "dh-key"), ("prekey", "prekey")):
        for size in (0, 31, 33):
            bad(f"record-{reason}-{size}", "REC-003", "schema/record-" + reason, f"{size} bytes", **{field: bytes(size)})
    bad("record-expires-at-created", "REC-004", "schema/record-expires", "expires when made", expires_ms=NOW)
    bad("record-created-too-high", "REC-004", "schema/record-created", "created above max_timestamp",
        created_ms=257698037700001, expires_ms=257698037700002)
    bad("record-expires-too-high", "REC-004", "schema/record-expires", "expires above max_timestamp",
        expires_ms=257698037700001)
    bad("record-no-mailbox", "REC-005", "schema/record-mailboxes", "none", "record-one-mailbox", mailboxes=[])
    bad("record-17-mailboxes", "REC-005", "schema/record-mailboxes", "one more", "record-16-mailboxes",
        mailboxes=[(WEEK_NOW + i, box) for i in range(17)])
    bad("record-mailbox-19", "REC-005", "schema/record-mailboxes", "19 bytes", "record-one-mailbox",
        mailboxes=[(WEEK_NOW, box[:19])])
    bad("record-weeks-equal", "REC-006", "schema/record-weeks", "a week twice", "record-weeks-with-gap",
        mailboxes=[(5, box), (5, box)])
    bad("record-weeks-falling", "REC-006", "schema/record-weeks", "falling", "record-weeks-with-gap",
        mailboxes=[(6, box), (5, box)])
    bad("record-effort-25", "REC-007", "schema/record-effort", "25", "record-effort-24", min_effort=25)
    good = _signed()
    bad("record-signature-flipped", "REC-008", "crypto/record-signature", "one bit",
        record={**good, "signature": flip(good["signature"], 5)})
    bad("record-signed-by-other", "REC-008", "crypto/record-signature", "signed by another identity",
        record=BOB.sign_record(good["record"], False))
    bad("record-reserialised", "REC-008 PKT-003", "crypto/record-signature", "the same fields in canonical order",
        "record-fields-reordered", record={**ALICE.sign_record(reordered, False), "record": good["record"]})
    bad("record-from-the-future", "REC-009", "policy/record-from-the-future", "a millisecond earlier",
        "record-two-hours-ahead", now_ms=NOW - 2 * HOUR - 1)
    bad("record-45-days-1-ms", "REC-010", "policy/record-lifetime", "a millisecond longer", "record-45-days",
        expires_ms=NOW + 45 * DAY + 1)
    bad("record-expired", "REC-011", "policy/record-expired", "a millisecond later", "record-last-ms",
        now_ms=NOW + 45 * DAY, scope="ignore")
    return area


def _reordered():
    fields = keyrecord.CODEC.decode("KeyRecord", _signed()["record"])
    first = {key: fields[key] for key in ("seq", "created_ms", "expires_ms", "mailboxes")}
    rest = {key: fields[key] for key in ("sign_key", "dh_key", "prekey")}
    return keyrecord.CODEC.encode("KeyRecord", first) + keyrecord.CODEC.encode("KeyRecord", rest)


def choices():
    area = Area("record/choice")
    low, high = (_signed(seq=seq)["record"] for seq in (5, 6))
    area.accept("supersedes-higher-seq", "REC-013", "supersedes", a=high, b=low, output={"supersedes": True})
    area.accept("supersedes-lower-seq", "REC-013", "supersedes", a=low, b=high, output={"supersedes": False})
    area.accept("supersedes-itself", "REC-013", "supersedes", a=low, b=low, output={"supersedes": False})
    pair = sorted((_signed(seq=5, prekey=rnd(x))["record"] for x in "ab"), key=lambda raw: H("record", raw))
    area.accept("supersedes-smaller-hash", "REC-013", "supersedes", a=pair[0], b=pair[1], output={"supersedes": True})
    area.accept("supersedes-larger-hash", "REC-013", "supersedes", a=pair[1], b=pair[0], output={"supersedes": False})
    boxes = [(week, bytes([week]) * 20) for week in (10, 11, 14)]
    raw = _signed(mailboxes=boxes)["record"]
    for slug, week, expected in (("current", 11, 11), ("before-first", 3, 10), ("after-last", 20, 14), ("gap", 12, 14),
                                 ("first", 10, 10), ("last", 14, 14)):
        area.accept(f"mailbox-{slug}", "MBX-001", "select-mailbox", record=raw, now_ms=week * WEEK + 5,
                    output={"mailbox": bytes([expected]) * 20})
    area.accept("mailbox-last-ms-of-week", "MBX-001", "select-mailbox", record=raw, now_ms=11 * WEEK - 1,
                output={"mailbox": bytes([10]) * 20})
    return area
