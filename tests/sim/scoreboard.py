#!/usr/bin/python3
"""The scoreboard: how hard it is to silence and to deafen, measured on the simulator, beside what was published.

    tests/sim/scoreboard.py            every step that has no result yet, then SCOREBOARD.md and its plots
    tests/sim/scoreboard.py NAME...    these steps only (a prefix of their names)
    tests/sim/scoreboard.py --report   nothing is run: the page from the results at hand
    tests/sim/scoreboard.py --short    the short version of continuous integration: fails on regression

Each step is one process below ten minutes on an idle core; its result lies in build/scoreboard and is not made again.
"""
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

SEEDS = (1, 2, 3)
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
        out[f"nearest-e{e}"] = lookups("capture", "--plain", "--paths", "1", "--ground", str(e), trials=200)
        out[f"region-e{e}"] = lookups("capture", "--region", "2", "--ground", str(e), trials=200)
    for e in (15, 20, 25, 30, 35, 40, 45):
        out[f"ipfs-e{e}"] = lookups("capture", "--plain", "--paths", "1", "--k", "20", "--ground", str(e), trials=200)
    return out


def simulations():
    out = {
        "s0": sim("s0"),
        "s0-plain": sim("s0", *UNDEFENDED[:1], "protocol.lookup_paths=4"),
        "s1-f300": sim("s1", "adversary[0].per_mille=300"),
        "s1-f500": sim("s1", "adversary[0].per_mille=500"),
        "s1-f300-plain": sim("s1", "adversary[0].per_mille=300", *UNDEFENDED, seeds=(1,)),
        "s1-f500-plain": sim("s1", "adversary[0].per_mille=500", *UNDEFENDED, seeds=(1,)),
    }
    for e in (8, 16, 45, 200):
        out[f"s4-e{e}"] = sim("s4", f"adversary[0].ids={e}", seeds=SEEDS if e == 45 else (1,))
        if e != 16:
            out[f"s4-e{e}-plain"] = sim("s4", f"adversary[0].ids={e}", *UNDEFENDED, 'settle=12m',
                                        seeds=SEEDS if e == 45 else (1,))
    out["s4-e45-shared"] = sim("s4", "adversary[0].ids=45", "adversary[0].prefixes=5", seeds=(1,))
    out["s9"] = sim("s9")
    for f in (200, 400, 500):
        out[f"s2-f{f}"] = sim("s2", f"adversary[0].per_mille={f}", seeds=SEEDS if f == 200 else (1,))
    out["s2-f200-plain"] = sim("s2", "adversary[0].per_mille=200", *UNDEFENDED, 'settle=12m', seeds=(1,))
    out["s10-spread"] = sim("s10", seeds=(1,))
    out["s10-aimed"] = sim("s10", "adversary[0].aimed=true", seeds=(1,))
    out["s12"] = sim("s12", nodes=60, seeds=(1,))
    out["s11-c1"] = sim("s11", nodes=60, seeds=(1,))
    out["s5-e45"] = sim("s4", "adversary[0].ids=45",
                        "adversary[0].tricks=lie-adaptive,truncate,accept-then-forget", seeds=(1,))
    out["s3"] = sim("s3", seeds=(1,))
    out["s8"] = sim("s8", seeds=(1,))
    return out


def big():
    """Not part of a plain run: hours."""
    return {"rest-200": sim("s0", nodes=200, seeds=(1,)), "rest-1000": sim("s0", nodes=1000, seeds=(1,)),
            "s4-e45-n200": sim("s4", "adversary[0].ids=45", nodes=200, seeds=(1,))}


STEPS = {**validation(), **simulations()}


def result_file(name, seed):
    return RESULTS / f"{name}-{seed}.json"


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
    if "comm-lookups" in command[0]:
        partial.write_text(done.stdout)
    if done.returncode not in (0, 1) or not partial.exists():
        raise SystemExit(f"scoreboard: {' '.join(full)}: exit {done.returncode}\n{done.stderr}")
    result = json.loads(partial.read_text())
    result["command"] = " ".join(command)
    partial.write_text(json.dumps(result))
    os.replace(partial, target)
    print(f"{name} seed {seed}: {time.monotonic() - started:.0f} s", flush=True)


def load(names):
    out = {}
    for name in names:
        for command, seed in (STEPS | big())[name]:
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


def main(arguments):
    RESULTS.mkdir(parents=True, exist_ok=True)
    if arguments == ["--short"]:
        return short()
    everything = STEPS | big()
    if arguments != ["--report"]:
        steps = [(seed, name, command) for name, runs in (everything if arguments else STEPS).items()
                 for command, seed in runs if not arguments or any(name.startswith(a) for a in arguments)]
        for seed, name, command in sorted(steps, key=lambda step: step[0]):  # the first seed of all before a second of any
            run_step(name, command, seed)
    write_page(ROOT / "tests/sim", load(everything))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
