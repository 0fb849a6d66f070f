"""SCOREBOARD.md and its plots, from the results of scoreboard.py. A figure that was not measured is not written."""
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
import plot  # noqa: E402

Z = 1.96
BODY_KINDS = ("offer", "want", "message", "stored", "ack")
PUBLISHED_SK = {  # Baumgart and Mies' setting, an independent reproduction: 1,000 lookups a cell, k = 8
    100: (.890, .982, .997, 1.00), 200: (.716, .896, .989, 1.00), 300: (.604, .794, .954, .994),
    400: (.471, .628, .867, .961), 500: (.354, .512, .690, .878), 600: (.234, .358, .512, .694)}
PATHS = (1, 2, 4, 8)
PUBLISHED_NEAREST = {8: .41, 16: .64, 45: .85, 200: .96}
PUBLISHED_IPFS = {15: .184, 20: .687, 25: .776, 30: .844, 35: .939, 40: .972, 45: .992}
HOUR = 60


def wilson(good, trials):
    """The share and its 95 % interval (Wilson 1927)."""
    if trials == 0:
        return 0.0, 0.0, 1.0
    p, n = good / trials, trials
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return p, max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def share(good, trials):
    p, low, high = wilson(good, trials)
    return f"{100 * p:.4g} % ({100 * low:.4g} to {100 * high:.4g})"


def agree(p, n, q, m=1000):
    """Whether two shares of n and m trials may be one: the interval of their difference holds zero."""
    (_, l1, h1), (_, l2, h2) = wilson(round(p * n), n), wilson(round(q * m), m)
    return math.hypot(p - l1, h2 - q) >= p - q and math.hypot(h1 - p, q - l2) >= q - p


def mail(runs, mask, minutes):
    """(delivered, counted): only recipients that were reachable in time count."""
    good = counted = 0
    for run in runs:
        for sent, shown, _, reachable, marks in run["mail"]:
            if mask and not marks & mask:
                continue
            end = sent + minutes * 60_000
            if 0 <= shown <= end:
                good, counted = good + 1, counted + 1
            elif 0 <= reachable <= end <= run["virtual_ms"]:
                counted += 1
    return good, counted


def latency(runs, mask=0):
    times = sorted(m[1] - m[0] for run in runs for m in run["mail"] if m[1] >= 0 and (not mask or m[4] & mask))
    return (times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]) if times else (0, 0)


def per_message(runs, what):
    """Of the packets about messages, by honest nodes, for each one shown; connections and upkeep apart."""
    total = sum(run["packets"].get(kind, {}).get(what, 0) for run in runs for kind in BODY_KINDS)
    return total / max(1, sum(run["shown"] for run in runs))


def upkeep(runs):
    """Bytes of everything else, by honest nodes, a node and second."""
    total = sum(v["bytes"] for run in runs for kind, v in run["packets"].items() if kind not in BODY_KINDS)
    return total / sum(run["honest"] * run["virtual_ms"] / 1000 for run in runs)


def table(lines, header, rows):
    if not rows:
        return
    lines += ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(c) for c in row) + " |" for row in rows] + [""]


def commands(lines, results, prefix):
    used = [run["command"] for name, runs in results.items() if name.startswith(prefix) for run in runs[:1]]
    if used:
        lines += ["<details><summary>Commands</summary>", "", "```", *used, "```", "</details>", ""]


