"""Packets (10-transport): encoding, decoding and the schema stage."""
import ipaddress

from . import pb, reconcile
from .base import (ACK_BYTES, CLASS_BYTES, HEADER, MAX_PACKET, MAX_TIMESTAMP, NONCE, REFUSAL_BYTES, Reject, need,
                   param)

BODIES = {2: "hello", 3: "welcome", 4: "auth", 5: "ping", 6: "pong", 7: "find_node", 8: "nodes", 9: "offer",
          10: "want", 11: "message", 12: "stored", 13: "ack", 14: "collect", 15: "collected", 16: "put_record",
          17: "get_record", 18: "record", 19: "sync", 20: "error"}
REQUESTS = {"hello": "welcome", "ping": "pong", "find_node": "nodes", "want": "message", "collect": "collected",
            "put_record": "record", "get_record": "record", "sync": "sync"}

NO_SESSION, UNSUPPORTED, MALFORMED, NOT_HELD, BUSY, RATE_LIMITED, REFUSED, VERSION, SELF_CONNECT, DUPLICATE_LINK = (
    range(1, 11))
ERROR_NAMES = {1: "no_session", 2: "unsupported", 3: "malformed", 4: "not_held", 5: "busy", 6: "rate_limited",
               7: "refused", 8: "version", 9: "self_connect", 10: "duplicate_link"}
STORED, DUPLICATE, ACKNOWLEDGED, ST_REFUSED, ST_BUSY, EVICTED = range(1, 7)
QUOTA, PRICE, NOT_ACCEPTED, DISK = range(1, 5)
SUBSCRIBED, COLLECT_REFUSED = 1, 2
RELAY, CLIENT = 1, 2

_TYPED = {"hello": "bytes", "welcome": "msg:Welcome", "auth": "msg:Auth", "ping": "msg:Ping", "pong": "msg:Pong",
          "find_node": "msg:FindNode", "nodes": "msg:Nodes", "offer": "msg:Offer", "want": "msg:Want",
          "message": "msg:Message", "stored": "msg:Stored", "ack": "msg:Ack", "collect": "msg:Collect",
          "collected": "msg:Collected", "put_record": "msg:PutRecord", "get_record": "msg:GetRecord",
          "record": "msg:Record", "sync": "msg:Sync", "error": "msg:Error"}

CODEC = pb.Codec(
    pb.Schema("Packet", {1: ("request_id", "f32"), **{n: (b, _TYPED[b]) for n, b in BODIES.items()}}, oneof=BODIES),
    pb.Schema("Welcome", {1: ("body", "bytes"), 2: ("signature", "bytes")}),
    pb.Schema("Auth", {1: ("signature", "bytes")}),
    pb.Schema("Ping", {}), pb.Schema("Pong", {}),
    pb.Schema("FindNode", {1: ("target", "bytes"), 2: ("known", "bytes")}),
    pb.Schema("Nodes", {1: ("contacts", "*msg:Contact")}),
    pb.Schema("Contact", {1: ("node_id", "bytes"), 2: ("node_key", "bytes"), 3: ("endpoint", "bytes")}),
    pb.Schema("Offer", {1: ("items", "*msg:OfferItem")}),
    pb.Schema("OfferItem", {1: ("header", "bytes"), 2: ("nonce", "bytes")}),
    pb.Schema("Want", {1: ("ids", "*bytes")}),
    pb.Schema("Message", {1: ("items", "*msg:SealedItem")}),
    pb.Schema("SealedItem", {1: ("header", "bytes"), 2: ("nonce", "bytes"), 3: ("body", "bytes")}),
    pb.Schema("Stored", {1: ("items", "*msg:StoredItem")}),
    pb.Schema("StoredItem", {1: ("id", "bytes"), 2: ("status", "u32"), 3: ("reason", "u32"), 4: ("price", "u32"),
                             5: ("ack", "bytes")}),
    pb.Schema("Ack", {1: ("records", "*bytes")}),
    pb.Schema("Collect", {1: ("mailbox_key", "bytes"), 2: ("signature", "bytes")}),
    pb.Schema("Collected", {1: ("status", "u32"), 2: ("waiting", "u32")}),
    pb.Schema("PutRecord", {1: ("record", "bytes"), 2: ("signature", "bytes"), 3: ("nonce", "bytes")}),
    pb.Schema("GetRecord", {1: ("address", "bytes")}),
    pb.Schema("Record", {1: ("address", "bytes"), 2: ("record", "bytes"), 3: ("signature", "bytes"),
                         4: ("nonce", "bytes")}),
    pb.Schema("Sync", {1: ("nonce", "bytes"), 2: ("centre", "bytes"), 3: ("radius", "bytes"), 4: ("after", "u32"),
                       5: ("ranges", "*msg:SyncRange"), 6: ("answer", "bool")}),
    pb.Schema("SyncRange", {1: ("lower", "bytes"), 2: ("upper", "bytes"), 3: ("mode", "u32"),
                            4: ("fingerprint", "bytes"), 5: ("elements", "bytes")}),
    pb.Schema("Error", {1: ("code", "u32"), 2: ("text", "string")}),
    pb.Schema("HelloBody", {1: ("version", "u32"), 2: ("capabilities", "u64"), 3: ("node_key", "bytes"),
                            4: ("nonce", "bytes"), 5: ("endpoints", "*bytes"), 6: ("role", "u32"),
                            7: ("time_ms", "u64")}),
)


