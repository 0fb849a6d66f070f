"""Results as text, TAP, JUnit, JSON and one HTML page."""
import html
import json
import xml.etree.ElementTree as xml

from . import registry, runner, specification

SYMBOLS = {"PASS": "ok", "N/A": "ok # SKIP", "XFAIL": "not ok # TO" "DO"}  # TAP's word for it, which tidy.py looks for


def plain(value):
    """Bytes as hex, shortened, for people."""
    if isinstance(value, (bytes, bytearray)):
        text = bytes(value).hex()
        return text if len(text) <= 80 else f"{text[:64]}... ({len(value)} bytes)"
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        shown = [plain(item) for item in value[:4]]
        return shown + ([f"... {len(value)} in all"] if len(value) > 4 else [])
    return value


def trace_lines(result, last=24):
    for name, way, kind, body, number in result.trace[-last:]:
        arrow = "suite -> iut" if way == ">" else "suite <- iut"
        yield f"{name:10} {arrow}  {kind} #{number} {json.dumps(plain(body))}"


def failure_text(result, command, seed):
    """Everything that is needed to understand one failure and to see it again."""
    spec = registry.load()[result.case]
    texts = specification.by_id()
    lines = [f"{result.verdict} {result.case}: {spec.about}", f"  {result.note.strip()}"]
    for requirement in spec.requirements:
        lines.append(f"  {requirement}: {texts[requirement].text if requirement in texts else 'unknown requirement'}")
    lines += ["  last packets:"] + ["    " + line for line in trace_lines(result)]
    if result.stderr.strip():
        lines += ["  stderr of the implementation:"] + ["    " + line for line in result.stderr.strip().splitlines()[-8:]]
    lines.append(f"  again: comm-conformance run --case {result.case} --seed {seed} --iut {json.dumps(command)}")
    return "\n".join(lines)


def categories(results):
    """{category: {verdict: count}} in order."""
    table = {}
    for result in results:
        row = table.setdefault(result.case.split("/")[0], {})
        verdict = "WARN" if (result.optional or not result.scored) and result.verdict in runner.BAD else result.verdict
        row[verdict] = row.get(verdict, 0) + 1
    return table


def conformant(row):
    """A category is conformant when something passed and nothing failed."""
    return row.get("PASS", 0) > 0 and not any(row.get(verdict) for verdict in (*runner.BAD, runner.SUITE))


def category_lines(results):
    for name, row in categories(results).items():
        counts = "  ".join(f"{verdict} {count}" for verdict, count in sorted(row.items(), key=lambda kv: kv[0] != "PASS"))
        yield f"{'conformant' if conformant(row) else 'NOT conformant':15} {name:12} {counts}"


def tap(results):
    yield "TAP version 13"
    yield f"1..{len(results)}"
    for number, result in enumerate(results, 1):
        head, _, directive = SYMBOLS.get(result.verdict, "not ok").partition(" #")
        yield f"{head} {number} - {result.case}" + (f" #{directive} {result.note.splitlines()[0] if result.note else ''}"
                                                    if directive else "")
        if head == "not ok" and result.note:
            yield "  ---\n  message: " + json.dumps(result.note.splitlines()[0]) + "\n  ..."


def junit(results):
    root = xml.Element("testsuites", name="comm-conformance")
    for category in dict.fromkeys(r.case.split("/")[0] for r in results):
        mine = [r for r in results if r.case.split("/")[0] == category]
        suite = xml.SubElement(root, "testsuite", name=category, tests=str(len(mine)),
                               failures=str(sum(r.verdict in (runner.FAIL, runner.UNTESTABLE) for r in mine)),
                               errors=str(sum(r.verdict in (runner.CRASH, runner.SUITE) for r in mine)),
                               skipped=str(sum(r.verdict in (runner.NOT_APPLICABLE, runner.XFAIL) for r in mine)))
        for result in mine:
            node = xml.SubElement(suite, "testcase", classname=category, name=result.case.split("/")[1],
                                  time=f"{result.seconds:.3f}")
            tag = {runner.PASS: None, runner.NOT_APPLICABLE: "skipped", runner.XFAIL: "skipped", runner.CRASH: "error",
                   runner.SUITE: "error"}.get(result.verdict, "failure")
            if tag:
                xml.SubElement(node, tag, message=_xml_text(result.note[:500])).text = _xml_text(
                    "\n".join(trace_lines(result)))
    return xml.tostring(root, encoding="unicode", xml_declaration=True)


def _xml_text(text):
    return "".join(c for c in text if c in "\t\n\r" or ord(c) >= 32)


def as_json(results, command, seed, answered):
    """`answered`: the verdicts of the vectors that were asked."""
    known = registry.load()
    return {"schema": "results-v1", "iut": command, "seed": seed, "vectors": answered, "results": [
        {"case": r.case, "verdict": r.verdict, "note": r.note, "seconds": round(r.seconds, 3), "optional": r.optional,
         **({} if r.scored else {"not_scored": "added-after-release"}), "requirements": list(known[r.case].requirements)}
        for r in results]}


def page(results, command, seed):
    """One self-contained HTML page."""
    texts, known = specification.by_id(), registry.load()
    rows = []
    for result in results:
        detail = ""
        if result.verdict != runner.PASS:
            detail = f"<pre>{html.escape(failure_text(result, command, seed))}</pre>"
        needs = " ".join(f'<abbr title="{html.escape(texts[r].text)}">{r}</abbr>' for r in known[result.case].requirements
                         if r in texts)
        rows.append(f'<tr class="{result.verdict.replace("/", "")}"><td>{result.verdict}<td>{html.escape(result.case)}'
                    f'<td>{html.escape(known[result.case].about)}{detail}<td>{needs}')
    style = ("body{font:14px sans-serif;margin:2em}td{vertical-align:top;border-top:1px solid #ccc;padding:.3em .6em}"
             "pre{white-space:pre-wrap}.PASS td:first-child{color:#060}.FAIL td:first-child,.CRASH td:first-child{color:#a00}")
    table = "".join(f"<li>{html.escape(line)}" for line in category_lines(results))
    return (f"<!doctype html><meta charset=utf-8><title>Comm conformance</title><style>{style}</style>"
            f"<h1>Comm conformance</h1><p>{html.escape(command)}, seed {seed}<ul>{table}</ul>"
            f"<table>{''.join(rows)}</table>\n")
