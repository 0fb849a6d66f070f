"""The field tables of the text as data. The text, this suite's decoders and, in a checkout, the reference's .proto file have
to name the same fields, and what is composed from the tables alone has to be decoded to what was put in."""
import random
import re

from . import keyrecord, message, sealing, wire
from .base import ROOT, SPEC, Reject

PROTO = ROOT / "proto" / "schema" / "comm.proto"
KINDS = {"uint32": "u32", "uint64": "u64", "bool": "bool", "fixed32": "f32", "string": "string", "bytes": "bytes"}
VARINTS = ("u32", "u64", "bool")
# what the text calls otherwise than the schemas do, or does not name
ALIASES = {"Range": "SyncRange", "MailboxEntry": "WeekMailbox"}
NESTED = {("KeyRecord", 7): "WeekMailbox", ("Sealed", 9): "MailboxGrant"}
# file -> {header row of a table of fields: the message it describes}
ONE_EACH = {"30-crypto.md": {"| field | |": "Sealed"}, "60-mailboxes-and-records.md": {"| field | valid |": "KeyRecord"},
            "80-sync.md": {"| field | |": "Sync", "| Range | |": "SyncRange"}}
_FIELD = re.compile(r"(?<![\w.])(\d+) ([a-z_]+)(?:: (repeated )?(?:\{(.*?)\}|([A-Za-z0-9]+)(?:\((\d+)\))?))")
_PROTO_FIELD = re.compile(r"(repeated )?(\w+) (\w+) = (\d+);")
MEMBERS = {"Packet": range(2, 21), "Sealed": range(7, 10)}  # of a oneof
STRINGS = 300


def _rows(text, head):
    lines = text[text.index("\n" + head + "\n"):].splitlines()[3:]
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def _fields(text, name, table):
    """The fields named in a piece of text: {number: (name, kind, size or None)}."""
    out = table.setdefault(name, {})
    for number, field, repeated, nested, kind, size in _FIELD.findall(text):
        if nested:
            _fields(nested, NESTED[name, int(number)], table)
            kind = "msg:" + NESTED[name, int(number)]
        kind = KINDS.get(kind) or (kind if kind.startswith("msg:") else "msg:" + ALIASES.get(kind, kind))
        out[int(number)] = (field, ("*" if repeated else "") + kind, int(size) if size else None)


def of_text():
    """{message: {number: (field, kind, size)}} as the text says."""
    table, packet = {}, {}
    transport = (SPEC / "10-transport.md").read_text()
    for names, kind, fields in _rows(transport, "| Packet | type | |"):
        for number, name in re.findall(r"(\d+) ([a-z_]+)", names):
            one = kind or name.capitalize()
            packet[int(number)] = (name, KINDS.get(one) or "msg:" + one, None)
            if one not in KINDS and one != "Sync":
                _fields(fields, one, table)
    for name, fields in _rows(transport, "| message | fields |"):
        _fields(fields, name, table)
    for file, heads in ONE_EACH.items():
        for head, name in heads.items():
            for cells in _rows((SPEC / file).read_text(), head):
                grant = "mailbox_grant" in cells[0]
                if grant:
                    _fields(cells[1], "MailboxGrant", table)
                    table[name][9] = ("mailbox_grant", "msg:MailboxGrant", None)
                else:
                    _fields(cells[0], name, table)
    return {"Packet": packet, **table}


def of_schemas():
    return {name: {number: (field, ("*" if repeated else "") + base + (":" + sub if sub else ""))
                   for number, (field, base, sub, repeated) in schema.fields.items()}
            for codec in (wire.CODEC, keyrecord.CODEC, sealing.CODEC) for name, schema in codec.schemas.items()}


def of_proto(text):
    table = {}
    text = re.sub(r"//.*", "", text)
    for name, body in re.findall(r"message (\w+) \{((?:[^{}]|\{[^{}]*\})*)\}", text):
        table[ALIASES.get(name, name)] = {
            int(number): (field, ("*" if repeated else "") + (KINDS.get(kind) or "msg:" + ALIASES.get(kind, kind)))
            for repeated, kind, field, number in _PROTO_FIELD.findall(body)}
    return table


