#!/usr/bin/python3
"""The scoreboard: how hard it is to silence and to deafen, measured on the simulator, beside what was published.

    tests/sim/scoreboard.py            every step that has no result yet, then SCOREBOARD.md and its plots
    tests/sim/scoreboard.py NAME...    these steps only (a name, or what several begin with)
    tests/sim/scoreboard.py --report   nothing is run: the page from the results at hand
    tests/sim/scoreboard.py --short    the short version of continuous integration: fails on regression

Each step is one process below ten minutes on an idle core; its result lies in build/scoreboard and is not made again.
"""
import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build/scoreboard"
SCENARIOS = "tests/sim/scoreboard"
PROGRAMS = os.environ.get("COMM_PROGRAMS", "build")  # a copy of these lets a long run go on beside a build
STEP_TIMEOUT = 3600  # of a machine that does other things too

sys.path.insert(0, str(ROOT / "tests/sim"))
from scoreboard_page import write_page  # noqa: E402

SEEDS = (1, 2, 3, 4, 5)  # a run of seconds
FEW = (1, 2)
ONE = (1,)


def first(count):
    """As many as an interval needs whose lower end is to meet the target."""
    return range(1, count + 1)


UNDEFENDED = ("protocol.region_factor=0", "protocol.lookup_paths=1")


def sim(scenario, *settings, nodes=100, seeds=SEEDS):
    """Steps of one scenario, a run per seed."""
    command = ["build/comm-sim", "--quiet", "--scenario", f"{SCENARIOS}/{scenario}.toml", "--nodes", str(nodes)]
    for setting in settings:
        command += ["--set", setting]
    return [(command + ["--seed", str(seed)], seed) for seed in seeds]


def lookups(what, *options, trials=400, seed=1):
    return [(["build/comm-lookups", what, "--trials", str(trials), "--seed", str(seed), *options], seed)]


def validation():
    out = {}
    for f in (100, 200, 300, 400, 500, 600):
        for d in (1, 2, 4, 8):
            out[f"sk-f{f}-d{d}"] = lookups("reach", "--plain", "--hostile", str(f), "--paths", str(d))
    for f in (200, 400, 500, 600):
        out[f"reach-f{f}"] = lookups("reach", "--adaptive", "--hostile", str(f))
        out[f"reach8-f{f}"] = lookups("reach", "--adaptive", "--hostile", str(f), "--tries", "8", trials=200)
    for e in (8, 16, 45, 200):
        out[f"nearest-e{e}"] = lookups("capture", "--plain", "--paths", "1", "--ground", str(e))
        out[f"region-e{e}"] = lookups("capture", "--region", "2", "--ground", str(e))
    for e in (15, 20, 25, 30, 35, 40, 45):
        out[f"ipfs-e{e}"] = lookups("capture", "--plain", "--paths", "1", "--k", "20", "--ground", str(e))
        out[f"ipfs-near-e{e}"] = lookups("capture", "--plain", "--paths", "1", "--k", "20", "--nearer", "--ground", str(e))
    out["price"] = [(["build/comm-figures", "price", "--ids", "100"], 1)]
    for n, d in ((1_000, 10), (10_000, 10), (1_000_000, 10), (1_000_000, 100), (1_000_000, 1_000)):
        out[f"sync-{n}-{d}"] = [(["build/comm-figures", "reconcile", "--items", str(n), "--differ", str(d)], 1)]
    return out