def encode(kind, body=None, request_id=0):
    """One packet; `body` is a dictionary, or bytes for hello."""
    return CODEC.encode("Packet", {"request_id": request_id, kind: {} if body is None else body})


def encode_hello(**fields):
    return CODEC.encode("HelloBody", fields)


def _size(values, field, length, error):
    need(len(values.get(field, b"")) == length, "schema/" + error)


def _count(items, low, parameter, error):
    need(low <= len(items) <= param(parameter), "schema/" + error)


def _hello(body):
    parse_hello(body)


def _welcome(body):
    hello = decode_hello(body.get("body", b""))
    _size(body, "signature", 64, "welcome-signature")
    check_hello(hello)


def _auth(body):
    _size(body, "signature", 64, "auth-signature")


def _find_node(body):
    _size(body, "target", 20, "find-node-target")
    known = len(body.get("known", b""))
    need(known % 4 == 0 and known // 4 <= param("max_known_per_find"), "schema/find-node-known")


def _nodes(body):
    contacts = body.get("contacts", [])
    _count(contacts, 0, "max_contacts_per_packet", "nodes-count")
    for contact in contacts:
        _size(contact, "node_id", 20, "nodes-id")
        _size(contact, "node_key", 32, "nodes-key")
        _size(contact, "endpoint", 18, "nodes-endpoint")
        need(contact["endpoint"][16:] != b"\0\0", "schema/nodes-endpoint")


def _offer(body):
    items = body.get("items", [])
    _count(items, 1, "max_offers_per_packet", "offer-count")
    for item in items:
        _size(item, "header", HEADER, "offer-header")
        _size(item, "nonce", NONCE, "offer-nonce")


def _want(body):
    ids = body.get("ids", [])
    _count(ids, 1, "max_wants_per_packet", "want-count")
    for one in ids:
        need(len(one) == 32, "schema/want-id")


def _message(body):
    items = body.get("items", [])
    _count(items, 1, "max_messages_per_packet", "message-count")
    for item in items:
        _size(item, "header", HEADER, "message-header")
        _size(item, "nonce", NONCE, "message-nonce")
        size_class = item["header"][3]
        need(size_class < len(CLASS_BYTES), "schema/message-body-size")
        _size(item, "body", CLASS_BYTES[size_class], "message-body-size")


def _stored(body):
    items = body.get("items", [])
    _count(items, 1, "max_stored_per_packet", "stored-count")
    for item in items:
        _size(item, "id", 32, "stored-id")
        status, reason = item.get("status", 0), item.get("reason", 0)
        need(STORED <= status <= EVICTED, "schema/stored-status")
        need(reason <= DISK and not (status == ST_REFUSED and reason == 0), "schema/stored-reason")
        need(item.get("price", 0) <= 255, "schema/stored-price")
        sizes = (ACK_BYTES, REFUSAL_BYTES) if status == ACKNOWLEDGED else (0,)
        need(len(item.get("ack", b"")) in sizes, "schema/stored-ack")


def _ack(body):
    records = body.get("records", [])
    _count(records, 1, "max_acks_per_packet", "ack-count")
    for record in records:
        need(len(record) in (ACK_BYTES, REFUSAL_BYTES), "schema/ack-size")


def _collect(body):
    _size(body, "mailbox_key", 32, "collect-key")
    _size(body, "signature", 64, "collect-signature")


def _collected(body):
    need(body.get("status", 0) in (SUBSCRIBED, COLLECT_REFUSED), "schema/collected-status")


def _record_fields(body, error):
    need(1 <= len(body.get("record", b"")) <= param("max_record_bytes"), error)
    need(len(body.get("signature", b"")) == 64 and len(body.get("nonce", b"")) == NONCE, error)


def _put_record(body):
    _record_fields(body, "schema/put-record-record")


def _get_record(body):
    _size(body, "address", 20, "get-record-address")


def _record(body):
    _size(body, "address", 20, "record-address")
    if any(body.get(field, b"") for field in ("record", "signature", "nonce")):
        _record_fields(body, "schema/record-record")


def _sync(body):
    reconcile.check_sync(body)


_CHECKS = {"hello": _hello, "welcome": _welcome, "auth": _auth, "find_node": _find_node, "nodes": _nodes,
           "offer": _offer, "want": _want, "message": _message, "stored": _stored, "ack": _ack, "collect": _collect,
           "collected": _collected, "put_record": _put_record, "get_record": _get_record, "record": _record, "sync": _sync}


def decode_hello(raw):
    try:
        return CODEC.decode("HelloBody", raw)
    except pb.DecodeError:
        raise Reject("decode/hello-decode") from None


def parse_hello(raw):
    """A HelloBody, through decode and schema."""
    body = decode_hello(raw)
    check_hello(body)
    return body


def check_hello(body):
    need(body.get("version", 0) != 0, "schema/hello-version")
    _size(body, "node_key", 32, "hello-node-key")
    _size(body, "nonce", 32, "hello-nonce")
    _count(body.get("endpoints", []), 0, "max_endpoints_per_hello", "hello-endpoints")
    for endpoint in body.get("endpoints", []):
        need(len(endpoint) == 18, "schema/hello-endpoints")
    need(body.get("role", 0) in (RELAY, CLIENT), "schema/hello-role")
    need(body.get("time_ms", 0) <= MAX_TIMESTAMP, "schema/hello-time")


def decode_only(raw):
    """(request_id, kind or None, body) through frame and decode, without the schema stage."""
    need(raw, "frame/packet-empty")
    need(len(raw) <= MAX_PACKET, "frame/packet-oversize", "disconnect")
    try:
        packet = CODEC.decode("Packet", raw)
    except pb.DecodeError:
        raise Reject("decode/packet-decode") from None
    request_id = packet.pop("request_id", 0)
    for kind, body in packet.items():
        return request_id, kind, body
    return request_id, None, None


class UnknownBody(Reject):
    """PKT-005 needs the request id."""

    def __init__(self, request_id):
        super().__init__("decode/unknown-body", "ignore")
        self.request_id = request_id


def decode(raw):
    """(request_id, kind, body); Reject at the first stage that objects."""
    request_id, kind, body = decode_only(raw)
    if kind is None:
        raise UnknownBody(request_id)
    if kind in _CHECKS:
        _CHECKS[kind](body)
    return request_id, kind, body


def error_text(body):
    """PKT-028: up to 200 bytes, the longest well-formed prefix."""
    raw = body.get("text", "").encode("utf-8")[:param("max_error_text_bytes")]
    return raw.decode("utf-8", "ignore")


def endpoint_bytes(host, port):
    address = ipaddress.ip_address(host)
    packed = address.packed if address.version == 6 else bytes(10) + b"\xff\xff" + address.packed
    return packed + port.to_bytes(2, "big")


def endpoint_text(raw):
    address = ipaddress.IPv6Address(raw[:16])
    host = str(address.ipv4_mapped) if address.ipv4_mapped else f"[{address}]"
    return f"{host}:{int.from_bytes(raw[16:18], 'big')}"