def differences(text, other, where):
    for name in sorted(text.keys() | other.keys()):
        stated = {number: row[:2] for number, row in text.get(name, {}).items()}
        found = other.get(name, {})
        for number in sorted(stated.keys() | found.keys()):
            if stated.get(number) != found.get(number):
                yield f"{name} {number}", f"is {stated.get(number)} in the text and {found.get(number)} in {where}"


# --- strings of the grammar, composed without the codec


def _varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def compose(table, name, dice):
    """(bytes, what they say) of one message: rising numbers, each field or none, lists of up to three."""
    raw, said = b"", {}
    fields = table[name]
    members = MEMBERS.get(name, ())
    only = dice.choice(members) if members else None
    for number, (field, kind, size) in sorted(fields.items()):
        if number in members and number != only or number not in members and dice.random() < 0.2:
            continue
        repeated, kind = kind.startswith("*"), kind.lstrip("*")
        values = []
        for _ in range(dice.randint(1, 3) if repeated else 1):
            piece, value = _value(table, kind, size, dice)
            raw += _varint(number << 3 | (0 if kind in VARINTS else 5 if kind == "f32" else 2)) + piece
            values.append(value)
        said[field] = values if repeated else values[0]
    return raw, said


def _value(table, kind, size, dice):
    if kind in VARINTS:
        value = dice.getrandbits(dice.choice((1, 7, 31, 32 if kind == "u32" else 64))) if kind != "bool" else dice.random() < 0.5
        return _varint(int(value)), value
    if kind == "f32":
        value = dice.getrandbits(32)
        return value.to_bytes(4, "little"), value
    if kind == "string":
        value = "".join(dice.choice("aé€𝄞 \n") for _ in range(dice.randint(0, 9)))
        return _varint(len(value.encode())) + value.encode(), value
    inner, value = compose(table, kind[4:], dice) if kind.startswith("msg:") else (dice.randbytes(
        dice.randint(0, 40) if size is None else size),) * 2
    return _varint(len(inner)) + inner, value


def _decoder(name):
    return next(codec for codec in (wire.CODEC, keyrecord.CODEC, sealing.CODEC) if name in codec.schemas)


def misread(table, count=STRINGS):
    dice = random.Random(1)
    for name in sorted(table):
        for _ in range(count):
            raw, said = compose(table, name, dice)
            found = _decoder(name).decode(name, raw)
            if found != said:
                yield name, f"{raw.hex()[:120]} of the tables is decoded to {found}, not {said}"
                break


def misread_headers(count=STRINGS):
    """The table of the header by offsets, against its decoder."""
    rows = [(int(at), int(size), field.replace(" ", "_")) for at, size, field, _ in
            _rows((SPEC / "20-message.md").read_text(), "| offset | bytes | field | valid values |")]
    dice, valid = random.Random(2), {"version": [1], "suite": [1], "kind": [0], "size_class": range(4), "reserved": [0],
                                     "lifetime": range(1, 43_201), "effort": range(256), "expires": range(2**32)}
    for _ in range(count):
        raw, said = b"", {}
        for at, size, field in rows:
            said[field] = dice.choice(valid[field]) if field in valid else dice.randbytes(size)
            raw += said[field].to_bytes(size, "big") if field in valid else said[field]
            if len(raw) != at + size:
                yield "header", f"{field} does not begin at {at}"
                return
        try:
            parsed = message.parse_header(raw)
        except Reject as reject:
            yield "header", f"{raw.hex()} of the table is rejected: {reject.error}"
            return
        wrong = [field for field in said if getattr(parsed, field) != said[field]]
        if wrong:
            yield "header", f"{raw.hex()}: {wrong} differ"
            return


def complaints():
    table = of_text()
    yield from differences(table, of_schemas(), "this suite's schemas")
    if PROTO.exists():
        yield from differences(table, of_proto(PROTO.read_text()), PROTO.name)
    yield from misread(table)
    yield from misread_headers()
