"""Headers, stamps, work, lifetime and whole messages (20-message)."""
from .. import message
from ..base import CLASS_BYTES
from ..gentools import NOW, Area, flip, header, rnd, text_message

MINUTE_NOW = NOW // 60_000


def areas():
    yield headers()
    yield stamps()
    yield lifetimes()
    yield whole()


def headers():
    area = Area("message/header")
    good = header()

    def ok(slug, requirements, raw, comment=""):
        area.accept(slug, requirements, "check-header", comment, header=raw)

    def bad(slug, requirement, reason, mutation, raw, twin="header-plain"):
        area.reject(slug, requirement, "check-header", "schema/header-" + reason, twin, mutation, header=raw)
    ok("header-plain", "MSG-009", good)
    for size_class in range(4):
        ok(f"header-class-{size_class}", "MSG-004 MSG-008", header(size_class=size_class))
    ok("header-lifetime-1", "MSG-005 MSG-008", header(lifetime=1))
    ok("header-lifetime-max", "MSG-005 MSG-008", header(lifetime=43200))
    ok("header-effort-255", "MSG-008", header(effort=255), "the stamp is another check")
    ok("header-expires-0", "MSG-008", header(expires=0), "well-formed; the lifetime policy is another stage")
    ok("header-expires-max", "MSG-008", header(expires=2**32 - 1))
    ok("header-random-hashes", "MSG-008 MSG-009", header(mailbox=rnd("m", 20), ack=rnd("a"), body=rnd("b", 1024)))
    for version in (0, 2, 255):
        bad(f"header-version-{version}", "MSG-001", "version", f"version {version}", header(version=version))
    for suite in (0, 2):
        bad(f"header-suite-{suite}", "MSG-002", "suite", f"suite {suite}", header(suite=suite))
    for kind in (1, 255):
        bad(f"header-kind-{kind}", "MSG-003", "kind", f"kind {kind}", header(kind=kind))
    for size_class in (4, 255):
        bad(f"header-class-{size_class}", "MSG-004", "class", f"class {size_class}", header(size_class=size_class),
            "header-class-3")
    bad("header-lifetime-0", "MSG-005", "lifetime", "lifetime 0", header(lifetime=0), "header-lifetime-1")
    bad("header-lifetime-43201", "MSG-005", "lifetime", "a minute more", header(lifetime=43201), "header-lifetime-max")
    bad("header-reserved-1", "MSG-006", "reserved", "reserved 1", flip(good, 11))
    bad("header-reserved-128", "MSG-006", "reserved", "reserved 128", flip(good, 11, 128))
    return area


def stamps():
    area = Area("message/stamp")
    subject = rnd("stamp subject")
    area.accept("stamp-effort-0", "MSG-014", "check-stamp", subject=subject, nonce=b"\xff" * 8, effort=0)
    for effort in (1, 8, 12):
        nonce = message.make_stamp(subject, effort)
        exact = message.stamp_bits(subject, nonce)
        area.accept(f"stamp-effort-{effort}", "MSG-013", "check-stamp", f"{exact} zero bits", subject=subject,
                    nonce=nonce, effort=effort)
        area.reject(f"stamp-effort-{effort}-one-more", "MSG-013", "check-stamp", "crypto/stamp", f"stamp-effort-{effort}",
                    f"effort {exact + 1}", subject=subject, nonce=nonce, effort=exact + 1)
        area.reject(f"stamp-effort-{effort}-other-subject", "MSG-013", "check-stamp", "crypto/stamp",
                    f"stamp-effort-{effort}", "another id", subject=_other(nonce, effort), nonce=nonce, effort=effort)
    area.reject("stamp-effort-255", "MSG-013", "check-stamp", "crypto/stamp", "stamp-effort-12", "effort 255",
                subject=subject, nonce=bytes(8), effort=255)
    return area


def _other(nonce, effort):
    number = 0
    while message.stamp_valid(rnd(f"other {number}"), nonce, effort):
        number += 1
    return rnd(f"other {number}")