def validation(folder, results, lines):
    lines += ["## Undefended, beside what was published", "",
              "Full static tables, N = 10,000; only the lookup is the production's, with its defences off (`--plain`: a",
              "shortlist of k on each path, no judgement of liars, no merging). Intervals are 95 %, Wilson's.", ""]
    rows, series = [], {}
    for f, published in PUBLISHED_SK.items():
        for d, figure in zip(PATHS, published):
            for run in results.get(f"sk-f{f}-d{d}", []):
                p, low, high = wilson(run["good"], run["trials"])
                rows.append((f / 1000, d, f"{figure:.3f}", share(run["good"], run["trials"]),
                             "yes" if agree(p, run["trials"], figure) else "**no**", f"{run['asked'] / run['trials']:.1f}"))
                series.setdefault(f"d = {d}", []).append((f / 1000, low, p, high))
    if rows:
        lines += ["### S/Kademlia: lookups that find an honest node while colluders lie (k = 8)", ""]
        table(lines, ("hostile", "paths", "published", "here", "agree", "asked"), rows)
        (folder / "scoreboard-lookups.svg").write_text(plot.shares("Lookups that reach their target, undefended", "hostile share", series))
        lines += ["![lookups](scoreboard-lookups.svg)", ""]
    rows, series = [], {}
    for e, figure in PUBLISHED_NEAREST.items():
        for run in results.get(f"nearest-e{e}", []):
            captured = run["trials"] - run["kept"]
            p, low, high = wilson(captured, run["trials"])
            ours = results.get(f"region-e{e}", [None])[0]
            rows.append((e, f"{100 * figure:.0f} %", share(captured, run["trials"]),
                         "yes" if agree(p, run["trials"], figure, 4000) else "**no**",
                         share(ours["trials"] - ours["good"], ours["trials"]) if ours else "",
                         f"{ours['asked'] / ours['trials']:.0f} / {run['asked'] / run['trials']:.0f}" if ours else ""))
            series.setdefault("the 8 nearest keep it", []).append((e, low, p, high))
            if ours:
                q = wilson(ours["trials"] - ours["good"], ours["trials"])
                series.setdefault("the region keeps it", []).append((e, q[1], q[0], q[2]))
    if rows:
        lines += ["### Ids ground next to a target: nobody honest keeps what is stored there", "",
                  "Published: the model of 4,000 trials. \"Region\" counts also what is kept but not found again.", ""]
        table(lines, ("ids", "model, k = 8", "k nearest", "agree", "region", "asked, region / nearest"), rows)
        (folder / "scoreboard-capture.svg").write_text(plot.shares("Captured by ids ground next to the target", "ids", series))
        lines += ["![capture](scoreboard-capture.svg)", ""]
    rows = []
    for e, figure in PUBLISHED_IPFS.items():
        for run in results.get(f"ipfs-e{e}", []):
            captured, unfound = run["trials"] - run["kept"], run["trials"] - run["good"]
            rows.append((e, f"{100 * figure:.1f} %", share(captured, run["trials"]), share(unfound, run["trials"]),
                         "yes" if agree(wilson(unfound, run["trials"])[0], run["trials"], figure, 245) else "**no**"))
    if rows:
        lines += ["### IPFS, k = 20: the censorship curve of the live network (Sridhar et al. 2024)", "",
                  "The live attack chose ids nearer than the nearest honest peer and met a network with stale tables; ids uniform",
                  "within 1/N of the target and perfect tables are another attacker and another network, so the curves differ.", ""]
        table(lines, ("Sybils", "censored, live", "nobody honest keeps it", "not found", "agree"), rows)
    commands(lines, results, "sk-f200-d4")


