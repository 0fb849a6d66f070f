"""The flake gate: cases that are tagged `timing` pass 200 times, others 5. A run goes on where the last one stopped: the
state file holds, for each case, how often it has passed and how it failed."""
import json
import pathlib
import time

from . import registry, runner

TIMING, OTHERS = 200, 5
BATCH = 16  # runs of each job between two looks at the clock


class Gate:
    def __init__(self, path, timing=TIMING, others=OTHERS):
        self.path = pathlib.Path(path)
        self.counts = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.wanted = {i: timing if spec.timing else others for i, spec in registry.load().items()}

    def passed(self, identifier):
        return self.counts.get(identifier, {}).get("passed", 0)

    def failed(self):
        return {i: row["failed"] for i, row in self.counts.items() if row["failed"]}

    def open(self):
        """The cases that are not done, fewest repeats first."""
        left = [i for i, wanted in self.wanted.items() if self.passed(i) < wanted]
        return sorted(left, key=lambda i: (self.passed(i), registry.load()[i].slow))

    def batch(self, size):
        """What to run next, (case, seed) each: rounds of every case that is not done, every run with another seed."""
        tasks, ahead = [], {}
        while len(tasks) < size:
            left = [i for i in self.open() if self.passed(i) + ahead.get(i, 0) < self.wanted[i]]
            if not left:
                break
            for identifier in left:
                seed = 1000 + self.passed(identifier) + len(self.failures(identifier)) + ahead.get(identifier, 0)
                ahead[identifier] = ahead.get(identifier, 0) + 1
                tasks.append((identifier, seed))
        return tasks[:size]

    def failures(self, identifier):
        return self.counts.get(identifier, {}).get("failed", [])

    def note(self, result):
        row = self.counts.setdefault(result.case, {"passed": 0, "failed": []})
        if result.verdict in (runner.PASS, runner.NOT_APPLICABLE):
            row["passed"] += 1
        else:
            row["failed"].append(f"{result.verdict}: {result.note.strip().splitlines()[0][:200]}")

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.counts, indent=1, sort_keys=True) + "\n")


def run(gate, command, jobs, patience, budget, progress):
    """Batches of runs until all is done or the budget (seconds) is used up."""
    def judged(result):
        gate.note(result)
        if result.verdict in (*runner.BAD, runner.SUITE):
            progress(result)

    end = time.monotonic() + budget
    while gate.open() and time.monotonic() < end:
        runner.run_seeded(gate.batch(BATCH * jobs), command, jobs, patience, judged)
        gate.save()
