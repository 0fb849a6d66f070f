"""The schema stage of each packet: sizes, counts, enumerators."""
from .. import wire
from ..gentools import ALICE_RECORD, Area, flip, header, rnd

HEADER, NONCE, ID = header(), bytes(8), rnd("id")
OFFER_ITEM = {"header": HEADER, "nonce": NONCE}
ITEM = {**OFFER_ITEM, "body": bytes(1024)}
STORED = {"id": ID, "status": 1}
CONTACT = {"node_id": bytes(20), "node_key": bytes(32), "endpoint": wire.endpoint_bytes("127.0.0.1", 1)}
RECORD = {"address": bytes(20), **ALICE_RECORD}


def areas():
    yield lists()
    yield fields()


def lists():
    area = Area("packet/lists")
    rows = [("offer", "items", OFFER_ITEM, 512), ("want", "ids", ID, 1024), ("message", "items", ITEM, 64),
            ("stored", "items", STORED, 512), ("ack", "records", bytes(136), 512), ("nodes", "contacts", CONTACT, 16)]
    for kind, field, item, bound in rows:
        area.accept(f"{kind}-one", "PKT-015", "decode-packet", bytes=wire.encode(kind, {field: [item]}))
        error = f"schema/{kind}-count"
        if kind == "nodes":
            area.accept("nodes-none", "PKT-016", "decode-packet", bytes=wire.encode(kind, {field: []}, 3))
        else:
            area.reject(f"{kind}-none", "PKT-015", "decode-packet", error, f"{kind}-one", "no item",
                        bytes=wire.encode(kind, {}))
        area.accept(f"{kind}-bound", "PKT-017", "decode-packet", bytes=wire.encode(kind, {field: [item] * bound}))
        area.reject(f"{kind}-bound-plus-1", "PKT-017", "decode-packet", error, f"{kind}-bound", "one item more",
                    bytes=wire.encode(kind, {field: [item] * (bound + 1)}))
    return area


def _fixed(area, kind, good, path, error, sizes, build):
    """A field of fixed size: one shorter, one longer, absent."""
    for size in sizes:
        area.reject(f"{kind}-{path}-{size}", "PKT-014 PKT-024" if kind == "ack" else "PKT-014", "decode-packet", "schema/" + error, good, f"{path}: {size} bytes",
                    bytes=wire.encode(kind, build(bytes(size)), 5))