def lifetimes():
    area = Area("message/lifetime")

    def ok(slug, comment, **given):
        area.accept(slug, "MSG-018", "check-lifetime", comment, **given)

    def bad(slug, requirement, reason, mutation, twin, **given):
        area.reject(slug, requirement, "check-lifetime", "policy/" + reason, twin, mutation, scope="ignore", **given)
    minute = header(expires=MINUTE_NOW + 1, lifetime=1)
    ok("lifetime-inside", "", header=header(), now_ms=NOW)
    ok("lifetime-last-ms", "one millisecond before expiry", header=minute, now_ms=(MINUTE_NOW + 1) * 60_000 - 1)
    bad("lifetime-exactly-now", "MSG-016", "expired", "a millisecond later", "lifetime-last-ms", header=minute,
        now_ms=(MINUTE_NOW + 1) * 60_000)
    bad("lifetime-long-ago", "MSG-016", "expired", "a day later", "lifetime-inside", header=header(), now_ms=NOW + 86_400_000)
    ahead = header(expires=MINUTE_NOW + 120 + 7, lifetime=7)
    ok("lifetime-two-hours-ahead", "sent 120 minutes from now", header=ahead, now_ms=NOW)
    bad("lifetime-from-the-future", "MSG-017", "from-the-future", "a millisecond earlier", "lifetime-two-hours-ahead",
        header=ahead, now_ms=NOW - 1)
    ok("lifetime-before-1970", "lifetime above expiry: sent before the epoch", now_ms=0,
       header=header(expires=60, lifetime=43200))
    bad("lifetime-far-future", "MSG-017", "from-the-future", "expires in 2^32 - 1 minutes", "lifetime-inside",
        header=header(expires=2**32 - 1, lifetime=43200), now_ms=NOW)
    return area


def whole():
    area = Area("message/whole")

    def bad(slug, requirement, error, mutation, twin, scope="count", **given):
        area.reject(slug, requirement, "check-message", error, twin, mutation, scope=scope, **given)
    for size_class, body_bytes in enumerate(CLASS_BYTES):
        body = rnd(f"body {size_class}", body_bytes)
        raw = header(size_class=size_class, body=body)
        area.accept(f"message-class-{size_class}", "MSG-012", "check-message", "noise for content is no fault",
                    header=raw, nonce=bytes(8), body=body, now_ms=NOW)
        bad(f"message-class-{size_class}-flipped", "MSG-011", "crypto/body-hash", "the last bit of the body",
            f"message-class-{size_class}", header=raw, nonce=bytes(8), body=flip(body, body_bytes - 1), now_ms=NOW)
    for size in (1023, 1025):
        body = rnd("body of another size", size)
        bad(f"message-body-{size}", "MSG-011", "crypto/body-size", f"{size} bytes, by their hash", "message-class-0",
            header=header(size_class=0, body=body), nonce=bytes(8), body=body, now_ms=NOW)
    paid = text_message("paid", effort=10)
    given = dict(header=paid.header, nonce=paid.nonce, body=paid.body, now_ms=NOW)
    area.accept("message-paid", "MSG-013", "check-message", **given)
    other = message.make_stamp(paid.id, 10, int.from_bytes(paid.nonce, "big") + 1)
    area.accept("message-other-nonce", "MSG-013", "check-message", "another valid nonce: the same message",
                **{**given, "nonce": other})
    wrong = int.from_bytes(paid.nonce, "big")
    while message.stamp_valid(paid.id, wrong.to_bytes(8, "big"), 10):
        wrong += 1
    bad("message-unpaid", "MSG-013", "crypto/stamp", "a nonce that is not valid", "message-paid",
        **{**given, "nonce": wrong.to_bytes(8, "big")})
    bad("message-expired", "MSG-016", "policy/expired", "an hour later", "message-paid", scope="ignore",
        **{**given, "now_ms": NOW + 3_600_000})
    bad("message-expired-and-flipped", "MSG-016 PKT-009", "policy/expired", "an hour later, and a bit of the body",
        "message-paid", scope="ignore", **{**given, "now_ms": NOW + 3_600_000, "body": flip(paid.body, 9)})
    bad("message-version-2", "MSG-001", "schema/header-version", "version 2", "message-paid",
        **{**given, "header": flip(paid.header, 0, 3)})
    return area
