"""Differential fuzzing: the same input to this implementation and to another one, in vector mode. Both have to accept it
with the same output, or reject it in the same stage. Input number i of a seed is always the same, so that a run can be
divided and a disagreement be seen again.

Inputs are vectors with a field changed, and packets, Hello bodies, key records and Sealed put together at random by
their schemas.
"""
import random

from . import keyrecord, levels, ops, pb, vectors, wire

BATCH = 500
OPS = ("decode-packet", "decode-hello", "error-text", "check-header", "check-stamp", "check-lifetime", "check-message",
       "check-final", "check-record", "select-mailbox", "supersedes", "check-welcome", "check-auth", "check-collect", "open",
       "noise-open", "parse-address", "sync-answer", "ed25519-verify", "x25519")
OF_ANY_SIZE = ("bytes", "packet", "record", "hello", "welcome_body", "body", "message", "a", "b", "data")
LONGEST = 12_000   # hex digits of a field that is worth changing again and again
BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFF)
NUMBERS = (0, 1, 2**31, 2**32 - 1, 2**32, 2**53 - 1)


def seeds():
    """The vectors whose inputs are changed, by op."""
    out = {op: [] for op in OPS}
    for vector in vectors.all_vectors():
        if vector["op"] in out and all(len(v) <= LONGEST for v in vector["input"].values() if isinstance(v, str)):
            out[vector["op"]].append(vector["input"])
    return out


class Inputs:
    def __init__(self, seed):
        self.seed, self.seeds = seed, seeds()

    def number(self, index):
        """Input `index`: {id, op, input}."""
        dice = random.Random(f"{self.seed}/{index}")
        if dice.random() < 0.4:
            op, given = composed(dice)
        else:
            op = dice.choice(OPS)
            given = self._changed(dice, dict(dice.choice(self.seeds[op])))
        return {"id": f"fuzz-{self.seed}-{index}", "op": op, "input": given}

    def _changed(self, dice, given):
        names = [n for n, v in given.items() if isinstance(v, (str, int)) and n != "elements"]  # these have to rise
        for name in dice.sample(names, min(len(names), dice.choice((1, 1, 1, 2)))):
            value = given[name]
            if isinstance(value, int):
                changed = dice.choice((value - 1, value + 1, value + 7_200_000, dice.choice(NUMBERS)))
                given[name] = changed % 256 if name == "effort" else max(0, changed)
            elif name == "text" and "address" not in name and not _is_hex(value):
                given[name] = _text(dice, value)
            elif _is_hex(value):
                data = mutate(dice, bytes.fromhex(value))
                size = len(value) // 2
                given[name] = (data if name in OF_ANY_SIZE else data[:size].ljust(size, b"\0")).hex()
        return given


def _is_hex(text):
    return len(text) % 2 == 0 and all(c in "0123456789abcdef" for c in text)


def _text(dice, text):
    at = dice.randrange(len(text) + 1)
    return dice.choice((text[:at] + text[at + 1:], text[:at] + dice.choice("q1bBio-") + text[at:], text.swapcase(), text[::-1]))


def mutate(dice, data):
    """One to four small changes."""
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        at = dice.randrange(len(data) + 1)
        end = min(len(data), at + dice.choice((1, 1, 2, 4, 16, 32)))
        change = dice.randrange(7)
        if change == 0 and at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1:]
        elif change == 1 and at < len(data):
            data = data[:at] + bytes([dice.choice(BYTES)]) + data[at + 1:]
        elif change == 2:
            data = data[:at] + data[end:]
        elif change == 3:
            data = data[:at] + dice.randbytes(dice.choice((1, 2, 8))) + data[at:]
        elif change == 4:
            data = data[:at] + data[at:end] * 2 + data[end:]
        elif change == 5:
            data = data[:at]
        else:
            data += data[at:end]
    return data


# --- messages put together by their schemas


def composed(dice):
    kind = dice.randrange(4)
    if kind == 0:
        return "decode-hello", {"bytes": compose(dice, wire.CODEC, "HelloBody").hex()}
    if kind == 1:
        return "supersedes", {"a": compose(dice, keyrecord.CODEC, "KeyRecord").hex(),
                              "b": compose(dice, keyrecord.CODEC, "KeyRecord").hex()}
    return "decode-packet", {"bytes": compose(dice, wire.CODEC, "Packet").hex()}


