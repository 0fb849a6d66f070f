"""Reconciliation (80-sync): the schema of Sync, fingerprints, answers to ranges."""
from .. import reconcile, wire
from ..gentools import Area, rnd

REQUESTER, RESPONDER = rnd("requester"), rnd("responder")
OPENING = {"nonce": rnd("n"), "centre": rnd("c", 20), "radius": rnd("r", 20), "after": 30_000_000}
ELEMENTS = sorted((reconcile.key_of(30_000_100 + n % 3, rnd(f"element {n}")), n % 3) for n in range(6))
RECORD = (reconcile.record_key(rnd("address", 20), rnd("record hash")), 0)


def whole(mode=reconcile.FINGERPRINT, **more):
    fields = {"lower": reconcile.FIRST, "upper": reconcile.LAST, "mode": mode}
    if mode == reconcile.FINGERPRINT:
        fields["fingerprint"] = bytes(16)
    return {**fields, **more}


def listed(elements, mode=reconcile.LIST, **more):
    return whole(mode, elements=reconcile.encode_elements(elements), **more)


def areas():
    yield schema()
    yield fingerprints()
    yield answers()


def schema():
    area = Area("sync/schema")

    def good(slug, body, requirement="SYN-001", comment=""):
        area.accept(slug, requirement, "decode-packet", comment, bytes=wire.encode("sync", body, 7))

    def bad(slug, error, twin, mutation, body):
        area.reject(slug, "SYN-001", "decode-packet", "schema/" + error, twin, mutation, bytes=wire.encode("sync", body, 7))

    good("sync-opening", OPENING)
    good("sync-opening-answer", {**OPENING, "ranges": [whole()], "answer": True})
    good("sync-no-ranges", {"answer": True}, comment="an answer with nothing left to say")
    good("sync-request-empty", {})
    for mode in (reconcile.LIST, reconcile.EXTRA):
        good(f"sync-elements-mode-{mode}", {"ranges": [listed(ELEMENTS, mode)]})
    good("sync-again", {"ranges": [whole(reconcile.AGAIN)]})
    good("sync-key-record-element", {"ranges": [listed([*ELEMENTS, RECORD])]})
    good("sync-list-empty", {"ranges": [whole(reconcile.LIST)]})
    _openings(bad)
    _ranges(good, bad)
    _bounds(good, bad)
    area.accept("sync-answer-is-any-varint", "PKT-004", "decode-packet", "a bool is true for every varint but 0",
                bytes=wire.encode("sync", {}, 7)[:5] + bytes.fromhex("9a01023005"))
    return area


def _openings(bad):
    for field, size in (("nonce", 32), ("centre", 20), ("radius", 20)):
        for length in (size - 1, size + 1):
            bad(f"sync-{field}-{length}", "sync-opening", "sync-opening", f"{field} of {length} bytes",
                {**OPENING, field: bytes(length)})
    for field in ("centre", "radius"):
        bad(f"sync-without-{field}", "sync-opening", "sync-opening", f"no {field}",
            {k: v for k, v in OPENING.items() if k != field})
        bad(f"sync-{field}-without-nonce", "sync-opening", "sync-request-empty", f"{field} alone", {field: OPENING[field]})
    bad("sync-after-without-nonce", "sync-opening", "sync-request-empty", "after alone", {"after": 1})


def _ranges(good, bad):
    good("sync-one", {"ranges": [whole()]})
    for name in ("lower", "upper"):
        for length in (0, 35, 37):
            bad(f"sync-{name}-{length}", "sync-bound", "sync-one", f"{name} of {length} bytes",
                {"ranges": [whole(**{name: b"\x55" * length})]})
    bad("sync-empty-range", "sync-bound", "sync-one", "lower equals upper", {"ranges": [whole(lower=reconcile.LAST)]})
    bad("sync-turned-range", "sync-bound", "sync-one", "bounds exchanged",
        {"ranges": [whole(lower=reconcile.LAST, upper=reconcile.FIRST)]})
    for mode in (0, 5):
        bad(f"sync-mode-{mode}", "sync-mode", "sync-again", f"mode {mode}", {"ranges": [whole(mode)]})
    for length in (0, 15, 17):
        bad(f"sync-fingerprint-{length}", "sync-fingerprint", "sync-one", f"{length} bytes",
            {"ranges": [whole(fingerprint=bytes(length))]})
    bad("sync-fingerprint-of-list", "sync-fingerprint", "sync-elements-mode-2", "a fingerprint too",
        {"ranges": [listed(ELEMENTS, fingerprint=bytes(16))]})
    for mode, twin in ((reconcile.FINGERPRINT, "sync-one"), (reconcile.AGAIN, "sync-again")):
        bad(f"sync-elements-with-mode-{mode}", "sync-elements", twin, "elements too", {"ranges": [listed(ELEMENTS, mode, **(
            {"fingerprint": bytes(16)} if mode == reconcile.FINGERPRINT else {}))]})
    for slug, elements, what in (("unordered", ELEMENTS[::-1], "falling"), ("twice", [ELEMENTS[0]] * 2, "one twice"),
                                 ("state-3", [(ELEMENTS[0][0], 3)], "state 3"),
                                 ("two-states", [ELEMENTS[0], (ELEMENTS[0][0], 2)], "one id in two states")):
        bad(f"sync-elements-{slug}", "sync-elements", "sync-elements-mode-2", what, {"ranges": [listed(elements)]})
    bad("sync-elements-cut", "sync-elements", "sync-elements-mode-2", "a byte less",
        {"ranges": [whole(reconcile.LIST, elements=reconcile.encode_elements(ELEMENTS)[:-1])]})
    middle = ELEMENTS[3][0]
    good("sync-two-ranges", {"ranges": [listed(ELEMENTS[:3], upper=middle), listed(ELEMENTS[3:], lower=middle)]})
    bad("sync-element-at-upper", "sync-elements", "sync-two-ranges", "an element that belongs to the second range",
        {"ranges": [listed(ELEMENTS[:4], upper=middle), listed(ELEMENTS[4:], lower=middle)]})
    bad("sync-element-below", "sync-elements", "sync-two-ranges", "an element below its range",
        {"ranges": [listed(ELEMENTS[:2], upper=middle), listed(ELEMENTS[2:], lower=middle)]})
    bad("sync-ranges-exchanged", "sync-order", "sync-two-ranges", "the second range first",
        {"ranges": [listed(ELEMENTS[3:], lower=middle), listed(ELEMENTS[:3], upper=middle)]})
    bad("sync-ranges-overlap", "sync-order", "sync-two-ranges", "they overlap",
        {"ranges": [whole(upper=ELEMENTS[4][0]), whole(lower=middle)]})


