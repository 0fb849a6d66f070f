"""The flake gate: cases that are tagged `timing` pass 200 times, others 5. A run goes on where the last one stopped: the
state file holds, for each case, how often it has passed and how it failed."""
import json
import pathlib
import time

from . import registry, runner

TIMING, OTHERS = 200, 5


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
    """Rounds of every case that is not done, each with another seed, until the budget (seconds) is used up."""
    end = time.monotonic() + budget
    while gate.open() and time.monotonic() < end:
        fewest = gate.passed(gate.open()[0])
        batch = [i for i in gate.open() if gate.passed(i) == fewest][:8 * jobs]
        for result in runner.run(batch, command, 1000 + fewest, jobs, patience):
            gate.note(result)
            if result.verdict in (*runner.BAD, runner.SUITE):
                progress(result)
        gate.save()