def simulations():
    out = {
        "s0": sim("s0"),
        "s2-f200": sim("s2", "adversary[0].per_mille=200", seeds=first(13)),
        "s4-e45": sim("s4", "adversary[0].ids=45", seeds=first(28)),
        "s5-lie": sim("s4", "adversary[0].ids=45", "adversary[0].tricks=lie-adaptive,early-stop,accept-then-forget"),
        "s5-truncate": sim("s4", "adversary[0].ids=45", "adversary[0].tricks=truncate,accept-then-forget"),
        "s9": sim("s9"),
        "s4-e45-plain": sim("s4", "adversary[0].ids=45", *UNDEFENDED, seeds=FEW),
        "s1-f300": sim("s1", "adversary[0].per_mille=300", seeds=first(26)),
        "s1-f500": sim("s1", "adversary[0].per_mille=500", seeds=first(14)),
        "s2-f400": sim("s2", "adversary[0].per_mille=400", seeds=SEEDS),
        "s2-f500": sim("s2", "adversary[0].per_mille=500", seeds=SEEDS),
    }
    for f in (300, 500):
        out[f"s1-pairwise-f{f}"] = sim("s1p", f"adversary[0].per_mille={f}", nodes=80, seeds=first(16))
    for e in (8, 16, 200):
        out[f"s4-e{e}"] = sim("s4", f"adversary[0].ids={e}", seeds=SEEDS if e == 200 else first(29))
    out["s4-e45-shared"] = sim("s4", "adversary[0].ids=45", "adversary[0].prefixes=5", seeds=FEW)
    for prefixes in (2, 20, 100):
        out[f"s3-p{prefixes}"] = sim("s3", f"adversary[0].prefixes={prefixes}", seeds=first(8))
    out |= {
        "s4-nhat": sim("s4n", seeds=FEW),
        "s8-f167": sim("s8", seeds=FEW),
        "s8-f500": sim("s8", "adversary[0].per_mille=500", seeds=ONE),
        "s10-spread-n30": sim("s10", nodes=30, seeds=ONE),
        "s10-aimed-n30": sim("s10", "adversary[0].aimed=true", nodes=30, seeds=ONE),
        "s10-spread": sim("s10", nodes=80, seeds=ONE),
        "s10-aimed": sim("s10", "adversary[0].aimed=true", nodes=80, seeds=ONE),
        "s6": sim("s6", seeds=ONE),
        "s0-plain": sim("s0", UNDEFENDED[0], "protocol.lookup_paths=4", seeds=ONE),
        "s1-f300-plain": sim("s1", "adversary[0].per_mille=300", *UNDEFENDED, seeds=ONE),
        "s1-f500-plain": sim("s1", "adversary[0].per_mille=500", *UNDEFENDED, seeds=ONE),
        "s2-f200-plain": sim("s2", "adversary[0].per_mille=200", *UNDEFENDED, seeds=ONE),
        "s4-e8-plain": sim("s4", "adversary[0].ids=8", *UNDEFENDED, seeds=ONE),
        "s4-e200-plain": sim("s4", "adversary[0].ids=200", *UNDEFENDED, seeds=ONE),
        "s3-p2-plain": sim("s3", "adversary[0].prefixes=2", *UNDEFENDED, seeds=ONE),
        "s5-lie-plain": sim("s4", "adversary[0].ids=45", "adversary[0].tricks=lie-adaptive,early-stop,accept-then-forget",
                            *UNDEFENDED, seeds=ONE),
    }
    return out


def long_ones():
    """Of many virtual hours or many nodes: minutes each."""
    churn = {"c2": ("6h", "5h"), "c3": ("4h", "3h")}
    out = {
        "s12-half": sim("s12", nodes=60, seeds=ONE),
        "s11-c1": sim("s11", seeds=ONE),
        "s4-e45-n1000": sim("s4", "adversary[0].ids=45", "established=true", nodes=1000, seeds=ONE),
        **{f"rest-{n}": sim("s0", "established=true", nodes=n, seeds=ONE) for n in (100, 200, 400, 1000)},
        "s12-tenth": sim("s12", "fault[0].per_mille=100", nodes=60, seeds=ONE),
    }
    for name, (heal, back) in churn.items():
        out[f"s11-{name}"] = sim("s11", f"fault[0].profile={name.upper()}", f"heal={heal}", f"fault[0].until={heal}",
                                 f"workload.back={back}", "workload.until=2h", seeds=ONE)
    out["s0-n1000-young"] = sim("s0", "heal=4m", "workload.from=150s", "workload.until=4m", "settle=1m", "workload.messages=100",
                                nodes=1000, seeds=ONE)
    # Who comes back to a network that was there before: what an earlier run kept is known at the start.
    out["s11-c1-n1000"] = sim("s11", "established=true", "heal=3h", "settle=10m", "workload.back=3h", "fault[0].until=3h",
                              nodes=1000, seeds=ONE)
    for name in ("c0", "c2", "c3"):
        out[f"s11-{name}-n1000"] = sim("s11", f"fault[0].profile={name.upper()}", "heal=90m", "fault[0].until=90m", "settle=10m",
                                       "workload.until=1h", "workload.back=80m", "established=true", nodes=1000, seeds=ONE)
    out["s11-c1-n10000"] = sim("s11", "heal=11m", "settle=2m", "workload.from=4m", "workload.until=7m",
                               "workload.away_from=3m", "workload.back=10m", "fault[0].at=2m", "fault[0].until=11m",
                               "workload.messages=20", "established=true", nodes=10_000, seeds=ONE)
    for days, nodes in ((7, 24), (13, 16)):
        end = f"{24 * days + 2}h"
        out[f"s11-c1-{days}d"] = sim("s11", f"heal={end}", f"fault[0].until={end}", f"workload.back={24 * days}h",
                                     "workload.messages=400", nodes=nodes, seeds=ONE)
    return out


STEPS = {**simulations(), **long_ones(), **validation()}


def result_file(name, seed):
    return RESULTS / f"{name}-{seed}.json"