SCENARIOS = (  # step, undefended step, title, whose mail (mask), minutes, comparison, target
    ("s0", "s0-plain", "S0: nobody attacks", 0, HOUR, "IPFS provide 12.6 s", "100 %, p50 1 s, p99 3 s"),
    ("s1-f300", "s1-f300-plain", "S1: accept then forget, 0.3 of all", 0, HOUR, "f^k: 0.007 % lost", "99.95 %"),
    ("s1-f500", "s1-f500-plain", "S1: accept then forget, 0.5 of all", 0, HOUR, "f^k: 0.39 % lost", "99.9 %"),
    ("s2-f200", "s2-f200-plain", "S2: lie and drop, 0.2 of all", 0, HOUR, "99 % of lookups", "99.9 %"),
    ("s2-f400", None, "S2: lie and drop, 0.4 of all", 0, HOUR, "86.7 % of lookups", "99.5 %"),
    ("s2-f500", None, "S2: lie and drop, 0.5 of all", 0, HOUR, "69 % of lookups", "99 %"),
    ("s3", None, "S3: unsolicited contact from 2 /24s, then a reboot", 2, HOUR, "geth 66 to 96 % eclipsed", "99.9 %"),
    ("s4-e8", "s4-e8-plain", "S4: 8 ids at the recipient", 1, HOUR, "41 % lost", "99.9 %"),
    ("s4-e16", None, "S4: 16 ids at the recipient", 1, HOUR, "64 % lost", "99.9 %"),
    ("s4-e45", "s4-e45-plain", "S4: 45 ids at the recipient", 1, HOUR, "85 % lost; IPFS 99.2 %", "99.9 %"),
    ("s4-e45-n200", None, "S4: 45 ids at the recipient, N = 200", 1, HOUR, "", "99.9 %"),
    ("s4-e45-shared", None, "S4: 45 ids on 5 /24s", 1, HOUR, "", "99.9 %"),
    ("s4-e200", "s4-e200-plain", "S4: 200 ids at the recipient", 1, HOUR, "96 % lost", "99 %"),
    ("s5-e45", None, "S5: 45 ids that lie, truncate, forget", 1, HOUR, "80 % lost", "99 %"),
    ("s8", None, "S8: Sybils, a fifth of honest nodes, turn hostile at once", 0, HOUR, "", "99 %"),
    ("s9", None, "S9: acks withheld, forged, replayed (8 ids each)", 1, HOUR, "", "all; nothing forged or twice"),
    ("s10-spread", None, "S10: flood, 100 times the honest volume, spread", 0, HOUR, "", "99 %"),
    ("s10-aimed", None, "S10: the same at one recipient", 1, HOUR, "", "95 %"),
    ("s11-c1", None, "S11: churn of IPFS 2022, away for hours", 0, 12 * HOUR, "", "99.95 %"),
    ("s12", None, "S12: parted for six hours", 0, 8 * HOUR, "", "100 % within 2 h of the heal"),
)


def scenario_rows(results):
    for name, plain, title, mask, minutes, comparison, target in SCENARIOS:
        runs = results.get(name)
        if not runs:
            continue
        good, counted = mail(runs, mask, minutes)
        undefended = ""
        if plain and results.get(plain):
            undefended = share(*mail(results[plain], mask, 10 if mask == 1 else minutes))
        p50, p99 = latency(runs, mask)
        yield (title, runs[0]["honest"], runs[0]["hostile"], len(runs), comparison, undefended,
               f"{share(good, counted)} of {counted}", f"{p50 / 1000:.1f} / {p99 / 1000:.1f}", target)


def cost_rows(results):
    for name, _, title, *_ in SCENARIOS:
        runs = results.get(name)
        if not runs:
            continue
        shown = max(1, sum(r["shown"] for r in runs))
        spn, ttq = runs[0]["store_bytes"], runs[0]["time_to_quiet_ms"]
        hostile, entries, victim, of = (sum(r["tables"][-1][i] for r in runs if r["tables"]) for i in (1, 2, 3, 4))
        yield (title, f"{per_message(runs, 'packets'):.0f} / {per_message(runs, 'bytes') / 1000:.0f}",
               f"{upkeep(runs):.0f}", f"{spn['p50'] / 1000:.0f} / {spn['p99'] / 1000:.0f}",
               f"{ttq['p50'] / 1000:.1f} / {ttq['p99'] / 1000:.0f}", runs[0]["relays_after_ack"]["p99"],
               f"{sum(r['redundant_copies'] for r in runs) / shown:.2f}", sum(r["duplicates"] for r in runs),
               sum(r["violation_count"] for r in runs),
               f"{100 * hostile / entries:.0f} / {100 * victim / of:.0f} %" if entries and of else f"{100 * hostile / entries:.0f} %" if entries else "",
               runs[0]["key_trials"] or "", f"{sum(r['hostile_bytes'] for r in runs) / shown / 1000:.0f}")


def lookups_alone(results, lines):
    rows = []
    for f, single, eight in ((200, "99 %", "99.9 %"), (400, "90 %", "99.5 %"), (500, "75 %", "99 %"), (600, "", "95 %")):
        for run in results.get(f"reach-f{f}", []):
            more = results.get(f"reach8-f{f}", [None])[0]
            rows.append((f / 1000, share(run["good"], run["trials"]), single, f"{run['asked'] / run['trials']:.0f}",
                         share(more["good"], more["trials"]) if more else "", eight))
    if rows:
        lines += ["## S2: lookups alone, defended, adaptive liars (N = 10,000, static)", ""]
        table(lines, ("hostile", "one lookup", "target", "asked", "within 8", "target"), rows)