def _sizes(area):
    rows = [
        ("welcome", "signature", "welcome-signature", (0, 63, 65), lambda x: {"body": _hello(), "signature": x}, 64),
        ("auth", "signature", "auth-signature", (0, 63, 65), lambda x: {"signature": x}, 64),
        ("find_node", "target", "find-node-target", (0, 19, 21), lambda x: {"target": x}, 20),
        ("get_record", "address", "get-record-address", (0, 19, 21), lambda x: {"address": x}, 20),
        ("collect", "mailbox_key", "collect-key", (0, 31, 33), lambda x: {"mailbox_key": x, "signature": bytes(64)}, 32),
        ("collect", "signature", "collect-signature", (0, 63), lambda x: {"mailbox_key": ID, "signature": x}, 64),
        ("nodes", "node_id", "nodes-id", (0, 19, 21), lambda x: {"contacts": [{**CONTACT, "node_id": x}]}, 20),
        ("nodes", "node_key", "nodes-key", (0, 31), lambda x: {"contacts": [{**CONTACT, "node_key": x}]}, 32),
        ("nodes", "endpoint", "nodes-endpoint", (0, 17, 19), lambda x: {"contacts": [{**CONTACT, "endpoint": x}]}, None),
        ("offer", "header", "offer-header", (0, 95, 97), lambda x: {"items": [{**OFFER_ITEM, "header": x}]}, 96),
        ("offer", "nonce", "offer-nonce", (0, 7, 9), lambda x: {"items": [{**OFFER_ITEM, "nonce": x}]}, 8),
        ("want", "id", "want-id", (0, 31, 33), lambda x: {"ids": [x]}, 32),
        ("message", "header", "message-header", (0, 95, 97), lambda x: {"items": [{**ITEM, "header": x}]}, None),
        ("message", "nonce", "message-nonce", (0, 7, 9), lambda x: {"items": [{**ITEM, "nonce": x}]}, 8),
        ("stored", "id", "stored-id", (0, 31, 33), lambda x: {"items": [{**STORED, "id": x}]}, 32),
        ("record", "address", "record-address", (0, 19, 21), lambda x: {**RECORD, "address": x}, 20),
        ("ack", "record", "ack-size", (0, 135, 137, 199, 201), lambda x: {"records": [x]}, 136),
    ]
    for size in (0, 4, 128):
        area.accept(f"find-node-known-{size}", "PKT-014", "decode-packet", bytes=wire.encode(
            "find_node", {"target": rnd("target", 20), "known": bytes(size)}, 5))
    for size in (3, 5, 132):
        area.reject(f"find-node-known-{size}", "PKT-014", "decode-packet", "schema/find-node-known", "find-node-known-4",
                    f"known of {size} bytes", bytes=wire.encode("find_node", {"target": rnd("target", 20), "known": bytes(size)}, 5))
    for kind, path, error, sizes, build, right in rows:
        twin = f"{kind}-one" if right is None else f"{kind}-{path}-right"
        if right is not None:
            area.accept(twin, "PKT-014", "decode-packet", bytes=wire.encode(kind, build(bytes(right)), 5))
        elif not any(v["id"] == twin for v in area.vectors):
            twin = f"{kind}-whole"
            if not any(v["id"] == twin for v in area.vectors):
                whole = {"contacts": [CONTACT]} if kind == "nodes" else {"items": [ITEM]}
                area.accept(twin, "PKT-014", "decode-packet", bytes=wire.encode(kind, whole, 5))
        _fixed(area, kind, twin, path, error, sizes, build)


def _hello():
    return wire.encode_hello(version=1, node_key=rnd("k"), nonce=rnd("n"), role=1, time_ms=1)


def fields():
    area = Area("packet/fields")
    _sizes(area)
    _statuses(area)
    _records(area)

    def bad(slug, requirement, error, twin, mutation, kind, body):
        area.reject(slug, requirement, "decode-packet", "schema/" + error, twin, mutation, bytes=wire.encode(kind, body, 5))
    area.accept("ack-refusal-size", "PKT-024", "decode-packet", bytes=wire.encode("ack", {"records": [bytes(200)]}))
    bad("nodes-port-0", "PKT-020", "nodes-endpoint", "nodes-whole", "port 0", "nodes",
        {"contacts": [{**CONTACT, "endpoint": bytes(18)}]})
    bad("nodes-second-port-0", "PKT-020", "nodes-endpoint", "nodes-whole", "one of two has port 0", "nodes",
        {"contacts": [CONTACT, {**CONTACT, "endpoint": bytes(18)}]})
    bad("message-body-short", "PKT-021", "message-body-size", "message-whole", "a byte less", "message",
        {"items": [{**ITEM, "body": bytes(1023)}]})
    bad("message-body-of-other-class", "PKT-021", "message-body-size", "message-whole", "class 1 in the header", "message",
        {"items": [{**ITEM, "header": flip(HEADER, 3)}]})
    bad("message-class-4", "PKT-021 MSG-004", "message-body-size", "message-whole", "class 4: no size is right", "message",
        {"items": [{**ITEM, "header": flip(HEADER, 3, 4)}]})
    area.accept("message-header-version-2", "MSG-007", "decode-packet", "the item, not the packet, is at fault",
                bytes=wire.encode("message", {"items": [{**ITEM, "header": flip(HEADER, 0, 3)}]}))
    for status in (1, 2):
        area.accept(f"collected-{status}", "PKT-027", "decode-packet", bytes=wire.encode("collected", {"status": status}, 5))
    for status in (0, 3):
        bad(f"collected-{status}", "PKT-027", "collected-status", "collected-1", f"status {status}", "collected",
            {"status": status})
    bad("welcome-bad-body", "PKT-018", "hello-version", "welcome-signature-right", "version 0 in the body", "welcome",
        {"body": wire.encode_hello(node_key=rnd("k"), nonce=rnd("n"), role=1), "signature": bytes(64)})
    area.reject("welcome-undecodable-and-unsigned", "PKT-013", "decode-packet", "decode/hello-decode",
                "welcome-signature-right", "a body that does not decode, and a short signature: decode comes first",
                bytes=wire.encode("welcome", {"body": b"\xff", "signature": bytes(63)}, 5))
    area.reject("hello-empty-in-packet", "PKT-018", "decode-packet", "schema/hello-version", "hello-in-packet",
                "an empty HelloBody", bytes=wire.encode("hello", b"", 1))
    area.accept("hello-in-packet", "SES-001", "decode-packet", bytes=wire.encode("hello", _hello(), 1))
    return area


