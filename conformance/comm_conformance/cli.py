"""Tests of the Comm protocol against any implementation. Exit codes of run: 0 conformant, 1 a required case failed or an
entry of the baseline passes, 2 usage, 3 the suite is at fault, 4 the adapter cannot be used, 5 nothing was run."""
import argparse
import json
import os
import pathlib
import signal
import sys

from . import (casework, fuzz, interop, network, ops, publish, registry, repeat, report, runner, selftest, sets, specification, trace, vectors,
               worked, worked_text)
from .base import EDITION
from .levels import run_vectors

CONFORMANT, FAILED, USAGE, AT_FAULT, UNUSABLE, NOTHING = range(6)


def main(arguments):
    try:
        options = _parser().parse_args(arguments)
        code = options.run(options)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return FAILED
    except BrokenPipeError:  # whoever read has seen enough: `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def _parser():
    parser = argparse.ArgumentParser(prog="comm-conformance", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("run", help="run cases against an implementation")
    command.add_argument("--iut", required=True, metavar="CMD", help="the adapter of the implementation under test")
    _selection(command)
    command.add_argument("--spec", default=EDITION, choices=sets.SPECS, help="cases newer than the frozen set of this edition are run, not "
                         "scored; next: all count")
    command.add_argument("--level", default="node", choices=["vectors", "node", "network", "all"])
    command.add_argument("--scenario", default="*", metavar="GLOB", help="of the level network")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--repeat", type=int, default=1, metavar="N")
    command.add_argument("--jobs", type=int, default=max(2, os.cpu_count() or 1), metavar="N")
    command.add_argument("--time-scale", type=float, default=1.0, metavar="F", help="multiplies the patience of 30 s")
    command.add_argument("--late", type=float, default=0.0, metavar="SECONDS", help="look at what the implementation sends so late, as a "
                         "busy machine would: cases pass all the same")
    command.add_argument("--strict", action="store_true", help="failures of SHOULD and MAY count")
    command.add_argument("--baseline", metavar="FILE", help="expected failures: lines of CASE REASON")
    for kind in ("tap", "junit", "json", "html"):
        command.add_argument(f"--{kind}", metavar="FILE")
    command.add_argument("--capture", metavar="DIR", help="write a file for replay for each case that did not pass")
    command.set_defaults(run=_run)
    command = commands.add_parser("list", help="list cases")
    _selection(command)
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_list)
    command = commands.add_parser("explain", help="what a case does, and the text of its requirements")
    command.add_argument("case")
    command.set_defaults(run=_explain)
    command = commands.add_parser("replay", help="run a captured case again, with its seed and command")
    command.add_argument("file")
    command.set_defaults(run=_replay)
    command = commands.add_parser("interop", help="two implementations in one network, in every combination of roles")
    command.add_argument("--a", required=True, metavar="CMD")
    command.add_argument("--b", required=True, metavar="CMD")
    command.add_argument("--time-scale", type=float, default=1.0, metavar="F")
    command.set_defaults(run=_interop)
    command = commands.add_parser("trace", help="requirements against cases, vectors, mutants and a run; fails on a gap")
    command.add_argument("--run-file", metavar="FILE", action="append", help="what `run --json FILE` wrote, of one or several "
                         "runs: citations count only if run")
    command.add_argument("--quick", action="store_true", help="the run left out cases that let days pass: they count as run")
    command.add_argument("--html", metavar="FILE")
    command.add_argument("--write", action="store_true", help="write the figures into README.md anew")
    command.set_defaults(run=lambda options: trace.run(options))
    command = commands.add_parser("node", help="be a node: the adapter protocol on standard input and output, or --vectors")
    command.add_argument("--vectors", action="store_true")
    command.add_argument("--mutant", metavar="NAME", help="with one rule broken; see mutants.py")
    command.set_defaults(run=_node)
    command = commands.add_parser("selftest", help="does the suite notice? mutants, degenerate nodes, oracles, canaries")
    command.add_argument("--quick", action="store_true", help="a sample of the mutants")
    command.add_argument("--jobs", type=int, default=max(2, os.cpu_count() or 1), metavar="N")
    command.add_argument("--mutant", metavar="GLOB")
    command.add_argument("--part", metavar="K/N", help="the Kth of N parts of the mutants, nothing else; 0: everything "
                         "but mutants; overlap: cases that slam and yes-man both pass")
    command.add_argument("--update", action="store_true", help="write mutants/expected-kills.json")
    command.set_defaults(run=lambda options: selftest.run(options))
    command = commands.add_parser("requirements", help="the machine-readable index spec/requirements.json: is it what the text says?")
    command.add_argument("--write", action="store_true", help="write it anew")
    command.add_argument("--freeze", metavar="SPEC", help="write sets/SPEC.json: the requirements and cases there are now")
    command.set_defaults(run=_requirements)
    command = commands.add_parser("repeat", help="the flake gate: cases tagged timing 200 times, others 5; goes on where it stopped")
    command.add_argument("--iut", required=True, metavar="CMD")
    command.add_argument("--state", required=True, metavar="FILE", help="what has been counted so far")
    command.add_argument("--budget", type=float, default=540, metavar="SECONDS")
    command.add_argument("--jobs", type=int, default=max(2, os.cpu_count() or 1), metavar="N")
    command.add_argument("--time-scale", type=float, default=2.0, metavar="F")
    command.add_argument("--capture", metavar="DIR", help="write a file for replay for each run that did not pass")
    command.set_defaults(run=_repeat)
    command = commands.add_parser("fuzz", help="the same random inputs to this and another implementation")
    command.add_argument("--iut", required=True, metavar="CMD")
    command.add_argument("--inputs", type=int, default=20_000, metavar="N")
    command.add_argument("--from", type=int, default=0, dest="first", metavar="N", help="the first input: to go on, or see one again")
    command.add_argument("--seed", type=int, default=1)
    command.set_defaults(run=_fuzz)
    command = commands.add_parser("worked-example", help="execute spec/worked-example.md, here and by an implementation")
    command.add_argument("--iut", metavar="CMD", help="an adapter that is asked the same in vector mode")
    command.add_argument("--write", action="store_true", help="write the document anew")
    command.add_argument("--every", type=int, default=16, metavar="N", help="try whether a changed digit is noticed in each Nth value")
    command.set_defaults(run=_worked)
    command = commands.add_parser("vectors", help="verify, generate or publish the vector files, or answer vectors on a pipe")
    command.add_argument("what", choices=("verify", "generate", "publish", "answer"))
    command.add_argument("--to", metavar="DIR", default="build/vectors", help="publish: where the archive goes")
    command.set_defaults(run=_vectors)
    return parser