def commit():
    """Of the tree that the programs were built from: a copy of them says so."""
    told = Path(ROOT, PROGRAMS, "commit")
    if told.exists():
        return told.read_text().strip()
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def program(command):
    return [command[0].replace("build/", PROGRAMS + "/", 1), *command[1:]]


def run_step(name, command, seed):
    target = result_file(name, seed)
    if target.exists():
        return
    partial = target.with_suffix(".partial")
    started = time.monotonic()
    full = program(command)
    if "comm-sim" in command[0]:
        full += ["--json", str(partial)]
    done = subprocess.run(full, cwd=ROOT, capture_output=True, text=True, timeout=STEP_TIMEOUT, check=False)
    if "comm-sim" not in command[0]:
        partial.write_text(done.stdout)
    if done.returncode not in (0, 1) or not partial.exists():
        raise SystemExit(f"scoreboard: {' '.join(full)}: exit {done.returncode}\n{done.stderr}")
    result = json.loads(partial.read_text())
    result["command"] = " ".join(command)
    result["commit"] = commit()
    partial.write_text(json.dumps(result))
    os.replace(partial, target)
    print(f"{name} seed {seed}: {time.monotonic() - started:.0f} s", flush=True)


def load(names):
    out = {}
    for name in names:
        for command, seed in STEPS[name]:
            path = result_file(name, seed)
            if path.exists():
                out.setdefault(name, []).append(json.loads(path.read_text()))
    return out


def short():
    """What must stay true, small enough for every change."""
    checks = {
        "lookups against adaptive liars, a fifth of all": (
            lookups("reach", "--adaptive", "--hostile", "200", "--nodes", "2000", trials=200), lambda r: r["good"] / r["trials"] >= 0.97),
        "no region captured by 45 ground ids": (
            lookups("capture", "--region", "2", "--ground", "45", "--nodes", "2000", trials=200), lambda r: r["good"] / r["trials"] >= 0.99),
        "the k nearest are captured by 45 ground ids": (  # else the check above shows nothing
            lookups("capture", "--plain", "--paths", "1", "--ground", "45", "--nodes", "2000", trials=200), lambda r: r["kept"] / r["trials"] <= 0.3),
        "S4: 45 ground ids at the recipient": (
            sim("s4", "workload.messages=60", "settle=20m", nodes=80, seeds=(1,)),
            lambda r: delivered(r["mail"], 1, 20) >= 0.97 and r["violation_count"] == 0),
        "S9: acknowledgements withheld, forged, replayed": (
            sim("s9", "workload.messages=60", "settle=20m", nodes=80, seeds=(1,)),
            lambda r: r["shown"] == r["accepted"] and r["duplicates"] == 0 and r["violation_count"] == 0),
    }
    failed = 0
    for what, ([(command, _)], good) in checks.items():
        report = RESULTS / "short.json"
        full = program(command) + (["--json", str(report)] if "comm-sim" in command[0] else [])
        done = subprocess.run(full, cwd=ROOT, capture_output=True, text=True, timeout=STEP_TIMEOUT, check=False)
        result = json.loads(report.read_text() if "comm-sim" in command[0] else done.stdout)
        held = good(result)
        failed += 0 if held else 1
        print(f"{'holds' if held else 'FAILS'}: {what}", flush=True)
        if not held:
            print("  " + " ".join(command), flush=True)
    print(f"{len(checks) - failed} hold, {failed} fail")
    return 0 if failed == 0 else 1


def delivered(mail, mask, minutes):
    counted = [m for m in mail if not mask or m[4] & mask]
    return sum(1 for m in counted if 0 <= m[1] <= m[0] + minutes * 60_000) / max(1, len(counted))


def chosen(wanted):
    """A step of that name, or those that begin with it."""
    return [wanted] if wanted in STEPS else [name for name in STEPS if name.startswith(wanted)]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="*", help="steps to run; all if there is none")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--report", action="store_true", help="run nothing")
    what.add_argument("--short", action="store_true", help="the short version")
    args = parser.parse_args()
    for name in args.name:
        if not chosen(name):
            parser.error(f"no step is called {name} or begins so; there are {', '.join(STEPS)}")
    return args


def main():
    args = arguments()
    RESULTS.mkdir(parents=True, exist_ok=True)
    if args.short:
        return short()
    if not args.report:
        wanted = {step for name in args.name for step in chosen(name)} or STEPS
        steps = [(seed, name, command) for name, runs in STEPS.items() for command, seed in runs if name in wanted]
        for seed, name, command in sorted(steps, key=lambda step: step[0]):  # the first seed of all before a second of any
            run_step(name, command, seed)
    results = load(STEPS)
    if not results:
        raise SystemExit(f"scoreboard: {RESULTS} has no results: the page is left as it is")
    write_page(ROOT / "tests/sim", results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
