"""spec/worked-example.md as a program: its blocks `step` are read, executed, and compared with what they state.

    ```step
    label: op
      input = VALUE
      > output = VALUE
    ```

A VALUE is a decimal number after `#`, a JSON string, or bytes: pieces joined by `||`, each hex digits, `zeros(N)` or a
value that stands above, `label.name`, of which `[a:b]` is a part. Lines that begin with `|` go on with the value before.
Ops are those of vectors (adapter/PROTOCOL.md), so that an implementation under test can be asked the same, and
`bytes`, `sha256` and `aead`, which serve to show what is inside.
"""
import hashlib
import json
import re

from . import crypto, levels, ops
from .base import SPEC

DOCUMENT = SPEC / "worked-example.md"
_STEP = re.compile(r"^```step\n(.*?)^```$", re.M | re.S)
_PIECE = re.compile(r"^(?:zeros\((\d+)\)|([0-9a-f]+)|([a-z_0-9]+\.[a-z_0-9]+)(?:\[(\d*):(\d*)\])?)$")


class Malformed(Exception):
    pass


def _sha256(i):
    return {"hash": hashlib.sha256(bytes.fromhex(i["data"])).hexdigest()}


def _aead(i):
    sealed = crypto.aead_seal(*(bytes.fromhex(i[k]) if k != "counter" else i[k] for k in ("key", "counter", "plaintext", "ad")))
    return {"ciphertext": sealed.hex()}


def _x25519_public(i):
    return {"public": crypto.x25519_public(bytes.fromhex(i["secret"])).hex()}


LOCAL = {"x25519-public": _x25519_public, "bytes": lambda i: {"is": i["of"]}, "sha256": _sha256, "aead": _aead}


class Step:
    def __init__(self, label, op):
        self.label, self.op = label, op
        self.inputs, self.outputs = {}, {}  # name -> text of the value


def parse(text):
    for block in _STEP.findall(text):
        lines = block.splitlines()
        label, _, op = lines[0].partition(": ")
        step, last = Step(label, op), None
        for line in lines[1:]:
            stripped = line.strip()
            if stripped.startswith("|"):
                last[0][last[1]] += stripped[1:].strip()
                continue
            table = step.outputs if stripped.startswith("> ") else step.inputs
            name, separator, value = stripped.removeprefix("> ").partition(" = ")
            if not separator:
                raise Malformed(f"{label}: {line}")
            table[name] = value
            last = (table, name)
        yield step


def evaluate(text, known):
    """The value of an expression: a number, a text, or hex digits."""
    if text.startswith("#"):
        return int(text[1:])
    if text.startswith('"'):
        return json.loads(text)
    return "".join(_piece(piece.strip(), known) for piece in text.split("||")) if text else ""


def _piece(text, known):
    match = _PIECE.match(text)
    if match is None:
        raise Malformed(f"no value: {text}")
    zeros, digits, name, first, end = match.groups()
    if zeros:
        return "00" * int(zeros)
    if digits:
        return digits
    if name not in known:
        raise Malformed(f"{name} does not stand above")
    value = known[name]
    if first is None:
        return value
    return value[2 * int(first or 0):2 * int(end) if end else None]


def _values(step, known):
    """Inputs and outputs as stated. Both stand above from then on; outputs may repeat inputs of their own step."""
    tables = []
    for table in (step.inputs, step.outputs):
        tables.append({name: evaluate(value, known) for name, value in table.items()})
        known.update({f"{step.label}.{name}": value for name, value in tables[-1].items()})
    return tables


def _run(op, inputs):
    if op in LOCAL:
        try:
            return LOCAL[op](inputs)
        except (KeyError, ValueError) as error:
            return {"rejected": repr(error)}
    answer = ops.answer({"id": "worked", "op": op, "input": inputs})
    return answer["output"] if answer["expect"] == "accept" else {"rejected": answer.get("error")}


def check(text, run=_run):
    """Yields (label, complaint). Each step is executed with the values that the document states."""
    known, steps = {}, 0
    for step in parse(text):
        steps += 1
        try:
            inputs, stated = _values(step, known)
        except (Malformed, ValueError) as error:
            yield step.label, f"cannot be read: {error}"
            return
        found = run(step.op, inputs)
        if "rejected" in found:
            yield step.label, f"is rejected: {found['rejected']}"
        for name, value in stated.items():
            if name not in found or str(found[name]) != str(value):
                yield step.label, f"{name} is {str(found.get(name, found))[:80]}, the document states {str(value)[:80]}"
    if not steps:
        yield "document", "has no step"


def questions(text):
    """The steps that an implementation can be asked, as vectors."""
    known = {}
    for step in parse(text):
        inputs, outputs = _values(step, known)
        if step.op not in LOCAL:
            yield {"id": f"worked-{step.label}", "requirements": [], "op": step.op, "input": inputs, "expect": "accept",
                   "output": outputs}


def ask(command):
    """Yields (label, complaint) about what an implementation answers to the document's steps."""
    asked = list(questions(DOCUMENT.read_text()))
    answers = levels.ask(command, asked)
    if answers is None:
        yield "document", "the vector mode of the implementation cannot be used"
        return
    for vector in asked:
        answer = answers.get(vector["id"], {})
        found = answer.get("output", {})
        for name, value in vector["output"].items():
            if str(found.get(name)) != str(value):
                yield vector["id"], f"{name}: answered {str(found.get(name, answer))[:80]}, the document states {str(value)[:80]}"


def blind_spots(text, every=1):
    """Digits of the document that could be changed without a complaint: none, or the document proves too little. `every`:
    only each so-manieth value is tried."""
    cache = {}

    def run(op, inputs):
        key = json.dumps([op, inputs], sort_keys=True)
        if key not in cache:
            cache[key] = _run(op, inputs)
        return cache[key]
    places = [block.start(1) + value.end() - 1 for block in _STEP.finditer(text)
              for value in re.finditer(r"(?<![\w.:#])[0-9a-f]{2,}(?![\w.:\]]| =)", block.group(1))]
    for at in places[::every]:
        changed = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1:]
        if next(check(changed, run), None) is None:
            yield text[max(0, at - 60):at + 1]