def at_rest(results, lines):
    sizes = [("s0", 100), ("rest-200", 200), ("rest-1000", 1000)]
    rows, points = [], []
    for name, nodes in sizes:
        runs = results.get(name)
        if not runs:
            continue
        packets, size = per_message(runs, "packets"), per_message(runs, "bytes")
        rows.append((nodes, f"{packets:.0f}", f"{size / 1000:.0f}", f"{upkeep(runs):.0f}",
                     f"{runs[0]['store_bytes']['p50'] / 1000:.0f}", f"{nodes * 1.3:.0f}", f"{8 * 1.3 + 1.3:.0f}"))
        points.append((nodes, size))
    if not rows:
        return
    lines += ["## Cost at rest", "", "Per delivered message: packets and kB about messages (offer, want, message, stored, ack), all honest",
              "nodes together. Flooding and the k nearest are counted, not run: every node, or 8 and the recipient, take one body of",
              "1.3 kB each, and nothing is ever offered twice.", ""]
    table(lines, ("N", "packets", "kB", "upkeep B/s a node", "store p50 kB", "flooding kB", "k nearest kB"), rows)
    if len(points) > 1:
        (n0, y0), (n1, y1) = points[0], points[-1]
        lines += [f"Growth from N = {n0} to {n1}: bytes per message grow with N to the power {math.log(y1 / y0) / math.log(n1 / n0):.2f}; flooding's exponent is 1.", ""]


def write_page(folder, results):
    lines = ["# Scoreboard: hard to silence, hard to deafen", "",
             "Written by `make scoreboard` (tests/sim/scoreboard.py) from runs of the production core and agent; network, clock, disk",
             "and the cost of hashes are simulated, and signatures are cheap ones. Scenarios are in tests/sim/scoreboard. N counts",
             "honest nodes; hostile ones come on top. Half of the honest nodes have users. Times are virtual. DR is the share delivered",
             "in time, of messages whose recipient was reachable; intervals are 95 %, Wilson's, over all messages of all seeds, which",
             "are not independent of each other within a run. A target counts as met only if the lower bound meets it.", ""]
    lines += ["## Scenarios", ""]
    table(lines, ("scenario", "N", "hostile", "seeds", "published or model", "undefended", "ours: DR", "p50 / p99 s", "target"),
          list(scenario_rows(results)))
    lines += ["Undefended: lookups on one path, only the k nearest keep a message (S0: four paths); S4's are counted after ten",
              "minutes. Everything else is as in the defended runs, so the origin's further entries help there too.", "",
              "## What it costs", ""]
    table(lines, ("scenario", "packets / kB a message", "upkeep B/s", "store p50 / p99 kB", "quiet p50 / p99 s", "relays after ack p99",
                  "extra bodies", "shown twice", "violations", "hostile in tables / victims'", "key trials", "attacker kB a message"),
          list(cost_rows(results)))
    lookups_alone(results, lines)
    at_rest(results, lines)
    validation(folder, results, lines)
    rows = [(e, *wilson(*mail(results[f"s4-e{e}{suffix}"], 1, HOUR if not suffix else 10)), label)
            for suffix, label in (("", "Comm"), ("-plain", "one path, k nearest")) for e in (8, 16, 45, 200)
            if results.get(f"s4-e{e}{suffix}")]
    if rows:
        series = {}
        for e, p, low, high, label in rows:
            series.setdefault(label, []).append((e, low, p, high))
        (folder / "scoreboard-deafen.svg").write_text(plot.shares("Mail that reaches a recipient crowded by ground ids", "ids", series))
        lines += ["![deafen](scoreboard-deafen.svg)", ""]
    notes = folder / "scoreboard/notes.md"
    if notes.exists():
        lines += [notes.read_text().rstrip(), ""]
    lines += ["## Every command", "", "```"]
    lines += sorted({run["command"].rsplit(" --seed", 1)[0] + " --seed " + ",".join(
        str(r["command"].rsplit(" ", 1)[1]) for r in runs) if "comm-sim" in run["command"] else run["command"]
        for runs in results.values() for run in runs[:1]})
    lines += ["```", ""]
    (folder / "SCOREBOARD.md").write_text("\n".join(lines))
