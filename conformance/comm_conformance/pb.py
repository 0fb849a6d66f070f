"""Protocol buffers by hand: exactly the part of proto3 that the specification needs (PKT-004), for schemas given as
tables {number: (name, kind)}. Kinds: u32, u64, bool, f32 (fixed32), bytes, string, msg:SCHEMA, *bytes, *msg:SCHEMA.

Decoding follows proto3: the last value of a singular field counts, submessages merge, of a oneof the last member counts,
varints may be longer than needed up to 10 bytes, unknown fields (and known numbers with another wire type) are skipped,
groups among them. Encoding is canonical: rising field numbers, defaults left out.
"""
import struct

MAX_DEPTH = 100


class DecodeError(Exception):
    pass


def encode_varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data, at):
    value = 0
    for index in range(10):
        if at >= len(data):
            raise DecodeError("varint truncated")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise DecodeError("varint longer than 10 bytes")


def read_tag(data, at):
    start = at
    value, at = read_varint(data, at)
    if at - start > 5:
        raise DecodeError("tag of more than 5 bytes")
    number, wire = (value & 0xFFFFFFFF) >> 3, value & 7
    if number == 0:
        raise DecodeError("field number 0")
    return number, wire, at


def read_length(data, at):
    start = at
    length, at = read_varint(data, at)
    if at - start > 5:
        raise DecodeError("length of more than 5 bytes")
    if length > len(data) - at:
        raise DecodeError("length past the end")
    return length, at


def skip(data, at, number, wire, depth):
    """Skips an unknown field's value; returns the position after it."""
    if wire == 0:
        return read_varint(data, at)[1]
    if wire == 1 or wire == 5:
        at += 8 if wire == 1 else 4
        if at > len(data):
            raise DecodeError("fixed field truncated")
        return at
    if wire == 2:
        length, at = read_length(data, at)
        return at + length
    if wire == 3:
        if depth >= MAX_DEPTH:
            raise DecodeError("too deep")
        while True:
            inner, inner_wire, at = read_tag(data, at)
            if inner_wire == 4:
                if inner != number:
                    raise DecodeError("group ends with another number")
                return at
            at = skip(data, at, inner, inner_wire, depth + 1)
    raise DecodeError("wire type %d" % wire)


WIRE_OF = {"u32": 0, "u64": 0, "bool": 0, "f32": 5, "bytes": 2, "string": 2, "msg": 2}


class Schema:
    """One message type. `oneof` is the set of field numbers that exclude each other."""

    def __init__(self, name, fields, oneof=()):
        self.name = name
        self.oneof = frozenset(oneof)
        self.fields = {}
        for number, (field, kind) in fields.items():
            repeated = kind.startswith("*")
            base, _, sub = kind.lstrip("*").partition(":")
            self.fields[number] = (field, base, sub, repeated)

    def names(self):
        return {field for field, *_ in self.fields.values()}


class Codec:
    """Encodes and decodes dictionaries by a set of schemas."""

    def __init__(self, *schemas):
        self.schemas = {schema.name: schema for schema in schemas}

    def decode(self, name, data, into=None, depth=0):
        if depth > MAX_DEPTH:
            raise DecodeError("too deep")
        schema = self.schemas[name]
        out = {} if into is None else into
        at = 0
        while at < len(data):
            number, wire, at = read_tag(data, at)
            field, base, sub, repeated = schema.fields.get(number, (None, None, None, False))
            if field is None or wire != WIRE_OF[base]:
                if wire == 4:
                    raise DecodeError("end of a group that did not begin")
                at = skip(data, at, number, wire, depth)
                continue
            if number in schema.oneof:
                for other in schema.oneof - {number}:
                    out.pop(schema.fields[other][0], None)
            value, at = self._value(data, at, base, sub, out.get(field) if not repeated else None, depth)
            if repeated:
                out.setdefault(field, []).append(value)
            else:
                out[field] = value
        return out

    def _value(self, data, at, base, sub, present, depth):
        if base in ("u32", "u64"):
            value, at = read_varint(data, at)
            return (value & 0xFFFFFFFF if base == "u32" else value), at
        if base == "bool":
            value, at = read_varint(data, at)
            return value != 0, at
        if base == "f32":
            if at + 4 > len(data):
                raise DecodeError("fixed32 truncated")
            return struct.unpack_from("<I", data, at)[0], at + 4
        length, at = read_length(data, at)
        raw, at = data[at:at + length], at + length
        if base == "string":
            try:
                return raw.decode("utf-8"), at
            except UnicodeDecodeError:
                raise DecodeError("string is not UTF-8") from None
        if base == "msg":
            return self.decode(sub, raw, present, depth + 1), at
        return bytes(raw), at

    def encode(self, name, values):
        schema = self.schemas[name]
        unknown = set(values) - schema.names()
        assert not unknown, (name, unknown)
        out = bytearray()
        for number in sorted(schema.fields):
            field, base, sub, repeated = schema.fields[number]
            if field not in values:
                continue
            items = values[field] if repeated else [values[field]]
            for item in items:
                out += self._field(number, base, sub, item, repeated or number in schema.oneof)
        return bytes(out)

    def _field(self, number, base, sub, value, always):
        tag = encode_varint(number << 3 | WIRE_OF[base])
        if base in ("u32", "u64", "bool"):
            return tag + encode_varint(int(value)) if value or always else b""
        if base == "f32":
            return tag + struct.pack("<I", value) if value or always else b""
        if base == "msg":
            raw = self.encode(sub, value)
        else:
            raw = value.encode("utf-8") if isinstance(value, str) else bytes(value)
            if not raw and not always:
                return b""
        return tag + encode_varint(len(raw)) + raw
