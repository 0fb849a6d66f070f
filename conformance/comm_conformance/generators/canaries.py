"""Vectors with wrong expectations. A harness that shows one of them as passed does not look at what it was answered."""
from ..gentools import Area, flip, header
from .primitives import signatures


def areas():
    area = Area("canary/canary")
    good = header()
    area.accept("canary-right", "MSG-009", "check-header", header=good)
    right = area.vectors.pop()
    wrong = [
        ("canary-wrong-output", {"output": {**right["output"], "id": "00" * 32}}, "the id is wrong"),
        ("canary-missing-output", {"output": {}}, "the output lacks what was answered"),
        ("canary-accepts-bad-header", {"input": {"header": flip(good, 0, 3).hex()}}, "version 2 is rejected"),
        ("canary-rejects-good-header", {"expect": "reject", "error": "schema/header-version", "scope": "count",
                                        "twin": "header-plain", "mutation": "none"}, "nothing is wrong with it"),
        ("canary-wrong-stage", {"expect": "reject", "error": "crypto/header-version", "scope": "count",
                                "twin": "header-plain", "mutation": "version", "input": {"header": flip(good, 0, 3).hex()}},
         "the stage is schema"),
    ]
    for slug, change, comment in wrong:
        area.vectors.append({**right, "id": slug, **change, "comment": comment})
    valid = signatures().vectors[0]
    area.vectors.append({**valid, "id": "canary-signature", "input": {**valid["input"], "message": "00"},
                         "comment": "a signature over another message"})
    yield area