def _bounds(good, bad):
    def ranges(count):
        return [whole(reconcile.AGAIN, lower=reconcile.key_of(n, bytes(32)), upper=reconcile.key_of(n + 1, bytes(32)))
                for n in range(count)]

    def elements(count):
        return [(reconcile.key_of(n, bytes(32)), 0) for n in range(count)]
    good("sync-512-ranges", {"ranges": ranges(512)})
    bad("sync-513-ranges", "sync-count", "sync-512-ranges", "one more", {"ranges": ranges(513)})
    good("sync-1024-elements", {"ranges": [listed(elements(1024))]})
    bad("sync-1025-elements", "sync-count", "sync-1024-elements", "one more", {"ranges": [listed(elements(1025))]})


def fingerprints():
    area = Area("sync/fingerprint")

    def row(slug, elements, requester=REQUESTER, responder=RESPONDER, comment=""):
        area.accept(slug, "SYN-002", "sync-fingerprint", comment, requester=requester, responder=responder,
                    elements=reconcile.encode_elements(elements))
    row("fingerprint-of-nothing", [])
    row("fingerprint-of-one", ELEMENTS[:1])
    row("fingerprint-of-six", ELEMENTS)
    row("fingerprint-other-state", [(ELEMENTS[0][0], 2)], comment="as fingerprint-of-one, acknowledged")
    row("fingerprint-other-key", ELEMENTS, requester=RESPONDER, responder=REQUESTER, comment="the sides exchanged")
    row("fingerprint-of-a-record", [RECORD])
    row("fingerprint-expiry-is-not-in-it", [(reconcile.key_of(1, ELEMENTS[0][0][4:]), ELEMENTS[0][1])],
        comment="as fingerprint-of-one: the id says when it expires")
    many = sorted((reconcile.key_of(n, rnd(f"many {n}")), 0) for n in range(100))
    row("fingerprint-of-100-overflows", many)
    return area


def answers():
    area = Area("sync/answer")
    key = reconcile.session_key(REQUESTER, RESPONDER)
    half = ELEMENTS[3][0]

    def row(slug, ranges, ours, comment=""):
        area.accept(slug, "SYN-004", "sync-answer", comment, packet=wire.encode("sync", {"ranges": ranges}, 9),
                    requester=REQUESTER, responder=RESPONDER, elements=reconcile.encode_elements(ours))
    row("answer-equal-fingerprint", [whole(fingerprint=reconcile.fingerprint(key, ELEMENTS))], ELEMENTS, "nothing to say")
    row("answer-other-fingerprint", [whole()], ELEMENTS, "a list")
    row("answer-other-fingerprint-empty", [whole()], [], "an empty list: all of theirs is extra here")
    row("answer-fingerprint-of-half", [whole(upper=half)], ELEMENTS, "of the range alone")
    row("answer-32-are-listed", [whole()], [(reconcile.key_of(n, bytes(32)), 0) for n in range(32)])
    row("answer-list-equal", [listed(ELEMENTS)], ELEMENTS, "nothing")
    row("answer-list-lacks-one", [listed(ELEMENTS[1:])], ELEMENTS, "extra: one")
    row("answer-list-has-more", [listed(ELEMENTS)], ELEMENTS[:2], "nothing: the responder asks for it by Want")
    low = [(k, 0) for k, _ in ELEMENTS]
    row("answer-list-lower-state", [listed(low)], ELEMENTS, "extra: those in a higher state here")
    row("answer-list-higher-state", [listed(ELEMENTS)], low, "nothing")
    row("answer-extra", [listed(ELEMENTS, reconcile.EXTRA)], ELEMENTS[:1], "nothing")
    row("answer-again", [whole(reconcile.AGAIN)], ELEMENTS, "the fingerprint")
    row("answer-two-ranges", [whole(upper=half), listed([], lower=half)], ELEMENTS)
    return area
