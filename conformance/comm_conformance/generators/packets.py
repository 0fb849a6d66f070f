"""Frame and decode stages: protobuf as proto3 has it, and what is not."""
from .. import wire
from ..base import MAX_PACKET
from ..gentools import Area, rnd
from ..pb import encode_varint as varint

PING = wire.encode("ping", request_id=7)
WANT = wire.encode("want", {"ids": [rnd("want")]}, 9)
HELLO_FIELDS = {"version": 1, "node_key": rnd("node key"), "nonce": rnd("nonce"), "role": 1, "time_ms": 1_800_000_000_000}
HELLO = wire.encode_hello(**HELLO_FIELDS)


def key(number, wire_type):
    return varint(number << 3 | wire_type)


def delimited(number, data):
    return key(number, 2) + varint(len(data)) + data


def areas():
    yield framing()
    yield decoding()
    yield hello()
    yield error_texts()


def framing():
    area = Area("packet/frame")
    area.accept("packet-ping", "NET-006 REQ-001", "decode-packet", bytes=PING)
    area.reject("packet-empty", "PKT-010", "decode-packet", "frame/packet-empty", "packet-ping", "no byte", bytes=b"")
    base = WANT + b""
    full = base + delimited(30, bytes(MAX_PACKET - len(base) - 5))
    assert len(full) == MAX_PACKET, len(full)
    area.accept("packet-max-size", "PKT-001", "decode-packet", "98,304 bytes, filled by an unknown field", bytes=full)
    area.reject("packet-max-plus-one", "PKT-011", "decode-packet", "frame/packet-oversize", "packet-max-size",
                "one byte more in the unknown field", scope="disconnect",
                bytes=base + delimited(30, bytes(MAX_PACKET - len(base) - 4)))
    return area