def _selection(command):
    command.add_argument("--case", metavar="GLOB", help="only these cases; several separated by commas")
    command.add_argument("--req", metavar="ID", help="only cases that cite this requirement")
    command.add_argument("--quick", action="store_true", help="leave out cases that let days pass")


def _selected(options):
    chosen = runner.select(options.case, options.req)
    return [c for c in chosen if not (options.quick and registry.load()[c].slow)]


def _baseline(path):
    entries = {}
    for line in pathlib.Path(path).read_text().splitlines() if path else []:
        case, _, reason = line.partition("#")[0].strip().partition(" ")
        if case:
            if not reason:
                raise SystemExit(f"{path}: {case} is listed without a reason")
            entries[case] = reason.strip()
    return entries


def _run(options):
    try:
        baseline = _baseline(options.baseline)
    except SystemExit as error:
        print(error, file=sys.stderr)
        return USAGE
    code, answered = CONFORMANT, {}
    if options.level in ("vectors", "all"):
        code, answered = run_vectors(options.iut, options.spec, CONFORMANT, FAILED, UNUSABLE, NOTHING)
        if options.level == "vectors" or code == UNUSABLE:
            _write(options, [], answered)
            return code
    if options.level in ("network", "all"):
        code = max(code, _verdicts(network.run(options.iut, selftest.PROGRAM + " node", options.seed, 2 * casework.PATIENCE
                                               * options.time_scale, options.scenario)))
        if options.level == "network":
            return code
    identifiers = _selected(options)
    if not identifiers:
        print("no case matches", file=sys.stderr)
        return NOTHING
    patience, casework.LATE = casework.PATIENCE * options.time_scale, options.late
    usable, why = runner.adapter_usable(options.iut, options.seed, patience)
    if not usable:
        print(f"the adapter cannot be used: {why}", file=sys.stderr)
        return UNUSABLE
    results = []
    for number in range(options.repeat):
        results += runner.run(identifiers, options.iut, options.seed + number, options.jobs, patience, _progress)
    return max(code, _judge(results, baseline, options, answered))


