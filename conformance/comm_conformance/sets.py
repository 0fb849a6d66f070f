"""The frozen set of an edition: what an implementation is scored by. Cases that came later run too and are not scored, and a
requirement of the set says what it said unless an erratum or the changelog of a later edition names it."""
import json
import re

from . import registry, specification
from .base import CONFORMANCE, EDITION, SPEC

SPECS = (EDITION, "next")  # next: everything there is
_ID = re.compile(r"[A-Z]{3}-\d{3}")


def path(spec):
    return CONFORMANCE / "sets" / f"{spec}.json"


def load(spec):
    return json.loads(path(spec).read_text())


def edition():
    """The newest heading of the changelog."""
    return re.search(r"^## (.*)$", (SPEC / "CHANGELOG.md").read_text(), re.M).group(1)


def text(spec):
    """The set as it would be frozen now, one entry a line."""
    def block(entries):
        return ",\n".join("  " + json.dumps(entry) for entry in entries)
    rows = ",\n".join(f'  "{r.id}": "{r.digest}"' for r in specification.requirements())
    return (f'{{"schema": "set-v1", "spec": "{spec}", "edition": {json.dumps(edition())},\n "requirements": {{\n{rows}\n }},\n'
            f' "cases": [\n{block(registry.load())}\n ]}}\n')


def scored(spec):
    """The ids of the cases that count; None: all."""
    return None if spec == "next" else frozenset(load(spec)["cases"])


def explained(changelog, errata, frozen_edition):
    """The requirements whose change is named: by an erratum, or in the changelog above the frozen edition."""
    above = changelog[:changelog.index("## " + frozen_edition)]
    return frozenset(_ID.findall(above) + _ID.findall(errata))


def retired():
    text = (SPEC / "99-registry.md").read_text()
    return frozenset(_ID.findall(text[text.index("Retired ids:"):]))


def complaints(spec=EDITION):
    """What the text no longer says as it was frozen, and cases of the set that are gone."""
    return complaints_of(load(spec), spec)


def complaints_of(frozen, spec):
    known = specification.by_id()
    named = explained((SPEC / "CHANGELOG.md").read_text(), (SPEC / "ERRATA.md").read_text(), frozen["edition"])
    for identifier, digest in frozen["requirements"].items():
        if identifier not in known:
            if identifier not in retired():
                yield identifier, f"is of the set {spec} and gone, and not among the retired ids of 99-registry"
        elif known[identifier].digest != digest and identifier not in named:
            yield identifier, (f"has another text than in sets/{spec}.json: name it in spec/ERRATA.md, or in spec/CHANGELOG.md "
                               f"above the edition \"{frozen['edition']}\"")
    for identifier in sorted(retired() & known.keys()):
        yield identifier, "is retired and still defined"
    for case in frozen["cases"]:
        if case not in registry.load():
            yield case, f"is of the set {spec} and gone"