def _statuses(area):
    def item(slug, requirement, **fields):
        area.accept(slug, requirement, "decode-packet", bytes=wire.encode("stored", {"items": [{**STORED, **fields}]}))

    def bad(slug, requirement, error, twin, **fields):
        area.reject(slug, requirement, "decode-packet", "schema/" + error, twin, str(fields)[:60].replace('"', ""),
                    bytes=wire.encode("stored", {"items": [{**STORED, **fields}]}))
    for status in (1, 2, 5, 6):
        item(f"stored-status-{status}", "PKT-022", status=status)
    for reason in (1, 2, 3, 4):
        item(f"stored-refused-{reason}", "PKT-022", status=4, reason=reason)
    item("stored-price", "PKT-022", status=4, reason=2, price=255)
    item("stored-acknowledged-136", "PKT-023", status=3, ack=bytes(136))
    item("stored-acknowledged-200", "PKT-023", status=3, ack=bytes(200))
    bad("stored-status-0", "PKT-022", "stored-status", "stored-status-1", status=0)
    bad("stored-status-7", "PKT-022", "stored-status", "stored-status-1", status=7)
    bad("stored-reason-5", "PKT-022", "stored-reason", "stored-refused-4", status=4, reason=5)
    bad("stored-refused-without-reason", "PKT-022", "stored-reason", "stored-refused-1", status=4)
    bad("stored-price-256", "PKT-022", "stored-price", "stored-price", status=4, reason=2, price=256)
    bad("stored-acknowledged-without", "PKT-023", "stored-ack", "stored-acknowledged-136", status=3)
    bad("stored-acknowledged-135", "PKT-023", "stored-ack", "stored-acknowledged-136", status=3, ack=bytes(135))
    bad("stored-ack-with-stored", "PKT-023", "stored-ack", "stored-status-1", status=1, ack=bytes(136))


def _records(area):
    put = dict(ALICE_RECORD)
    area.accept("put-record-whole", "PKT-025", "decode-packet", bytes=wire.encode("put_record", put, 5))
    area.accept("record-whole", "PKT-025", "decode-packet", bytes=wire.encode("record", RECORD, 5))
    area.accept("record-none", "PKT-026", "decode-packet", bytes=wire.encode("record", {"address": bytes(20)}, 5))
    area.accept("put-record-4096", "PKT-025", "decode-packet", "the record itself is judged later",
                bytes=wire.encode("put_record", {**put, "record": bytes(4096)}, 5))
    for kind, base, error in (("put_record", put, "put-record-record"), ("record", RECORD, "record-record")):
        name = kind.replace("_", "-")
        for slug, change in (("4097", {"record": bytes(4097)}), ("no-signature", {"signature": b""}),
                             ("no-nonce", {"nonce": b""}), ("no-record", {"record": b""}),
                             ("signature-63", {"signature": bytes(63)}), ("nonce-9", {"nonce": bytes(9)})):
            area.reject(f"{name}-{slug}", "PKT-025", "decode-packet", "schema/" + error, f"{name}-whole", slug,
                        bytes=wire.encode(kind, {**base, **change}, 5))
