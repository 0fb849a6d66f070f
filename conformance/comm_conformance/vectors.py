"""Reading, writing and verifying the vector files."""
import json

from . import ops, packing, specification
from .base import CONFORMANCE, STAGES
from .generators import areas

DIRECTORY = CONFORMANCE / "vectors"
NEEDED = {"id", "requirements", "op", "input", "expect", "flags", "since"}


def files():
    return sorted(path for path in DIRECTORY.glob("*/*.json") if path.parent.name not in ("schema",))


def load(path):
    file = json.loads(path.read_text())
    file["vectors"] = [packing.on_values(packing.unpack, vector) for vector in file["vectors"]]
    return file


def all_vectors(canary=False):
    for path in files():
        if (path.parent.name == "canary") == canary:
            yield from load(path)["vectors"]


def generate():
    for area in areas():
        area.path().parent.mkdir(parents=True, exist_ok=True)
        area.path().write_text(area.text())
        yield area.path(), len(area.vectors)


def agrees(vector, answer):
    """(verdict, note): pass, warn (another reason within the stage), fail."""
    if answer.get("expect") == "unsupported":
        return "unsupported", ""
    if answer.get("expect") != vector["expect"]:
        return "fail", f"expected {vector['expect']} {vector.get('error', '')}, got {answer.get('expect')} {answer.get('error', '')}"
    if vector["expect"] == "accept":
        if answer.get("output") != vector["output"]:
            return "fail", f"output {answer.get('output')} is not {vector['output']}"
        return "pass", ""
    stage, _, reason = answer.get("error", "").partition("/")
    wanted_stage, _, wanted = vector["error"].partition("/")
    if stage != wanted_stage:
        return "fail", f"stage {stage or 'missing'}, expected {vector['error']}"
    return ("pass", "") if reason == wanted else ("warn", f"reason {reason or 'missing'}, expected {wanted}")


def _shape(vector, known):
    missing = NEEDED - set(vector)
    if missing:
        yield f"lacks {sorted(missing)}"
        return
    if vector["op"] not in ops.OPS:
        yield f"unknown op {vector['op']}"
    for requirement in vector["requirements"]:
        if requirement not in known:
            yield f"unknown requirement {requirement}"
    if vector["expect"] == "accept" and "output" not in vector:
        yield "accepts without output"
    if vector["expect"] == "reject":
        if vector.get("error", "").split("/")[0] not in STAGES:
            yield "rejects without stage/reason"
        for field in ("twin", "mutation", "scope"):
            if not vector.get(field):
                yield f"rejects without {field}"


def _twin(vector, by_id):
    twin = by_id.get(vector.get("twin"))
    if twin is None:
        return "its twin does not exist"
    if twin["expect"] != "accept" or twin["op"] != vector["op"]:
        return "its twin is no positive vector of the same op"
    if twin["input"] == vector["input"]:
        return "its twin has the same input"
    return ""


def verify():
    """Yields (id, complaint). Nothing: the files are well-formed, agree with this implementation, are what the
    generators make, and the canaries are caught."""
    known = {r.id for r in specification.requirements()}
    vectors = list(all_vectors())
    by_id = {}
    for vector in vectors:
        if vector["id"] in by_id:
            yield vector["id"], "id is used twice"
        by_id[vector["id"]] = vector
    for vector in vectors:
        for complaint in _shape(vector, known):
            yield vector["id"], complaint
        if vector["expect"] == "reject" and _twin(vector, by_id):
            yield vector["id"], _twin(vector, by_id)
        verdict, note = agrees(vector, ops.answer(vector))
        if verdict != "pass":
            yield vector["id"], f"{verdict}: {note}"
    for vector in all_vectors(canary=True):
        if agrees(vector, ops.answer(vector))[0] == "pass":
            yield vector["id"], "this canary must not pass: the check of vectors is broken"
    for area in areas():
        if not area.path().exists() or area.path().read_text() != area.text():
            yield area.name, "the file is not what its generator makes"
