"""Does the suite notice? Mutants of its own node have to be killed by cases that cite the broken rule, degenerate nodes
conform in nothing, and with an oracle neutralised mutants survive."""
import concurrent.futures
import fnmatch
import json
import multiprocessing
import os

from . import casework, drills, levels, registry, report, runner, specification, vectors
from . import mutations as mutants
from .base import CONFORMANCE

PROGRAM = str(CONFORMANCE / "comm-conformance")
NODE = PROGRAM + " node"
KILLS = CONFORMANCE / "mutants" / "expected-kills.json"
PATIENCE = 12.0
HASTE = 4.0
SAMPLE = 6


def command_of(name):
    return f"{PROGRAM} node --mutant {name}"


def neutralise(oracle):
    """Switches one way of failing off, in this process."""
    if oracle == "check":
        casework.Case.check = lambda self, condition, text: None
    elif oracle == "wait":
        patient = casework.Case.wait

        def forgiving(self, predicate, what, timeout=None):
            try:
                patient(self, predicate, what, timeout)
            except casework.CaseFailure:
                pass
        casework.Case.wait = forgiving


def _case(identifier, command, patience, oracle=None):
    if oracle:
        neutralise(oracle)
    return runner.run_case(identifier, command, 1, patience)


def candidates(name, kills):
    """The cases that may kill a mutant: the recorded one first, then all that cite its requirement."""
    requirement = mutants.MUTANTS[name][0]
    citing = [c for c, spec in registry.load().items() if requirement in spec.requirements]
    citing.sort(key=lambda c: (registry.load()[c].slow, c))
    recorded = kills.get(name, {}).get("killed_by")
    return ([recorded] if recorded in citing else []) + [c for c in citing if c != recorded]


def kill(name, kills, patience=PATIENCE):
    """(mutant, case or vector that killed it or None, note). What is recorded is tried first: a vector before all cases."""
    recorded_vector = kills.get(name, {}).get("killed_by", "").startswith("vector ")
    steps = [_kill_by_vector, _kill_by_case] if recorded_vector else [_kill_by_case, _kill_by_vector]
    notes = []
    for step in steps:
        killer, note = step(name, kills, patience)
        if killer:
            return name, killer, note
        notes += [note] if note else []
    return name, None, "; ".join(notes) or "survived"


def _kill_by_case(name, kills, patience):
    for identifier in candidates(name, kills):
        result = runner.run_case(identifier, command_of(name), 1, patience)
        if result.verdict == runner.CRASH or result.note.endswith(": ready"):
            return None, f"{identifier}: it does not run: {result.note} {result.stderr[-300:]}"  # no kill: vectors may
        if result.verdict in runner.BAD:
            return identifier, result.note.strip().splitlines()[0]
        if result.verdict == runner.SUITE:
            return None, f"{identifier}: the suite is at fault: {result.note}"
    return None, ""


def _kill_by_vector(name, kills, patience):
    requirement, recorded = mutants.MUTANTS[name][0], kills.get(name, {}).get("killed_by", "").removeprefix("vector ")
    asked = [v for v in vectors.all_vectors() if requirement in v["requirements"]]
    asked.sort(key=lambda vector: vector["id"] != recorded)
    answers = levels.ask(command_of(name), asked) or {} if asked else {}
    for vector in asked:
        if vectors.agrees(vector, answers.get(vector["id"], {}))[0] == "fail":
            return "vector " + vector["id"], ""
    return None, ""


def conformant_categories(name):
    """The categories in which a degenerate node fails nothing."""
    usable, why = runner.adapter_usable(command_of(name), 1, 2 * PATIENCE)
    if not usable:
        return name, [], "not usable, exit 4: " + why.strip().splitlines()[0]
    out = []
    for category in dict.fromkeys(spec.category for spec in registry.load().values()):
        results = []
        for identifier, spec in registry.load().items():
            if spec.category == category and not spec.slow and not spec.optional:
                results.append(runner.run_case(identifier, command_of(name), 1, HASTE))
                if results[-1].verdict in runner.BAD:
                    break
        if report.conformant(report.categories(results)[category]):
            out.append(category)
    return name, out, ""


def _oracle_blunts(oracle, name, identifier):
    """Whether a mutant that a case kills survives it with an oracle neutralised."""
    return oracle, name, _case(identifier, command_of(name), PATIENCE, oracle).verdict not in runner.BAD


def _pool(jobs):
    registry.load()
    return concurrent.futures.ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), max_tasks_per_child=None)