SIZES = {"header": 96, "nonce": 8, "id": 32, "node_id": 20, "target": 20, "address": 20, "endpoint": 18, "signature": 64,
         "lower": 36, "upper": 36, "fingerprint": 16, "centre": 20, "radius": 20, "mailbox_id": 20, "uid": 16}


def compose(dice, codec, name, depth=0):
    """Fields of a schema in likely sizes, now and then in others, in another order, twice, unknown or of another type."""
    schema = codec.schemas[name]
    numbers = list(schema.fields)
    chosen = [n for n in numbers if n not in schema.oneof and dice.random() < 0.9]
    chosen += [dice.choice(sorted(schema.oneof))] if schema.oneof and dice.random() < 0.97 else []
    if numbers and dice.random() < 0.1:
        chosen += dice.choices(numbers, k=2)
        dice.shuffle(chosen)
    out = b""
    for number in chosen:
        field, base, sub, repeated = schema.fields[number]
        for _ in range(dice.choice((0, 1, 1, 2, 17)) if repeated else 1):
            out += _field(dice, codec, number, field, base, sub, depth)
    if dice.random() < 0.05:
        out += pb.encode_varint(dice.choice((15, 100, 2**29 - 1)) << 3 | dice.randrange(8)) + dice.randbytes(dice.randrange(6))
    return out


def _field(dice, codec, number, field, base, sub, depth):
    wire_type = pb.WIRE_OF[base] if dice.random() < 0.97 else dice.randrange(6)
    key = pb.encode_varint(number << 3 | wire_type)
    if wire_type == 0:
        value = dice.choice((0, 1, 2, 3, 4, 5, 6, 7, 255, 256, 2**32, 2**64 - 1, 1_800_000_000_000))
        return key + pb.encode_varint(value)
    if wire_type in (1, 5):
        return key + dice.randbytes(8 if wire_type == 1 else 4)
    if wire_type != 2:
        return key
    if sub and depth < 4:
        data = compose(dice, codec, sub, depth + 1)
    elif (field, base) == ("hello", "bytes") or (field, depth) == ("body", 1):
        data = compose(dice, wire.CODEC, "HelloBody", depth + 1)
    else:
        size = SIZES.get(field, 32)
        if field in ("ids", "records", "ack", "record", "elements", "endpoints"):
            size = {"ids": 32, "endpoints": 18, "elements": 37 * dice.randrange(3)}.get(field, dice.choice((0, 136, 200)))
        size = max(0, size + (dice.choice((-1, 1, -size)) if dice.random() < 0.03 else 0))
        data = dice.choice((bytes(size), b"\xff" * size, dice.randbytes(size)))
        if field == "header" and size == 96 and dice.random() < 0.8:
            data = bytes([1, 1, 0, dice.randrange(5)]) + data[4:]
    return key + pb.encode_varint(len(data)) + data


# --- both answers


def compare(ours, theirs):
    """A sentence, or nothing if they agree."""
    if theirs is None:
        return "no answer"
    if theirs.get("expect") == "unsupported":
        return None
    if ours["expect"] != theirs.get("expect"):
        return f"here {ours['expect']} {ours['error']}, there {theirs.get('expect')} {theirs.get('error', '')}"
    if ours["expect"] == "accept" and ours["output"] != theirs.get("output"):
        return f"other outputs: {ours['output']} and {theirs.get('output')}"
    stages = [answer.get("error", "").partition("/")[0] for answer in (ours, theirs)]
    return None if stages[0] == stages[1] else f"here {ours['error']}, there {theirs.get('error')}"


def run(command, seed, first, count):
    """Yields (first input not done, disagreements of the batch: [(vector, sentence)], stages met)."""
    inputs = Inputs(seed)
    for start in range(first, first + count, BATCH):
        batch = [inputs.number(i) for i in range(start, min(start + BATCH, first + count))]
        answers = levels.ask(command, batch)
        if answers is None:
            raise OSError("the vector mode of the implementation cannot be used")
        found, stages = [], {}
        for vector in batch:
            ours = ops.answer(vector)
            stage = ours["error"].partition("/")[0] or ours["expect"]
            stages[stage] = stages.get(stage, 0) + 1
            sentence = compare(ours, answers.get(vector["id"]))
            if sentence:
                found.append((vector, sentence))
        yield start + len(batch), found, stages
