"""The tables and plots of `make bench`, from the results of its steps."""
import json
import math
import statistics

import plot


def ratio(ours, theirs):
    """Median (least to most) of a list of ratios within rounds."""
    values = [a / b for a, b in zip(ours, theirs) if b]
    if not values:
        return "-"
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def column(rows, system, phase, field):
    return [row[system][phase][field] for row in rows if phase in row.get(system, {})]


def compare_table(name, rows):
    systems = [s for s in rows[0] if s not in ("load",)]
    loads = [row["load"] for row in rows]
    print(f"\n{name}: {len(rows)} rounds, load {min(loads):.1f} to {max(loads):.1f} on this machine")
    print(f"  {'':14}{'ingest/s':>9} {'p50 ms':>7} {'p99 ms':>7} {'cpu-s/100k':>10} {'RSS MiB':>8} {'disk B':>7} {'drain/s':>8} {'cpu-s/100k':>10} {'driver in':>9} {'out':>5}")
    for system in systems:
        def median(phase, field, scale=1.0):
            values = column(rows, system, phase, field)
            return statistics.median(values) / scale if values else math.nan
        disk = statistics.median(row[system]["disk_per_message"] for row in rows if system in row)
        print(f"  {system:14}{median('ingest', 'rate'):9.0f} {median('ingest', 'p50_us', 1e3):7.2f} "
              f"{median('ingest', 'p99_us', 1e3):7.2f} {median('ingest', 'cpu_per_100k'):10.2f} "
              f"{median('ingest', 'rss', 2**20):8.0f} {disk:7.0f} {median('drain', 'rate'):8.0f} {median('drain', 'cpu_per_100k'):10.2f} "
              f"{median('ingest', 'driver_cpu_per_100k'):9.2f} {median('drain', 'driver_cpu_per_100k'):5.2f}")
    for other in systems:
        if other == systems[0]:
            continue
        line = "  " + f"{systems[0]} / {other}".ljust(24) + " ingest " + ratio(
            column(rows, systems[0], "ingest", "rate"), column(rows, other, "ingest", "rate"))
        line += ", p50 " + ratio(column(rows, systems[0], "ingest", "p50_us"), column(rows, other, "ingest", "p50_us"))
        line += ", CPU " + ratio(column(rows, systems[0], "ingest", "cpu_per_100k"), column(rows, other, "ingest", "cpu_per_100k"))
        line += ", RSS " + ratio(column(rows, systems[0], "ingest", "rss"), column(rows, other, "ingest", "rss"))
        if column(rows, other, "drain", "rate"):
            line += ", drain " + ratio(column(rows, systems[0], "drain", "rate"), column(rows, other, "drain", "rate"))
        print(line)


def exponent(points):
    """Slope of log y over log x by least squares: 0 is flat, 1 is proportional."""
    pairs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len(pairs) < 2:
        return math.nan
    mean_x = statistics.fmean(x for x, _ in pairs)
    mean_y = statistics.fmean(y for _, y in pairs)
    return sum((x - mean_x) * (y - mean_y) for x, y in pairs) / sum((x - mean_x) ** 2 for x, _ in pairs)


def growth_table(name, rows, folder):
    series = {}
    for row in rows:
        for label, value in row["values"].items():
            series.setdefault(label, []).append((row["at"], value))
    print(f"\n{name} (load {rows[0]['load']:.1f} to {rows[-1]['load']:.1f}):")
    for label, points in series.items():
        print(f"  {label:28}" + "  ".join(f"{x}: {y:.4g}" for x, y in points) + f"   exponent {exponent(points):+.3f}")
    target = folder.parent / f"{name}.svg"
    target.write_text(plot.svg(name, rows[0]["axis"], {label: points for label, points in series.items() if label in rows[0]["plotted"]}))
    print(f"  {target}")


def print_report(folder):
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text())
        rows = result["rows"]
        beyond = path.with_name(path.stem + "-10000.json")  # measured by a step of its own, part of the same plot
        if beyond.exists():
            rows += json.loads(beyond.read_text())["rows"]
        if not rows or path.stem.endswith("-connections-10000"):
            continue
        if "at" in rows[0]:
            growth_table(result["step"], rows, folder)
        elif "facts" in rows[0]:
            print(f"\n{result['step']}:")
            for row in rows:
                print("  " + ", ".join(f"{k} {v}" for k, v in row["facts"].items()))
        else:
            compare_table(result["step"], rows)
