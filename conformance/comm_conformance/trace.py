"""Joins the requirements of the specification with cases, vectors, mutants and an actual run."""
import html
import json
import pathlib
import re
import textwrap
import tomllib

from . import mutations as mutants
from . import registry, runner, sets, specification, tables, vectors
from .base import CONFORMANCE

OMISSIONS = CONFORMANCE / "omissions.toml"
HISTORY = CONFORMANCE / "history.toml"
README = CONFORMANCE / "README.md"
FIGURES = re.compile(r"(?<=<!-- what `trace --write` counts -->\n).*?(?=\n\n)", re.S)
CATEGORIES = re.compile(r"(?<=\| 0 of )\d+(?= \|)")


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


def _exercised(paths, quick):
    """The cases and vectors that runs have judged; with `quick` the cases too that such a run leaves out."""
    if not paths:
        return None
    out = {spec.id for spec in registry.load().values() if spec.slow} if quick else set()
    for path in paths:
        run = json.loads(pathlib.Path(path).read_text())
        out |= {r["case"] for r in run["results"] if r["verdict"] in (runner.PASS, runner.FAIL, runner.CRASH, runner.XFAIL)}
        out |= {one for one, verdict in run["vectors"].items() if verdict != "unsupported"}
    return out


def rejections():
    """(requirements whose rejecting side is shown, requirements whose accepting side is, errors that are shown)."""
    known, negative, positive, errors = specification.by_id(), set(), set(), set()
    for vector in vectors.all_vectors():
        (negative if vector["expect"] == "reject" else positive).update(vector["requirements"])
        errors.add(vector.get("error"))
    for spec in registry.load().values():
        positive.update(spec.requirements)  # a negative case sees its positive twin, too
        if spec.negative:
            negative.update(spec.requirements)
            errors |= {error for r in spec.requirements if r in known for error, _ in known[r].errors}
    return negative, positive, errors


def _one_sided(known, table, omitted):
    """Yields gaps: rules that reject of which only one side is shown, and reasons of the registry that nothing shows."""
    negative, positive, errors = rejections()
    for requirement in known.values():
        if requirement.errors and requirement.id in table and requirement.id not in negative:
            yield requirement.id, "negative", "rejects, and neither a negative case nor a negative vector cites it"
        if requirement.errors and requirement.id in table and not positive & {requirement.id, *requirement.twins}:
            yield requirement.id, "positive", "rejects, and nothing shows what it, or its twin, accepts"
    for error, rules in specification.registry_rows().items():
        if error not in errors and error not in omitted["unshown"]:
            yield error, "reason", f"of the registry ({rules}): no negative vector, and no negative case of a rule that names it"
        if error in errors and error in omitted["unshown"]:
            yield error, "omission", "is omitted and shown all the same"


def _history():
    """Yields gaps: bugs that were mended, and what no longer shows them."""
    there = {*registry.load(), *(v["id"] for v in vectors.all_vectors()), *mutants.MUTANTS}
    for bug in tomllib.loads(HISTORY.read_text())["bug"]:
        for shown in bug["shown_by"]:
            if shown not in there:
                yield shown, "history", f"is to show that a bug stays mended, and does not exist: {bug['was']}"


def gaps(ran=None):
    """Yields (requirement, kind, text)."""
    known, table = specification.by_id(), citations()
    omitted = tomllib.loads(OMISSIONS.read_text())
    for kind, source in (("specification", specification.complaints()), ("tables", tables.complaints()),
                         ("frozen", sets.complaints())):
        for where, text in source:
            yield where, kind, text
    yield from _one_sided(known, table, omitted)
    yield from _history()
    yield from _uncited(known, table, omitted, ran)


def _uncited(known, table, omitted, ran):
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
        tested = any(ran is None or one in ran for one in cited["cases"] + cited["vectors"])
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
    figures = summary(known, table, omitted)
    if options.write:
        README.write_text(with_figures(README.read_text(), figures))
    if README.read_text() != with_figures(README.read_text(), figures):
        found.append(("README.md", "figures", "are not what is there: comm-conformance trace --write"))
    for where, kind, text in found:
        print(f"{kind:14} {where}: {text}")
    print(f"{figures}; {len(found)} gaps")
    if options.html:
        pathlib.Path(options.html).write_text(page(known, table, omitted, figures))
    return 1 if found else 0


def with_figures(text, figures):
    """The README with these figures, and with as many categories as there are in its table of degenerate nodes."""
    categories = str(len({spec.category for spec in registry.load().values()}))
    return CATEGORIES.sub(categories, FIGURES.sub(lambda _: "\n".join(textwrap.wrap(figures + ".", 125)), text))


def summary(known, table, omitted):
    musts = [r for r in known.values() if r.level == "MUST"]
    tested = [r for r in known.values() if any(table.get(r.id, {}).get(k) for k in ("cases", "vectors"))]
    shown = rejections()[2] & specification.registry_rows().keys()
    return (f"{sum(r.level == 'MUST' for r in tested)}/{len(musts)} MUST tested, {sum('{excluded:' in r.text for r in known.values())} "
            f"excluded; {len(known)} requirements, {len(tested)} tested, {len(omitted['untested'])} omitted with a reason; "
            f"{len(shown)} of {len(specification.registry_rows())} reasons of rejection shown; {len(registry.load())} cases, "
            f"{len(list(vectors.all_vectors()))} vectors, {len(mutants.MUTANTS)} mutants for "
            f"{sum(bool(table.get(r.id, {}).get('mutants')) for r in known.values())} requirements")


def page(known, table, omitted, figures):
    rows = []
    for requirement in known.values():
        cited = table.get(requirement.id, {"cases": [], "vectors": [], "mutants": []})
        cells = [" ".join(cited["cases"]), f"{len(cited['vectors'])}", " ".join(cited["mutants"]),
                 omitted["untested"].get(requirement.id, "")]
        rows.append(f"<tr><td>{requirement.id}<td>{html.escape(requirement.text)}" + "".join(
            f"<td>{html.escape(cell)}" for cell in cells))
    return ("<!doctype html><meta charset=utf-8><title>Trace</title><style>body{font:13px sans-serif}td{vertical-align:top;"
            f"border-top:1px solid #ccc;padding:.3em}}</style><p>{html.escape(figures)}<table><tr><th>id<th>text<th>cases<th>vectors<th>mutants"
            f"<th>omitted{''.join(rows)}</table>\n")