def run(options):
    kills = json.loads(KILLS.read_text()) if KILLS.exists() else {}
    globs = (options.mutant or "*").split(",")
    names = [n for n in mutants.MUTANTS if any(fnmatch.fnmatch(n, glob) for glob in globs)]
    if options.part:
        part, _, parts = options.part.partition("/")
        names = names[int(part) - 1::int(parts)] if parts else []
    if options.quick:
        names = names[::max(1, len(names) // SAMPLE)]
    scratch = casework.scratch_directory()
    os.environ["TMPDIR"] = str(scratch)
    try:
        red = _static()
        red += _mutants(options, names, kills)
        if not options.mutant and options.part in (None, "0"):
            red += _drills(options)
            red += _degenerate(options)
            red += _oracles(options, kills)
        if not options.mutant and options.part in (None, "overlap") and not options.quick:
            red += _overlap(options)
    finally:
        import shutil
        del os.environ["TMPDIR"]
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"selftest: {'green' if not red else 'RED'}")
    for line in red:
        print("  " + line)
    return 3 if red else 0


def _static():
    red = [f"specification: {where} {text}" for where, text in specification.complaints()]
    known = specification.by_id()
    for spec in registry.load().values():
        red += [f"{spec.id} cites {r}, which does not exist" for r in spec.requirements if r not in known]
        if not spec.about:
            red.append(f"{spec.id} does not say what it does")
    red += [f"mutant {name}: {r} does not exist" for name, (r, _) in mutants.MUTANTS.items() if r not in known]
    return red


def _control(identifier):
    """A case that kills mutants, on the node without a fault and with the same patience."""
    return runner.run_case(identifier, NODE, 1, PATIENCE)


def _mutants(options, names, kills):
    red, found = [], {}
    with _pool(options.jobs) as pool:
        killers = sorted({kills[n]["killed_by"] for n in names if n in kills} & registry.load().keys())
        for result in pool.map(_control, killers):
            if result.verdict != runner.PASS:
                red.append(f"{result.case} kills mutants and fails without one, too: {result.note.strip().splitlines()[0]}")
        print(f"cases that pass without a mutant: {len(killers) - len(red)}/{len(killers)}")
        for name, killer, note in pool.map(kill, names, [kills] * len(names)):
            print(f"{'killed' if killer else 'SURVIVED':9} {name:34} {mutants.MUTANTS[name][0]}  {killer or ''}  {note[:110]}", flush=True)
            if killer is None:
                red.append(f"mutant {name} of {mutants.MUTANTS[name][0]}: {note}")
            else:
                found[name] = {"requirement": mutants.MUTANTS[name][0], "killed_by": killer}
    print(f"mutants killed: {len(found)}/{len(names)}")
    if options.update:
        KILLS.parent.mkdir(exist_ok=True)
        KILLS.write_text(json.dumps({**kills, **found}, indent=1, sort_keys=True) + "\n")
    else:
        red += [f"mutant {name} is killed by {f['killed_by']}, recorded is {kills.get(name, {}).get('killed_by')}"
                for name, f in found.items() if kills.get(name) != f]
    return red


def _drills(options):
    red = []
    for line, complaint in drills.run(lambda: _pool(1), options.quick):
        print(line, flush=True)
        red += [complaint] if complaint else []
    return red


def _passes(name, identifier):
    return runner.run_case(identifier, command_of(name), 1, HASTE).verdict == runner.PASS


def _overlap(options):
    """A case that passes with the door slammed and with everything agreed to tells nothing."""
    left = [i for i, spec in registry.load().items() if not spec.slow]
    with _pool(options.jobs) as pool:
        for name in ("slam", "yes-man"):
            asked = left
            left = [i for i, good in zip(asked, pool.map(_passes, [name] * len(asked), asked)) if good]
            print(f"degenerate {name:12} passes {len(left)} of {len(asked)} cases: {' '.join(left)}", flush=True)
    return [f"{identifier} passes under slam and under yes-man" for identifier in left]


def _degenerate(options):
    red = []
    chosen = mutants.DEGENERATE if not options.quick else ("slam", "claims-all")
    with _pool(options.jobs) as pool:
        for name, categories, note in pool.map(conformant_categories, chosen):
            print(f"degenerate {name:12} conformant categories: {len(categories)} {' '.join(categories)} {note}", flush=True)
            red += [f"degenerate {name} is conformant in {c}" for c in categories]
    return red


def _oracles(options, kills):
    """One mutant for each oracle that only it notices."""
    plans = [("check", "ack-secret-unchecked", "ack/forged-ack-no-effect"),
             ("check", "collect-unsigned", "mailbox/false-collect-unanswered"),
             ("wait", "owner-waits", "mailbox/owner-is-offered-at-once")]
    red = []
    for oracle, name, identifier in plans[:1] if options.quick else plans:
        with _pool(1) as pool:  # a process of its own: the oracle is gone there
            _, _, survived = pool.submit(_oracle_blunts, oracle, name, identifier).result()
        print(f"oracle {oracle:8} neutralised: {name} {'survives: selftest would be red' if survived else 'is killed all the same'}")
        if not survived:
            red.append(f"without the oracle {oracle} the mutant {name} is killed all the same")
    agrees, vectors.agrees = vectors.agrees, lambda vector, answer: ("pass", "")
    blind = [where for where, _ in vectors.verify() if where.startswith("canary")]
    vectors.agrees = agrees
    print(f"oracle vectors neutralised: {len(blind)} canaries cry")
    if not blind:
        red.append("with the comparison of vectors neutralised no canary cries")
    return red