def _progress(result):
    label = "WARN" if result.optional and result.verdict in runner.BAD else result.verdict
    first = result.note.strip().splitlines()[0] if result.note.strip() else ""
    print(f"{label:10} {result.case:44} {result.seconds:6.2f} s  {first}", flush=True)


def _judge(results, baseline, options, answered=None):
    code, scored = CONFORMANT, sets.scored(options.spec)
    for result in results:
        result.scored = scored is None or result.case in scored
        if result.case in baseline and result.verdict in runner.BAD:
            result.verdict, result.note = runner.XFAIL, f"expected: {baseline[result.case]}"
        elif result.case in baseline and result.verdict == runner.PASS:
            print(f"{result.case} passes, but the baseline expects a failure: remove it there")
            code = FAILED
        if result.verdict == runner.SUITE:
            code = AT_FAULT
        elif result.verdict in runner.BAD and result.scored and (options.strict or not result.optional):
            code = max(code, FAILED) if code != AT_FAULT else code
    for result in results:
        if result.verdict in (*runner.BAD, runner.SUITE):
            print("\n" + report.failure_text(result, options.iut, result.seed))
            if options.capture:
                _capture(options, result)
    print()
    for line in report.category_lines(results):
        print(line)
    counts = {}
    for result in results:
        counts[result.verdict] = counts.get(result.verdict, 0) + 1
    print(f"{len(results)} cases: " + ", ".join(f"{v} {n}" for v, n in sorted(counts.items())))
    _write(options, results, answered or {})
    if all(result.verdict == runner.NOT_APPLICABLE for result in results):
        return NOTHING
    return code


def _write(options, results, answered):
    texts = {"tap": lambda: "\n".join(report.tap(results)) + "\n", "junit": lambda: report.junit(results),
             "json": lambda: json.dumps(report.as_json(results, options.iut, options.seed, answered), indent=1) + "\n",
             "html": lambda: report.page(results, options.iut, options.seed)}
    for kind, text in texts.items():
        path = getattr(options, kind)
        if path:
            pathlib.Path(path).write_text(text())


def _capture(options, result):
    directory = pathlib.Path(options.capture)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / (result.case.replace("/", "-") + ".json")).write_text(json.dumps({
        "schema": "capture-v1", "case": result.case, "seed": result.seed, "iut": options.iut, "verdict": result.verdict,
        "note": result.note, "trace": [[name, way, kind, _hex(body), number] for name, way, kind, body, number in result.trace],
        "stderr": result.stderr}, indent=1) + "\n")


def _hex(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: _hex(item) for key, item in value.items()}
    return [_hex(item) for item in value] if isinstance(value, list) else value


def _replay(options):
    captured = json.loads(pathlib.Path(options.file).read_text())
    result = runner.run([captured["case"]], captured["iut"], captured["seed"])[0]
    print(f"captured: {captured['verdict']}: {captured['note'].strip()}\nnow:      {result.verdict}: {result.note.strip()}")
    for line in report.trace_lines(result, 200):
        print("  " + line)
    return CONFORMANT if result.verdict == runner.PASS else FAILED


def _list(options):
    chosen = [registry.load()[c] for c in _selected(options)]
    if options.json:
        print(json.dumps([{"id": s.id, "requirements": list(s.requirements), "negative": s.negative, "optional": s.optional,
                           "fresh": s.fresh, "slow": s.slow, "about": s.about} for s in chosen], indent=1))
    else:
        for spec in chosen:
            print(f"{spec.id:44} {'-' if spec.negative else '+'} {' '.join(spec.requirements)}")
        print(f"{len(chosen)} cases")
    return CONFORMANT if chosen else NOTHING


def _explain(options):
    spec = registry.load().get(options.case)
    if spec is None:
        print(f"no case {options.case}; see comm-conformance list", file=sys.stderr)
        return USAGE
    texts = specification.by_id()
    kind = "negative: runs its positive twin before and after" if spec.negative else "positive"
    print(f"{spec.id}\n  {spec.about}\n  {kind}{'; optional' if spec.optional else ''}"
          f"{'; starts an implementation of its own' if spec.fresh else ''}{'; slow' if spec.slow else ''}")
    for requirement in spec.requirements:
        found = texts.get(requirement)
        print(f"\n  {requirement} ({found.file if found else '?'}): {found.text if found else 'unknown'}")
    return CONFORMANT


def _interop(options):
    return _verdicts(interop.run(options.a, options.b, casework.PATIENCE * options.time_scale))


