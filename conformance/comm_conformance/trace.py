"""Joins the requirements of the specification with cases, vectors, mutants and an actual run."""
import html
import json
import pathlib
import tomllib

from . import mutations as mutants
from . import registry, runner, specification, vectors
from .base import CONFORMANCE

OMISSIONS = CONFORMANCE / "omissions.toml"


def citations():
    """{requirement: {"cases": [...], "vectors": [...], "mutants": [...]}}."""
    table = {}

    def cite(requirement, kind, what):
        table.setdefault(requirement, {"cases": [], "vectors": [], "mutants": []})[kind].append(what)
    for spec in registry.load().values():
        for requirement in spec.requirements:
            cite(requirement, "cases", spec.id)
    for vector in vectors.all_vectors():
        for requirement in vector["requirements"]:
            cite(requirement, "vectors", vector["id"])
    for name, (requirement, _) in mutants.MUTANTS.items():
        cite(requirement, "mutants", name)
    return table


def _exercised(path, quick):
    """The cases that a run judged; with `quick` those too that such a run leaves out."""
    if path is None:
        return None
    left_out = {spec.id for spec in registry.load().values() if spec.slow} if quick else set()
    results = json.loads(pathlib.Path(path).read_text())["results"]
    return left_out | {r["case"] for r in results if r["verdict"] in (runner.PASS, runner.FAIL, runner.CRASH, runner.XFAIL)}


def gaps(ran=None):
    """Yields (requirement, kind, text)."""
    known, table = specification.by_id(), citations()
    omitted = tomllib.loads(OMISSIONS.read_text())
    for where, text in specification.complaints():
        yield where, "specification", text
    for requirement in table:
        if requirement not in known:
            yield requirement, "unknown", "is cited and does not exist"
    for kind in ("untested", "without_mutant"):
        for requirement, reason in omitted[kind].items():
            if requirement not in known:
                yield requirement, "omission", "is omitted and does not exist"
            elif not reason.strip():
                yield requirement, "omission", "is omitted without a reason"
    for requirement in known.values():
        if "{excluded:" in requirement.text:
            continue
        cited = table.get(requirement.id, {"cases": [], "vectors": [], "mutants": []})
        cases = [c for c in cited["cases"] if ran is None or c in ran]
        tested = bool(cases or cited["vectors"])
        if not tested and requirement.id not in omitted["untested"]:
            yield requirement.id, "untested", "no case and no vector" + ("" if ran is None else " in this run")
        if tested and requirement.id in omitted["untested"] and ran is None:
            yield requirement.id, "omission", "is omitted and tested all the same"
        if requirement.level == "MUST" and tested and not cited["mutants"] and requirement.id not in omitted["without_mutant"]:
            yield requirement.id, "mutant", "no mutant breaks it"
        if cited["mutants"] and requirement.id in omitted["without_mutant"]:
            yield requirement.id, "omission", "has a mutant and is listed as without"


def run(options):
    ran = _exercised(options.run_file, options.quick)
    found = list(gaps(ran))
    known, table = specification.by_id(), citations()
    omitted = tomllib.loads(OMISSIONS.read_text())
    for where, kind, text in found:
        print(f"{kind:14} {where}: {text}")
    musts = [r for r in known.values() if r.level == "MUST"]
    tested = [r for r in known.values() if any(table.get(r.id, {}).get(k) for k in ("cases", "vectors"))]
    print(f"{len(known)} requirements, {len(musts)} of them MUST; tested {len(tested)} ({sum(r.level == 'MUST' for r in tested)} "
          f"MUST), excluded {sum('{excluded:' in r.text for r in known.values())}, omitted with a reason "
          f"{len(omitted['untested'])}; {len(registry.load())} cases, {len(list(vectors.all_vectors()))} vectors, "
          f"{len(mutants.MUTANTS)} mutants for {sum(bool(table.get(r.id, {}).get('mutants')) for r in known.values())} "
          f"requirements; {len(found)} gaps")
    if options.html:
        pathlib.Path(options.html).write_text(page(known, table, omitted))
    return 1 if found else 0


def page(known, table, omitted):
    rows = []
    for requirement in known.values():
        cited = table.get(requirement.id, {"cases": [], "vectors": [], "mutants": []})
        cells = [" ".join(cited["cases"]), f"{len(cited['vectors'])}", " ".join(cited["mutants"]),
                 omitted["untested"].get(requirement.id, "")]
        rows.append(f"<tr><td>{requirement.id}<td>{html.escape(requirement.text)}" + "".join(
            f"<td>{html.escape(cell)}" for cell in cells))
    return ("<!doctype html><meta charset=utf-8><title>Trace</title><style>body{font:13px sans-serif}td{vertical-align:top;"
            "border-top:1px solid #ccc;padding:.3em}</style><table><tr><th>id<th>text<th>cases<th>vectors<th>mutants"
            f"<th>omitted{''.join(rows)}</table>\n")