def decoding():
    area = Area("packet/decode")

    def good(slug, requirements, data, comment=""):
        area.accept(slug, requirements, "decode-packet", comment, bytes=data)

    def bad(slug, data, mutation, comment=""):
        area.reject(slug, "PKT-012", "decode-packet", "decode/packet-decode", "decode-want", mutation, comment,
                    bytes=data)
    good("decode-want", "PKT-004", WANT)
    body = WANT[5:]
    good("decode-reordered", "PKT-004", body + WANT[:5], "request_id after the body")
    good("decode-unknown-varint", "PKT-002", WANT + key(100, 0) + varint(2**64 - 1))
    good("decode-unknown-fixed64", "PKT-002", WANT + key(100, 1) + bytes(8))
    good("decode-unknown-fixed32", "PKT-002", WANT + key(100, 5) + bytes(4))
    good("decode-unknown-bytes", "PKT-002", WANT + delimited(100, b"abc"))
    good("decode-unknown-group", "PKT-002 PKT-004", WANT + key(100, 3) + key(1, 0) + b"\5" + key(100, 4),
         "a group is skipped like any unknown field")
    good("decode-unknown-nested-group", "PKT-002 PKT-004",
         WANT + key(100, 3) + key(5, 3) + key(5, 4) + key(100, 4))
    good("decode-unknown-inside", "PKT-002", WANT[:5] + delimited(10, delimited(1, rnd("want")) + key(77, 0) + b"\1"))
    good("decode-largest-field-number", "PKT-002", WANT + key(2**29 - 1, 0) + b"\0")
    good("decode-long-varint", "PKT-004", WANT + b"\xa0\x86\x80\x80\x00" + b"\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00",
         "tag of 5 bytes, value of 10")
    good("decode-long-length", "PKT-004", WANT[:5] + b"\x52" + b"\xa2\x80\x80\x00" + body[2:],
         "length of the body in 4 bytes")
    good("decode-length-5-bytes", "PKT-004", WANT + key(100, 2) + b"\x81\x80\x80\x80\x00" + b"x",
         "length of an unknown field in 5 bytes")
    good("decode-request-id-twice", "PKT-004", WANT + key(1, 5) + b"\x22\0\0\0", "the last counts: 34")
    good("decode-oneof-last", "PKT-004", PING + body, "ping, then want: want counts")
    good("decode-oneof-back", "PKT-004", WANT + delimited(5, b""), "want, then ping: ping counts")
    good("decode-oneof-merge", "PKT-004", WANT + delimited(10, delimited(1, rnd("want 2"))), "want twice: two ids")
    good("decode-oneof-not-merged-across", "PKT-004", WANT + delimited(5, b"") + delimited(10, delimited(1, rnd("3"))),
         "want, ping, want: only the last want's id")
    good("decode-wrong-wire-type-unknown", "PKT-004", WANT + key(5, 0) + b"\1",
         "number 5 as varint is an unknown field, as in proto3; want stays")
    good("decode-stored-truncated-u32", "PKT-004",
         wire.encode("stored", {"items": []})[:0] + delimited(12, delimited(1, delimited(1, rnd("id")) + key(2, 0)
                                                              + varint(2**32 + 1))),
         "a uint32 keeps its low 32 bits: status 1")
    good("decode-tag-above-32-bits", "PKT-004", WANT + b"\xa0\x86\x80\x80\x70" + b"\1",
         "a tag of 5 bytes keeps its low 32 bits: field 100, unknown")
    good("decode-tag-above-32-bits-known", "PKT-004", WANT[:5] + b"\xd2\x80\x80\x80\x10" + body[1:],
         "the tag of want with bit 32 set is the tag of want")
    good("decode-no-request-id", "PKT-004", body)
    nested = b"".join([key(100, 3)] * 90 + [key(100, 4)] * 90)
    good("decode-group-depth-90", "PKT-004", WANT + nested)
    bad("decode-truncated-tag", WANT + b"\x80", "a tag that does not end")
    bad("decode-truncated-varint", WANT + key(100, 0) + b"\xff", "a value that does not end")
    bad("decode-varint-11-bytes", WANT + key(100, 0) + b"\x80" * 10 + b"\0", "a varint of 11 bytes")
    bad("decode-length-past-end", WANT[:-1], "the last byte is missing")
    bad("decode-length-huge", WANT + key(100, 2) + varint(2**63), "a length of 2^63")
    bad("decode-fixed32-truncated", WANT + key(1, 5) + b"\0\0", "fixed32 of 2 bytes")
    bad("decode-fixed64-truncated", WANT + key(100, 1) + bytes(7), "fixed64 of 7 bytes")
    bad("decode-field-0", WANT + b"\0\0", "field number 0")
    bad("decode-wire-type-6", WANT + key(100, 6), "wire type 6")
    bad("decode-wire-type-7", WANT + key(100, 7), "wire type 7")
    bad("decode-group-open", WANT + key(100, 3), "a group that does not end")
    bad("decode-group-other-end", WANT + key(100, 3) + key(101, 4), "a group that ends with another number")
    bad("decode-group-end-only", WANT + key(100, 4), "the end of a group that did not begin")
    bad("decode-inner-garbage", WANT[:5] + delimited(10, b"\xff"), "the body does not decode")
    bad("decode-length-6-bytes", WANT + key(100, 2) + b"\x81\x80\x80\x80\x80\x00" + b"x", "a length of 6 bytes")
    bad("decode-length-10-bytes", WANT + key(100, 2) + b"\x80" * 9 + b"\0", "a length of 10 bytes, of value 0")
    bad("decode-tag-6-bytes", WANT + b"\xa0\x86\x80\x80\x80\x00" + b"\0", "a tag of 6 bytes")
    area.reject("decode-unknown-body", "PKT-005", "decode-packet", "decode/unknown-body", "decode-want",
                "body field 21, which is not defined", scope="ignore", bytes=WANT[:5] + delimited(21, b"x"))
    area.reject("decode-only-request-id", "PKT-005", "decode-packet", "decode/unknown-body", "decode-want",
                "no body at all", scope="ignore", bytes=WANT[:5])
    area.reject("decode-unknown-scalar-body", "PKT-005", "decode-packet", "decode/unknown-body", "decode-want",
                "body with the wire type of a number", scope="ignore", bytes=WANT[:5] + key(10, 0) + b"\1")
    return area