def _verdicts(results):
    failed = 0
    for name, verdict, note in results:
        print(f"{verdict:6} {name:44} {note}", flush=True)
        failed += verdict != "PASS"
    return FAILED if failed else CONFORMANT


def _node(options):
    if options.mutant:
        from . import mutations as mutants
        mutants.apply(options.mutant)
    if options.vectors:
        return _answer()
    from .node.main import run
    return run()


def _requirements(options):
    if options.write:
        specification.INDEX.write_text(specification.index())
    if options.freeze:
        sets.path(options.freeze).write_text(sets.text(options.freeze))
    found = list(specification.complaints())
    for where, complaint in found:
        print(f"{where}: {complaint}")
    print(f"{len(specification.by_id())} requirements, {len(found)} complaints")
    return FAILED if found else CONFORMANT


def _repeat(options):
    gate = repeat.Gate(options.state)

    def failed_once(result):
        _progress(result)
        if options.capture:
            _capture(options, result)
    repeat.run(gate, options.iut, options.jobs, casework.PATIENCE * options.time_scale, options.budget, failed_once)
    failed = gate.failed()
    for case, notes in failed.items():
        print(f"{case}: {len(notes)} of {len(notes) + gate.passed(case)}: {notes[-1]}")
    timing = sum(spec.timing for spec in registry.load().values())
    print(f"{sum(map(gate.passed, gate.wanted))} passed of {sum(gate.wanted.values())} ({timing} cases {repeat.TIMING} times, "
          f"{len(gate.wanted) - timing} cases {repeat.OTHERS} times), {sum(map(len, failed.values()))} failed, "
          f"{len(gate.open())} cases not done")
    return FAILED if failed else NOTHING if gate.open() else CONFORMANT


def _fuzz(options):
    disagreements, stages, done = 0, {}, options.first
    try:
        for done, found, met in fuzz.run(options.iut, options.seed, options.first, options.inputs):
            for stage, count in met.items():
                stages[stage] = stages.get(stage, 0) + count
            for vector, sentence in found:
                print(f"{sentence[:400]}\n  {json.dumps(vector)[:3000]}", flush=True)
            disagreements += len(found)
    except OSError as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    counts = ", ".join(f"{stage} {count}" for stage, count in sorted(stages.items()))
    print(f"{done - options.first} inputs of seed {options.seed} ({counts}): {disagreements} disagreements")
    return FAILED if disagreements else CONFORMANT


def _worked(options):
    if options.write:
        worked.DOCUMENT.write_text(worked_text.write())
    text = worked.DOCUMENT.read_text()
    found = [*worked.check(text), *(worked.ask(options.iut) if options.iut else ())]
    found += [("document", f"a changed digit goes unnoticed: ...{spot}") for spot in worked.blind_spots(text, options.every)]
    if text != worked_text.write():
        found.append(("document", "is not what its generator makes"))
    for label, complaint in found:
        print(f"{label}: {complaint}")
    print(f"worked example: {len(list(worked.parse(text)))} steps, {len(list(worked.questions(text)))} of them asked of an "
          f"implementation, {len(found)} complaints")
    return FAILED if found else CONFORMANT


def _vectors(options):
    if options.what == "publish":
        found = list(publish.verify(pathlib.Path(options.to)))
        print("\n".join(found) or f"{options.to}/{publish.NAME}.tar.gz, and the same as a directory; a C program has read it")
        return AT_FAULT if found else CONFORMANT
    return {"verify": _verify, "generate": _generate, "answer": _answer}[options.what]()


def _generate():
    for path, count in vectors.generate():
        print(f"{count:4} {path}")
    return CONFORMANT


def _verify():
    complaints = list(vectors.verify())
    for where, complaint in complaints:
        print(f"{where}: {complaint}")
    count, negative = 0, 0
    for vector in vectors.all_vectors():
        count, negative = count + 1, negative + (vector["expect"] == "reject")
    canaries = len(list(vectors.all_vectors(canary=True)))
    print(f"{count} vectors, {negative} of them negative with twins, {canaries} canaries, {len(complaints)} complaints")
    return AT_FAULT if complaints else CONFORMANT


def _answer():
    """One vector per line in, one answer per line out: the --vectors mode of adapter/PROTOCOL.md."""
    for line in sys.stdin:
        print(json.dumps(ops.answer(json.loads(line))), flush=True)
    return CONFORMANT
