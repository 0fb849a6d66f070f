#!/usr/bin/python3
"""Measures the relay against what people would use instead, interleaved, in steps that resume (`make bench`).

bench.py [STEP...]     runs the named steps, or all that have no result yet, and prints the report
bench.py --report      prints the report of what has been measured
bench.py --fresh       forgets earlier results first

Results lie in build/bench/results, one JSON file for each step, with the load of the machine while it ran. Numbers of one
round are comparable, numbers of different rounds or machines are not: the report gives ratios within rounds.
"""
import argparse
import json
import os
import shutil
import sys
import tempfile
import time

import growth
import hostile
import report
from systems import BUILD, SYSTEMS, Failed

RESULTS = BUILD / "results"
ROUNDS = 5
STEP_SECONDS = 540  # a step ends before ten minutes are over, with fewer rounds if need be


def compare(names, ingest, drain=None, rounds=ROUNDS, slow_sync=False, sessions=72):
    """Every system in turn, round after round: ingest, and if asked for drain. A list of {system: {ingest, drain}}."""
    out = []
    end = time.monotonic() + STEP_SECONDS
    with tempfile.TemporaryDirectory(prefix="comm-bench-") as folder:
        running = {}
        try:
            for name in names:
                running[name] = SYSTEMS[name](folder, slow_sync=slow_sync, sessions=sessions).__enter__()
            for _ in range(rounds):
                took = time.monotonic()
                row = {"load": os.getloadavg()[0]}
                for name, system in running.items():
                    row[name] = {"ingest": system.run("ingest", **ingest)}
                    row[name]["disk_per_message"] = system.disk() / ingest["messages"]
                    if drain is not None and system.drains:
                        row[name]["drain"] = system.run("drain", **drain)
                out.append(row)
                print("  " + "  ".join(f"{n} {row[n]['ingest']['rate']:.0f}/" +
                                       (f"{row[n]['drain']['rate']:.0f}" if "drain" in row[n] else "-")
                                       for n in running) + f"  load {row['load']:.1f}", flush=True)
                if time.monotonic() + 1.5 * (time.monotonic() - took) > end:
                    break
        finally:
            for system in running.values():
                system.stop()
    return out


ONE = {"connections": 8, "window": 256, "messages": 24_000, "bytes": 1024, "class": 0, "mailboxes": 1}
BROKERS = [name for name in ("redis", "redis-tls", "rabbitmq", "nats", "mosquitto") if name in SYSTEMS]
STEPS = {
    "8x256": lambda: compare(["relay"] + BROKERS, ONE, {"mailboxes": 1}),
    "8x256-16k": lambda: compare(["relay", "redis", "redis-tls"], dict(ONE, messages=3_000, bytes=16_384, **{"class": 2}),
                                 {"mailboxes": 1}),
    "window-1": lambda: compare(["relay", "redis"], dict(ONE, connections=1, window=1, messages=1_000)),
    "1x256-slow-disk": lambda: compare(["relay", "redis"], dict(ONE, connections=1, messages=10_000), {"mailboxes": 1},
                                       slow_sync=True),
    "10000-mailboxes": lambda: growth.mailbox_ratio(compare, ONE),
    "growth-backlog": growth.backlog,
    "growth-mailboxes": growth.mailboxes,
    "growth-connections": growth.connections,
    "growth-connections-10000": growth.many_connections,
    "start-up": growth.startup,
    "reclaim": growth.reclaim,
    "latency": growth.latency,
    "hostile": hostile.hostile,
    "sustained": growth.sustained,
}


def run_step(name):
    target = RESULTS / f"{name}.json"
    print(f"bench: {name}", flush=True)
    started = time.time()
    rows = STEPS[name]()
    target.write_text(json.dumps({"step": name, "rows": rows, "seconds": time.time() - started,
                                  "load": os.getloadavg()}, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", help=" ".join(STEPS))
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    arguments = parser.parse_args()
    if arguments.fresh:
        shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    unknown = [name for name in arguments.steps if name not in STEPS]
    if unknown:
        parser.error(f"no such step: {', '.join(unknown)}")
    failed = []
    if not arguments.report:
        for name in arguments.steps or [name for name in STEPS if not (RESULTS / f"{name}.json").exists()]:
            try:
                run_step(name)
            except (Failed, OSError) as error:
                failed.append(f"{name}: {error}")
                print(f"bench: {name} FAILED: {error}", flush=True)
    report.print_report(RESULTS)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