def hello():
    area = Area("packet/hello")

    def good(slug, requirements, data, comment=""):
        area.accept(slug, requirements, "decode-hello", comment, bytes=data)

    def bad(slug, requirement, error, mutation, **changes):
        area.reject(slug, requirement, "decode-hello", error, "hello-plain", mutation,
                    bytes=wire.encode_hello(**{**HELLO_FIELDS, **changes}))
    v4 = wire.endpoint_bytes("127.0.0.1", 4242)
    good("hello-plain", "SES-001", HELLO)
    good("hello-endpoint-v4", "SES-001", wire.encode_hello(**HELLO_FIELDS, endpoints=[v4]))
    good("hello-four-endpoints", "PKT-017", wire.encode_hello(**HELLO_FIELDS, endpoints=[v4] * 4))
    good("hello-port-0", "PKT-019", wire.encode_hello(**HELLO_FIELDS, endpoints=[v4[:16] + b"\0\0"]))
    good("hello-unspecified-address", "PKT-019", wire.encode_hello(**HELLO_FIELDS, endpoints=[bytes(16) + b"\1\1"]))
    good("hello-role-client", "PKT-018", wire.encode_hello(**{**HELLO_FIELDS, "role": 2}))
    good("hello-version-2", "PKT-018 SES-003", wire.encode_hello(**{**HELLO_FIELDS, "version": 2}),
         "valid as a HelloBody: another version is answered, not counted")
    good("hello-capabilities", "SES-017", wire.encode_hello(**HELLO_FIELDS, capabilities=2**64 - 1))
    good("hello-time-max", "PKT-018", wire.encode_hello(**{**HELLO_FIELDS, "time_ms": 257698037700000}))
    good("hello-time-0", "PKT-018", wire.encode_hello(**{**HELLO_FIELDS, "time_ms": 0}))
    good("hello-unknown-field", "PKT-002", HELLO + key(50, 0) + b"\1")
    good("hello-version-twice", "PKT-004", HELLO + key(1, 0) + b"\3", "the last counts: version 3")
    bad("hello-version-0", "PKT-018", "schema/hello-version", "version 0", version=0)
    bad("hello-node-key-31", "PKT-014", "schema/hello-node-key", "31 bytes", node_key=bytes(31))
    bad("hello-node-key-absent", "PKT-014", "schema/hello-node-key", "absent", node_key=b"")
    bad("hello-nonce-33", "PKT-014", "schema/hello-nonce", "33 bytes", nonce=bytes(33))
    bad("hello-five-endpoints", "PKT-017", "schema/hello-endpoints", "five", endpoints=[v4] * 5)
    bad("hello-endpoint-17", "PKT-014", "schema/hello-endpoints", "17 bytes", endpoints=[v4[:17]])
    bad("hello-role-0", "PKT-018", "schema/hello-role", "role 0", role=0)
    bad("hello-role-3", "PKT-018", "schema/hello-role", "role 3", role=3)
    bad("hello-time-max-plus-1", "PKT-018", "schema/hello-time", "one above max_timestamp", time_ms=257698037700001)
    area.reject("hello-garbage", "PKT-013", "decode-hello", "decode/hello-decode", "hello-plain", "one 0xff more",
                bytes=HELLO + b"\xff")
    return area


def error_texts():
    area = Area("packet/error")

    def text(slug, comment, raw, code=4):
        area.accept(slug, "PKT-028 PKT-029", "error-text", comment,
                    bytes=delimited(20, key(1, 0) + varint(code) + delimited(2, raw)))
    text("error-plain", "", b"not held")
    text("error-unknown-code", "", b"", 999)
    text("error-200", "", b"x" * 200)
    text("error-201", "cut at 200 bytes", b"x" * 201)
    text("error-cut-inside-character", "the character at 199 does not fit", b"x" * 199 + "ß".encode() + b"y")
    area.reject("error-invalid-utf8", "PKT-004", "error-text", "decode/packet-decode", "error-plain",
                "a string that is not UTF-8", bytes=delimited(20, key(1, 0) + b"\4" + delimited(2, b"\xff")))
    return area
